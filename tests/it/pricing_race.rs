//! Promotions under many hands: limits and budgets are exact to the last use, and an order is priced by one version.

use std::collections::BTreeMap;

use serde_json::json;

use crate::support::{Person, Reply, Test, Uuid, Value, basket, basket_with, run, together};

async fn active(author: &Person, rules: Value) -> (Uuid, i64) {
    let id = author.post("/promotions", rules).await.expect(201).id("promotionId");
    let promotion = author.post(&format!("/promotions/{id}/activate"), json!({})).await.expect(200);
    (id, promotion.int("version"))
}

/// Half of the buyers go to a second server.
async fn crowd_at_two(t: &Test, n: usize) -> Vec<Person> {
    let mut buyers = t.crowd(n).await;
    let other = t.another_server().await;
    for buyer in buyers.iter_mut().step_by(2) {
        *buyer = buyer.at(&other);
    }
    buyers
}

/// How often each discount was given, and each refusal.
fn tally(replies: &[Reply]) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for reply in replies {
        let answer = match reply.status {
            201 => format!("off {}", reply["discount"]["amountMinor"]),
            status => format!("{status} {}", reply["code"].as_str().unwrap_or("")),
        };
        *counts.entry(answer).or_insert(0) += 1;
    }
    counts
}

fn counts(expected: &[(&str, usize)]) -> BTreeMap<String, usize> {
    expected.iter().map(|(answer, n)| ((*answer).to_owned(), *n)).collect()
}

#[allow(clippy::needless_pass_by_value)] // `ten_percent(json!({…}))` reads better than with a reference
fn ten_percent(patch: Value) -> Value {
    let mut rules = json!({ "name": "Ten", "type": "PERCENTAGE", "target": "ORDER", "percentBp": 1000 });
    rules.as_object_mut().expect("an object").extend(patch.as_object().expect("an object").clone());
    rules
}

#[test]
fn sixty_four_buyers_for_ten_uses_of_an_automatic_promotion() {
    run(async |t| {
        let (admin, sam) = (t.admin().await, t.seller("sam").await);
        let lamps = [t.offer(&sam, 1000, 1000).await, t.offer(&sam, 1000, 1000).await];
        let (id, _) = active(&admin, ten_percent(json!({ "usageLimit": 10 }))).await;
        let buyers = crowd_at_two(&t, 64).await;
        let replies = together(64, |i| {
            let (buyer, lamp) = (buyers[i].clone(), lamps[i % 2]);
            async move { buyer.post("/orders", basket(&[(lamp, 1)])).once().await }
        })
        .await;
        assert_eq!(tally(&replies), counts(&[("off 100", 10), ("off 0", 54)]));
        assert_eq!(admin.get(&format!("/promotions/{id}")).await.expect(200).int("used"), 10);
    });
}

/// The limit is in sixteen slots with one or two uses each, so that every order has to look for one, and in the end gather.
#[test]
fn a_limit_in_slots_is_exact_to_the_last_use() {
    run(async |t| {
        let (admin, sam) = (t.admin().await, t.seller("sam").await);
        let lamps = [t.offer(&sam, 1000, 1000).await, t.offer(&sam, 1000, 1000).await];
        let (id, version) =
            active(&admin, ten_percent(json!({ "usageLimit": 5000, "couponCode": "MANY" }))).await;
        let fewer = ten_percent(json!({ "usageLimit": 20, "couponCode": "MANY" }));
        admin.put(&format!("/promotions/{id}"), fewer).if_match(version).await.expect(200);
        assert_eq!(t.int("select count(*) from pricing.promotion_counters", &[]).await, 16);
        let buyers = crowd_at_two(&t, 64).await;
        let replies = together(64, |i| {
            let (buyer, lamp) = (buyers[i].clone(), lamps[i % 2]);
            async move { buyer.post("/orders", basket_with(&[(lamp, 1)], "MANY")).once().await }
        })
        .await;
        assert_eq!(tally(&replies), counts(&[("off 100", 20), ("409 pricing.coupon_exhausted", 44)]));

        // what is cancelled comes back, to whichever slot counted it, while others look for a use
        let orders: Vec<(usize, Uuid)> = replies
            .iter()
            .enumerate()
            .filter(|(_, reply)| reply.status == 201)
            .map(|(i, reply)| (i, reply.id("orderId")))
            .collect();
        let again = together(64, |i| {
            let (buyer, lamp) = (buyers[i].clone(), lamps[i % 2]);
            let mine = orders.iter().find(|(owner, _)| *owner == i).map(|(_, order)| *order);
            async move {
                match mine {
                    Some(order) => {
                        buyer.post(&format!("/orders/{order}/cancel"), json!({})).once().await.expect(200);
                        None
                    }
                    None => Some(buyer.post("/orders", basket_with(&[(lamp, 1)], "MANY")).once().await),
                }
            }
        })
        .await;
        let placed = again.iter().flatten().filter(|reply| reply.status == 201).count();
        assert!(placed <= 20, "{placed}");
        let used = "select sum(used)::bigint from pricing.promotion_counters";
        assert_eq!(t.int(used, &[]).await, i64::try_from(placed).expect("few"));
        let rest = together(40, |i| {
            let (buyer, lamp) = (buyers[i].clone(), lamps[i % 2]);
            async move { buyer.post("/orders", basket_with(&[(lamp, 1)], "MANY")).once().await.status }
        })
        .await;
        assert_eq!(placed + rest.iter().filter(|status| **status == 201).count(), 20);
    });
}

