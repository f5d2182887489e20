//! A key is one operation: however many send it, at however many servers, and whatever is at work meanwhile.

use std::collections::HashMap;
use std::time::Duration;

use crate::payments::shop;
use crate::support::{Person, Reply, Uuid, Value, basket, json, run, run_with, together};

/// Sends until there is an answer that is not "at work": every refusal on the way must say when to come back.
async fn persist(buyer: &Person, path: &str, body: &Value, key: &str) -> Reply {
    for _ in 0..10_000 {
        let reply = buyer.post(path, body.clone()).key(key).await;
        if reply.status != 409 || reply["code"] != "core.idempotency_in_progress" {
            return reply;
        }
        assert_eq!(reply.header("retry-after"), "1", "{}", reply.describe());
    }
    panic!("{key} is at work for ever");
}

/// 50 keys, each sent by 20 at once over two servers: one order per key, and all its answers are the same, byte for byte.
#[test]
fn a_key_is_one_order_however_many_send_it() {
    const KEYS: usize = 50;
    const SENDERS: usize = 20;
    run(async |t| {
        let sam = t.seller("sam").await;
        let lamp = t.offer(&sam, 1000, 1000).await;
        let buyers = t.crowd(5).await;
        let servers = [t.base().to_owned(), t.another_server().await];
        for round in 0..KEYS / 10 {
            let replies = together(10 * SENDERS, |i| {
                let (key, sender) = (round * 10 + i % 10, i / 10);
                let buyer = buyers[key % 5].at(&servers[sender % 2]);
                async move {
                    (key, persist(&buyer, "/orders", &basket(&[(lamp, 1)]), &format!("key-{key}")).await)
                }
            })
            .await;
            let mut answers: HashMap<usize, Vec<Reply>> = HashMap::new();
            for (key, reply) in replies {
                answers.entry(key).or_default().push(reply.expect(201));
            }
            for (key, replies) in answers {
                assert_eq!(replies.len(), SENDERS, "{key}");
                assert!(replies.iter().all(|r| r.text == replies[0].text), "one answer for {key}");
                let fresh = replies.iter().filter(|r| r.header("idempotency-replayed").is_empty()).count();
                assert_eq!(fresh, 1, "one did the work of {key}");
            }
        }
        let count = |table: &'static str| {
            let t = t.clone();
            async move { t.int(&format!("select count(*) from {table}"), &[]).await }
        };
        for table in ["orders.orders", "inventory.reservations", "orders.order_lines"] {
            assert_eq!(count(table).await, 50, "{table}");
        }
        assert_eq!(count("core.idempotency_keys where response is not null").await, 50);
        assert_eq!(t.payloads("orders.order_placed").await.len(), 50);
        assert_eq!(t.stock(lamp).await, "1000/50");
    });
}

/// A client that does not wait for its answer and sends again, to the same server: the second one waits with the first, although another
/// call could leave; and gets the same bytes, as does whoever asks when the order has moved on.
#[test]
fn who_sends_twice_gets_the_same_answer_twice() {
    run_with(
        |config| config.batch_lock_timeout_ms = 15_000,
        async |t| {
            let sam = t.seller("sam").await;
            let lamp = t.offer(&sam, 1000, 5).await;
            let buyer = t.crowd(1).await.remove(0);
            let mut psql = t.connect().await;
            let lock = psql.transaction().await.expect("a transaction");
            let held = "select from inventory.stock_levels where variant_id = $1 for update";
            lock.execute(held, &[&lamp]).await.expect("a lock");
            let send = || {
                let buyer = buyer.clone();
                tokio::spawn(async move { buyer.post("/orders", basket(&[(lamp, 1)])).key("twice").await })
            };
            let first = send();
            let waits = "select exists (select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock')";
            t.until("the first one waits for its stock", waits).await;
            let second = send();
            while t.app().batch.place_orders.queue_length() == 0 && !second.is_finished() {
                tokio::task::yield_now().await;
            }
            lock.rollback().await.expect("rolled back");
            let first = first.await.expect("an answer").expect(201);
            let second = second.await.expect("an answer").expect(201);
            assert_eq!(
                (first.header("idempotency-replayed"), second.header("idempotency-replayed")),
                ("", "true")
            );
            assert_eq!(second.text, first.text);
            shop::pay(&buyer, first.id("orderId")).await.expect(200);
            let third = send().await.expect("an answer").expect(201);
            assert_eq!(third.text, first.text);
            assert_eq!(t.int("select count(*) from orders.orders", &[]).await, 1);
        },
    );
}

/// Holds a key as a request at work does.
const AT_WORK: &str = "select pg_advisory_xact_lock(core._idempotency_lock($1, $2, 'busy'))";

