//! Commission rules, promotions, previews and shipping rates over HTTP.

use crate::support::{Person, Test, Uuid, Value, json, run, together};

fn ten_percent() -> Value {
    json!({ "name": "Ten", "type": "PERCENTAGE", "target": "ORDER", "percentBp": 1000 })
}

async fn active(author: &Person, rules: Value) -> Uuid {
    let id = author.post("/promotions", rules).await.expect(201).id("promotionId");
    author.post(&format!("/promotions/{id}/activate"), json!({})).await.expect(200);
    id
}

fn basket(variant: Uuid, quantity: i32, coupons: &[&str]) -> Value {
    json!({ "currency": "USD", "lines": [{ "variantId": variant, "quantity": quantity }], "couponCodes": coupons })
}

fn order(variant: Uuid, quantity: i32, coupons: &[&str]) -> Value {
    let mut order = basket(variant, quantity, coupons);
    order["shippingAddress"] =
        json!({ "name": "Ana", "line1": "1 Main Street", "city": "Springfield", "countryCode": "US" });
    order
}

#[test]
fn commission_rules_are_versions() {
    run(async |t| {
        let (admin, sam) = (t.admin().await, t.seller("sam").await);
        let body = json!({ "name": "Sam", "sellerId": sam.seller_id, "percentBp": 900, "fixed": { "amountMinor": 30, "currency": "USD" } });
        let made = admin.post("/pricing/commission-rules", body.clone()).await.expect(201);
        let path = made.header("location").to_owned();
        assert_eq!(
            (made.str("status"), made.int("version"), made["fixed"]["amountMinor"].as_i64()),
            ("IN_FORCE", 1, Some(30))
        );
        assert_eq!(admin.get(&path).await.expect(200).body, made.body);
        let rival =
            admin.post("/pricing/commission-rules", body.clone()).await.problem(409, "pricing.rule_conflict");
        assert!(rival.str("detail").contains(made.str("ruleId")), "the rival is named");

        let change =
            json!({ "name": "Sam", "percentBp": 800, "fixed": { "amountMinor": 30, "currency": "USD" } });
        let next = admin.put(&path, change.clone()).if_match(1).await.expect(200);
        assert_eq!((next.int("version"), next.int("percentBp"), next.header("etag")), (2, 800, "\"2\""));
        admin.put(&path, change.clone()).if_match(1).await.problem(412, "core.version_stale");
        admin.put(&path, change.clone()).await.problem(428, "core.if_match_required");
        assert_eq!(t.payloads("pricing.rule_changed").await[0]["percentBp"], 800);

        // lists
        for (i, currency) in ["USD", "EUR", "GBP"].into_iter().enumerate() {
            let body = json!({ "name": format!("Default {i}"), "fixed": { "amountMinor": i, "currency": currency } });
            admin.post("/pricing/commission-rules", body).await.expect(201);
        }
        let page = admin.get("/pricing/commission-rules?limit=3").await.expect(200);
        assert_eq!(page.items().len(), 3);
        let rest = admin
            .get("/pricing/commission-rules?limit=3")
            .query(&[("cursor", page.str("nextCursor"))])
            .await
            .expect(200);
        assert_eq!((rest.items().len(), &rest["nextCursor"]), (1, &Value::Null));
        let own = admin
            .get(&format!("/pricing/commission-rules?sellerId={}&status=IN_FORCE", sam.seller_id))
            .await
            .expect(200);
        assert_eq!(own.items().len(), 1);

        // refused
        admin.get("/pricing/commission-rules?status=OPEN").await.problem_at(
            422,
            "pricing.filter_invalid",
            "/status",
        );
        admin.get("/pricing/commission-rules?colour=red").await.problem(400, "core.query_invalid");
        let bad = json!({ "name": "x", "percentBp": 10_001 });
        admin.post("/pricing/commission-rules", bad).await.problem_at(
            422,
            "pricing.rule_invalid",
            "/percentBp",
        );
        let bad = json!({ "name": "x", "sellerId": Uuid::new_v4() });
        admin.post("/pricing/commission-rules", bad).await.problem_at(
            422,
            "pricing.seller_unknown",
            "/sellerId",
        );
        let bad = json!({ "name": "x", "percentBp": "10" });
        admin.post("/pricing/commission-rules", bad).await.problem(400, "core.body_invalid");
        admin
            .get(&format!("/pricing/commission-rules/{}", Uuid::new_v4()))
            .await
            .problem(404, "pricing.rule_not_found");
        for stranger in [&sam, &t.buyer("ana").await] {
            stranger.get("/pricing/commission-rules").await.problem(403, "identity.role_required");
            stranger.get(&path).await.problem(403, "identity.role_required");
            stranger
                .post("/pricing/commission-rules", body.clone())
                .await
                .problem(403, "identity.role_required");
            stranger.put(&path, change.clone()).if_match(2).await.problem(403, "identity.role_required");
        }
        t.anybody().get("/pricing/commission-rules").await.problem(401, "identity.unauthenticated");
    });
}

