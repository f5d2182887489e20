//! Orders over HTTP: placing, listing, reading, cancelling, and the sellers' steps; and what each of them refuses.

use std::time::Duration;

use tradepost::retention;

use crate::support::{Person, Reply, Test, Uuid, Value, address, basket, basket_with, json, run, together};

/// A buyer, and two sellers with one thing each: a lamp at 10.00 and a chair at 25.00, five in stock.
struct Shop {
    ana: Person,
    sam: Person,
    sue: Person,
    lamp: Uuid,
    chair: Uuid,
}

async fn shop(t: &Test) -> Shop {
    let (ana, sam, sue) = (t.buyer("ana").await, t.seller("sam").await, t.seller("sue").await);
    let (lamp, chair) = (t.offer(&sam, 1000, 5).await, t.offer(&sue, 2500, 5).await);
    Shop { ana, sam, sue, lamp, chair }
}

/// Gives all offers this price, and the products their new ranges.
async fn reprice(t: &Test, price_minor: i64) {
    t.execute("update catalog.offers set price_minor = $1", &[&price_minor]).await;
    refresh_ranges(t).await;
}

async fn refresh_ranges(t: &Test) {
    let query = "select catalog._refresh_price_range(product_id, 1) from catalog.products";
    t.sql().query(query, &[]).await.expect("price ranges");
}

fn usd(amount: i64) -> Value {
    json!({ "amountMinor": amount, "currency": "USD" })
}

/// The part of one seller in an order.
fn part<'a>(order: &'a Reply, seller: &Person) -> &'a Value {
    let of = |f: &&Value| f["sellerId"] == seller.seller_id.to_string();
    order["fulfilments"].as_array().expect("fulfilments").iter().find(of).expect("a part")
}

/// Two answers that differ in nothing but the request they belong to.
#[track_caller]
fn assert_same_but_instance(one: &Reply, other: &Reply) {
    let strip = |reply: &Reply| reply.text.replace(reply.str("instance"), "…");
    assert_eq!(one.status, other.status);
    assert_eq!(strip(one), strip(other));
}

// --- placing ---------------------------------------------------------------------------------------------------------

#[test]
fn an_order_over_two_sellers_is_a_header_and_a_part_each() {
    run(async |t| {
        let Shop { ana, sam, sue, lamp, chair } = shop(&t).await;
        t.execute(
            "insert into pricing.commission_rules (rule_id, name, percent_bp, valid_from, created_at)
             values (core.new_id(), 'ten percent', 1000, core.now() - interval '1 day', core.now())",
            &[],
        )
        .await;
        let before = t.events().await.len();
        let order = ana.post("/orders", basket(&[(lamp, 2), (chair, 1)])).key("k1").await.expect(201);

        assert_eq!(order.header("location"), format!("/api/v1/orders/{}", order.id("orderId")));
        assert_eq!(order.header("etag"), "\"1\"");
        assert_eq!(order.header("idempotency-replayed"), "");
        assert_eq!(order.id("buyerId"), ana.user_id);
        assert_eq!((order.str("status"), order.int("version")), ("PENDING_PAYMENT", 1));
        assert_eq!((&order["subtotal"], &order["total"]), (&usd(4500), &usd(4500)));
        assert_eq!((&order["discount"], &order["shipping"]), (&usd(0), &usd(0)));
        assert_eq!(order["shippingAddress"], address());
        let (placed, due): (jiff::Timestamp, jiff::Timestamp) = (
            order.str("placedAt").parse().expect("a time"),
            order.str("paymentDueAt").parse().expect("a time"),
        );
        assert_eq!(due.duration_since(placed), jiff::SignedDuration::from_mins(15));

        let lamps = part(&order, &sam);
        assert_eq!((&lamps["status"], &lamps["total"]), (&json!("PENDING"), &usd(2000)));
        assert_eq!(lamps["lines"][0]["variantId"], lamp.to_string());
        assert_eq!(
            (&lamps["lines"][0]["quantity"], &lamps["lines"][0]["unitPrice"]),
            (&json!(2), &usd(1000))
        );
        assert_eq!(part(&order, &sue)["total"], usd(2500));
        assert!(!order.text.contains("commission"), "what the marketplace keeps is not the buyer's business");

        assert_eq!((t.stock(lamp).await, t.stock(chair).await), ("5/2".to_owned(), "5/1".to_owned()));
        let commissions = t.int("select sum(amount_minor)::bigint from orders.commissions", &[]).await;
        assert_eq!(commissions, 450);
        assert_eq!(t.events().await[before..], ["orders.order_placed"]);
        let payload = t.payloads("orders.order_placed").await.remove(0);
        assert_eq!(payload["orderId"], order["orderId"]);
        assert_eq!((&payload["totalMinor"], &payload["status"]), (&json!(4500), &json!("PENDING_PAYMENT")));
        assert!(!payload.to_string().contains("Main Street"), "no personal data in the log: {payload}");
    });
}

#[test]
fn an_order_is_a_snapshot() {
    run(async |t| {
        let Shop { ana, sam, lamp, .. } = shop(&t).await;
        let order = t.order(&ana, &[(lamp, 1)]).await;
        reprice(&t, 9999).await;
        t.execute("update catalog.products set title = 'Another thing'", &[]).await;
        let now = ana.get(&format!("/orders/{}", order.id("orderId"))).await.expect(200);
        assert_eq!(now.body, order.body);
        assert_eq!(now.header("etag"), "\"1\"");
        let next = t.order(&ana, &[(lamp, 1)]).await;
        assert_eq!(part(&next, &sam)["lines"][0]["unitPrice"], usd(9999));
        assert_eq!(part(&next, &sam)["lines"][0]["title"], "Another thing");
    });
}