/// On every route that takes a key: while one request with it is at work anywhere, another is told so at once, and no lock is
/// waited for. When the one at work fails, the next does the work; then the answer is replayed, and another request refused.
#[test]
fn a_key_at_work_is_a_409_at_once_on_every_route() {
    run_with(
        |config| config.lock_timeout_ms = 0, // who waits, waits for ever
        async |t| {
            let sam = t.seller("sam").await;
            let lamp = t.offer(&sam, 1000, 10).await;
            let ana = t.crowd(1).await.remove(0);
            let reserve =
                json!({ "lines": [{ "variantId": lamp, "sellerId": sam.seller_id, "quantity": 1 }] });
            let hold = |who: &Person| who.post("/inventory/reserve", reserve.clone()).once();
            let (kept, let_go) = (hold(&sam).await.expect(201), hold(&ana).await.expect(201));
            let order = async || t.order(&ana, &[(lamp, 1)]).await.id("orderId");
            let (confirmed, begun, cancelled) = (order().await, order().await, order().await);
            let method = |token: &str| json!({ "method": { "token": token } });
            let payment =
                ana.post(&format!("/orders/{confirmed}/payment"), method("tok_success")).once().await;
            let payment = payment.expect(201);
            let reference = |reference: &Value| json!({ "paymentId": payment["paymentId"], "providerReference": reference });
            let refunded = order().await;
            t.pay(refunded).await;
            for (step, body) in [
                ("accept", json!({})),
                ("ship", json!({ "carrier": "DHL", "trackingNumber": "1" })),
                ("deliver", json!({})),
            ] {
                let path = format!("/orders/{refunded}/fulfilments/{}/{step}", sam.seller_id);
                sam.post(&path, body).await.expect(200);
            }
            let admin = t.admin().await;
            let part = |minor: i64| json!({ "amount": { "amountMinor": minor, "currency": "USD" }, "reason": "Damaged" });
            let reason = |reason: &str| json!({ "reason": reason });
            let mut two = reserve.clone();
            two["lines"][0]["quantity"] = json!(2);
            let of = |action: &str, hold: &Reply| format!("/inventory/{action}/{}", hold.id("reservationId"));
            let on = |order: Uuid, action: &str| format!("/orders/{order}/{action}");
            // what is sent, and another request under the same key
            let routes = [
                (
                    &ana,
                    "POST /orders",
                    ("/orders".to_owned(), basket(&[(lamp, 1)])),
                    ("/orders".to_owned(), basket(&[(lamp, 2)])),
                    201,
                ),
                (
                    &ana,
                    "POST /inventory/reserve",
                    ("/inventory/reserve".to_owned(), reserve.clone()),
                    ("/inventory/reserve".to_owned(), two),
                    201,
                ),
                (
                    &sam,
                    "POST /inventory/confirm",
                    (of("confirm", &kept), json!({})),
                    (of("confirm", &let_go), json!({})),
                    200,
                ),
                (
                    &ana,
                    "POST /inventory/release",
                    (of("release", &let_go), json!({})),
                    (of("release", &kept), json!({})),
                    200,
                ),
                (
                    &ana,
                    "POST /orders/{id}/payment",
                    (on(begun, "payment"), method("tok_success")),
                    (on(begun, "payment"), method("tok_decline")),
                    201,
                ),
                (
                    &ana,
                    "POST /orders/{id}/confirm-payment",
                    (on(confirmed, "confirm-payment"), reference(&payment["providerReference"])),
                    (on(confirmed, "confirm-payment"), json!({ "paymentId": payment["paymentId"] })),
                    200,
                ),
                (
                    &ana,
                    "POST /orders/{id}/cancel",
                    (on(cancelled, "cancel"), reason("late")),
                    (on(cancelled, "cancel"), reason("early")),
                    200,
                ),
                (
                    &admin,
                    "POST /orders/{id}/refunds",
                    (on(refunded, "refunds"), part(1)),
                    (on(refunded, "refunds"), part(2)),
                    201,
                ),
            ];
            for (who, route, (path, body), (other_path, other), success) in routes {
                let mut holder = t.connect().await;
                let work = holder.transaction().await.expect("a transaction");
                work.query_one(AT_WORK, &[&who.user_id, &route]).await.expect("the key");
                let refused = who.post(&path, body.clone()).key("busy").await;
                assert_eq!(refused.header("retry-after"), "1", "{}", refused.describe());
                refused.problem(409, "core.idempotency_in_progress");
                work.rollback().await.expect("the one at work fails");
                let done = who.post(&path, body.clone()).key("busy").await.expect(success);
                assert_eq!(done.header("idempotency-replayed"), "", "{route}");
                let again = who.post(&path, body).key("busy").await.expect(success);
                assert_eq!(again.header("idempotency-replayed"), "true", "{route}");
                assert_eq!(again.text, done.text, "{route}");
                who.post(&other_path, other).key("busy").await.problem(422, "core.idempotency_key_reused");
            }
        },
    );
}

