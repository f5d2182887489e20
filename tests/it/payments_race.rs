//! Payments when several things happen at once: one winner each, and the money agrees with it.

use std::time::Duration;

use futures::future::join_all;
use tradepost::payments::workers;

use crate::payments::shop::{self, available, confirm, order, start, status, try_order};
use crate::payments::statuses;
use crate::support::{Test, Uuid, json, run};

/// Some backend of this database waits for a lock.
const WAITS: &str = "select exists (select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock')";

/// Lets everything in the background happen.
async fn settle_down(t: &Test) {
    t.sequence().await;
    while workers::react(t.app()).await.unwrap() > 0 {}
    while workers::refund(t.app()).await.unwrap() > 0 {}
}

#[test]
fn many_confirmations_are_one() {
    run(async |t| {
        let variant = t.offer(&t.seller("sam").await, 1000, 5).await;
        let ana = t.buyer("ana").await;
        let id = order(&ana, variant).await;
        let started = start(&ana, id, "tok_success").await.expect(201);
        let body =
            json!({ "paymentId": started["paymentId"], "providerReference": started["providerReference"] });
        let path = format!("/orders/{id}/confirm-payment");
        // half of them with one key, half with keys of their own
        let replies = join_all((0..16).map(|n| {
            let key = if n % 2 == 0 { "same".to_owned() } else { format!("key-{n}") };
            let request = ana.post(&path, body.clone()).key(&key);
            async move { request.await.expect(200) }
        }))
        .await;
        assert!(replies.iter().all(|reply| reply.text == replies[0].text), "all tell the same");
        let replayed = replies.iter().filter(|r| r.header("idempotency-replayed") == "true").count();
        assert_eq!(replayed, 7, "one of the eight with the same key did the work");
        assert_eq!(t.payloads("payments.payment_succeeded").await.len(), 1);
        assert_eq!(available(&t, variant).await, 4);
    });
}

/// A batch that holds an order twice takes all stock rows in their order before it begins.
#[test]
fn a_batch_in_pieces_locks_its_stock_in_order() {
    run(async |t| {
        let (sam, ana) = (t.seller("sam").await, t.buyer("ana").await);
        let mut variants = [t.offer(&sam, 100, 5).await, t.offer(&sam, 100, 5).await];
        variants.sort();
        let mut requests = Vec::new();
        for variant in variants {
            let id = order(&ana, variant).await;
            let query = "select test.pay_request(test.pay_start($1))";
            requests.push(t.one::<serde_json::Value>(query, &[&id]).await);
        }
        // the order of the higher row comes first, and again: two pieces
        let batch = json!([requests[1], requests[1], requests[0]]);
        let (first, second) = (t.connect().await, t.connect().await);
        let lock = "select from inventory.stock_levels where variant_id = $1 for update nowait";
        first.batch_execute("begin").await.expect("begin");
        first.query(lock, &[&variants[0]]).await.expect("the lower row");
        let confirming = async {
            second.query("select from payments.confirm_payments($1)", &[&batch]).await.expect("confirmed");
        };
        let holding = async {
            t.until("somebody waits for the lower row", WAITS).await;
            first.query(lock, &[&variants[1]]).await.expect("nobody holds the higher row before the lower");
            first.batch_execute("commit").await.expect("commit");
        };
        futures::join!(confirming, holding);
    });
}

#[test]
fn the_consumer_is_locked_before_the_orders() {
    run(async |t| {
        let variant = t.offer(&t.seller("sam").await, 1000, 5).await;
        let ana = t.buyer("ana").await;
        workers::react(t.app()).await.unwrap();
        let id = order(&ana, variant).await;
        ana.post(&format!("/orders/{id}/cancel"), json!({})).once().await.expect(200);
        t.sequence().await;
        let (first, second) = (t.connect().await, t.connect().await);
        first.batch_execute("begin; select from events.consumers for update").await.expect("the consumer");
        let reacting = async {
            second.query("select payments.react_to_orders(10)", &[]).await.expect("reacted");
        };
        let holding = async {
            t.until("somebody waits for the consumer", WAITS).await;
            let lock = "select from orders.orders where order_id = $1 for update nowait";
            first.query(lock, &[&id]).await.expect("nobody holds the order");
            first.batch_execute("commit").await.expect("commit");
        };
        futures::join!(reacting, holding);
    });
}

#[test]
fn many_starts_are_one_payment() {
    run(async |t| {
        let variant = t.offer(&t.seller("sam").await, 1000, 5).await;
        let ana = t.buyer("ana").await;
        let id = order(&ana, variant).await;
        let replies = join_all((0..12).map(|_| start(&ana, id, "tok_success"))).await;
        let begun = replies.iter().filter(|r| r.status == 201).count();
        assert_eq!(begun, 1);
        for refused in replies.into_iter().filter(|r| r.status != 201) {
            refused.problem(409, "payments.payment_in_progress");
        }
    });
}

