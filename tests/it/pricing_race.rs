//! Promotions under many hands: limits and budgets are exact to the last use, and an order is priced by one version.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;

use crate::support::{Person, Reply, Test, Uuid, Value, basket, basket_with, run, run_with, together};

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

/// The rounds that the promotions, commission rules and prices of an order are of, two of each.
type Rounds = [(i64, i64); 3];

/// What an order was priced by, read from what it names, and whether that makes the cents that it has.
fn recomputed(order: &tokio_postgres::Row) -> (Rounds, bool) {
    let [lamp, chair, first, second, sams, sues] = [0, 1, 2, 3, 4, 5].map(|i| order.get::<_, i64>(i));
    let half_up = |base: i64, bp: i64| (base * bp + 5_000) / 10_000;
    let mut left = [lamp, chair];
    for percent_bp in [first, second] {
        let sum = left[0] + left[1];
        let discount = half_up(sum, percent_bp);
        let floors = left.map(|base| base * discount / sum);
        let rests = left.map(|base| base * discount % sum);
        let missing = discount - floors[0] - floors[1]; // none, or one: it goes to the larger rest, of equal ones to the first
        let to_first = if rests[0] >= rests[1] { missing } else { 0 };
        left = [left[0] - floors[0] - to_first, left[1] - floors[1] - (missing - to_first)];
    }
    let again = [left[0], left[1], half_up(left[0], sams), half_up(left[1], sues)];
    let rounds = [
        (first / 100 - 1, second / 100 - 1),
        ((sams - 1000) / 10, (sues - 1000) / 10),
        (lamp - 1000, chair - 3000),
    ];
    (rounds, again == [6, 7, 8, 9].map(|i| order.get::<_, i64>(i)))
}

