//! Many buyers at once: what is scarce is sold exactly once, nothing deadlocks, and a key is one order.

use std::collections::{BTreeMap, HashSet};

use crate::support::{Person, Reply, Test, Uuid, basket, basket_with, run, together};

/// How often each answer came, by status and code: `201`, `409 inventory.insufficient_stock`.
fn tally(replies: &[Reply]) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for reply in replies {
        let code = reply["code"].as_str().unwrap_or("");
        *counts.entry(format!("{} {code}", reply.status).trim_end().to_owned()).or_insert(0) += 1;
    }
    counts
}

#[track_caller]
fn assert_tally(replies: &[Reply], expected: &[(&str, usize)]) {
    let expected = expected.iter().map(|(answer, n)| ((*answer).to_owned(), *n)).collect();
    assert_eq!(tally(replies), expected);
}

/// Deadlocks that the server ever had to break in this database.
async fn deadlocks(t: &Test) -> i64 {
    // A session hands in its counts when it ends, at the latest.
    let end = "select count(pg_terminate_backend(pid, 10000)) from pg_stat_activity
               where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'";
    t.int(end, &[]).await;
    t.int("select deadlocks from pg_stat_database where datname = current_database()", &[]).await
}

async fn seller(t: &Test) -> Person {
    t.seller("sam").await
}

#[test]
fn two_buyers_for_the_last_unit() {
    run(async |t| {
        let sam = seller(&t).await;
        let buyers = t.crowd(2).await;
        for _ in 0..10 {
            let last = t.offer(&sam, 1000, 1).await;
            let replies = together(2, |i| {
                let buyer = buyers[i].clone();
                async move { buyer.post("/orders", basket(&[(last, 1)])).once().await }
            })
            .await;
            assert_tally(&replies, &[("201", 1), ("409 inventory.insufficient_stock", 1)]);
            assert_eq!(t.stock(last).await, "1/1");
        }
    });
}

#[test]
fn two_buyers_for_the_last_unit_at_two_servers() {
    run(async |t| {
        let sam = seller(&t).await;
        let mut buyers = t.crowd(2).await;
        buyers[1] = buyers[1].at(&t.another_server().await);
        for _ in 0..10 {
            let last = t.offer(&sam, 1000, 1).await;
            let replies = together(2, |i| {
                let buyer = buyers[i].clone();
                async move { buyer.post("/orders", basket(&[(last, 1)])).once().await }
            })
            .await;
            assert_tally(&replies, &[("201", 1), ("409 inventory.insufficient_stock", 1)]);
            assert_eq!(t.stock(last).await, "1/1");
        }
    });
}

#[test]
fn sixty_four_buyers_for_ten_units() {
    run(async |t| {
        let sam = seller(&t).await;
        let scarce = t.offer(&sam, 1000, 10).await;
        let buyers = t.crowd(64).await;
        let replies = together(64, |i| {
            let buyer = buyers[i].clone();
            async move { buyer.post("/orders", basket(&[(scarce, 1)])).once().await }
        })
        .await;
        assert_tally(&replies, &[("201", 10), ("409 inventory.insufficient_stock", 54)]);
        assert_eq!(t.stock(scarce).await, "10/10");
        assert_eq!(t.payloads("orders.order_placed").await.len(), 10);
    });
}

#[test]
fn two_hundred_buyers_for_fifty_units() {
    run(async |t| {
        let sam = seller(&t).await;
        let scarce = t.offer(&sam, 1000, 50).await;
        let buyers = t.crowd(200).await;
        let replies = together(200, |i| {
            let buyer = buyers[i].clone();
            async move { buyer.post("/orders", basket(&[(scarce, 1)])).once().await }
        })
        .await;
        assert_tally(&replies, &[("201", 50), ("409 inventory.insufficient_stock", 150)]);
        let orders: HashSet<Uuid> =
            replies.iter().filter(|r| r.status == 201).map(|r| r.id("orderId")).collect();
        assert_eq!(orders.len(), 50);
        assert_eq!(t.int("select count(*) from orders.orders", &[]).await, 50);
        assert_eq!(t.stock(scarce).await, "50/50");
    });
}

