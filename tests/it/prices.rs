//! Prices of offers over HTTP: currencies, sales, quantity breaks, their history, lists for groups of buyers, and the order that
//! pays them.

use std::time::Duration;

use crate::support::{Person, Reply, Test, Uuid, Value, json, run, together};

const HOUR: Duration = Duration::from_secs(3600);

fn usd(amount_minor: i64) -> Value {
    json!({ "amountMinor": amount_minor, "currency": "USD" })
}

fn eur(amount_minor: i64) -> Value {
    json!({ "amountMinor": amount_minor, "currency": "EUR" })
}

fn prices_of(seller: &Person, variant: Uuid) -> String {
    format!("/offers/{variant}/{}/prices", seller.seller_id)
}

/// Replaces the prices of an offer at its newest version.
async fn set(seller: &Person, variant: Uuid, prices: Value) -> Reply {
    let path = prices_of(seller, variant);
    let version = seller.get(&path).await.expect(200).int("version");
    seller.put(&path, json!({ "prices": prices })).if_match(version).await
}

/// The moment in so many hours, on the database's clock.
async fn in_hours(t: &Test, hours: i32) -> String {
    t.one("select to_char((core.now() + make_interval(hours => $1)) at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')", &[&hours]).await
}

/// The first offer of a variant as somebody reads it.
async fn seen(reader: &Person, variant: Uuid, query: &str) -> Value {
    reader.get(&format!("/variants/{variant}{query}")).await.expect(200)["offers"][0].clone()
}

fn basket(currency: &str, lines: &[(Uuid, i32)]) -> Value {
    let lines: Vec<Value> = lines.iter().map(|(v, q)| json!({ "variantId": v, "quantity": q })).collect();
    json!({ "currency": currency, "lines": lines })
}

fn order(currency: &str, lines: &[(Uuid, i32)]) -> Value {
    let mut order = basket(currency, lines);
    order["shippingAddress"] =
        json!({ "name": "Ana", "line1": "1 Main Street", "city": "Springfield", "countryCode": "US" });
    order
}

/// Unit prices of the lines of a preview or an order, with where they came from.
fn units(lines: &Value) -> Vec<(i64, String)> {
    let unit = |line: &Value| {
        let source = &line["priceSource"];
        let kind =
            source["kind"].as_str().map_or(String::new(), |k| format!("{k}/{}", source["minQuantity"]));
        (line["unitPrice"]["amountMinor"].as_i64().expect("an amount"), kind)
    };
    lines.as_array().expect("lines").iter().map(unit).collect()
}