/// Everything that prices an order changes while buyers buy, at two servers: each round changes two promotions, two commission
/// rules and the prices of two offers, one request after the other. Prices and promotions are read in one snapshot, the rules by
/// one statement, so that an order has what was there together: what is changed earlier in a round is of that round or the one
/// before, and never older than what is changed later. What an order names makes its cents, all of them.
#[test]
fn an_order_is_priced_by_one_set_of_versions() {
    const ROUNDS: i64 = 12;
    run(async |t| {
        let (admin, sam, sue) = (t.admin().await, t.seller("sam").await, t.seller("sue").await);
        let other = t.another_server().await;
        let (lamp, chair) = (t.offer(&sam, 1000, 100_000).await, t.offer(&sue, 3000, 100_000).await);
        let percent = |priority: i64, round: i64| {
            ten_percent(json!({ "priority": priority, "percentBp": 100 * (round + 1) }))
        };
        let mut promotions = Vec::new();
        for priority in [2, 1] {
            promotions.push((priority, active(&admin, percent(priority, 0)).await));
        }
        let rule = |round: i64| json!({ "name": "Theirs", "percentBp": 1000 + 10 * round });
        let mut rules = Vec::new();
        for seller in [&sam, &sue] {
            let mut scoped = rule(0);
            scoped["sellerId"] = json!(seller.seller_id);
            rules.push(admin.post("/pricing/commission-rules", scoped).await.expect(201).id("ruleId"));
        }
        let crowd = t.crowd(12).await;
        let is_over = Arc::new(AtomicBool::new(false));
        let (replies, ()) = tokio::join!(
            together(12, |i| {
                let buyer = if i % 2 == 0 { crowd[i].clone() } else { crowd[i].at(&other) };
                let is_over = Arc::clone(&is_over);
                async move {
                    let mut replies = Vec::new();
                    while !is_over.load(Ordering::Relaxed) {
                        replies.push(buyer.post("/orders", basket(&[(lamp, 1), (chair, 1)])).once().await);
                    }
                    replies
                }
            }),
            async {
                for round in 1..=ROUNDS {
                    let (here, there) = (&admin, &admin.at(&other));
                    for (server, (priority, (id, version))) in [here, there].into_iter().zip(&mut promotions)
                    {
                        let change = server.put(&format!("/promotions/{id}"), percent(*priority, round));
                        *version = change.if_match(*version).await.expect(200).int("version");
                    }
                    for (server, id) in [there, here].into_iter().zip(&rules) {
                        let change = server.put(&format!("/pricing/commission-rules/{id}"), rule(round));
                        change.if_match(round).await.expect(200);
                    }
                    for (seller, offer, minor) in [(&sam, lamp, 1000), (&sue.at(&other), chair, 3000)] {
                        let prices = json!({ "prices": [{ "price": { "amountMinor": minor + round, "currency": "USD" } }] });
                        let change =
                            seller.put(&format!("/offers/{offer}/{}/prices", seller.seller_id), prices);
                        change.if_match(round).await.expect(200);
                    }
                }
                is_over.store(true, Ordering::Relaxed);
            }
        );
        let replies: Vec<Reply> = replies.into_iter().flatten().collect();
        assert!(replies.iter().all(|reply| reply.status == 201), "{:?}", tally(&replies));

        // an order without a rule would be missing below; its moment and those of the versions tell why
        let unruled = t
            .sql()
            .query(
                "select format('%s at %s: %s', o.order_id, o.placed_at,
                               (select string_agg(format('line %s: rule %s version %s', c.line_no, c.rule_id, c.rule_version), ', ' order by c.line_no)
                                from orders.commissions as c where c.order_id = o.order_id))
                 from orders.orders as o
                 where 2 <> (select count(c.rule_id) from orders.commissions as c where c.order_id = o.order_id)
                 union all
                 select format('rule %s version %s from %s until %s', r.rule_id, r.version, r.valid_from, r.valid_until)
                 from pricing.commission_rules as r
                 order by 1",
                &[],
            )
            .await
            .expect("orders and rules");
        let unruled: Vec<String> = unruled.iter().map(|row| row.get(0)).collect();
        let versions = 2 * (1 + usize::try_from(ROUNDS).expect("a few"));
        assert!(
            unruled.len() == versions,
            "orders without a rule, and all versions:\n{}",
            unruled.join("\n")
        );

        let percent_of = "select distinct (v.rules ->> 'percent_bp')::bigint
            from orders.adjustments as a
            join pricing.promotion_versions as v on v.promotion_id = a.promotion_id and v.version = a.promotion_version
            where a.order_id = l.order_id and a.promotion_id";
        let orders = t
            .sql()
            .query(
                &format!(
                    "select l.unit_price_minor, m.unit_price_minor, ({percent_of} = $1), ({percent_of} = $2),
                            r.percent_bp::bigint, s.percent_bp::bigint, l.total_minor, m.total_minor, c.amount_minor, d.amount_minor
                     from orders.order_lines as l
                     join orders.order_lines as m on m.order_id = l.order_id and m.line_no = 2
                     join orders.commissions as c on c.order_id = l.order_id and c.line_no = 1
                     join orders.commissions as d on d.order_id = l.order_id and d.line_no = 2
                     join pricing.commission_rules as r on r.rule_id = c.rule_id and r.version = c.rule_version
                     join pricing.commission_rules as s on s.rule_id = d.rule_id and s.version = d.rule_version
                     where l.line_no = 1"
                ),
                &[&promotions[0].1.0, &promotions[1].1.0],
            )
            .await
            .expect("one version of each promotion in each order");
        assert_eq!(orders.len(), replies.len());
        let mut seen = BTreeSet::new();
        for order in &orders {
            let (rounds, is_exact) = recomputed(order);
            assert!(is_exact, "other cents than its versions make: {order:?}");
            let [promotions, rules, prices] = rounds;
            for changed in [vec![promotions.0, promotions.1, prices.0, prices.1], vec![rules.0, rules.1]] {
                assert!(changed.is_sorted_by(|earlier, later| earlier >= later), "{rounds:?}");
                assert!(changed[0] - changed[changed.len() - 1] <= 1, "{rounds:?}");
            }
            seen.insert(rounds);
        }
        assert!(seen.len() > 1, "nothing changed meanwhile");
    });
}