/// In one batch with a request whose key is at work elsewhere, the others do not notice it.
#[test]
fn a_key_at_work_hurts_no_neighbour() {
    run(async |t| {
        let sam = t.seller("sam").await;
        let lamp = t.offer(&sam, 1000, 10).await;
        let ana = t.crowd(1).await.remove(0).user_id;
        let (mut psql, other) = (t.connect().await, t.connect().await);
        other.batch_execute("set lock_timeout = 0").await.expect("set");
        // the one at work has claimed, and stands still before it takes any stock
        let work = psql.transaction().await.expect("a transaction");
        let hash = "array[row(1, $1, 'busy', '\\x00', null)::core.idempotent_request]";
        work.execute(
            &format!("select from core._claim_idempotency_batch('POST /orders', {hash}, core.now())"),
            &[&ana],
        )
        .await
        .expect("a claim");
        let batch = "select problem_status, problem_code, order_id, is_replayed
                     from orders.place_orders(jsonb_build_array(
                       test.placing($1, jsonb_build_object($2::uuid::text, 1), 'first'),
                       test.placing($1, jsonb_build_object($2::uuid::text, 1), 'busy'),
                       test.placing($1, jsonb_build_object($2::uuid::text, 1), 'busy'),
                       test.placing($1, jsonb_build_object($2::uuid::text, 2), 'busy'),
                       test.placing($1, jsonb_build_object($2::uuid::text, 1), 'last'))) order by request_no";
        let answers = async || {
            let call = async { other.query(batch, &[&ana, &lamp]).await.expect("a batch") };
            let rows = tokio::time::timeout(Duration::from_secs(30), call).await.expect("nobody waits");
            rows.iter()
                .map(|r| (r.get::<_, Option<String>>(1).unwrap_or_default(), r.get::<_, Option<Uuid>>(2)))
                .collect::<Vec<_>>()
        };
        let first = answers().await;
        let codes: Vec<&str> = first.iter().map(|(code, _)| code.as_str()).collect();
        let busy = "core.idempotency_in_progress";
        assert_eq!(codes, ["", busy, busy, busy, ""]);
        work.rollback().await.expect("the one at work fails");
        let second = answers().await;
        let codes: Vec<&str> = second.iter().map(|(code, _)| code.as_str()).collect();
        assert_eq!(
            codes,
            ["", "", "", "core.idempotency_key_reused", ""],
            "nothing was stored for the busy key"
        );
        assert_eq!((second[0].1, second[4].1), (first[0].1, first[4].1), "the neighbours' orders stand");
        assert_eq!(second[1].1, second[2].1, "one order");
        assert_eq!(t.stock(lamp).await, "10/3");
    });
}

/// A key belongs to an account and a route; another payload is refused; after 48 hours it is new.
#[test]
fn the_scope_and_the_time_of_a_key() {
    run(async |t| {
        let sam = t.seller("sam").await;
        let lamp = t.offer(&sam, 1000, 100).await;
        let crowd = t.crowd(2).await;
        let (ana, bob) = (&crowd[0], &crowd[1]);
        let place = |who: &Person, quantity: i64| who.post("/orders", basket(&[(lamp, quantity)])).key("k");
        let first = place(ana, 1).await.expect(201);
        assert_eq!(first.header("idempotency-replayed"), "");
        let again = place(ana, 1).await.expect(201);
        assert_eq!((again.header("idempotency-replayed"), &again.text), ("true", &first.text));
        for quantity in 2..12 {
            place(ana, quantity).await.problem(422, "core.idempotency_key_reused");
        }
        let theirs = place(bob, 1).await.expect(201);
        assert_ne!(theirs["orderId"], first["orderId"], "the key of another account is another key");
        let body = json!({ "lines": [{ "variantId": lamp, "sellerId": sam.seller_id, "quantity": 1 }] });
        let held = ana.post("/inventory/reserve", body).key("k").await.expect(201);
        assert_eq!(held.header("idempotency-replayed"), "", "the key of another route is another key");

        // a refusal is an answer too
        let scarce = t.offer(&sam, 1000, 1).await;
        let greedy = || ana.post("/orders", basket(&[(scarce, 2)])).key("greedy");
        let refused = greedy().await.problem(409, "inventory.insufficient_stock");
        t.execute(
            "update inventory.stock_levels set low_stock_threshold = 0 where variant_id = $1",
            &[&scarce],
        )
        .await;
        let again = greedy().await.problem(409, "inventory.insufficient_stock");
        assert_eq!(again.header("idempotency-replayed"), "true");
        assert_eq!(again["errors"], refused["errors"]);

        t.advance(Duration::from_secs(48 * 3600 - 120)).await;
        place(bob, 1).await.problem(401, "identity.unauthenticated"); // the session has ended; a 401 is not stored
        t.execute("update identity.sessions set expires_at = core.now() + interval '30 days'", &[]).await;
        assert_eq!(place(bob, 1).await.expect(201)["orderId"], theirs["orderId"], "kept for 48 hours");
        t.advance(Duration::from_secs(180)).await;
        let anew = place(bob, 3).await.expect(201);
        assert_eq!(anew.header("idempotency-replayed"), "", "after 48 hours the key is new");
        assert_ne!(anew["orderId"], theirs["orderId"]);
    });
}