#[test]
fn the_named_seller_sells_or_else_the_cheapest() {
    run(async |t| {
        let Shop { ana, sam, sue, lamp, .. } = shop(&t).await;
        t.execute(
            "insert into catalog.offers (seller_id, variant_id, sku, price_minor, currency, created_at, updated_at)
             values ($1, $2, 'sue-lamp', 900, 'USD', core.now(), core.now())",
            &[&sue.seller_id, &lamp],
        )
        .await;
        t.execute("select test.stock_row($1, $2, 0)", &[&sue.seller_id, &lamp]).await;
        refresh_ranges(&t).await;
        let mut named = basket(&[(lamp, 1)]);
        named["lines"][0]["sellerId"] = json!(sam.seller_id);
        let order = ana.post("/orders", named.clone()).once().await.expect(201);
        assert_eq!(part(&order, &sam)["total"], usd(1000));
        // The cheapest has none left: the buyer is told, not silently charged more.
        ana.post("/orders", basket(&[(lamp, 1)])).once().await.problem_at(
            409,
            "inventory.insufficient_stock",
            "/lines/0/quantity",
        );
        named["lines"][0]["sellerId"] = json!(Uuid::new_v4());
        ana.post("/orders", named).once().await.problem_at(
            422,
            "pricing.variant_unavailable",
            "/lines/0/variantId",
        );
    });
}

#[test]
fn the_same_key_gives_the_same_bytes() {
    run(async |t| {
        let Shop { ana, lamp, .. } = shop(&t).await;
        let first = ana.post("/orders", basket(&[(lamp, 2)])).key("k1").await.expect(201);
        let traces = t.traces().await;
        let again = ana.post("/orders", basket(&[(lamp, 2)])).key("k1").await.expect(201);
        assert_eq!(again.text, first.text, "byte for byte");
        for header in ["location", "etag", "content-type"] {
            assert_eq!(again.header(header), first.header(header), "{header}");
        }
        assert_eq!(
            (first.header("idempotency-replayed"), again.header("idempotency-replayed")),
            ("", "true")
        );
        assert_eq!(t.traces().await, traces);

        // Also when the order has moved on, and when the document was written differently.
        t.pay(first.id("orderId")).await;
        let text = serde_json::to_string_pretty(&basket(&[(lamp, 2)])).expect("JSON");
        let later = ana.request(reqwest::Method::POST, "/orders").key("k1").body("application/json", text);
        assert_eq!(later.await.expect(201).text, first.text);

        // A refusal is stored as well, so that a retry cannot buy what the buyer was told is gone.
        let refused = ana.post("/orders", basket(&[(lamp, 9)])).key("k2").await;
        let refused = refused.problem_at(409, "inventory.insufficient_stock", "/lines/0/quantity");
        t.execute("select test.offer($1, 1, 1)", &[&t.seller("sam").await.seller_id]).await;
        let again = ana.post("/orders", basket(&[(lamp, 9)])).key("k2").await;
        let again = again.problem(409, "inventory.insufficient_stock");
        assert_eq!(
            (refused.header("idempotency-replayed"), again.header("idempotency-replayed")),
            ("", "true")
        );
        assert_same_but_instance(&refused, &again);

        // Another payload, another buyer, another day.
        let traces = t.traces().await;
        ana.post("/orders", basket(&[(lamp, 1)])).key("k1").await.problem(422, "core.idempotency_key_reused");
        assert_eq!(t.traces().await, traces);
        let bob = t.buyer("bob").await;
        let other = bob.post("/orders", basket(&[(lamp, 1)])).key("k1").await.expect(201);
        assert_eq!(other.header("idempotency-replayed"), "");
        t.advance(Duration::from_secs(49 * 3600)).await;
        let fresh = t.log_in(&ana).await;
        let mut ana = ana.clone();
        ana.take_tokens(&fresh);
        let next = ana.post("/orders", basket(&[(lamp, 2)])).key("k1").await.expect(201);
        assert_ne!(next.id("orderId"), first.id("orderId"));
    });
}

#[test]
fn an_order_with_nothing_to_pay_is_paid() {
    run(async |t| {
        let Shop { ana, lamp, .. } = shop(&t).await;
        t.coupon("GIFT", 10_000, 5).await;
        let order = ana.post("/orders", basket_with(&[(lamp, 1)], " gift ")).once().await.expect(201);
        assert_eq!((order.str("status"), &order["total"]), ("PAID", &usd(0)));
        assert_eq!(order["couponCodes"], json!(["GIFT"]));
        assert_eq!(order["fulfilments"][0]["adjustments"][0]["couponCode"], "GIFT");
        assert_eq!(t.stock(lamp).await, "4/0");
        let now = ana.get(&format!("/orders/{}", order.id("orderId"))).await.expect(200);
        assert_eq!((now.str("status"), now.header("etag")), ("PAID", "\"2\""));
    });
}

// --- what placing refuses --------------------------------------------------------------------------------------------