#[test]
fn an_offer_has_many_prices() {
    run(async |t| {
        let (admin, sam, eve, ana) =
            (t.admin().await, t.seller("sam").await, t.seller("eve").await, t.buyer("ana").await);
        let lamp = t.offer(&sam, 1000, 50).await;
        let path = prices_of(&sam, lamp);
        let begun = sam.get(&path).await.expect(200);
        assert_eq!((begun.header("etag"), &begun["prices"][0]["price"]), ("\"1\"", &usd(1000)));

        let all = json!([
            { "price": usd(1200), "salePrice": usd(800), "saleFrom": in_hours(&t, 1).await, "saleUntil": in_hours(&t, 2).await },
            { "price": usd(1100), "minQuantity": 10 }, { "price": eur(900) }
        ]);
        let changed = sam.put(&path, json!({ "prices": all })).if_match(1).await.expect(200);
        assert_eq!((changed.header("etag"), changed["prices"].as_array().map(Vec::len)), ("\"2\"", Some(3)));
        // what was read can be sent back
        let same = sam.put(&path, json!({ "prices": changed["prices"] })).if_match(2).await.expect(200);
        assert_eq!(same.body, changed.body);
        assert_eq!(admin.get(&path).await.expect(200).body, changed.body);

        let told = &t.payloads("catalog.offer_prices_changed").await[0];
        assert_eq!((&told["prices"][0]["priceMinor"], &told["variantId"]), (&json!(1200), &json!(lamp)));

        // everybody sees what they pay now, in a currency; a sale to come is nobody's business
        let offer = seen(&t.anybody(), lamp, "").await;
        assert_eq!(
            (&offer["price"], &offer["salePrice"], &offer["lowestPrice30Days"]),
            (&usd(1200), &Value::Null, &usd(1000))
        );
        assert_eq!(offer["quantityBreaks"], json!([{ "minQuantity": 10, "price": usd(1100) }]));
        assert_eq!(offer["currencies"], json!(["USD", "EUR"]));
        assert_eq!(seen(&t.anybody(), lamp, "?currency=EUR").await["price"], eur(900));
        assert_eq!(seen(&t.anybody(), lamp, "?currency=GBP").await, Value::Null);
        let product = t.anybody().get(&format!("/variants/{lamp}")).await.expect(200).id("productId");
        for path in [
            format!("/products/{product}?currency=EUR"),
            format!("/products/{product}/variants?currency=EUR"),
        ] {
            let read = t.anybody().get(&path).await.expect(200);
            let variants = if read["variants"].is_null() { &read["items"] } else { &read["variants"] };
            assert_eq!(variants[0]["offers"][0]["price"], eur(900), "{path}");
        }
        // lists filter by the base price
        let cheap = t.anybody().get("/products?currency=USD&priceMax=1199").await.expect(200);
        assert_eq!(cheap.items().len(), 0);
        assert_eq!(
            t.anybody().get("/products?currency=USD&priceMax=1200").await.expect(200).items().len(),
            1
        );

        // refused
        for (bad, code, pointer) in [
            (json!([{ "price": eur(900) }]), "catalog.offer_prices_invalid", "/prices"),
            (
                json!([{ "price": usd(9) }, { "price": usd(9), "minQuantity": 2 }]),
                "catalog.offer_prices_invalid",
                "/prices/1/price/amountMinor",
            ),
            (
                json!([{ "price": usd(9), "salePrice": usd(9) }]),
                "catalog.sale_invalid",
                "/prices/0/salePrice/amountMinor",
            ),
            (json!([{ "price": usd(0) }]), "catalog.price_invalid", "/prices/0/price/amountMinor"),
        ] {
            set(&sam, lamp, bad).await.problem_at(422, code, pointer);
        }
        let body = json!({ "prices": [{ "price": usd(1) }] });
        sam.put(&path, body.clone()).if_match(1).await.problem(412, "core.version_stale");
        sam.put(&path, body.clone()).await.problem(428, "core.if_match_required");
        sam.put(&path, json!({ "prices": [{ "price": usd(1), "colour": "red" }] }))
            .if_match(2)
            .await
            .problem(400, "core.body_invalid");
        for stranger in [&eve, &ana] {
            let code =
                if stranger.name == "eve" { "catalog.not_your_offer" } else { "identity.role_required" };
            stranger.get(&path).await.problem(403, code);
            stranger.put(&path, body.clone()).if_match(2).await.problem(403, code);
        }
        t.anybody().get(&path).await.problem(401, "identity.unauthenticated");
        admin
            .get(&format!("/offers/{lamp}/{}/prices", Uuid::new_v4()))
            .await
            .problem(404, "catalog.offer_not_found");
        t.anybody().get(&format!("/variants/{lamp}?currency=XXX")).await.problem_at(
            422,
            "catalog.currency_unknown",
            "/currency",
        );
    });
}

