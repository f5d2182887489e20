//! Commissions over HTTP: explained, simulated, charged while rules change, and carried into the ledger.

use crate::support::fixtures::basket;
use crate::support::{Uuid, Value, json, run, together};

/// Which rule wins of a list of candidates, and why the others do not.
fn verdicts(candidates: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let candidates = candidates.as_array().expect("candidates");
    candidates
        .iter()
        .map(|c| (text(&c["name"]), format!("{}{}", text(&c["outcome"]), text(&c["reason"]))))
        .collect()
}

fn usd(minor: i64) -> Value {
    json!({ "amountMinor": minor, "currency": "USD" })
}

#[test]
fn commissions_are_explained_before_and_after_the_order() {
    run(async |t| {
        let (admin, ana) = (t.admin().await, t.buyer("ana").await);
        let (sam, sue) = (t.seller("sam").await, t.seller("sue").await);
        let lamp = t.offer(&sam, 2000, 50).await;
        sam.put("/pricing/shipping-rates/USD", json!({ "feeMinor": 490 })).if_match(0).await.expect(200);
        for rule in [
            json!({ "name": "standard", "percentBp": 1005, "vatBp": 1900 }),
            json!({ "name": "sam", "percentBp": 1205, "sellerId": sam.seller_id, "fixed": usd(30) }),
            json!({ "name": "dear", "percentBp": 1, "unitPriceFrom": usd(5000) }),
            json!({ "name": "freight", "percentBp": 500, "appliesTo": "SHIPPING", "vatBp": 1900 }),
        ] {
            admin.post("/pricing/commission-rules", rule).await.expect(201);
        }
        let expected =
            [("sam", "WINS"), ("standard", "LOSESLESS_SPECIFIC"), ("dear", "DOES_NOT_MATCHOUTSIDE_BAND")]
                .map(|(name, verdict)| (name.to_owned(), verdict.to_owned()));

        let resolve = "/pricing/commission-rules/resolve";
        let question = json!({ "currency": "USD", "lines": [{ "variantId": lamp, "quantity": 2 }] });
        let resolved = admin.post(resolve, question.clone()).await.expect(200);
        let line = &resolved["lines"][0];
        assert_eq!((&line["commission"], &line["vat"], &line["limit"]), (&usd(542), &usd(0), &usd(4000)));
        assert_eq!(verdicts(&line["candidates"]), expected);
        let fee = &resolved["shipping"][0];
        assert_eq!((&fee["gross"], &fee["commission"], &fee["vat"]), (&usd(490), &usd(25), &usd(5)));
        let mut past = question.clone();
        past["at"] = json!("2020-01-01T00:00:00Z");
        let then = admin.post(resolve, past).await.expect(200);
        assert_eq!((&then["lines"][0]["commission"], &then["lines"][0]["ruleId"]), (&usd(0), &Value::Null));
        assert_eq!(then["at"], "2020-01-01T00:00:00Z");

        let order = ana.post("/orders", basket(&[(lamp, 2)])).once().await.expect(201);
        let path = format!("/orders/{}/commissions", order.id("orderId"));
        let charged = admin.get(&path).await.expect(200);
        let items = charged.items();
        assert_eq!(items.len(), 2);
        assert_eq!(
            (&items[0]["amount"], &items[0]["exactPercent"], &items[0]["fixed"]),
            (&usd(542), &json!("482"), &usd(30))
        );
        assert_eq!((&items[0]["ruleId"], &items[0]["ruleVersion"]), (&line["ruleId"], &json!(1)));
        assert_eq!(verdicts(&items[0]["candidates"]), expected);
        assert_eq!(
            (&items[1]["appliesTo"], &items[1]["amount"], &items[1]["vat"]),
            (&json!("SHIPPING"), &usd(25), &usd(5))
        );
        let own = sam.get(&path).await.expect(200);
        assert_eq!((&own.items()[0]["amount"], &own.items()[0]["candidates"]), (&usd(542), &Value::Null));

        // refused
        ana.get(&path).await.problem(403, "identity.role_required");
        sue.get(&path).await.problem(404, "orders.order_not_found");
        admin
            .get(&format!("/orders/{}/commissions", Uuid::new_v4()))
            .await
            .problem(404, "orders.order_not_found");
        admin.get(&format!("{path}?at=yesterday")).await.problem(400, "core.query_invalid");
        sam.post(resolve, question).await.problem(403, "identity.role_required");
        admin
            .post(resolve, json!({ "currency": "USD", "lines": [] }))
            .await
            .problem(422, "pricing.basket_invalid");
    });
}