#[test]
fn a_refused_order_leaves_nothing_behind() {
    run(async |t| {
        let Shop { ana, sam, lamp, chair, .. } = shop(&t).await;
        let admin = t.admin().await;
        t.coupon("SAVE", 1000, 1).await;
        let good = basket(&[(lamp, 1)]);
        let with = |pointer: &str, value: Value| {
            let mut body = good.clone();
            let (parent, member) = pointer.rsplit_once('/').expect("a pointer");
            body.pointer_mut(parent).expect("a parent")[member] = value;
            body
        };
        let in_line = |member: &str, value: Value| {
            let mut body = good.clone();
            body["lines"][0][member] = value;
            body
        };
        let quantity = |value: Value| in_line("quantity", value);
        let long = |n: usize| json!("é".repeat(n));
        let traces = t.traces().await;

        // The form: 400 with a pointer.
        let nul = "a text\u{0}with NUL";
        for (body, pointer) in [
            (with("/colour", json!("red")), "/colour"),
            (in_line("colour", json!("red")), "/lines/0/colour"),
            (with("/shippingAddress/planet", json!("Mars")), "/shippingAddress/planet"),
            (with("/currency", json!(7)), "/currency"),
            (with("/currency", Value::Null), "/currency"),
            (with("/lines", json!({})), "/lines"),
            (with("/lines", json!("x")), "/lines"),
            (with("/couponCodes", json!("SAVE")), "/couponCodes"),
            (with("/couponCodes", json!([1])), "/couponCodes/0"),
            (with("/shippingAddress", json!("here")), "/shippingAddress"),
            (with("/shippingAddress/name", json!(null)), "/shippingAddress/name"),
            (with("/shippingAddress/city", json!(["x"])), "/shippingAddress/city"),
            (in_line("variantId", json!("not-a-uuid")), "/lines/0/variantId"),
            (in_line("sellerId", json!(5)), "/lines/0/sellerId"),
            (quantity(json!(-1)), "/lines/0/quantity"),
            (quantity(json!(1.5)), "/lines/0/quantity"),
            (quantity(json!("1")), "/lines/0/quantity"),
            (quantity(json!(1e20)), "/lines/0/quantity"),
            (with("/shippingAddress/name", json!(nul)), "/shippingAddress/name"),
            (with("/shippingAddress/line2", json!(nul)), "/shippingAddress/line2"),
            (with("/couponCodes", json!([nul])), "/couponCodes/0"),
            (json!({ "currency": "USD", "lines": [] }), "/shippingAddress"),
        ] {
            ana.post("/orders", body).once().await.problem_at(400, "core.body_invalid", pointer);
        }
        for raw in ["", "{", "[]", "null", "7", "\u{feff}{}", r#"{"currency":"USD","currency":"EUR"}"#] {
            let request = ana.request(reqwest::Method::POST, "/orders").once();
            request.body("application/json", raw).await.problem(400, "core.body_invalid");
        }
        let request = ana.request(reqwest::Method::POST, "/orders").once();
        request.body("text/plain", good.to_string()).await.problem(415, "core.media_type_unsupported");
        let request = ana.request(reqwest::Method::POST, "/orders").once();
        let huge = with("/shippingAddress/name", json!("x".repeat(10 << 20))).to_string();
        request.body("application/json", huge).await.problem(413, "core.body_too_large");

        // The meaning: 422 with a pointer.
        let too_many: Vec<Value> = (0..101).map(|_| json!({ "variantId": lamp, "quantity": 1 })).collect();
        let coupons: Vec<String> = (0..11).map(|n| format!("C{n}")).collect();
        for (body, code, pointer) in [
            (quantity(json!(0)), "orders.quantity_invalid", "/lines/0/quantity"),
            (quantity(json!(1001)), "orders.quantity_invalid", "/lines/0/quantity"),
            (quantity(json!(4_294_967_295_u32)), "orders.quantity_invalid", "/lines/0/quantity"),
            (with("/lines", json!([])), "orders.lines_required", "/lines"),
            (with("/lines", json!(too_many)), "orders.too_many_lines", "/lines"),
            (with("/currency", json!("XXX")), "orders.currency_unknown", "/currency"),
            (with("/currency", json!("usd")), "orders.currency_unknown", "/currency"),
            (with("/currency", json!("")), "orders.currency_unknown", "/currency"),
            (with("/currency", json!("EUR")), "pricing.currency_mismatch", "/lines/0/variantId"),
            (
                in_line("variantId", json!(Uuid::new_v4())),
                "pricing.variant_unavailable",
                "/lines/0/variantId",
            ),
            (with("/couponCodes", json!(["NOPE"])), "pricing.coupon_unknown", "/couponCodes"),
            (
                with("/couponCodes", json!(["'; drop table orders.orders; --"])),
                "pricing.coupon_unknown",
                "/couponCodes",
            ),
            (with("/couponCodes", json!(coupons)), "orders.too_many_coupons", "/couponCodes"),
            (with("/couponCodes", json!(["C".repeat(41)])), "orders.coupon_code_invalid", "/couponCodes"),
            (with("/couponCodes", json!([""])), "orders.coupon_code_invalid", "/couponCodes"),
            (with("/shippingAddress/name", json!("")), "orders.address_invalid", "/shippingAddress/name"),
            (with("/shippingAddress/name", json!("   ")), "orders.address_invalid", "/shippingAddress/name"),
            (with("/shippingAddress/name", long(101)), "orders.address_invalid", "/shippingAddress/name"),
            (with("/shippingAddress/line1", long(201)), "orders.address_invalid", "/shippingAddress/line1"),
            (with("/shippingAddress/line2", long(201)), "orders.address_invalid", "/shippingAddress/line2"),
            (with("/shippingAddress/city", long(101)), "orders.address_invalid", "/shippingAddress/city"),
            (with("/shippingAddress/region", long(101)), "orders.address_invalid", "/shippingAddress/region"),
            (
                with("/shippingAddress/postalCode", long(21)),
                "orders.address_invalid",
                "/shippingAddress/postalCode",
            ),
            (with("/shippingAddress/phone", long(31)), "orders.address_invalid", "/shippingAddress/phone"),
            (
                with("/shippingAddress/phone", json!("1\r\n2")),
                "orders.address_invalid",
                "/shippingAddress/phone",
            ),
            (
                with("/shippingAddress/countryCode", json!("us")),
                "orders.address_invalid",
                "/shippingAddress/countryCode",
            ),
            (
                with("/shippingAddress/countryCode", json!("USA")),
                "orders.address_invalid",
                "/shippingAddress/countryCode",
            ),
        ] {
            ana.post("/orders", body).once().await.problem_at(422, code, pointer);
        }

        // Stock: all or nothing, and every short line is listed.
        let short = ana.post("/orders", basket(&[(lamp, 6), (chair, 5), (lamp, 1), (chair, 1)])).once().await;
        let short = short.problem(409, "inventory.insufficient_stock");
        let lines: Vec<&str> = short["errors"]
            .as_array()
            .expect("errors")
            .iter()
            .map(|e| e["pointer"].as_str().expect("text"))
            .collect();
        assert_eq!(
            lines,
            ["/lines/0/quantity", "/lines/1/quantity", "/lines/2/quantity", "/lines/3/quantity"]
        );

        // Who asks, and how.
        ana.post("/orders", good.clone()).await.problem(400, "core.idempotency_key_required");
        for key in ["a b", "k".repeat(256).as_str(), "\u{e9}", ""] {
            ana.post("/orders", good.clone()).key(key).await.problem(400, "core.idempotency_key_invalid");
        }
        t.anybody().post("/orders", good.clone()).once().await.problem(401, "identity.unauthenticated");
        let forged = t.anybody().post("/orders", good.clone()).once().bearer("eyJhbGciOiJub25lIn0.e30.");
        assert_eq!(forged.await.expect(401).header("www-authenticate").split(' ').next(), Some("Bearer"));
        for other in [&sam, &admin] {
            other.post("/orders", good.clone()).once().await.problem(403, "identity.role_required");
        }

        assert_eq!(t.traces().await, traces);

        // Texts of any script are texts.
        let mut odd = good.clone();
        odd["shippingAddress"]["name"] =
            json!("Ṱ̺̺̕o͞ ̷i̲̬͇̪͙n̝̗͕v̟̜̘̦͟o̶̙̰̠kè͚̮̺̪̹̱̤ \u{202e}tset 👩‍👩‍👧 <script>alert(1)</script> $1 %s {{7*7}}");
        odd["shippingAddress"]["line1"] = json!("'; drop table orders.orders; -- \\ \" 田中さん");
        let order = ana.post("/orders", odd.clone()).once().await.expect(201);
        assert_eq!(order["shippingAddress"], odd["shippingAddress"]);
    });
}