#[test]
fn a_sale_begins_by_the_clock() {
    run(async |t| {
        let (sam, ana) = (t.seller("sam").await, t.buyer("ana").await);
        let lamp = t.offer(&sam, 1000, 50).await;
        let read = format!("/variants/{lamp}");
        set(&sam, lamp, json!([{ "price": usd(1000), "salePrice": usd(800), "saleFrom": in_hours(&t, 1).await, "saleUntil": in_hours(&t, 3).await }])).await.expect(200);
        let before = t.anybody().get(&read).await.expect(200);
        assert_eq!(before["offers"][0]["salePrice"], Value::Null);
        // nothing moved: not sent again; If-Match takes the tag
        let tag = before.header("etag").to_owned();
        let again = t.anybody().get(&read).header("if-none-match", &tag).open().await;
        assert_eq!(again.status().as_u16(), 304);
        assert!(tag.starts_with("\"2-"), "{tag}");

        t.advance(2 * HOUR).await;
        // nobody wrote anything, yet this is no longer what the client has
        let during = t.anybody().get(&read).header("if-none-match", &tag).await.expect(200);
        let offer = &during["offers"][0];
        assert_eq!(
            (&offer["salePrice"], &offer["lowestPrice30Days"], during.int("version")),
            (&usd(800), &usd(1000), 2)
        );
        let preview = ana.post("/promotions/apply", basket("USD", &[(lamp, 2)])).await.expect(200);
        assert_eq!(units(&preview["lines"]), [(800, "SALE/1".to_owned())]);

        t.advance(2 * HOUR).await;
        assert_eq!(seen(&t.anybody(), lamp, "").await["lowestPrice30Days"], usd(800));
        let preview = ana.post("/promotions/apply", basket("USD", &[(lamp, 2)])).await.expect(200);
        assert_eq!(units(&preview["lines"]), [(1000, String::new())]);

        // the history tells all of it, page by page
        let history = format!("/offers/{lamp}/{}/price-history", sam.seller_id);
        let page = t.anybody().get(&format!("{history}?limit=2")).await.expect(200);
        let told = |reply: &Reply| -> Vec<(i64, bool, bool)> {
            let period = |p: &Value| {
                (p["price"]["amountMinor"].as_i64().unwrap_or(0), p["sale"] == true, p["until"].is_null())
            };
            reply.items().iter().map(period).collect()
        };
        assert_eq!(told(&page), [(1000, false, true), (800, true, false)]);
        let rest = t
            .anybody()
            .get(&history)
            .query(&[("limit", "2"), ("cursor", page.str("nextCursor"))])
            .await
            .expect(200);
        assert_eq!(
            (told(&rest), &rest["nextCursor"]),
            (vec![(1000, false, false), (1000, false, false)], &Value::Null)
        );
        assert_eq!(t.anybody().get(&format!("{history}?currency=EUR")).await.expect(200).items().len(), 0);
        t.anybody().get(&format!("{history}?currency=XXX")).await.problem_at(
            422,
            "catalog.currency_unknown",
            "/currency",
        );
        t.anybody().get(&format!("{history}?cursor=x")).await.problem(400, "core.cursor_invalid");
        let nowhere = format!("/offers/{}/{}/price-history", Uuid::new_v4(), sam.seller_id);
        t.anybody().get(&nowhere).await.problem(404, "catalog.offer_not_found");
    });
}

#[test]
fn an_order_pays_what_the_preview_said() {
    run(async |t| {
        let (sam, ana) = (t.seller("sam").await, t.buyer("ana").await);
        let (lamp, chair) = (t.offer(&sam, 1000, 50).await, t.offer(&sam, 5000, 50).await);
        set(&sam, lamp, json!([{ "price": usd(1000) }, { "price": usd(900), "minQuantity": 5 }, { "price": eur(950) }, { "price": eur(850), "minQuantity": 3 }])).await.expect(200);
        set(&sam, chair, json!([{ "price": usd(5000), "salePrice": usd(4000) }, { "price": eur(4700) }]))
            .await
            .expect(200);
        for (currency, lines, expected) in [
            ("USD", [(lamp, 5), (chair, 1)], [(900, "BREAK/5"), (4000, "SALE/1")]),
            ("EUR", [(lamp, 3), (chair, 2)], [(850, "BREAK/3"), (4700, "")]),
        ] {
            let preview = ana.post("/promotions/apply", basket(currency, &lines)).await.expect(200);
            let expected: Vec<_> =
                expected.iter().map(|(minor, kind)| (*minor, (*kind).to_owned())).collect();
            assert_eq!(units(&preview["lines"]), expected);
            let placed = ana.post("/orders", order(currency, &lines)).once().await.expect(201);
            assert_eq!(
                units(&placed["fulfilments"][0]["lines"]),
                expected,
                "the order keeps where its prices came from"
            );
            assert_eq!(
                (&placed["total"], placed["total"]["currency"].as_str()),
                (&preview["total"], Some(currency))
            );
        }
        ana.post("/orders", order("GBP", &[(lamp, 1)]))
            .once()
            .await
            .problem(422, "pricing.currency_mismatch");
    });
}

