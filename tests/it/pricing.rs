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
        let got = admin.get(&path).await.expect(200);
        assert_eq!(
            (got.str("ruleId"), got["versions"].as_array().map(Vec::len)),
            (made.str("ruleId"), Some(1))
        );
        let rival =
            admin.post("/pricing/commission-rules", body.clone()).await.problem(409, "pricing.rule_conflict");
        assert!(rival.str("detail").contains(made.str("ruleId")), "the rival is named");

        let change =
            json!({ "name": "Sam", "percentBp": 800, "fixed": { "amountMinor": 30, "currency": "USD" } });
        let next = admin.put(&path, change.clone()).if_match(1).await.expect(200);
        assert_eq!((next.int("version"), next.int("percentBp"), next.header("etag")), (2, 800, "\"2\""));
        admin.put(&path, change.clone()).if_match(1).await.problem(412, "core.version_stale");
        admin.put(&path, change.clone()).await.problem(428, "core.if_match_required");
        let history = admin.get(&path).await.expect(200);
        assert_eq!(
            (&history["versions"][0]["percentBp"], &history["versions"][1]["percentBp"]),
            (&json!(900), &json!(800))
        );
        assert_eq!(history["versions"][0]["validUntil"], history["versions"][1]["validFrom"]);
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

        let then = history["versions"][0]["validFrom"].as_str().expect("a time").to_owned();
        let before = admin.get("/pricing/commission-rules").query(&[("activeAt", &then)]).await.expect(200);
        assert_eq!(before.items().len(), 1, "only Sam's, in its first version");
        assert_eq!(
            (&before.items()[0]["version"], &before.items()[0]["percentBp"]),
            (&json!(1), &json!(900))
        );

        // all that a rule can say, and its end
        let usd = |minor: i64| json!({ "amountMinor": minor, "currency": "USD" });
        let full = json!({
            "name": "Full", "appliesTo": "LINE", "sellerId": sam.seller_id, "priority": 7, "percentBp": 1500, "fixed": usd(5),
            "fixedPer": "LINE", "base": "GROSS", "unitPriceFrom": usd(100), "unitPriceBelow": usd(5000), "min": usd(10),
            "max": usd(900), "vatBp": 1900
        });
        let made = admin.post("/pricing/commission-rules", full.clone()).await.expect(201);
        for (field, value) in full.as_object().expect("an object") {
            assert_eq!(&made[field.as_str()], value, "{field}");
        }
        assert_eq!(made["currency"], "USD");
        let own =
            admin.get("/pricing/commission-rules?priority=7&appliesTo=LINE&currency=USD").await.expect(200);
        assert_eq!(own.items().len(), 1);
        let end = format!("{}/end", made.header("location"));
        sam.post(&end, json!({})).await.problem(403, "identity.role_required");
        admin.post(&end, json!({ "at": "2020-01-01T00:00:00Z" })).await.problem_at(
            422,
            "pricing.rule_invalid",
            "/at",
        );
        assert_eq!(admin.post(&end, json!({})).await.expect(200).str("status"), "ENDED");
        admin.post(&end, json!({})).await.problem(409, "pricing.rule_ended");
        assert_eq!(t.payloads("pricing.rule_ended").await[0]["ruleId"], made["ruleId"]);
        let shipping = json!({ "name": "Shipping", "appliesTo": "SHIPPING", "percentBp": 500, "productId": Uuid::new_v4() });
        admin.post("/pricing/commission-rules", shipping).await.problem_at(
            422,
            "pricing.rule_invalid",
            "/productId",
        );

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