#[test]
fn a_suspended_account_is_out_at_once() {
    run(async |t| {
        let Shop { ana, sam, lamp, .. } = shop(&t).await;
        let admin = t.admin().await;
        let order = t.order(&ana, &[(lamp, 1)]).await.id("orderId");
        t.pay(order).await;
        for person in [&ana, &sam] {
            t.sql()
                .query("select identity.suspend_user(test.ctx($1), $2)", &[&admin.user_id, &person.user_id])
                .await
                .expect("a suspension");
        }
        let traces = t.traces().await;
        for path in ["/orders".to_owned(), format!("/orders/{order}"), format!("/orders/{order}/status")] {
            ana.get(&path).await.problem(401, "identity.unauthenticated");
        }
        ana.post("/orders", basket(&[(lamp, 1)])).once().await.problem(401, "identity.unauthenticated");
        let cancel = ana.post(&format!("/orders/{order}/cancel"), json!({})).once().await;
        cancel.problem(401, "identity.unauthenticated");
        let accept = format!("/orders/{order}/fulfilments/{}/accept", sam.seller_id);
        sam.post(&accept, json!({})).await.problem(401, "identity.unauthenticated");
        assert_eq!(t.traces().await, traces);
    });
}

// --- lists -----------------------------------------------------------------------------------------------------------

/// All orders that a list shows, page by page.
async fn walk(person: &Person, filter: &[(&str, &str)], limit: &str) -> Vec<Value> {
    let mut items = Vec::new();
    let mut cursor: Option<String> = None;
    loop {
        let mut request = person.get("/orders").query(filter).query(&[("limit", limit)]);
        if let Some(cursor) = &cursor {
            request = request.query(&[("cursor", cursor.as_str())]);
        }
        let page = request.await.expect(200);
        assert!(page.items().len() <= limit.parse().expect("a number"));
        items.extend_from_slice(page.items());
        match page["nextCursor"].as_str() {
            Some(next) => cursor = Some(next.to_owned()),
            None => return items,
        }
    }
}

fn ids(items: &[Value]) -> Vec<String> {
    items.iter().map(|o| o["orderId"].as_str().expect("an id").to_owned()).collect()
}

#[test]
fn everybody_lists_what_is_theirs_newest_first() {
    run(async |t| {
        let Shop { ana, sam, sue, lamp, chair } = shop(&t).await;
        let (ben, admin) = (t.buyer("ben").await, t.admin().await);
        t.execute("update inventory.stock_levels set low_stock_threshold = 0", &[]).await;
        let mut placed = Vec::new();
        for n in 0..5 {
            let lines: &[(Uuid, i64)] = if n == 2 { &[(lamp, 1), (chair, 1)] } else { &[(lamp, 1)] };
            placed.push(t.order(&ana, lines).await.id("orderId"));
        }
        let bens = t.order(&ben, &[(chair, 1)]).await.id("orderId");
        t.pay(placed[2]).await;
        let mut newest_first: Vec<String> = placed.iter().map(Uuid::to_string).collect();
        newest_first.reverse();

        for limit in ["1", "2", "3", "5", "100"] {
            assert_eq!(ids(&walk(&ana, &[], limit).await), newest_first, "in pages of {limit}");
        }
        assert_eq!(ids(&walk(&ben, &[], "20").await), [bens.to_string()]);
        assert_eq!(walk(&admin, &[], "4").await.len(), 6);
        assert_eq!(ids(&walk(&sam, &[], "2").await), newest_first);
        let sues = walk(&sue, &[], "1").await;
        assert_eq!(ids(&sues), [bens.to_string(), placed[2].to_string()]);
        assert_eq!(sues[1]["total"], usd(2500), "a seller sees the sums of the own part");
        assert_eq!(sues[1]["sellerIds"], json!([sue.seller_id]));

        let paid = [("status", "PAID")];
        for person in [&ana, &sam, &sue, &admin] {
            assert_eq!(ids(&walk(person, &paid, "1").await), [placed[2].to_string()], "{}", person.name);
        }
        assert!(walk(&ben, &paid, "1").await.is_empty());
        assert!(walk(&ana, &[("status", "COMPLETED")], "1").await.is_empty());

        // An order that comes in between does not disturb the walk.
        let page = ana.get("/orders").query(&[("limit", "2")]).await.expect(200);
        t.order(&ben, &[(chair, 1)]).await;
        let cursor = page.str("nextCursor").to_owned();
        let rest = ana.get("/orders").query(&[("cursor", &cursor)]).await.expect(200);
        assert_eq!(ids(rest.items()), newest_first[2..]);
        // A cursor of somebody else leads into one's own orders only.
        assert!(ids(ben.get("/orders").query(&[("cursor", &cursor)]).await.expect(200).items()).is_empty());
    });
}