#[test]
fn a_promotion_lives_from_draft_to_end() {
    run(async |t| {
        let (admin, sam, ana) = (t.admin().await, t.seller("sam").await, t.buyer("ana").await);
        let made = sam.post("/promotions", ten_percent()).await.expect(201);
        let path = made.header("location").to_owned();
        assert_eq!((made.str("status"), made.id("sellerId")), ("DRAFT", sam.seller_id));
        let mut change = ten_percent();
        change["percentBp"] = json!(1500);
        assert_eq!(sam.put(&path, change.clone()).if_match(1).await.expect(200).int("percentBp"), 1500);
        let act = |action: &str| format!("{path}/{action}");
        ana.get(&path).await.problem(404, "pricing.promotion_not_found");
        assert_eq!(sam.post(&act("activate"), json!({})).await.expect(200).str("status"), "ACTIVE");
        assert_eq!(t.anybody().get(&path).await.expect(200).str("name"), "Ten");
        sam.put(&path, change.clone()).if_match(3).await.problem(409, "pricing.promotion_active");
        sam.post(&act("activate"), json!({})).await.problem(409, "pricing.transition_refused");
        assert_eq!(admin.post(&act("pause"), json!({})).await.expect(200).str("status"), "PAUSED");
        sam.put(&path, change.clone()).if_match(1).await.problem(412, "core.version_stale");
        sam.put(&path, change.clone()).if_match(4).await.expect(200);
        assert_eq!(sam.post(&act("end"), json!({})).await.expect(200).str("status"), "ENDED");
        sam.post(&act("pause"), json!({})).await.problem(409, "pricing.transition_refused");
        assert_eq!(
            t.events().await.iter().filter(|e| e.starts_with("pricing.")).collect::<Vec<_>>(),
            [
                "pricing.promotion_created",
                "pricing.promotion_changed",
                "pricing.promotion_activated",
                "pricing.promotion_paused",
                "pricing.promotion_changed",
                "pricing.promotion_ended"
            ]
        );

        // who sees what
        active(&admin, json!({ "name": "Secret", "type": "FREE_SHIPPING", "target": "SHIPPING", "couponCode": "SECRET" })).await;
        active(&admin, ten_percent()).await;
        let names = async |person: &Person| -> Vec<String> {
            let list = person.get("/promotions").await.expect(200);
            list.items().iter().map(|p| p["name"].as_str().unwrap_or_default().to_owned()).collect()
        };
        assert_eq!(names(&admin).await, ["Ten", "Secret", "Ten"]);
        assert_eq!(names(&sam).await, ["Ten", "Ten"]);
        assert_eq!(names(&ana).await, ["Ten"]);
        assert!(
            !t.anybody().get("/promotions").await.expect(200).text.contains("SECRET"),
            "coupons are not shown around"
        );

        // refused
        for (stranger, status, code) in [
            (&ana, 403, "identity.role_required"),
            (&t.anybody(), 401, "identity.unauthenticated"),
            (&t.seller("sue").await, 404, "pricing.promotion_not_found"),
        ] {
            stranger.put(&path, change.clone()).if_match(6).await.problem(status, code);
            for action in ["activate", "pause", "end"] {
                stranger.post(&act(action), json!({})).await.problem(status, code);
            }
        }
        ana.post("/promotions", ten_percent()).await.problem(403, "identity.role_required");
        admin.get("/promotions?status=OPEN").await.problem_at(422, "pricing.filter_invalid", "/status");
        let mut bad = ten_percent();
        bad["target"] = json!("SHIPPING");
        admin.post("/promotions", bad).await.problem_at(422, "pricing.promotion_invalid", "/target");
        let mut bad = ten_percent();
        bad["amount"] = json!({ "amountMinor": 5, "currency": "USD" });
        admin.post("/promotions", bad).await.problem_at(422, "pricing.promotion_invalid", "/amount");
        let mut bad = ten_percent();
        bad["discount"] = json!(5);
        admin.post("/promotions", bad).await.problem(400, "core.body_invalid");
    });
}