#[test]
fn a_proposed_rule_is_tried_on_past_orders() {
    run(async |t| {
        let (admin, ana, sam) = (t.admin().await, t.buyer("ana").await, t.seller("sam").await);
        let lamp = t.offer(&sam, 2000, 50).await;
        admin
            .post("/pricing/commission-rules", json!({ "name": "standard", "percentBp": 1000 }))
            .await
            .expect(201);
        for _ in 0..3 {
            let order = t.order(&ana, &[(lamp, 2)]).await;
            t.pay(order.id("orderId")).await;
        }
        t.order(&ana, &[(lamp, 1)]).await; // not paid: not sold

        let simulate = "/pricing/commission-rules/simulate";
        let from = "2020-01-01T00:00:00Z";
        let until = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(1);
        let from_recent = jiff::Timestamp::now() - jiff::SignedDuration::from_hours(1);
        let body = json!({ "rule": { "name": "twelve", "percentBp": 1250, "vatBp": 1900 }, "from": from_recent, "until": until });
        let answer = admin.post(simulate, body.clone()).await.expect(200);
        let item = &answer.items()[0];
        assert_eq!(
            (&item["sellerId"], &item["orders"], &item["changed"]),
            (&json!(sam.seller_id), &json!(3), &json!(3))
        );
        assert_eq!(
            (&item["charged"], &item["simulated"], &item["difference"]),
            (&usd(1200), &usd(1500), &usd(300))
        );
        assert_eq!(item["simulatedVat"], usd(3 * 95));
        assert_eq!(
            admin.get("/pricing/commission-rules").await.expect(200).items().len(),
            1,
            "nothing is written"
        );

        let bad = json!({ "rule": { "name": "x", "percentBp": 10_001 }, "from": from_recent });
        admin.post(simulate, bad).await.problem_at(422, "pricing.rule_invalid", "/rule/percentBp");
        let bad = json!({ "rule": { "name": "x" }, "from": from_recent, "replacesRuleId": Uuid::new_v4() });
        admin.post(simulate, bad).await.problem_at(422, "pricing.rule_unknown", "/replacesRuleId");
        let bad = json!({ "rule": { "name": "x" }, "from": from });
        admin.post(simulate, bad).await.problem_at(422, "orders.period_invalid", "/until");
        sam.post(simulate, body).await.problem(403, "identity.role_required");
    });
}

/// Two rules change again and again, the one for lines always before the one for shipping, while buyers order. Each order is
/// charged by one version on all its lines, and by versions that were in force together. That the cents follow from the
/// snapshots is an invariant, which every test checks at its end.
#[test]
fn an_order_carries_one_set_of_versions_while_rules_change() {
    const CHANGES: i32 = 25;
    run(async |t| {
        let (admin, sam) = (t.admin().await, t.seller("sam").await);
        sam.put("/pricing/shipping-rates/USD", json!({ "feeMinor": 490 })).if_match(0).await.expect(200);
        let mut lines = Vec::new();
        for i in 0..5 {
            lines.push((t.offer(&sam, 1000 + i, 10_000).await, 1));
        }
        let rule =
            |version: i32, kind: &str| json!({ "name": kind, "percentBp": 1000 + version, "vatBp": 1900 });
        let mut paths = Vec::new();
        for kind in ["LINE", "SHIPPING"] {
            let mut body = rule(1, kind);
            body["appliesTo"] = json!(kind);
            paths.push(
                admin.post("/pricing/commission-rules", body).await.expect(201).header("location").to_owned(),
            );
        }
        let buyers = t.crowd(8).await;
        let customer = t.buyer("carl").await;
        together(1 + buyers.len(), |i| {
            let (admin, paths, customer) = (admin.clone(), paths.clone(), customer.clone());
            let (buyer, basket) = (buyers.get(i.wrapping_sub(1)).cloned(), basket(&lines));
            async move {
                match buyer {
                    None => {
                        for version in 1..=CHANGES {
                            for (path, kind) in paths.iter().zip(["LINE", "SHIPPING"]) {
                                admin
                                    .put(path, rule(version + 1, kind))
                                    .if_match(version.into())
                                    .await
                                    .expect(200);
                            }
                            // so that the changes do not all pass while the first orders are being placed
                            customer.post("/orders", basket.clone()).once().await.expect(201);
                        }
                    }
                    Some(buyer) => {
                        for _ in 0..20 {
                            buyer.post("/orders", basket.clone()).once().await.expect(201);
                        }
                    }
                }
            }
        })
        .await;

        let rows = t
            .sql()
            .query(
                "select count(*) = 5, count(distinct c.rule_version) = 1, min(c.rule_version), min(s.rule_version),
                        bool_and(c.percent_bp = 1000 + c.rule_version and s.percent_bp = 1000 + s.rule_version)
                   from orders.commissions as c
                   join orders.shipping_commissions as s using (seller_id, order_id)
                  group by order_id",
                &[],
            )
            .await
            .expect("commissions");
        assert_eq!(rows.len(), 160 + usize::try_from(CHANGES).expect("a few"));
        let mut versions = std::collections::BTreeSet::new();
        for row in &rows {
            let (all, one, line, shipping, rates): (bool, bool, i32, i32, bool) =
                (row.get(0), row.get(1), row.get(2), row.get(3), row.get(4));
            assert!(all && one && rates, "each line of an order by the same version");
            assert!(
                shipping == line || shipping == line - 1,
                "versions {line} and {shipping} were never in force together"
            );
            versions.insert((line, shipping));
        }
        assert!(versions.len() > 2, "the rules changed while orders were placed: {versions:?}");
    });
}