#[test]
fn confirm_cancel_and_expire_have_one_winner() {
    run(async |t| {
        let variant = t.offer(&t.seller("sam").await, 1000, 100).await;
        let ana = t.buyer("ana").await;
        let mut paying = Vec::new();
        for _ in 0..24 {
            let id = order(&ana, variant).await;
            paying.push((id, start(&ana, id, "tok_success").await.expect(201)));
        }
        // the window is over: all three are possible for each order
        t.advance(Duration::from_secs(901)).await;
        let confirming = join_all(paying.iter().map(|(id, started)| confirm(&ana, *id, started)));
        let cancelling = join_all(paying.iter().rev().map(|(id, _)| {
            let request = ana.post(&format!("/orders/{id}/cancel"), json!({ "reason": "race" })).once();
            async move { request.await }
        }));
        let expiring = async {
            for _ in 0..12 {
                tradepost::deadlines::sql::sweep_deadlines(&t.app().worker_pool, 3).await.unwrap();
            }
        };
        let (confirmed, cancelled, ()) = tokio::join!(confirming, cancelling, expiring);
        for reply in &confirmed {
            let code = reply["code"].as_str().unwrap_or("");
            assert!(
                reply.status == 200 || (reply.status, code) == (409, "payments.order_cancelled_refunded"),
                "{}",
                reply.describe()
            );
        }
        for reply in &cancelled {
            let code = reply["code"].as_str().unwrap_or("");
            assert!(
                reply.status == 200 || (reply.status, code) == (409, "orders.transition_refused"),
                "{}",
                reply.describe()
            );
        }
        settle_down(&t).await;
        let ids: Vec<Uuid> = paying.iter().map(|(id, _)| *id).collect();
        let ended = statuses(&t, &ids).await;
        let count = |status: &str| ended.get(status).copied().unwrap_or(0);
        let (paid, given_back) = (count("PAID"), count("CANCELLED") + count("REFUNDED"));
        assert_eq!(paid + given_back, ids.len(), "sold, or everything given back: {ended:?}");
        assert_eq!(given_back, cancelled.iter().filter(|r| r.status == 200).count());
        assert_eq!(available(&t, variant).await, 100 - i64::try_from(paid).unwrap());
        let held = "select coalesce(sum(amount_minor), 0)::bigint from payments.ledger_entries where account = 'PROVIDER_CLEARING'";
        assert_eq!(t.int(held, &[]).await, 1000 * i64::try_from(paid).unwrap());
    });
}

#[test]
fn a_late_payment_and_a_new_order_want_the_last_unit() {
    run(async |t| {
        let (sam, ana, bob) = (t.seller("sam").await, t.buyer("ana").await, t.buyer("bob").await);
        for round in 0..6 {
            let variant = t.offer(&sam, 1000, 1).await;
            let late = order(&ana, variant).await;
            let started = start(&ana, late, "tok_success").await.expect(201);
            t.advance(Duration::from_secs(901)).await;
            let (confirmed, placed) = if round % 2 == 0 {
                tokio::join!(confirm(&ana, late, &started), try_order(&bob, variant))
            } else {
                let (placed, confirmed) =
                    tokio::join!(try_order(&bob, variant), confirm(&ana, late, &started));
                (confirmed, placed)
            };
            match (confirmed.status, placed.status) {
                (200, 409) => assert_eq!(status(&t, late).await, "PAID"),
                (409, 201) => {
                    confirmed.problem(409, "payments.stock_gone_refunded");
                    assert_eq!(status(&t, late).await, "EXPIRED");
                }
                other => panic!(
                    "{other:?}: one of them gets the unit\n{}\n{}",
                    confirmed.describe(),
                    placed.describe()
                ),
            }
            assert_eq!(available(&t, variant).await, 0);
            settle_down(&t).await;
        }
    });
}

/// A confirmation decides by the lock of the hold and takes the stock's later. In between, somebody whose clock is past the hold's end
/// needs its unit: it is not theirs any more.
#[test]
fn a_hold_that_is_being_confirmed_is_not_reclaimed() {
    run(async |t| {
        let (sam, ana) = (t.seller("sam").await, t.buyer("ana").await);
        let variant = t.offer(&sam, 1000, 1).await;
        let id = order(&ana, variant).await;
        let started = start(&ana, id, "tok_success").await.expect(201);
        let mut psql = t.connect().await;
        let needy = psql.transaction().await.expect("a transaction");
        needy
            .query_one("select from inventory.stock_levels where variant_id = $1 for update", &[&variant])
            .await
            .expect("the lock of the stock");
        let (buyer, word) = (ana.clone(), started);
        let confirmation = tokio::spawn(async move { confirm(&buyer, id, &word).await });
        t.until("the confirmation waits for the stock", WAITS).await;
        let reclaim =
            "select inventory._reclaim_expired(array[row(s.seller_id, s.variant_id)::inventory.stock_key],
                                                         core.now() + interval '1 hour')
                       from inventory.stock_levels as s where s.variant_id = $1";
        let lines: i32 = needy.query_one(reclaim, &[&variant]).await.expect("a reclaim").get(0);
        assert_eq!(lines, 0);
        needy.commit().await.expect("committed");
        confirmation.await.expect("an answer").expect(200);
        assert_eq!((status(&t, id).await.as_str(), t.stock(variant).await.as_str()), ("PAID", "0/0"));
    });
}

#[test]
fn two_workers_refund_once() {
    run(async |t| {
        let variant = t.offer(&t.seller("sam").await, 1000, 20).await;
        let ana = t.buyer("ana").await;
        for _ in 0..10 {
            let id = order(&ana, variant).await;
            shop::pay(&ana, id).await.expect(200);
            ana.post(&format!("/orders/{id}/cancel"), json!({})).once().await.expect(200);
        }
        t.sequence().await;
        let both = join_all([workers::react(t.app()), workers::react(t.app())]).await;
        assert!(both.iter().all(Result::is_ok), "{both:?}");
        let done = join_all([workers::refund(t.app()), workers::refund(t.app())]).await;
        assert_eq!(done.into_iter().map(Result::unwrap).sum::<usize>(), 10);
        assert_eq!(t.payloads("payments.refund_succeeded").await.len(), 10);
        assert_eq!(t.int("select count(*) from orders.orders where status = 'REFUNDED'", &[]).await, 10);
    });
}