#[test]
fn a_list_refuses_what_it_does_not_know() {
    run(async |t| {
        let ana = t.buyer("ana").await;
        let other_list = "WyIxIl0"; // ["1"]
        for cursor in ["nonsense", "", "%00", "🦀", other_list, "bnVsbA", "W10", "'", &"A".repeat(2000)] {
            let reply = ana.get("/orders").query(&[("cursor", cursor)]).await;
            reply.problem(400, "core.cursor_invalid");
        }
        for limit in ["0", "-1", "101", "x", "1.5", "99999999999999999999"] {
            let reply = ana.get("/orders").query(&[("limit", limit)]).await;
            assert_eq!(reply.status, 400, "{}", reply.describe());
            assert!(reply.str("code").starts_with("core."));
        }
        for status in ["NONE", "paid", "", "PAID'"] {
            ana.get("/orders").query(&[("status", status)]).await.problem(422, "orders.status_unknown");
        }
        let unknown = ana.get("/orders").query(&[("buyerId", "x")]).await;
        assert_eq!(unknown.status, 400, "{}", unknown.describe());
        t.anybody().get("/orders").await.problem(401, "identity.unauthenticated");
    });
}

// --- reading ---------------------------------------------------------------------------------------------------------

#[test]
fn one_sees_the_own_order_and_a_seller_the_own_part() {
    run(async |t| {
        let Shop { ana, sam, sue, lamp, chair } = shop(&t).await;
        let admin = t.admin().await;
        let order = t.order(&ana, &[(lamp, 2), (chair, 1)]).await;
        let path = format!("/orders/{}", order.id("orderId"));
        assert_eq!(ana.get(&path).await.expect(200).body, order.body);
        assert_eq!(admin.get(&path).await.expect(200).body, order.body);

        let sams = sam.get(&path).await.expect(200);
        assert_eq!((&sams["total"], &sams["fulfilments"]), (&usd(2000), &json!([part(&order, &sam)])));
        assert_eq!(sams["shippingAddress"], Value::Null, "nobody ships what is not paid");
        assert!(!sams.text.contains(&sue.seller_id.to_string()) && !sams.text.contains(&chair.to_string()));
        t.pay(order.id("orderId")).await;
        assert_eq!(sam.get(&path).await.expect(200)["shippingAddress"], address());

        let status = format!("{path}/status");
        let of_buyer = ana.get(&status).await.expect(200);
        assert_eq!((of_buyer.str("status"), of_buyer.header("etag")), ("PAID", "\"2\""));
        let steps: Vec<(&Value, &Value, &Value)> = of_buyer["history"]
            .as_array()
            .expect("history")
            .iter()
            .map(|h| (&h["fromStatus"], &h["toStatus"], &h["actorKind"]))
            .collect();
        assert_eq!(
            steps,
            [
                (&Value::Null, &json!("PENDING_PAYMENT"), &json!("BUYER")),
                (&json!("PENDING_PAYMENT"), &json!("PAID"), &json!("SYSTEM"))
            ]
        );
        assert_eq!(of_buyer["allowedActions"], json!(["cancel"]));
        assert_eq!(sam.get(&status).await.expect(200)["allowedActions"], json!(["accept"]));
        assert_eq!(admin.get(&status).await.expect(200)["allowedActions"], json!(["cancel"]));
    });
}

#[test]
fn what_one_may_not_see_does_not_exist() {
    run(async |t| {
        let Shop { ana, sam, sue, lamp, .. } = shop(&t).await;
        let ben = t.buyer("ben").await;
        let order = t.order(&ana, &[(lamp, 1)]).await.id("orderId");
        t.pay(order).await;
        let nobodys = Uuid::now_v7();
        let traces = t.traces().await;
        for stranger in [&ben, &sue] {
            for tail in ["", "/status"] {
                let theirs = stranger.get(&format!("/orders/{order}{tail}")).await;
                let theirs = theirs.problem(404, "orders.order_not_found");
                let none = stranger.get(&format!("/orders/{nobodys}{tail}")).await;
                assert_same_but_instance(&theirs, &none.problem(404, "orders.order_not_found"));
            }
        }
        let cancel = async |id: Uuid| {
            let reply = ben.post(&format!("/orders/{id}/cancel"), json!({})).once().await;
            reply.problem(404, "orders.order_not_found")
        };
        assert_same_but_instance(&cancel(order).await, &cancel(nobodys).await);
        // Sue has no part in the order, and cannot act for Sam who has one.
        for store in [sam.seller_id, sue.seller_id, nobodys] {
            for (action, body) in [
                ("accept", json!({})),
                ("ship", json!({ "carrier": "DHL", "trackingNumber": "1" })),
                ("deliver", json!({})),
            ] {
                let step = async |id: Uuid| {
                    let reply =
                        sue.post(&format!("/orders/{id}/fulfilments/{store}/{action}"), body.clone()).await;
                    reply.problem(404, "orders.order_not_found")
                };
                assert_same_but_instance(&step(order).await, &step(nobodys).await);
            }
        }
        for id in
            ["x", "123", "%00", "..%2f..", &order.to_string()[..35], "00000000-0000-0000-0000-00000000000g"]
        {
            ana.get(&format!("/orders/{id}")).await.problem(404, "core.not_found");
            ana.get(&format!("/orders/{id}/status")).await.problem(404, "core.not_found");
            ana.post(&format!("/orders/{id}/cancel"), json!({})).once().await.problem(404, "core.not_found");
        }
        for person in [t.anybody(), t.anybody()] {
            person.get(&format!("/orders/{order}")).await.problem(401, "identity.unauthenticated");
            person.get(&format!("/orders/{nobodys}/status")).await.problem(401, "identity.unauthenticated");
        }
        assert_eq!(t.traces().await, traces);
    });
}

// --- cancelling ------------------------------------------------------------------------------------------------------