/// Whatever happens to a rule while an order is being placed, the order has a version of it: the one that was in force when it began,
/// as far as that was written when it came to read the rules.
#[test]
fn an_order_has_a_rule_however_a_change_meets_it() {
    // an order that waited too long would begin anew, at a later moment
    run_with(
        |config| (config.batch_lock_timeout_ms, config.place_orders_lanes) = (15_000, 1),
        async |t| {
            let (admin, sam) = (t.admin().await, t.seller("sam").await);
            let lamp = t.offer(&sam, 1000, 100).await;
            let crowd = t.crowd(4).await;
            let rule = |round: i64| json!({ "name": "Theirs", "percentBp": 1000 + 10 * round });
            let mut scoped = rule(0);
            scoped["sellerId"] = json!(sam.seller_id);
            let id = admin.post("/pricing/commission-rules", scoped).await.expect(201).id("ruleId");
            let path = format!("/pricing/commission-rules/{id}");
            let change = async |round: i64| {
                admin.put(&path, rule(round)).if_match(round).await.expect(200);
            };
            let version = async |order: &Reply| {
                let version =
                    "select coalesce(rule_version, 0)::bigint from orders.commissions where order_id = $1";
                t.int(version, &[&order.id("orderId")]).await
            };
            // with a limited coupon, an order locks its stock before it reads the rules; without one, after
            t.coupon("LIMITED", 1000, 100).await;
            let place = |who: usize| {
                let buyer = crowd[who].clone();
                let mut body = basket(&[(lamp, 1)]);
                body["couponCodes"] = json!(["LIMITED"]);
                tokio::spawn(async move { buyer.post("/orders", body).once().await.expect(201) })
            };
            let waits = "select count(*) > 0 from pg_stat_activity
                     where datname = current_database() and wait_event_type = 'Lock' and query like '%orders.place_orders%'";

            // the order begins, waits for its stock row, and reads the rules when two changes have come and gone
            let mut psql = t.connect().await;
            let lock = psql.transaction().await.expect("a transaction");
            let held = "select from inventory.stock_levels where variant_id = $1 for update";
            lock.execute(held, &[&lamp]).await.expect("a lock");
            let early = place(0);
            t.until("the order waits for its stock", waits).await;
            change(1).await;
            change(2).await;
            lock.rollback().await.expect("rolled back");
            assert_eq!(version(&early.await.expect("an answer")).await, 1, "in force when the order began");

            // a change that began before the order and is written after it
            let open = psql.transaction().await.expect("a transaction");
            let update = "select version from pricing.update_commission_rule(test.ctx($1), $2, 3, $3)";
            let changed = open.query_one(update, &[&admin.user_id, &id, &rule(3)]).await.expect("changed");
            assert_eq!(changed.get::<_, i32>(0), 4);
            assert_eq!(version(&place(1).await.expect("an answer")).await, 3, "what was written then");
            open.commit().await.expect("written");
            assert_eq!(version(&place(2).await.expect("an answer")).await, 4);

            // one that is begun before the order and written while the order waits: it is of the order's moment
            let lock = psql.transaction().await.expect("a transaction");
            lock.execute(held, &[&lamp]).await.expect("a lock");
            let mut second = t.connect().await;
            let open = second.transaction().await.expect("a transaction");
            let update = "select version from pricing.update_commission_rule(test.ctx($1), $2, 4, $3)";
            open.query_one(update, &[&admin.user_id, &id, &rule(4)]).await.expect("changed");
            let late = place(3);
            t.until("the order waits for its stock", waits).await;
            open.commit().await.expect("written");
            lock.rollback().await.expect("rolled back");
            assert_eq!(version(&late.await.expect("an answer")).await, 5, "begun before the order");
        },
    );
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