#[test]
fn a_coupon_serves_as_often_as_it_may() {
    run(async |t| {
        let sam = seller(&t).await;
        // One thing for each server, so that they meet at the coupon and not at the stock.
        let lamps = [t.offer(&sam, 1000, 1000).await, t.offer(&sam, 1000, 1000).await];
        let coupon = t.coupon("TEN", 1000, 10).await;
        let mut buyers = t.crowd(64).await;
        let other = t.another_server().await;
        for buyer in buyers.iter_mut().step_by(2) {
            *buyer = buyer.at(&other);
        }
        let replies = together(64, |i| {
            let (buyer, lamp) = (buyers[i].clone(), lamps[i % 2]);
            async move { buyer.post("/orders", basket_with(&[(lamp, 1)], "TEN")).once().await }
        })
        .await;
        assert_tally(&replies, &[("201", 10), ("409 pricing.coupon_exhausted", 54)]);
        let held = t.int("select sum(reserved)::bigint from inventory.stock_levels", &[]).await;
        assert_eq!(held, 10, "a refused order holds nothing");
        let query = "select used::bigint from pricing.promotion_counters where promotion_id = $1";
        assert_eq!(t.int(query, &[&coupon]).await, 10);
    });
}

/// Each basket names the same things in another order, at two servers: whoever locks in the order of the basket meets
/// somebody who locks the other way round.
#[test]
fn crossing_orders_never_deadlock() {
    run(async |t| {
        let (sam, sue) = (t.seller("sam").await, t.seller("sue").await);
        let mut things = Vec::new();
        for n in 0..8 {
            things.push(t.offer(if n % 2 == 0 { &sam } else { &sue }, 1000, 300).await);
        }
        let mut buyers = t.crowd(32).await;
        let other = t.another_server().await;
        for buyer in buyers.iter_mut().step_by(2) {
            *buyer = buyer.at(&other);
        }
        let replies: Vec<Reply> = together(32, |i| {
            let (buyer, mut things) = (buyers[i].clone(), things.clone());
            async move {
                let mut replies = Vec::new();
                for round in 0..6 {
                    things.rotate_left(i % 8);
                    if (i + round) % 2 == 0 {
                        things.reverse();
                    }
                    let lines: Vec<(Uuid, i64)> = things.iter().take(5).map(|thing| (*thing, 1)).collect();
                    replies.push(buyer.post("/orders", basket(&lines)).once().await);
                }
                replies
            }
        })
        .await
        .into_iter()
        .flatten()
        .collect();
        assert_tally(&replies, &[("201", 192)]);
        assert_eq!(deadlocks(&t).await, 0);
        let held = t.int("select sum(reserved)::bigint from inventory.stock_levels", &[]).await;
        assert_eq!(held, 192 * 5);
    });
}

/// Orders, cancellations and the sweeper on the same rows and the same coupon.
#[test]
fn orders_cancellations_and_expiry_never_deadlock() {
    run(async |t| {
        let sam = seller(&t).await;
        let (lamp, chair) = (t.offer(&sam, 1000, 40).await, t.offer(&sam, 2500, 40).await);
        t.coupon("SOME", 1000, 12).await;
        let mut buyers = t.crowd(24).await;
        let other = t.another_server().await;
        for buyer in buyers.iter_mut().step_by(2) {
            *buyer = buyer.at(&other);
        }
        // Some orders that are overdue by the time the race begins.
        for buyer in &buyers[..6] {
            buyer.post("/orders", basket_with(&[(lamp, 1), (chair, 1)], "SOME")).once().await.expect(201);
        }
        t.execute(
            "update core.clock set clock_offset = clock_offset + interval '14 minutes 59 seconds'",
            &[],
        )
        .await;
        let t = &t;
        let (statuses, expired) = tokio::join!(
            together(24, |i| {
                let buyer = buyers[i].clone();
                async move {
                    let mut statuses = Vec::new();
                    for _ in 0..4 {
                        let lines =
                            if i % 2 == 0 { [(lamp, 1), (chair, 1)] } else { [(chair, 1), (lamp, 1)] };
                        let order = buyer.post("/orders", basket_with(&lines, "SOME")).once().await;
                        statuses.push(order.status);
                        if order.status == 201 {
                            let path = format!("/orders/{}/cancel", order.id("orderId"));
                            statuses.push(buyer.post(&path, serde_json::json!({})).once().await.status);
                        }
                    }
                    statuses
                }
            }),
            async {
                let sweeper = t.connect().await;
                t.execute("update core.clock set clock_offset = clock_offset + interval '2 seconds'", &[])
                    .await;
                let mut expired = 0;
                while expired < 6 {
                    let row =
                        sweeper.query_one("select orders.expire_orders(2)", &[]).await.expect("a sweep");
                    expired += row.get::<_, i32>(0);
                }
                expired
            }
        );
        assert_eq!(expired, 6, "each overdue order exactly once");
        let odd: Vec<u16> = statuses.into_iter().flatten().filter(|s| ![200, 201, 409].contains(s)).collect();
        assert!(odd.is_empty(), "{odd:?}");
        assert_eq!(deadlocks(t).await, 0);
        assert_eq!((t.stock(lamp).await, t.stock(chair).await), ("40/0".to_owned(), "40/0".to_owned()));
        assert_eq!(t.int("select sum(used)::bigint from pricing.promotion_counters", &[]).await, 0);
    });
}