#[test]
fn cancelling_gives_everything_back_once() {
    run(async |t| {
        let Shop { ana, sam, lamp, chair, .. } = shop(&t).await;
        t.coupon("SAVE", 1000, 1).await;
        let order =
            ana.post("/orders", basket_with(&[(lamp, 2), (chair, 1)], "SAVE")).once().await.expect(201);
        let taken = ana.post("/orders", basket_with(&[(lamp, 1)], "SAVE")).once().await;
        taken.problem_at(409, "pricing.coupon_exhausted", "/couponCodes");
        let path = format!("/orders/{}/cancel", order.id("orderId"));
        let body = json!({ "reason": "Ordered by mistake" });

        let cancelled = ana.post(&path, body.clone()).key("c1").await.expect(200);
        assert_eq!((cancelled.str("status"), cancelled.header("etag")), ("CANCELLED", "\"2\""));
        assert_eq!(cancelled["history"][1]["reason"], "Ordered by mistake");
        assert_eq!(cancelled["history"][1]["actorId"], ana.user_id.to_string());
        assert_eq!((t.stock(lamp).await, t.stock(chair).await), ("5/0".to_owned(), "5/0".to_owned()));
        let again = ana.post(&path, body).key("c1").await.expect(200);
        assert_eq!((&again.text, again.header("idempotency-replayed")), (&cancelled.text, "true"));
        assert_eq!(t.payloads("orders.order_cancelled").await.len(), 1);
        assert_eq!(t.payloads("orders.order_cancelled").await[0]["paid"], false);
        ana.post(&path, json!({})).key("c2").await.problem(409, "orders.transition_refused");
        let shown = ana.get(&format!("/orders/{}", order.id("orderId"))).await.expect(200);
        assert_eq!(part(&shown, &sam)["status"], "CANCELLED");

        // The coupon can be used again.
        ana.post("/orders", basket_with(&[(lamp, 1)], "SAVE")).once().await.expect(201);
    });
}

#[test]
fn cancelling_a_paid_order_returns_the_units_and_asks_for_the_refund() {
    run(async |t| {
        let Shop { ana, lamp, .. } = shop(&t).await;
        let order = t.order(&ana, &[(lamp, 2)]).await.id("orderId");
        t.pay(order).await;
        assert_eq!(t.stock(lamp).await, "3/0");
        // A body is not needed, nor is a reason.
        let request = ana.request(reqwest::Method::POST, &format!("/orders/{order}/cancel")).once();
        assert_eq!(request.await.expect(200).str("status"), "CANCELLED");
        assert_eq!(t.stock(lamp).await, "5/0");
        assert_eq!(t.payloads("orders.order_cancelled").await[0]["paid"], true);
    });
}

#[test]
fn cancelling_refuses_what_is_too_late_or_too_much() {
    run(async |t| {
        let Shop { ana, sam, lamp, .. } = shop(&t).await;
        let admin = t.admin().await;
        let order = t.order(&ana, &[(lamp, 1)]).await.id("orderId");
        t.pay(order).await;
        let path = format!("/orders/{order}/cancel");
        let traces = t.traces().await;
        ana.post(&path, json!({})).await.problem(400, "core.idempotency_key_required");
        ana.post(&path, json!({ "reason": 7 })).once().await.problem_at(400, "core.body_invalid", "/reason");
        ana.post(&path, json!({ "why": "x" })).once().await.problem_at(400, "core.body_invalid", "/why");
        ana.post(&path, json!({ "reason": "x\u{0}" })).once().await.problem_at(
            400,
            "core.body_invalid",
            "/reason",
        );
        let long = json!({ "reason": "é".repeat(501) });
        ana.post(&path, long).once().await.problem_at(422, "orders.reason_too_long", "/reason");
        sam.post(&path, json!({})).once().await.problem(403, "identity.role_required");
        t.anybody().post(&path, json!({})).once().await.problem(401, "identity.unauthenticated");
        assert_eq!(t.traces().await, traces);

        let part = format!("/orders/{order}/fulfilments/{}", sam.seller_id);
        sam.post(&format!("{part}/accept"), json!({})).await.expect(200);
        ana.post(&path, json!({})).once().await.problem(409, "orders.transition_refused");
        sam.post(&format!("{part}/ship"), json!({ "carrier": "DHL", "trackingNumber": "1" }))
            .await
            .expect(200);
        let traces = t.traces().await;
        admin.post(&path, json!({})).once().await.problem(409, "orders.already_shipped");
        assert_eq!(t.traces().await, traces);
    });
}

#[test]
fn an_administrator_may_cancel_what_was_accepted() {
    run(async |t| {
        let Shop { ana, sam, lamp, .. } = shop(&t).await;
        let admin = t.admin().await;
        let order = t.order(&ana, &[(lamp, 1)]).await.id("orderId");
        t.pay(order).await;
        sam.post(&format!("/orders/{order}/fulfilments/{}/accept", sam.seller_id), json!({}))
            .await
            .expect(200);
        let reply = admin.post(&format!("/orders/{order}/cancel"), json!({ "reason": "fraud" })).once().await;
        assert_eq!(reply.expect(200)["history"][3]["actorKind"], "ADMIN");
        assert_eq!(t.stock(lamp).await, "5/0");
    });
}

// --- the sellers' steps ----------------------------------------------------------------------------------------------