#[test]
fn a_price_change_races_with_checkout() {
    run(async |t| {
        let sam = t.seller("sam").await;
        let lamp = t.offer(&sam, 1000, 10_000).await;
        set(&sam, lamp, json!([{ "price": usd(1000) }, { "price": usd(900), "minQuantity": 2 }]))
            .await
            .expect(200);
        let buyers = t.crowd(8).await;
        let mut seen = std::collections::BTreeSet::new();
        for round in 0..10 {
            // one changes the prices while eight order
            let (one, two) = if round % 2 == 0 { (2000, 1500) } else { (1000, 900) };
            let replies = together(9, |i| {
                let (sam, buyers) = (sam.clone(), buyers.clone());
                async move {
                    match buyers.get(i) {
                        Some(buyer) => buyer
                            .post("/orders", order("USD", &[(lamp, 1), (lamp, 2)]))
                            .once()
                            .await
                            .expect(201),
                        None => set(
                            &sam,
                            lamp,
                            json!([{ "price": usd(one) }, { "price": usd(two), "minQuantity": 2 }]),
                        )
                        .await
                        .expect(200),
                    }
                }
            })
            .await;
            for placed in &replies[..8] {
                let lines = units(&placed["fulfilments"][0]["lines"]);
                let prices: Vec<i64> = lines.into_iter().map(|(minor, _)| minor).collect();
                assert!(
                    prices == [1000, 900] || prices == [2000, 1500],
                    "one set of prices or the other, never a mixture: {prices:?}"
                );
                assert_eq!(placed["total"], usd(prices[0] + 2 * prices[1]));
                seen.insert(prices);
            }
        }
        assert_eq!(seen.len(), 2, "both sets were paid");
    });
}