/// Waits until a call of this database waits for a lock.
async fn somebody_waits(t: &Test) {
    let query = "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
    let limit = tokio::time::Instant::now() + std::time::Duration::from_secs(30);
    while t.int(query, &[]).await == 0 {
        assert!(tokio::time::Instant::now() < limit, "nobody waits");
    }
}

/// Somebody in psql is about to take the last unit, or the last use of a coupon: an order waits, and decides on what became of it.
#[test]
fn an_order_waits_for_whoever_is_deciding() {
    run(async |t| {
        let sam = seller(&t).await;
        let buyers = t.crowd(2).await;
        for (is_kept, is_coupon) in [(true, false), (false, false), (true, true), (false, true)] {
            let lamp = t.offer(&sam, 1000, 1).await;
            let other = if is_coupon { t.offer(&sam, 1000, 1).await } else { lamp };
            let code = format!("LAST-{is_kept}").to_uppercase();
            let codes = if is_coupon { vec![code.clone()] } else { Vec::new() };
            if is_coupon {
                t.coupon(&code, 1000, 1).await;
            }
            let mut psql = t.connect().await;
            let work = psql.transaction().await.expect("a transaction");
            let row = work
                .query_one(
                    "select problem_code from orders.place_orders(jsonb_build_array(
                       test.placing($1, jsonb_build_object($2::uuid::text, 1), null, $3)))",
                    &[&buyers[0].user_id, &lamp, &codes],
                )
                .await
                .expect("an order in psql");
            assert_eq!(row.get::<_, Option<String>>(0), None);

            let buyer = buyers[1].clone();
            let mut body = basket(&[(other, 1)]);
            body["couponCodes"] = serde_json::json!(codes);
            let order = tokio::spawn(async move { buyer.post("/orders", body).once().await });
            somebody_waits(&t).await;
            if is_kept {
                work.commit().await.expect("committed");
            } else {
                work.rollback().await.expect("rolled back");
            }
            let reply = order.await.expect("an answer");
            match (is_kept, is_coupon) {
                (false, _) => drop(reply.expect(201)),
                (true, false) => drop(reply.problem(409, "inventory.insufficient_stock")),
                (true, true) => drop(reply.problem(409, "pricing.coupon_exhausted")),
            }
        }
    });
}

