//! More than there is room for: what is refused is refused at once and alone, and everything else goes on.

use std::time::{Duration, Instant};

use crate::support::{Reply, Test, Uuid, basket, json, run_with, together};

/// Waits until this is true of the database.
async fn eventually(t: &Test, condition: &str) {
    let limit = Instant::now() + Duration::from_secs(60);
    let query = format!("select ({condition})::int::bigint");
    while t.int(&query, &[]).await == 0 {
        assert!(Instant::now() < limit, "never: {condition}");
        tokio::task::yield_now().await;
    }
}

const SOMEBODY_WAITS: &str =
    "exists (select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock')";

/// A stock row that somebody in psql has locked and forgotten about.
const LOCKED: &str = "select from inventory.stock_levels where variant_id = $1 for update";

#[track_caller]
fn refused(reply: Reply) -> Reply {
    let reply = reply.problem(503, "core.overloaded");
    assert_eq!(reply.header("retry-after"), "1", "{}", reply.describe());
    reply
}

/// Half of those in each batch want a row that does not come: they alone are refused, and nothing is stored of them.
#[test]
fn a_stuck_row_hurts_only_those_who_want_it() {
    run_with(
        |config| (config.batch_lock_timeout_ms, config.lock_timeout_ms) = (200, 1000),
        async |t| {
            let sam = t.seller("sam").await;
            let (lamp, chair) = (t.offer(&sam, 1000, 100).await, t.offer(&sam, 1000, 100).await);
            let buyers = t.crowd(24).await;
            let send = async |path: &'static str| {
                together(24, |i| {
                    let (buyer, thing) = (buyers[i].clone(), if i % 2 == 0 { lamp } else { chair });
                    let mut body = basket(&[(thing, 1)]);
                    if path != "/orders" {
                        let line = json!({ "variantId": thing, "sellerId": sam.seller_id, "quantity": 1 });
                        body = json!({ "lines": [line] });
                    }
                    async move { buyer.post(path, body).key("once").await }
                })
                .await
            };
            for path in ["/orders", "/inventory/reserve"] {
                let mut psql = t.connect().await;
                let lock = psql.transaction().await.expect("a transaction");
                lock.execute(LOCKED, &[&lamp]).await.expect("a lock");
                for (i, reply) in send(path).await.into_iter().enumerate() {
                    if i % 2 == 0 {
                        refused(reply)
                    } else {
                        reply.expect(201)
                    };
                }
                lock.rollback().await.expect("rolled back");
                for (i, reply) in send(path).await.into_iter().enumerate() {
                    let reply = reply.expect(201);
                    let replayed = reply.header("idempotency-replayed") == "true";
                    assert_eq!(replayed, i % 2 == 1, "a 503 is not stored: {}", reply.describe());
                }
            }
            assert_eq!(
                (t.stock(lamp).await, t.stock(chair).await),
                ("100/24".to_owned(), "100/24".to_owned())
            );
        },
    );
}

/// While the lane is held up: who goes before the batch leaves has asked for nothing; who goes afterwards has an order, and
/// the key tells which.
#[test]
fn a_client_that_has_gone_withdraws_what_was_not_sent() {
    run_with(
        |config| config.batch_lock_timeout_ms = 15_000,
        async |t| {
            let sam = t.seller("sam").await;
            let (lamp, chair) = (t.offer(&sam, 1000, 100).await, t.offer(&sam, 1000, 100).await);
            let crowd = t.crowd(2).await;
            let mut psql = t.connect().await;
            let lock = psql.transaction().await.expect("a transaction");
            lock.execute(LOCKED, &[&lamp]).await.expect("a lock");
            let place = |who: usize, thing: Uuid| {
                let buyer = crowd[who].clone();
                tokio::spawn(async move { buyer.post("/orders", basket(&[(thing, 1)])).key("k").await })
            };
            let sent = place(0, lamp);
            eventually(&t, SOMEBODY_WAITS).await;
            let waiting = place(1, chair);
            let queued = async |n: usize| {
                while t.app().batch.place_orders.queue_length() != n {
                    tokio::task::yield_now().await;
                }
            };
            queued(1).await;
            waiting.abort();
            queued(0).await;
            sent.abort();
            assert!(waiting.await.unwrap_err().is_cancelled() && sent.await.unwrap_err().is_cancelled());
            lock.rollback().await.expect("rolled back");
            eventually(&t, "exists (select from orders.orders)").await;
            let reply = crowd[0].post("/orders", basket(&[(lamp, 1)])).key("k").await.expect(201);
            assert_eq!(reply.header("idempotency-replayed"), "true", "the work was done");
            let reply = crowd[1].post("/orders", basket(&[(chair, 1)])).key("k").await.expect(201);
            assert_eq!(reply.header("idempotency-replayed"), "", "nothing had been done");
            assert_eq!((t.stock(lamp).await, t.stock(chair).await), ("100/1".to_owned(), "100/1".to_owned()));
        },
    );
}

/// A queue has an end: whoever comes then is told at once, and those within get what they came for.
#[test]
fn a_full_queue_refuses_at_once() {
    run_with(
        |config| (config.batch_lock_timeout_ms, config.batch_queue_max) = (15_000, 4),
        async |t| {
            let sam = t.seller("sam").await;
            let lamp = t.offer(&sam, 1000, 100).await;
            let crowd = t.crowd(8).await;
            let mut psql = t.connect().await;
            let lock = psql.transaction().await.expect("a transaction");
            lock.execute(LOCKED, &[&lamp]).await.expect("a lock");
            let place = |who: usize| {
                let buyer = crowd[who].clone();
                tokio::spawn(async move { buyer.post("/orders", basket(&[(lamp, 1)])).once().await })
            };
            let mut within = vec![place(0)];
            eventually(&t, SOMEBODY_WAITS).await;
            within.extend((1..5).map(place));
            while t.app().batch.place_orders.queue_length() != 4 {
                tokio::task::yield_now().await;
            }
            for who in 5..8 {
                refused(place(who).await.expect("an answer"));
            }
            lock.rollback().await.expect("rolled back");
            for place in within {
                place.await.expect("an answer").expect(201);
            }
            assert_eq!(t.stock(lamp).await, "100/5");
        },
    );
}