#[test]
fn a_group_of_buyers_pays_by_its_list() {
    run(async |t| {
        let (admin, sam, eve) = (t.admin().await, t.seller("sam").await, t.seller("eve").await);
        let (ana, ben) = (t.buyer("ana").await, t.buyer("ben").await);
        let lamp = t.offer(&sam, 1000, 50).await;
        t.execute("insert into pricing.buyer_groups (group_code, name, created_at, updated_at) values ('vip', 'VIP', core.now(), core.now())", &[]).await;
        t.execute("insert into pricing.buyer_group_members (buyer_id, group_code, added_at) values ($1, 'vip', core.now())", &[&ana.user_id]).await;

        let made = admin.post("/price-lists", json!({ "name": "VIP", "groupCode": "vip" })).await.expect(201);
        let list = made.header("location").to_owned();
        assert_eq!(
            (made.header("etag"), &made["sellerId"], &made["active"]),
            ("\"1\"", &Value::Null, &json!(true))
        );
        let path = format!("{list}/prices/{lamp}/{}", sam.seller_id);
        assert_eq!(sam.get(&path).await.expect(200)["prices"], json!([]));
        let body = json!({ "prices": [{ "price": usd(900) }, { "price": usd(850), "minQuantity": 10 }] });
        let entered = sam.put(&path, body.clone()).if_match(1).await.expect(200);
        assert_eq!((entered.header("etag"), &entered["prices"][1]["minQuantity"]), ("\"2\"", &json!(10)));
        assert_eq!(sam.get(&format!("{list}/prices")).await.expect(200).items().len(), 1);
        assert_eq!(eve.get(&format!("{list}/prices")).await.expect(200).items().len(), 0);
        assert_eq!(t.payloads("pricing.list_prices_changed").await[0]["prices"][0]["priceMinor"], 900);

        // for its group alone; everybody else sees and pays what the offer says
        for (buyer, one, ten) in [(&ana, (900, "LIST/1"), (850, "LIST/10")), (&ben, (1000, ""), (1000, ""))] {
            for (quantity, expected) in [(1, one), (10, ten)] {
                let lines = [(lamp, quantity)];
                let preview = buyer.post("/promotions/apply", basket("USD", &lines)).await.expect(200);
                let placed = buyer.post("/orders", order("USD", &lines)).once().await.expect(201);
                let expected = [(expected.0, expected.1.to_owned())];
                assert_eq!(
                    (units(&preview["lines"]), units(&placed["fulfilments"][0]["lines"])),
                    (expected.to_vec(), expected.to_vec())
                );
                assert_eq!(placed["total"], preview["total"]);
                let source = &placed["fulfilments"][0]["lines"][0]["priceSource"];
                assert_eq!(source.is_null(), buyer.name == "ben", "{source}");
                if buyer.name == "ana" {
                    assert_eq!(source["priceListId"], made["priceListId"]);
                }
            }
        }
        assert_eq!(seen(&ana, lamp, "").await["price"], usd(1000), "product reads tell the public price");

        // a list that does not count any more, and one that is gone
        let change = json!({ "name": "VIP", "groupCode": "vip", "active": false });
        sam.put(&list, change.clone()).if_match(2).await.problem(403, "pricing.not_your_price_list");
        admin.put(&list, change.clone()).if_match(1).await.problem(412, "core.version_stale");
        admin.put(&list, change).if_match(2).await.expect(200);
        let preview = ana.post("/promotions/apply", basket("USD", &[(lamp, 1)])).await.expect(200);
        assert_eq!(units(&preview["lines"]), [(1000, String::new())]);
        admin.delete(&list).await.expect(204);
        admin.get(&list).await.problem(404, "pricing.price_list_not_found");

        // a store's own
        let own = sam
            .post("/price-lists", json!({ "name": "Friends", "groupCode": "vip", "priority": 5 }))
            .await
            .expect(201);
        let list = own.header("location").to_owned();
        assert_eq!(own.id("sellerId"), sam.seller_id);
        let mine = format!("{list}/prices/{lamp}/{}", sam.seller_id);
        sam.put(&mine, json!({ "prices": [{ "price": usd(700) }] })).if_match(1).await.expect(200);
        let preview = ana.post("/promotions/apply", basket("USD", &[(lamp, 1)])).await.expect(200);
        assert_eq!(units(&preview["lines"]), [(700, "LIST/1".to_owned())]);
        eve.get(&list).await.problem(404, "pricing.price_list_not_found");
        assert_eq!(eve.get("/price-lists?groupCode=vip").await.expect(200).items().len(), 0);

        // refused
        let same = json!({ "prices": [{ "price": usd(9) }, { "price": usd(9), "minQuantity": 2 }] });
        sam.put(&mine, same).if_match(2).await.problem_at(
            422,
            "pricing.list_prices_invalid",
            "/prices/1/price/amountMinor",
        );
        sam.put(&mine, json!({ "prices": [{ "price": json!({ "amountMinor": 1, "currency": "XXX" }) }] }))
            .if_match(2)
            .await
            .problem_at(422, "pricing.currency_unknown", "/prices/0/price/currency");
        sam.put(&mine, body.clone()).await.problem(428, "core.if_match_required");
        let theirs = format!("{list}/prices/{lamp}/{}", eve.seller_id);
        sam.put(&theirs, body).if_match(2).await.problem(404, "pricing.offer_not_found");
        sam.post("/price-lists", json!({ "name": "X", "groupCode": "nobody" })).await.problem_at(
            422,
            "pricing.group_unknown",
            "/groupCode",
        );
        ana.get("/price-lists").await.problem(403, "identity.role_required");
        ana.post("/price-lists", json!({ "name": "X", "groupCode": "vip" }))
            .await
            .problem(403, "identity.role_required");
        t.anybody().get("/price-lists").await.problem(401, "identity.unauthenticated");
    });
}