#[test]
fn a_budget_is_spent_to_the_last_cent_that_fits() {
    run(async |t| {
        let (admin, sam) = (t.admin().await, t.seller("sam").await);
        let lamps = [t.offer(&sam, 1000, 1000).await, t.offer(&sam, 1000, 1000).await];
        let budget = json!({ "budget": { "amountMinor": 1050, "currency": "USD" } });
        let (id, _) = active(&admin, ten_percent(budget)).await;
        let buyers = crowd_at_two(&t, 64).await;
        let replies = together(64, |i| {
            let (buyer, lamp) = (buyers[i].clone(), lamps[i % 2]);
            async move { buyer.post("/orders", basket(&[(lamp, 1)])).once().await }
        })
        .await;
        assert_eq!(tally(&replies), counts(&[("off 100", 10), ("off 0", 54)]));
        let spent = admin.get(&format!("/promotions/{id}")).await.expect(200)["spent"]["amountMinor"].clone();
        assert_eq!(spent, 1000);
    });
}

#[test]
fn a_code_and_a_buyer_serve_as_often_as_they_may() {
    run(async |t| {
        let (admin, sam) = (t.admin().await, t.seller("sam").await);
        let lamp = t.offer(&sam, 1000, 1000).await;
        let (id, _) = active(&admin, ten_percent(json!({ "requiresCoupon": true, "buyerLimit": 1 }))).await;
        let batch = json!({ "count": 2, "perCodeLimit": 3 });
        admin.post(&format!("/promotions/{id}/coupon-batches"), batch).await.expect(201);
        let page = admin.get(&format!("/promotions/{id}/coupons")).await.expect(200);
        let codes: Vec<String> =
            page.items().iter().map(|c| c["code"].as_str().expect("a code").to_owned()).collect();
        let buyers = crowd_at_two(&t, 16).await;
        // each buyer twice at once, half of them with each code
        let replies = together(32, |i| {
            let (buyer, code) = (buyers[i / 2].clone(), codes[i / 2 % 2].clone());
            async move { buyer.post("/orders", basket_with(&[(lamp, 1)], &code)).once().await }
        })
        .await;
        assert_eq!(tally(&replies), counts(&[("off 100", 6), ("409 pricing.coupon_exhausted", 26)]));
        let most =
            "select max(n) from (select count(*) as n from pricing.redemptions group by buyer_id) as r";
        assert_eq!(t.int(most, &[]).await, 1);
    });
}

/// Versions follow each other while buyers buy. An order names one version, and by the rules of that version it costs what it
/// cost: nobody is priced by a mixture, and nobody by rules that are not on record.
#[test]
fn an_order_is_priced_by_one_version_of_the_rules() {
    run(async |t| {
        let (admin, sam) = (t.admin().await, t.seller("sam").await);
        let (lamp, chair) = (t.offer(&sam, 1000, 1000).await, t.offer(&sam, 3000, 1000).await);
        let (id, mut version) = active(&admin, ten_percent(json!({}))).await;
        let buyers = crowd_at_two(&t, 16).await;
        let (replies, ()) = tokio::join!(
            together(16, |i| {
                let buyer = buyers[i].clone();
                async move {
                    let mut replies = Vec::new();
                    for _ in 0..6 {
                        replies.push(buyer.post("/orders", basket(&[(lamp, 1), (chair, 1)])).once().await);
                    }
                    replies
                }
            }),
            async {
                for percent in 0..24_i64 {
                    let rules = ten_percent(json!({ "percentBp": 100 * (percent + 1) }));
                    version = admin
                        .put(&format!("/promotions/{id}"), rules)
                        .if_match(version)
                        .await
                        .expect(200)
                        .int("version");
                }
            }
        );
        assert!(replies.iter().flatten().all(|reply| reply.status == 201));
        // recomputed from the rules of the version that the order names
        let query = "select count(*) from (
               select a.order_id, count(distinct a.promotion_version) as versions, sum(a.amount_minor) as amount_minor,
                      min(4000 * (v.rules ->> 'percent_bp')::bigint / 10000) as again_minor
               from orders.adjustments as a
               left join pricing.promotion_versions as v
                 on v.promotion_id = a.promotion_id and v.version = a.promotion_version
               group by a.order_id) as o
             where o.versions = 1 and o.amount_minor = o.again_minor";
        assert_eq!(t.int(query, &[]).await, 96);
        let open = "select count(*) from pricing.promotion_versions where closed_at is null";
        assert_eq!(t.int(open, &[]).await, 1);
    });
}

/// Two orders of one buyer at once, at two servers: both look like the first, and only one of them is.
#[test]
fn there_is_one_first_order() {
    run(async |t| {
        let (admin, sam) = (t.admin().await, t.seller("sam").await);
        let lamp = t.offer(&sam, 1000, 1000).await;
        active(&admin, ten_percent(json!({ "condition": { "orderNumber": { "max": 1 } } }))).await;
        let buyers = t.crowd(12).await;
        let other = t.another_server().await;
        let replies = together(24, |i| {
            let buyer = if i % 2 == 0 { buyers[i / 2].clone() } else { buyers[i / 2].at(&other) };
            async move { buyer.post("/orders", basket(&[(lamp, 1)])).once().await }
        })
        .await;
        assert_eq!(tally(&replies), counts(&[("off 100", 12), ("off 0", 12)]));
        for pair in replies.chunks(2) {
            assert_ne!(pair[0]["discount"], pair[1]["discount"]);
        }
    });
}