#[test]
fn sellers_take_their_parts_to_the_door_and_the_order_follows_the_last() {
    run(async |t| {
        let Shop { ana, sam, sue, lamp, chair } = shop(&t).await;
        let order = t.order(&ana, &[(lamp, 1), (chair, 1)]).await.id("orderId");
        t.pay(order).await;
        let before = t.events().await.len();
        let step = async |seller: &Person, action: &str| {
            let path = format!("/orders/{order}/fulfilments/{}/{action}", seller.seller_id);
            let body = if action == "ship" {
                json!({ "carrier": "DHL", "trackingNumber": format!("JD-{}", seller.name) })
            } else {
                json!({})
            };
            let reply = seller.post(&path, body).await.expect(200);
            assert_eq!(reply.header("etag"), format!("\"{}\"", reply.int("version")));
            assert_eq!(reply["fulfilments"].as_array().map(Vec::len), Some(1), "the own part only");
            reply
        };
        let accepted = step(&sam, "accept").await;
        assert_eq!(part(&accepted, &sam)["status"], "ACCEPTED");
        assert!(part(&accepted, &sam)["acceptedAt"].is_string());
        step(&sue, "accept").await;
        let shipped = step(&sam, "ship").await;
        assert_eq!(part(&shipped, &sam)["trackingNumber"], "JD-sam");
        step(&sam, "deliver").await;
        let waiting = ana.get(&format!("/orders/{order}")).await.expect(200);
        assert_eq!(waiting.str("status"), "PROCESSING", "Sue has not shipped");
        step(&sue, "ship").await;
        assert_eq!(ana.get(&format!("/orders/{order}")).await.expect(200).str("status"), "SHIPPED");
        assert_eq!(step(&sue, "deliver").await.str("status"), "DELIVERED");
        assert_eq!(part(&ana.get(&format!("/orders/{order}")).await.expect(200), &sue)["carrier"], "DHL");

        let events: Vec<String> = t.events().await.split_off(before);
        let of_parts = |name: &str| events.iter().filter(|e| e.ends_with(name)).count();
        for (name, count) in [
            ("fulfilment_accepted", 2),
            ("fulfilment_shipped", 2),
            ("fulfilment_delivered", 2),
            ("order_accepted", 1),
            ("order_shipped", 1),
            ("order_delivered", 1),
        ] {
            assert_eq!(of_parts(name), count, "{name} in {events:?}");
        }
    });
}

#[test]
fn a_step_out_of_turn_is_refused() {
    run(async |t| {
        let Shop { ana, sam, lamp, .. } = shop(&t).await;
        let admin = t.admin().await;
        let order = t.order(&ana, &[(lamp, 1)]).await.id("orderId");
        let path = |action: &str| format!("/orders/{order}/fulfilments/{}/{action}", sam.seller_id);
        let shipment = json!({ "carrier": "DHL", "trackingNumber": "1" });
        let refused = async |action: &str| {
            let body = if action == "ship" { shipment.clone() } else { json!({}) };
            let traces = t.traces().await;
            sam.post(&path(action), body).await.problem(409, "orders.transition_refused");
            assert_eq!(t.traces().await, traces, "{action}");
        };
        for action in ["accept", "ship", "deliver"] {
            refused(action).await; // not paid
        }
        t.pay(order).await;
        refused("ship").await;
        refused("deliver").await;

        let traces = t.traces().await;
        ana.post(&path("accept"), json!({})).await.problem(403, "identity.role_required");
        admin.post(&path("accept"), json!({})).await.problem(403, "identity.role_required");
        t.anybody().post(&path("accept"), json!({})).await.problem(401, "identity.unauthenticated");
        for (body, status, code, pointer) in [
            (json!({}), 400, "core.body_invalid", "/carrier"),
            (json!({ "carrier": "DHL" }), 400, "core.body_invalid", "/trackingNumber"),
            (json!({ "carrier": 7, "trackingNumber": "1" }), 400, "core.body_invalid", "/carrier"),
            (json!({ "carrier": "DHL", "trackingNumber": "1", "x": 1 }), 400, "core.body_invalid", "/x"),
            (json!({ "carrier": "\u{0}", "trackingNumber": "1" }), 400, "core.body_invalid", "/carrier"),
            (json!({ "carrier": " ", "trackingNumber": "1" }), 422, "orders.carrier_required", "/carrier"),
            (
                json!({ "carrier": "é".repeat(101), "trackingNumber": "1" }),
                422,
                "orders.carrier_required",
                "/carrier",
            ),
            (
                json!({ "carrier": "D", "trackingNumber": "" }),
                422,
                "orders.tracking_number_required",
                "/trackingNumber",
            ),
            (
                json!({ "carrier": "D", "trackingNumber": "1".repeat(101) }),
                422,
                "orders.tracking_number_required",
                "/trackingNumber",
            ),
        ] {
            sam.post(&path("ship"), body).await.problem_at(status, code, pointer);
        }
        assert_eq!(t.traces().await, traces);

        sam.post(&path("accept"), json!({})).await.expect(200);
        refused("accept").await;
        refused("deliver").await;
        sam.post(&path("ship"), shipment.clone()).await.expect(200);
        refused("ship").await;
        sam.post(&path("deliver"), json!({})).await.expect(200);
        refused("deliver").await;
        assert_eq!(t.stock(lamp).await, "4/0");
    });
}

#[test]
fn unpaid_orders_expire_by_the_clock_and_not_by_a_job() {
    run(async |t| {
        let Shop { ana, lamp, .. } = shop(&t).await;
        let ben = t.buyer("ben").await;
        t.coupon("SAVE", 1000, 1).await;
        let order =
            ana.post("/orders", basket_with(&[(lamp, 5)], "SAVE")).once().await.expect(201).id("orderId");
        ben.post("/orders", basket(&[(lamp, 1)])).once().await.problem(409, "inventory.insufficient_stock");
        t.advance(Duration::from_secs(14 * 60 + 58)).await;
        ben.post("/orders", basket(&[(lamp, 1)])).once().await.problem(409, "inventory.insufficient_stock");
        t.advance(Duration::from_secs(5)).await;
        ben.post("/orders", basket(&[(lamp, 1)])).once().await.expect(201);
        let allowed = ana.get(&format!("/orders/{order}/status")).await.expect(200);
        assert_eq!(allowed["allowedActions"], json!(["cancel"]), "nobody can pay any more");

        // The sweeper tidies up: status, stock, coupon.
        assert_eq!(t.int("select orders.expire_orders(100)::bigint", &[]).await, 1);
        let expired = ana.get(&format!("/orders/{order}/status")).await.expect(200);
        assert_eq!((expired.str("status"), &expired["allowedActions"]), ("EXPIRED", &json!([])));
        assert_eq!(t.stock(lamp).await, "5/1");
        ana.post("/orders", basket_with(&[(lamp, 1)], "SAVE")).once().await.expect(201);
        let cancel = ana.post(&format!("/orders/{order}/cancel"), json!({})).once().await;
        cancel.problem(409, "orders.transition_refused");
    });
}