/// A batch is written before its stock is locked. When others took some of it meanwhile, all of that is undone and each request is
/// decided by what is left: the first one finds too little, and those after it get what it left.
#[test]
fn what_was_written_too_soon_is_undone() {
    run(async |t| {
        let sam = seller(&t).await;
        let buyers = t.crowd(4).await;
        let (lamp, chair) = (t.offer(&sam, 1000, 3).await, t.offer(&sam, 1000, 2).await);
        let place =
            "select array_agg(p.problem_code order by p.request_no) from orders.place_orders($1) as p";
        let placing = async |buyer: &Person, items: serde_json::Value| {
            t.one::<serde_json::Value>("select test.placing($1, $2)", &[&buyer.user_id, &items]).await
        };
        let batch = serde_json::json!([
            placing(&buyers[1], serde_json::json!({ lamp.to_string(): 2 })).await,
            placing(&buyers[2], serde_json::json!({ lamp.to_string(): 1, chair.to_string(): 1 })).await,
            placing(&buyers[3], serde_json::json!({ chair.to_string(): 1 })).await,
        ]);
        let before =
            serde_json::json!([placing(&buyers[0], serde_json::json!({ lamp.to_string(): 2 })).await]);

        let (mut first, second) = (t.connect().await, t.connect().await);
        let work = first.transaction().await.expect("a transaction");
        work.query_one(place, &[&before]).await.expect("an order");
        let waiting = tokio::spawn(async move { second.query_one(place, &[&batch]).await });
        somebody_waits(&t).await;
        work.commit().await.expect("committed");
        let row = waiting.await.expect("a task").expect("a batch");
        let short = Some("inventory.insufficient_stock".to_owned());
        assert_eq!(row.get::<_, Vec<Option<String>>>(0), [short, None, None]);
        assert_eq!((t.stock(lamp).await, t.stock(chair).await), ("3/3".to_owned(), "2/2".to_owned()));
        t.sequence().await;
        assert_eq!(t.int("select count(*) from orders.orders", &[]).await, 3);
        assert_eq!(t.payloads("orders.order_placed").await.len(), 3);
    });
}

/// Whoever ends an expired hold may be slow, or wait for the very stock that a sale has locked: its units are for sale meanwhile.
#[test]
fn an_expired_hold_that_is_being_ended_blocks_no_sale() {
    run(async |t| {
        let sam = seller(&t).await;
        let buyers = t.crowd(2).await;
        let last = t.offer(&sam, 1000, 1).await;
        let late = buyers[0].post("/orders", basket(&[(last, 1)])).once().await.expect(201).id("orderId");
        t.advance(std::time::Duration::from_secs(901)).await;
        let mut psql = t.connect().await;
        let sweeper = psql.transaction().await.expect("a transaction");
        let lock = "select from inventory.reservations where reservation_id = $1 for no key update";
        sweeper.query_one(lock, &[&late]).await.expect("the lock of the hold");
        buyers[1].post("/orders", basket(&[(last, 1)])).once().await.expect(201);
        // and goes on: there is nothing left to give back
        let ended = "select count(*) from inventory._end_holds(array[$1::uuid], 'EXPIRED', core.now())";
        assert_eq!(sweeper.query_one(ended, &[&late]).await.expect("ended").get::<_, i64>(0), 1);
        sweeper.rollback().await.expect("rolled back");
        assert_eq!(t.stock(last).await, "1/1");
    });
}

/// Deadlocks are a matter of luck; the order of the locks is not. While somebody holds a row in the middle, an order that wants
/// all of them, named the other way round, has those before it and none after it.
#[test]
fn stock_is_locked_in_one_order() {
    run(async |t| {
        let (sam, sue) = (t.seller("sam").await, t.seller("sue").await);
        let mut things = Vec::new();
        for n in 0..9 {
            things.push(t.offer(if n % 2 == 0 { &sam } else { &sue }, 1000, 5).await);
        }
        let buyer = t.crowd(1).await.remove(0);
        let mut holder = t.connect().await;
        let held = holder.transaction().await.expect("a transaction");
        things.sort();
        held.execute("select from inventory.stock_levels where variant_id = $1 for update", &[&things[4]])
            .await
            .expect("a lock");
        let lines: Vec<(Uuid, i64)> = things.iter().rev().map(|thing| (*thing, 1)).collect();
        let order = tokio::spawn(async move { buyer.post("/orders", basket(&lines)).once().await });
        somebody_waits(&t).await;
        let free = "select array_agg(s.variant_id order by s.variant_id)
                    from (select variant_id from inventory.stock_levels for update skip locked) as s";
        assert_eq!(t.one::<Vec<Uuid>>(free, &[]).await, things[5..]);
        held.rollback().await.expect("rolled back");
        order.await.expect("an answer").expect(201);
    });
}