#[test]
fn a_preview_costs_what_the_order_costs() {
    run(async |t| {
        let (admin, sam, ana) = (t.admin().await, t.seller("sam").await, t.buyer("ana").await);
        let lamp = t.offer(&sam, 1999, 50).await;
        let rate = "/pricing/shipping-rates/USD";
        assert_eq!(sam.get(rate).await.expect(200).header("etag"), "\"0\"");
        sam.put(rate, json!({ "feeMinor": 490, "freeFromMinor": 50_000 })).if_match(0).await.expect(200);
        active(&admin, ten_percent()).await;
        active(&sam, json!({ "name": "Sam", "type": "FIXED_AMOUNT", "target": "LINES", "amount": { "amountMinor": 100, "currency": "USD" }, "priority": 5 })).await;
        active(
            &admin,
            json!({ "name": "Ship", "type": "FREE_SHIPPING", "target": "SHIPPING", "couponCode": "SHIP",
                               "minSubtotal": { "amountMinor": 5000, "currency": "USD" }, "buyerLimit": 1 }),
        )
        .await;

        let small =
            t.anybody().post("/promotions/apply", basket(lamp, 2, &["ship", "nope"])).await.expect(200);
        assert_eq!(small["total"], json!({ "amountMinor": 2 * 1999 - 200 - 380 + 490, "currency": "USD" }));
        let refused = small["refusedCoupons"].as_array().expect("a list");
        assert_eq!(
            (&refused[0]["code"], &refused[1]["code"]),
            (&json!("pricing.coupon_unknown"), &json!("pricing.coupon_minimum_not_met"))
        );
        assert_eq!(refused[1]["detail"], "Coupon SHIP needs 10.02 USD more.");

        let preview = ana.post("/promotions/apply", basket(lamp, 3, &["SHIP"])).await.expect(200);
        let placed = ana.post("/orders", order(lamp, 3, &["SHIP"])).once().await.expect(201);
        for part in ["subtotal", "discount", "shipping", "total"] {
            assert_eq!(preview[part], placed[part], "{part}");
        }
        let amounts = |adjustments: &Value| -> Vec<(Value, Value)> {
            adjustments
                .as_array()
                .into_iter()
                .flatten()
                .map(|a| (a["promotionId"].clone(), a["amount"].clone()))
                .collect()
        };
        assert_eq!(amounts(&preview["adjustments"]), amounts(&placed["fulfilments"][0]["adjustments"]));

        // ana's one use is gone: the preview reads it and says which limit, the order finds it under the counter's lock
        let again = ana.post("/promotions/apply", basket(lamp, 3, &["SHIP"])).await.expect(200);
        assert_eq!(again["refusedCoupons"][0]["code"], "pricing.coupon_buyer_limit_reached");
        ana.post("/orders", order(lamp, 3, &["SHIP"])).once().await.problem(409, "pricing.coupon_exhausted");
        // until the order is cancelled
        ana.post(&format!("/orders/{}/cancel", placed.id("orderId")), json!({})).once().await.expect(200);
        assert_eq!(
            ana.post("/promotions/apply", basket(lamp, 3, &["SHIP"])).await.expect(200).body,
            preview.body
        );

        // refused
        ana.post("/promotions/apply", basket(Uuid::new_v4(), 1, &[])).await.problem_at(
            422,
            "pricing.variant_unavailable",
            "/lines/0/variantId",
        );
        let mut euro = basket(lamp, 1, &[]);
        euro["currency"] = json!("EUR");
        ana.post("/promotions/apply", euro).await.problem(422, "pricing.currency_mismatch");
        ana.post("/promotions/apply", basket(lamp, 0, &[])).await.problem_at(
            422,
            "pricing.quantity_invalid",
            "/lines/0/quantity",
        );
        ana.post("/promotions/apply", json!({ "currency": "USD", "lines": [] }))
            .await
            .problem(422, "pricing.basket_invalid");
        ana.get(rate).await.problem(403, "identity.role_required");
        sam.put(rate, json!({ "feeMinor": -1 })).if_match(1).await.problem_at(
            422,
            "pricing.rate_invalid",
            "/feeMinor",
        );
        sam.put(rate, json!({ "feeMinor": 1 })).if_match(0).await.problem(412, "core.version_stale");
        sam.get("/pricing/shipping-rates/XXX").await.problem(404, "pricing.currency_not_found");
    });
}

/// All order with the coupon at the same moment; how many got it.
async fn rush(t: &Test, buyers: &[Person], variant: Uuid) -> usize {
    let answers = together(buyers.len(), |i| {
        let buyer = buyers[i].clone();
        async move { buyer.post("/orders", order(variant, 1, &["TEN"])).once().await }
    })
    .await;
    for lost in answers.iter().filter(|a| a.status != 201) {
        let code = lost["code"].as_str().unwrap_or_default();
        assert!(
            ["pricing.coupon_exhausted", "pricing.coupon_usage_limit_reached"].contains(&code),
            "{}",
            lost.describe()
        );
    }
    assert!(t.broken_invariants().await.is_empty());
    answers.iter().filter(|a| a.status == 201).count()
}

#[test]
fn sixty_four_buyers_for_ten_uses_of_a_coupon() {
    run(async |t| {
        let (admin, sam) = (t.admin().await, t.seller("sam").await);
        let lamp = t.offer(&sam, 1000, 1000).await;
        let mut limited = ten_percent();
        limited["couponCode"] = json!("TEN");
        limited["usageLimit"] = json!(10);
        let id = active(&admin, limited).await;
        let mut buyers = Vec::new();
        for i in 0..64 {
            buyers.push(t.buyer(&format!("buyer{i}")).await);
        }
        assert_eq!(rush(&t, &buyers, lamp).await, 10);
        let promotion = admin.get(&format!("/promotions/{id}")).await.expect(200);
        assert_eq!((promotion.int("used"), promotion.int("usageLimit")), (10, 10));
    });
}