/// Sixteen administrators make the same rule at the same moment.
#[test]
fn of_rival_rules_made_at_once_one_is_made() {
    run(async |t| {
        let (admin, sam) = (t.admin().await, t.seller("sam").await);
        let answers = together(16, |i| {
            let (admin, seller_id) = (admin.clone(), sam.seller_id);
            async move {
                let body =
                    json!({ "name": format!("Rival {i}"), "sellerId": seller_id, "percentBp": 100 * i });
                admin.post("/pricing/commission-rules", body).await
            }
        })
        .await;
        let made: Vec<_> = answers.iter().filter(|a| a.status == 201).collect();
        assert_eq!(made.len(), 1);
        for refused in answers.iter().filter(|a| a.status != 201) {
            assert_eq!((refused.status, refused.str("code")), (409, "pricing.rule_conflict"));
            assert!(refused.str("detail").contains(made[0].str("ruleId")), "the rival is named");
        }
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
        let next = sam.put(&path, change.clone()).if_match(3).await.expect(200);
        assert_eq!((next.int("version"), next.str("status")), (4, "ACTIVE"), "a new version supersedes it");
        let versions = sam.get(&format!("{path}/versions?limit=1")).await.expect(200);
        assert_eq!(
            (&versions.items()[0]["version"], &versions.items()[0]["closedAt"]),
            (&json!(4), &Value::Null)
        );
        let older = sam
            .get(&format!("{path}/versions"))
            .query(&[("cursor", versions.str("nextCursor"))])
            .await
            .expect(200);
        assert_eq!(
            (&older.items()[0]["rules"]["percentBp"], &older.items()[0]["closedAt"], older.items().len()),
            (&json!(1500), &versions.items()[0]["openedAt"], 1)
        );
        ana.get(&format!("{path}/versions")).await.problem(403, "identity.role_required");
        sam.post(&act("activate"), json!({})).await.problem(409, "pricing.transition_refused");
        assert_eq!(admin.post(&act("pause"), json!({})).await.expect(200).str("status"), "PAUSED");
        sam.put(&path, change.clone()).if_match(1).await.problem(412, "core.version_stale");
        sam.put(&path, change.clone()).if_match(5).await.expect(200);
        assert_eq!(sam.post(&act("end"), json!({})).await.expect(200).str("status"), "ENDED");
        sam.put(&path, change.clone()).if_match(7).await.problem(409, "pricing.promotion_immutable");
        sam.post(&act("pause"), json!({})).await.problem(409, "pricing.transition_refused");
        assert_eq!(
            t.events().await.iter().filter(|e| e.starts_with("pricing.")).collect::<Vec<_>>(),
            [
                "pricing.promotion_created",
                "pricing.promotion_changed",
                "pricing.promotion_activated",
                "pricing.promotion_changed",
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
        bad["target"] = json!("EVERYTHING");
        admin.post("/promotions", bad).await.problem_at(422, "pricing.promotion_invalid", "/target");
        let mut bad = ten_percent();
        bad["amount"] = json!({ "amountMinor": 5, "currency": "USD" });
        admin.post("/promotions", bad).await.problem_at(422, "pricing.promotion_invalid", "/amount");
        let mut bad = ten_percent();
        bad["discount"] = json!(5);
        admin.post("/promotions", bad).await.problem(400, "core.body_invalid");
    });
}

/// Every field of a promotion comes back as it went in, and what was not said has its default.
#[test]
fn promotions_of_every_type_are_kept_as_given() {
    run(async |t| {
        let (admin, sam) = (t.admin().await, t.seller("sam").await);
        let lamp = t.offer(&sam, 1999, 50).await;
        let usd = |amount: i64| json!({ "amountMinor": amount, "currency": "USD" });
        for rules in [
            json!({ "type": "PERCENTAGE", "target": "UNITS", "percentBp": 5000, "unitPick": "CHEAPEST", "unitCount": 2,
                    "minQuantity": 3, "variantIds": [lamp] }),
            json!({ "type": "FIXED_AMOUNT", "target": "SHIPPING", "amount": usd(300), "maxPerOrder": usd(250) }),
            json!({ "type": "FIXED_PRICE", "target": "LINES", "price": usd(999), "base": "ORIGINAL", "floorBp": 2000,
                    "maxPerLine": usd(500) }),
            json!({ "type": "BUY_X_GET_Y", "target": "LINES", "buyQuantity": 2, "getQuantity": 1, "percentBp": 10_000,
                    "exclusivityGroup": "spring", "groupMode": "BEST", "stopsFurther": true }),
            json!({ "type": "TIERED", "target": "ORDER", "tierBy": "SPEND", "currency": "USD",
                    "tiers": [{ "from": 5000, "percentBp": 500 }, { "from": 10_000, "amountMinor": 1500 }],
                    "funding": "SHARED", "sellerShareBp": 4000, "platformCap": usd(800), "budget": usd(100_000) }),
            json!({ "type": "BUNDLE", "target": "LINES", "price": usd(2500),
                    "bundle": [{ "quantity": 2, "variantIds": [lamp] }], "exclusive": true }),
            json!({ "type": "GIFT", "target": "LINES", "gift": { "variantId": lamp, "sellerId": null, "quantity": 1 },
                    "combinesWith": ["ORDER"], "requiresCoupon": true, "funding": "PLATFORM" }),
        ] {
            let mut whole = rules.clone();
            whole["name"] = json!("Given");
            let made = admin.post("/promotions", whole).await.expect(201);
            for (field, value) in rules.as_object().expect("an object") {
                assert_eq!(&made[field], value, "{field} of {}", rules["type"]);
            }
            assert_eq!(admin.get(made.header("location")).await.expect(200).body, made.body);
        }
        let plain = admin.post("/promotions", ten_percent()).await.expect(201);
        assert_eq!(
            [
                &plain["funding"],
                &plain["sellerShareBp"],
                &plain["base"],
                &plain["combinesWith"],
                &plain["exclusive"]
            ],
            [
                &json!("SELLER"),
                &json!(10_000),
                &json!("SEQUENTIAL"),
                &json!(["LINE", "ORDER", "SHIPPING"]),
                &json!(false)
            ]
        );

        // refused, each with its place
        for (patch, pointer) in [
            (
                json!({ "type": "TIERED", "percentBp": null, "tierBy": "QUANTITY", "tiers": [{ "from": 2 }] }),
                "/tiers/0",
            ),
            (json!({ "unitPick": "CHEAPEST" }), "/unitPick"),
            (json!({ "groupMode": "BEST" }), "/groupMode"),
            (
                json!({ "budget": usd(5), "maxPerOrder": { "amountMinor": 5, "currency": "EUR" } }),
                "/budget/currency",
            ),
        ] {
            let mut bad = ten_percent();
            bad.as_object_mut().expect("an object").extend(patch.as_object().expect("an object").clone());
            admin.post("/promotions", bad).await.problem_at(422, "pricing.promotion_invalid", pointer);
        }
        let mut bad = ten_percent();
        bad["funding"] = json!("PLATFORM");
        sam.post("/promotions", bad).await.problem_at(422, "pricing.promotion_invalid", "/funding");
        let mut bad = ten_percent();
        bad["tiers"] = json!([{ "from": 2, "colour": "red" }]);
        admin.post("/promotions", bad).await.problem(400, "core.body_invalid");

        // what others may see of it
        let id = active(
            &admin,
            json!({ "name": "Seen", "type": "PERCENTAGE", "target": "ORDER", "percentBp": 1000,
                                        "funding": "PLATFORM", "usageLimit": 5 }),
        )
        .await;
        let seen = t.anybody().get(&format!("/promotions/{id}")).await.expect(200);
        assert_eq!([&seen["funding"], &seen["usageLimit"], &seen["sellerShareBp"]], [&Value::Null; 3]);
    });
}

#[test]
fn a_promotion_waits_for_its_start() {
    run(async |t| {
        let (admin, sam) = (t.admin().await, t.seller("sam").await);
        let lamp = t.offer(&sam, 1000, 50).await;
        let rules = json!({ "name": "Later", "type": "PERCENTAGE", "target": "ORDER", "percentBp": 1000,
                            "startsAt": "2000-01-01T00:00:00Z", "endsAt": "2999-01-01T00:00:00Z" });
        let mut later = rules.clone();
        later["startsAt"] = json!("2998-01-01T00:00:00Z");
        let made = admin.post("/promotions", later).await.expect(201);
        let path = made.header("location").to_owned();
        let scheduled = admin.post(&format!("{path}/activate"), json!({})).await.expect(200);
        assert_eq!(scheduled.str("status"), "SCHEDULED");
        t.anybody().get(&path).await.problem(404, "pricing.promotion_not_found");
        assert_eq!(admin.get("/promotions?status=SCHEDULED").await.expect(200).items().len(), 1);
        let price = async || {
            t.anybody().post("/promotions/apply", basket(lamp, 1, &[])).await.expect(200)["total"]["amountMinor"].clone()
        };
        assert_eq!(price().await, 1000);
        admin.put(&path, rules).if_match(scheduled.int("version")).await.expect(200);
        assert_eq!(price().await, 900, "its window says that it applies, before anybody has moved it");

        // one group, one mode
        let group = |mode: &str| {
            let mut rules = ten_percent();
            rules["exclusivityGroup"] = json!("spring");
            rules["groupMode"] = json!(mode);
            rules
        };
        active(&admin, group("BEST")).await;
        let rival = admin.post("/promotions", group("FIRST")).await.expect(201);
        admin.post(&format!("{}/activate", rival.header("location")), json!({})).await.problem_at(
            409,
            "pricing.group_mode_conflict",
            "/groupMode",
        );
    });
}

#[test]
fn coupon_codes_come_in_batches() {
    run(async |t| {
        let (admin, sam, ana) = (t.admin().await, t.seller("sam").await, t.buyer("ana").await);
        let lamp = t.offer(&sam, 1000, 50).await;
        let mut rules = ten_percent();
        rules["requiresCoupon"] = json!(true);
        let id = active(&sam, rules).await;
        let batches = format!("/promotions/{id}/coupon-batches");
        let body = json!({ "count": 120, "prefix": "spring", "perCodeLimit": 1 });
        let made = sam.post(&batches, body.clone()).await.expect(201);
        assert_eq!((made.str("prefix"), made.int("count"), made.int("usedCodes")), ("SPRING", 120, 0));
        let export = sam.get(made.header("location")).await;
        assert_eq!(export.status, 200, "{}", export.text);
        assert_eq!(export.header("content-type"), "text/csv; charset=utf-8");
        let lines: Vec<&str> = export.text.lines().collect();
        assert_eq!((lines.len(), lines[0]), (121, "code,usageLimit,used"));
        let code = lines[1].split(',').next().expect("a code");
        assert!(code.starts_with("SPRING-") && lines[1].ends_with(",1,0"), "{}", lines[1]);

        // by itself it does nothing, with a code it counts, once
        assert_eq!(
            ana.post("/promotions/apply", basket(lamp, 1, &[])).await.expect(200)["discount"]["amountMinor"],
            0
        );
        let preview = ana.post("/promotions/apply", basket(lamp, 1, &[code])).await.expect(200);
        assert_eq!(preview["adjustments"][0]["couponCode"], code);
        let bought = ana.post("/orders", order(lamp, 1, &[&code.to_lowercase()])).once().await.expect(201);
        assert_eq!(bought["discount"]["amountMinor"], 100);
        ana.post("/orders", order(lamp, 1, &[code])).once().await.problem(409, "pricing.coupon_exhausted");
        let preview = ana.post("/promotions/apply", basket(lamp, 1, &[code])).await.expect(200);
        assert_eq!(preview["refusedCoupons"][0]["code"], "pricing.coupon_usage_limit_reached");
        assert_eq!(sam.get(&batches).await.expect(200).items()[0]["usedCodes"], 1);
        ana.post(&format!("/orders/{}/cancel", bought.id("orderId")), json!({})).once().await.expect(200);
        assert_eq!(
            sam.get(&batches).await.expect(200).items()[0]["usedCodes"],
            0,
            "a cancelled order gives it back"
        );

        // lists
        let second = admin.post(&batches, json!({ "count": 2 })).await.expect(201);
        let coupons = format!("/promotions/{id}/coupons");
        let page = sam.get(&format!("{coupons}?limit=100")).await.expect(200);
        let rest = sam
            .get(&format!("{coupons}?limit=100"))
            .query(&[("cursor", page.str("nextCursor"))])
            .await
            .expect(200);
        assert_eq!((page.items().len(), rest.items().len()), (100, 22));
        let own = sam.get(&format!("{coupons}?batchId={}", second.id("batchId"))).await.expect(200);
        assert_eq!((own.items().len(), &own.items()[0]["usageLimit"]), (2, &Value::Null));
        assert_eq!(t.payloads("pricing.coupons_generated").await.len(), 2);

        // refused
        for (bad, pointer) in [
            (json!({ "count": 0 }), "/count"),
            (json!({ "count": 10_001 }), "/count"),
            (json!({ "count": 1, "prefix": "A-B" }), "/prefix"),
            (json!({ "count": 1, "perCodeLimit": 0 }), "/perCodeLimit"),
        ] {
            sam.post(&batches, bad).await.problem_at(422, "pricing.batch_invalid", pointer);
        }
        let automatic = active(&sam, ten_percent()).await;
        sam.post(&format!("/promotions/{automatic}/coupon-batches"), body.clone())
            .await
            .problem(409, "pricing.promotion_automatic");
        sam.get(&format!("{batches}/{}/export", Uuid::new_v4()))
            .await
            .problem(404, "pricing.batch_not_found");
        for (stranger, status, why) in [
            (&ana, 403, "identity.role_required"),
            (&t.anybody(), 401, "identity.unauthenticated"),
            (&t.seller("sue").await, 404, "pricing.promotion_not_found"),
        ] {
            stranger.post(&batches, body.clone()).await.problem(status, why);
            for path in [&batches, &coupons, &made.header("location").to_owned()] {
                stranger.get(path).await.problem(status, why);
            }
        }
    });
}

#[test]
fn what_a_promotion_did_and_would_have_done() {
    run(async |t| {
        let (admin, sam, ana) = (t.admin().await, t.seller("sam").await, t.buyer("ana").await);
        let (lamp, chair) = (t.offer(&sam, 1000, 50).await, t.offer(&t.seller("sue").await, 3000, 50).await);
        let mut rules = ten_percent();
        rules["funding"] = json!("PLATFORM");
        rules["budget"] = json!({ "amountMinor": 5000, "currency": "USD" });
        let id = active(&admin, rules).await;
        let both = json!([{ "variantId": lamp, "quantity": 1 }, { "variantId": chair, "quantity": 1 }]);
        let mut first = order(lamp, 1, &[]);
        first["lines"] = both;
        ana.post("/orders", first).once().await.expect(201);
        let second = ana.post("/orders", order(lamp, 2, &[])).once().await.expect(201);
        ana.post(&format!("/orders/{}/cancel", second.id("orderId")), json!({})).once().await.expect(200);

        let path = format!("/promotions/{id}/report");
        let report = admin.get(&path).await.expect(200);
        assert_eq!((report.int("uses"), report.int("returnedUses"), report.int("buyers")), (1, 1, 1));
        let usd = |amount: i64| json!({ "amountMinor": amount, "currency": "USD" });
        let totals =
            json!([{ "orders": 1, "discount": usd(400), "sellerCost": usd(0), "platformCost": usd(400) }]);
        assert_eq!(
            (&report["totals"], &report["remainingBudget"], &report["days"]),
            (&totals, &usd(4600), &Value::Null)
        );
        let week = "from=2026-01-01T00:00:00Z&until=2026-12-31T00:00:00Z&byDay=true";
        let days = admin.get(&format!("{path}?{week}")).await.expect(200);
        assert!(days["days"].is_array());
        admin.get(&format!("{path}?byDay=true")).await.problem_at(422, "orders.period_invalid", "/from");

        // a draft of sam's: a fifth of what was sold of sam's lines
        let mut rules = ten_percent();
        rules["percentBp"] = json!(2000);
        let draft = sam.post("/promotions", rules).await.expect(201).id("promotionId");
        let simulate = format!("/promotions/{draft}/simulate");
        let now = jiff::Timestamp::now();
        let hour = jiff::SignedDuration::from_hours(1);
        let period = json!({ "from": (now - hour).to_string(), "until": (now + hour).to_string() });
        let simulated = sam.post(&simulate, period.clone()).await.expect(200);
        assert_eq!((simulated.int("examined"), simulated.int("touched")), (1, 1));
        assert_eq!(simulated["totals"][0]["sellerCost"], usd(200));
        assert_eq!(sam.get(&format!("/promotions/{draft}")).await.expect(200).str("status"), "DRAFT");
        // two more lamps as a gift
        let rules = json!({ "name": "Lamps", "type": "GIFT", "target": "LINES", "gift": { "variantId": lamp, "quantity": 2 } });
        let gift = sam.post("/promotions", rules).await.expect(201).id("promotionId");
        let given = sam.post(&format!("/promotions/{gift}/simulate"), period.clone()).await.expect(200);
        assert_eq!((given.int("touched"), &given["totals"][0]["sellerCost"]), (1, &usd(2000)));
        let backwards = json!({ "from": (now + hour).to_string(), "until": now.to_string() });
        sam.post(&simulate, backwards).await.problem_at(422, "orders.period_invalid", "/until");
        for (stranger, status, code) in [
            (&ana, 403, "identity.role_required"),
            (&t.anybody(), 401, "identity.unauthenticated"),
            (&t.seller("eve").await, 404, "pricing.promotion_not_found"),
        ] {
            stranger.get(&path).await.problem(status, code);
            stranger.post(&simulate, period.clone()).await.problem(status, code);
        }
    });
}

#[test]
fn buyer_groups_have_members() {
    run(async |t| {
        let (admin, sam, ana, ben) =
            (t.admin().await, t.seller("sam").await, t.buyer("ana").await, t.buyer("ben").await);
        let body = json!({ "code": "vip", "name": "Friends" });
        let made = admin.post("/buyer-groups", body.clone()).await.expect(201);
        let path = made.header("location").to_owned();
        admin.post("/buyer-groups", body.clone()).await.problem_at(409, "pricing.group_exists", "/code");
        let renamed = admin.put(&path, json!({ "name": "Good friends" })).if_match(1).await.expect(200);
        assert_eq!((renamed.str("name"), renamed.header("etag")), ("Good friends", "\"2\""));
        admin.put(&path, json!({ "name": "x" })).if_match(1).await.problem(412, "core.version_stale");
        admin.put(&path, json!({ "name": "x" })).await.problem(428, "core.if_match_required");
        let member = |who: &Person| format!("{path}/members/{}", who.user_id);
        for who in [&ana, &ana, &ben] {
            admin.put(&member(who), json!({})).await.expect(200);
        }
        admin.put(&member(&sam), json!({})).await.problem(404, "pricing.buyer_not_found");
        assert_eq!(admin.get(&path).await.expect(200).int("memberCount"), 2);
        let page = admin.get(&format!("{path}/members?limit=1")).await.expect(200);
        let next = admin
            .get(&format!("{path}/members?limit=1"))
            .query(&[("cursor", page.str("nextCursor"))])
            .await
            .expect(200);
        assert_eq!((next.items().len(), &next["nextCursor"]), (1, &Value::Null));
        admin.delete(&member(&ben)).await.expect(204);
        admin.delete(&member(&ben)).await.expect(204);
        assert_eq!(admin.get("/buyer-groups").await.expect(200).items()[0]["memberCount"], 1);
        let etag = admin.get(&path).await.expect(200).header("etag").to_owned();
        assert_eq!(etag, "\"5\"", "a member more or less is a change");
        let out = &t.payloads("pricing.buyer_group_member_removed").await[0];
        assert_eq!((&out["groupCode"], &out["buyerId"]), (&json!("vip"), &json!(ben.user_id)));
        let told: Vec<String> = t.events().await.into_iter().filter(|e| e.contains("buyer_group")).collect();
        assert_eq!(told.len(), 5, "one each, whether asked for once or twice: {told:?}");

        // a group that a promotion is for stays
        let mut rules = ten_percent();
        rules["condition"] = json!({ "segment": ["vip"] });
        let id = active(&admin, rules).await;
        admin.delete(&path).await.problem(409, "pricing.group_in_use");
        admin.post(&format!("/promotions/{id}/end"), json!({})).await.expect(200);
        for stranger in [&sam, &ana] {
            stranger.get("/buyer-groups").await.problem(403, "identity.role_required");
            stranger.post("/buyer-groups", body.clone()).await.problem(403, "identity.role_required");
            stranger.put(&member(&ana), json!({})).await.problem(403, "identity.role_required");
            stranger.delete(&path).await.problem(403, "identity.role_required");
        }
        t.anybody().get(&path).await.problem(401, "identity.unauthenticated");
        admin.delete(&path).await.expect(204);
        for gone in
            [admin.get(&path).await, admin.get(&format!("{path}/members")).await, admin.delete(&path).await]
        {
            gone.problem(404, "pricing.group_not_found");
        }
        let bad = json!({ "code": "VIP", "name": "x" });
        admin.post("/buyer-groups", bad).await.problem_at(422, "pricing.group_invalid", "/code");
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
        let idle = &small["notApplied"];
        assert_eq!(
            (&idle[0]["name"], &idle[0]["code"], &idle[0]["couponCode"]),
            (&json!("Ship"), &json!("minimum_not_met"), &json!("SHIP"))
        );
        assert_eq!(idle[0]["missing"], json!({ "amountMinor": 1002, "currency": "USD" }));
        assert_eq!(small["adjustments"][1]["base"]["amountMinor"], 2 * 1999 - 200);
        assert_eq!(small["adjustments"][1]["exactShare"], "380.000000");

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

        // the same derivation is kept with the order
        let path = format!("/orders/{}/pricing", placed.id("orderId"));
        let kept = ana.get(&path).await.expect(200);
        assert_eq!(amounts(&preview["adjustments"]), amounts(&kept["adjustments"]));
        assert_eq!(kept["adjustments"][1]["exactShare"], preview["adjustments"][1]["exactShare"]);
        for derivation in [&kept, &preview] {
            assert_eq!(derivation["roundingUnit"], json!({ "amountMinor": 1, "currency": "USD" }));
            assert!(
                derivation["adjustments"][0]["sellerPart"].is_null(),
                "who pays is not the buyer's business"
            );
        }
        assert!(kept["commissions"].is_null() && kept["adjustments"][0]["sellerPart"].is_null());
        let seen = sam.get(&path).await.expect(200);
        assert_eq!(seen["adjustments"][0]["sellerPart"], seen["adjustments"][0]["amount"]);
        assert!(seen["commissions"].is_array());
        t.buyer("ben").await.get(&path).await.problem(404, "orders.order_not_found");

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
        let mut nowhere = basket(lamp, 1, &[]);
        nowhere["shippingCountry"] = json!("USA");
        ana.post("/promotions/apply", nowhere).await.problem(422, "pricing.basket_invalid");
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