/// History in the archive is read like any other, by all who may; without the archive it goes on from where it was cut.
#[test]
fn history_of_a_finished_order_is_archived_and_still_told() {
    run(async |t| {
        let Shop { ana, sam, sue, lamp, chair } = shop(&t).await;
        let one = t.order(&ana, &[(lamp, 1), (chair, 1)]).await.id("orderId");
        t.pay(one).await;
        let why = json!({ "reason": "Ordered by mistake" });
        ana.post(&format!("/orders/{one}/cancel"), why).once().await.expect(200);
        let two = t.order(&ana, &[(lamp, 1)]).await.id("orderId");
        t.pay(two).await;
        let told = async || {
            let mut told = Vec::new();
            for (order, person) in [(one, &ana), (one, &sam), (one, &sue), (two, &ana), (two, &sam)] {
                told.push(person.get(&format!("/orders/{order}/status")).await.expect(200).body);
            }
            told
        };
        let before = told().await;

        let step =
            async |after| retention::archive_history(&t.app().worker_pool, after).await.expect("a step");
        t.advance(Duration::from_hours(2)).await;
        assert_eq!(step(None).await, (0, None), "nobody asked for it");
        t.execute("update core.settings set value = 3600 where name = 'orders.history_retention_s'", &[])
            .await;
        assert_eq!(step(None).await, (1, None), "the cancelled one");
        assert_eq!(step(None).await, (0, None), "once");
        assert_eq!(t.int("select count(*) from orders.order_history", &[]).await, 2, "of the paid one");
        assert_eq!(told().await, before, "nobody notices");
        assert_eq!(t.broken_invariants().await, Vec::<String>::new());

        // and as the operator's handbook has it, the month leaves the database
        let partition: String =
            t.one("select inhrelid::regclass::text from pg_inherits where inhparent = 'orders.archived_history'::regclass", &[]).await;
        t.execute(&format!("alter table orders.archived_history detach partition {partition}"), &[]).await;
        let status = ana.get(&format!("/orders/{one}/status")).await.expect(200);
        assert_eq!(
            (status.str("status"), status.int("version"), &status["history"]),
            ("CANCELLED", 3, &json!([]))
        );
        let seen = sam.get(&format!("/orders/{one}/status")).await.expect(200);
        assert_eq!(seen["history"], json!([]));
    });
}

/// One that has looked at the history moves nothing, and counts nothing, that another has moved before it locks the orders. It is
/// held between the two: the function that bounds its look waits, in the snapshot of that look.
#[test]
fn an_archiver_counts_only_what_it_moves() {
    run(async |t| {
        let Shop { ana, lamp, .. } = shop(&t).await;
        let order = t.order(&ana, &[(lamp, 1)]).await.id("orderId");
        ana.post(&format!("/orders/{order}/cancel"), json!({})).once().await.expect(200);
        t.advance(Duration::from_secs(100 * 86400)).await;
        t.execute("update core.settings set value = 86400 where name = 'orders.history_retention_s'", &[])
            .await;
        t.sql()
            .batch_execute(
                "create or replace function orders._id_at(p_at timestamptz) returns uuid language plpgsql volatile as $$
                 begin
                   if current_setting('test.waits', true) = 'on' then
                     perform pg_advisory_xact_lock_shared(4711);
                   end if;
                   return 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid;
                 end $$",
            )
            .await
            .expect("a function");
        let (holder, late) = (t.connect().await, t.connect().await);
        holder.batch_execute("select pg_advisory_lock(4711)").await.expect("a lock");
        let late = tokio::spawn(async move {
            late.batch_execute("set test.waits = on").await.expect("a setting");
            let moved = late.query_one("select archived from orders.archive_history(null, 100)", &[]).await;
            moved.expect("a step").get::<_, i32>(0)
        });
        let waits = "select exists (select from pg_locks where locktype = 'advisory' and objid = 4711 and not granted)";
        t.until("it has looked", waits).await;
        assert_eq!(retention::archive_history(&t.app().worker_pool, None).await.expect("a step"), (1, None));
        holder.batch_execute("select pg_advisory_unlock(4711)").await.expect("unlocked");
        assert_eq!(late.await.expect("an answer"), 0);
        assert_eq!(t.int("select count(*) from orders.archived_history", &[]).await, 2);
    });
}

/// Several workers, of several programs, share the work and do not wait for each other nor for who holds an order.
#[test]
fn archivers_share_the_work_and_pass_by_what_is_in_use() {
    run(async |t| {
        let Shop { ana, lamp, .. } = shop(&t).await;
        let mut orders = Vec::new();
        for _ in 0..5 {
            let order = t.order(&ana, &[(lamp, 1)]).await.id("orderId");
            ana.post(&format!("/orders/{order}/cancel"), json!({})).once().await.expect(200);
            orders.push(order);
        }
        t.advance(Duration::from_secs(100 * 86400)).await;
        t.execute("update core.settings set value = 86400 where name = 'orders.history_retention_s'", &[])
            .await;
        let holder = t.connect().await;
        holder.batch_execute("begin").await.expect("begin");
        holder
            .execute("select from orders.orders where order_id = $1 for no key update", &[&orders[2]])
            .await
            .expect("a lock");
        let moved = together(6, |_| {
            let pool = t.app().worker_pool.clone();
            async move { retention::archive_history(&pool, None).await.expect("a step").0 }
        })
        .await;
        assert_eq!(moved.iter().sum::<usize>(), 4, "each order once, the one in use not");
        holder.batch_execute("rollback").await.expect("rollback");
        assert_eq!(retention::archive_history(&t.app().worker_pool, None).await.expect("a step"), (1, None));
        assert_eq!(t.int("select count(*) from orders.archived_history", &[]).await, 10);
    });
}
