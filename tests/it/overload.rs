//! More than there is room for: what is refused is refused at once and alone, and everything else goes on.

use std::time::{Duration, Instant};

use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use tradepost::embedded::DbRole;
use tradepost::http::admission::Class;
use tradepost::identity::password::cores;

use crate::support::{Reply, Test, Uuid, Value, basket, json, run_with, together};

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

/// Orders and reservations travel in lanes of their own: while the call of one stands at a stuck row, the other goes on. It is one
/// and the same call that stands all the while, or it would have been a lane that was free again.
#[test]
fn a_blocked_order_leaves_reservations_alone_and_the_other_way_round() {
    run_with(
        |config| (config.batch_lock_timeout_ms, config.place_orders_lanes) = (15_000, 1),
        async |t| {
            let sam = t.seller("sam").await;
            let (lamp, chair) = (t.offer(&sam, 1000, 100).await, t.offer(&sam, 1000, 100).await);
            let crowd = t.crowd(8).await;
            let order = |thing: Uuid| ("/orders", "orders.place_orders", basket(&[(thing, 1)]));
            let hold = |thing: Uuid| {
                let line = json!({ "variantId": thing, "sellerId": sam.seller_id, "quantity": 1 });
                ("/inventory/reserve", "inventory.reserve_stock", json!({ "lines": [line] }))
            };
            let mut psql = t.connect().await;
            for (stuck, queued, free) in
                [(order(lamp), order(chair), hold(chair)), (hold(lamp), hold(chair), order(chair))]
            {
                let call = format!(
                    "select coalesce(string_agg(format('%s since %s', pid, query_start), ', '), '') from pg_stat_activity
                     where datname = current_database() and wait_event_type = 'Lock' and query like '%{}%'",
                    stuck.1
                );
                let send = |who: usize, (path, _, body): &(&'static str, &str, Value)| {
                    let request = crowd[who].post(path, body.clone()).once();
                    tokio::spawn(async move { request.await.expect(201) })
                };
                let lock = psql.transaction().await.expect("a transaction");
                lock.execute(LOCKED, &[&lamp]).await.expect("a lock");
                let mut blocked = vec![send(0, &stuck)];
                eventually(&t, &format!("({call}) <> ''")).await;
                let before: String = t.one(&call, &[]).await;
                blocked.push(send(1, &queued));
                let queue_length = || match stuck.0 {
                    "/orders" => t.app().batch.place_orders.queue_length(),
                    _ => t.app().batch.reserve_stock.queue_length(),
                };
                while queue_length() != 1 {
                    tokio::task::yield_now().await;
                }
                for who in 2..8 {
                    send(who, &free).await.expect("an answer");
                }
                assert_eq!(queue_length(), 1, "the lane of {} is held up", stuck.1);
                assert_eq!(t.one::<String>(&call, &[]).await, before, "all the while");
                lock.rollback().await.expect("rolled back");
                for answer in blocked {
                    answer.await.expect("an answer");
                }
            }
            assert_eq!(
                (t.stock(lamp).await, t.stock(chair).await),
                ("100/2".to_owned(), "100/14".to_owned())
            );
        },
    );
}

/// A confirmation takes stock as well: those of orders that want a stuck row are refused, the others are not, and nobody's
/// money is lost.
#[test]
fn a_stuck_row_hurts_only_confirmations_that_want_it() {
    run_with(
        |config| (config.batch_lock_timeout_ms, config.lock_timeout_ms) = (200, 1000),
        async |t| {
            let sam = t.seller("sam").await;
            let (lamp, chair) = (t.offer(&sam, 1000, 100).await, t.offer(&sam, 1000, 100).await);
            let buyers = t.crowd(12).await;
            let mut payments = Vec::new();
            for (i, buyer) in buyers.iter().enumerate() {
                let order = t.order(buyer, &[(if i % 2 == 0 { lamp } else { chair }, 1)]).await;
                let order_id = order.id("orderId");
                assert_eq!(t.app().order_rows.get(&order_id).map(|rows| rows.len()), Some(1));
                let method = json!({ "method": { "token": "tok_success" } });
                let begun =
                    buyer.post(&format!("/orders/{order_id}/payment"), method).once().await.expect(201);
                let word = json!({ "paymentId": begun["paymentId"], "providerReference": begun["providerReference"] });
                payments.push((format!("/orders/{order_id}/confirm-payment"), word));
            }
            let confirm = async || {
                together(12, |i| {
                    let (buyer, (path, word)) = (buyers[i].clone(), payments[i].clone());
                    async move { buyer.post(&path, word).key("confirm").await }
                })
                .await
            };
            let mut psql = t.connect().await;
            let lock = psql.transaction().await.expect("a transaction");
            lock.execute(LOCKED, &[&lamp]).await.expect("a lock");
            for (i, reply) in confirm().await.into_iter().enumerate() {
                if i % 2 == 0 {
                    refused(reply)
                } else {
                    reply.expect(200)
                };
            }
            lock.rollback().await.expect("rolled back");
            for reply in confirm().await {
                reply.expect(200);
            }
            assert_eq!((t.stock(lamp).await, t.stock(chair).await), ("94/0".to_owned(), "94/0".to_owned()));
        },
    );
}

/// While the lane is held up: who goes before the batch leaves has asked for nothing; who goes afterwards has an order, and
/// the key tells which.
#[test]
fn a_client_that_has_gone_withdraws_what_was_not_sent() {
    run_with(
        |config| (config.batch_lock_timeout_ms, config.place_orders_lanes) = (15_000, 1),
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
        |config| {
            (config.batch_lock_timeout_ms, config.batch_queue_max, config.place_orders_lanes) =
                (15_000, 4, 1);
        },
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
            // before anything was looked at
            refused(t.anybody().post("/orders", json!("not an order")).await);
            // also where it is not refused in front of the router
            refused(t.anybody().post("/orders", json!("not an order".repeat(1_000))).await);
            lock.rollback().await.expect("rolled back");
            for place in within {
                place.await.expect("an answer").expect(201);
            }
            assert_eq!(t.stock(lamp).await, "100/5");
        },
    );
}

/// Every read hangs, and more come than there is room for: they are refused while those before them still hang, and checkout
/// does not notice.
#[test]
fn reads_that_hang_leave_room_for_checkout() {
    run_with(
        |config| {
            config.api_connections_max = 8;
            config.requests_max = 16;
            config.admission_wait_ms = 25;
        },
        async |t| {
            t.anybody().get("/metrics").await.expect(200); // from the first scrape on, everything is counted
            let sam = t.seller("sam").await;
            let admin = t.admin().await;
            let lamp = t.offer(&sam, 1000, 100).await;
            let ana = t.crowd(1).await.remove(0);
            let mut psql = t.connect().await;
            let lock = psql.transaction().await.expect("a transaction");
            lock.batch_execute("lock table pricing.price_lists in access exclusive mode")
                .await
                .expect("a lock");
            let mut flood: FuturesUnordered<_> = (0..40)
                .map(|_| {
                    let admin = admin.clone();
                    tokio::spawn(async move { admin.get("/price-lists").await })
                })
                .collect();
            for _ in 0..36 {
                refused(flood.next().await.expect("forty").expect("an answer"));
            }
            refused(t.anybody().get("/categories").await);
            t.anybody().get("/health/live").await.expect(200);
            let line = json!({ "variantId": lamp, "sellerId": sam.seller_id, "quantity": 1 });
            let held = ana.post("/inventory/reserve", json!({ "lines": [line] })).once().await.expect(201);
            let release = format!("/inventory/release/{}", held.id("reservationId"));
            ana.post(&release, json!({})).once().await.expect(200);
            let metrics = t.anybody().get("/metrics").await.text;
            assert!(metrics.contains("tradepost_http_shed_total{class=\"standard\""), "{metrics}");
            lock.rollback().await.expect("rolled back");
            while let Some(reply) = flood.next().await {
                reply.expect("an answer").expect(200);
            }
            t.anybody().get("/categories").await.expect(200);
        },
    );
}

/// Each class has so many places and no more: whoever comes then is refused at once, while those within still hang.
#[test]
fn each_class_has_its_places() {
    run_with(
        |config| {
            (config.batch_lock_timeout_ms, config.place_orders_lanes) = (15_000, 1);
            (config.checkouts_max, config.requests_max) = (2, 2);
            (config.exports_max, config.logins_max) = (2, 2);
        },
        async |t| {
            let (sam, admin) = (t.seller("sam").await, t.admin().await);
            let lamp = t.offer(&sam, 1000, 100).await;
            let crowd = t.crowd(3).await;
            let promotion = t.coupon("TEN", 1000, 10).await;
            let mut psql = t.connect().await;
            for (class, table, answered) in [
                (Class::Checkout, "inventory.stock_levels", 201),
                (Class::Standard, "pricing.price_lists", 200),
                (Class::Export, "orders.adjustments", 200),
                (Class::Login, "identity.users", 200),
            ] {
                let request = |who: usize| {
                    let request = match class {
                        Class::Checkout => crowd[who].post("/orders", basket(&[(lamp, 1)])).once(),
                        Class::Standard => admin.get("/price-lists"),
                        Class::Export => admin.get(&format!("/promotions/{promotion}/report")),
                        Class::Login => {
                            let word = json!({ "email": admin.email, "password": admin.password });
                            t.anybody().post("/auth/login", word)
                        }
                    };
                    // not taken in, or else it would hang as the others do
                    if who == 2 { request.header("x-request-timeout-ms", 3_000) } else { request }
                };
                let lock = psql.transaction().await.expect("a transaction");
                let statement = format!("lock table {table} in access exclusive mode");
                lock.batch_execute(&statement).await.expect("a lock");
                let within = [0, 1].map(|who| {
                    let request = request(who);
                    tokio::spawn(async move { request.await })
                });
                while t.app().admission.present(class) != 2 {
                    tokio::task::yield_now().await;
                }
                refused(request(2).await);
                assert_eq!(t.app().admission.present(class), 2, "{class:?}");
                lock.rollback().await.expect("rolled back");
                for reply in within {
                    reply.await.expect("an answer").expect(answered);
                }
            }
        },
    );
}

/// While checkout is slower than it should be, fewer reads and exports are worked on; then they come back.
#[test]
fn reads_make_room_while_checkout_is_slow() {
    run_with(
        |config| (config.api_connections_max, config.checkout_goal_ms) = (16, 1),
        async |t| {
            let sam = t.seller("sam").await;
            let lamp = t.offer(&sam, 1000, 10_000).await;
            let ana = t.crowd(1).await.remove(0);
            let limits =
                || [Class::Standard, Class::Export].map(|class| t.app().admission.at_work_limit(class));
            let end = Instant::now() + Duration::from_secs(60);
            let until = async |are: &str, met: fn([usize; 2]) -> bool| {
                while !met(limits()) {
                    assert!(Instant::now() < end, "never: {are}: {:?}", limits());
                    tokio::task::yield_now().await;
                }
            };
            assert_eq!(limits(), [8, 2]);
            let (shop, buyer) = (t.clone(), ana.clone());
            let orders = tokio::spawn(async move {
                // none takes less than a millisecond
                loop {
                    shop.order(&buyer, &[(lamp, 1)]).await;
                }
            });
            until("they make room", |[reads, exports]| reads <= 4 && exports <= 1).await;
            orders.abort();
            assert!(orders.await.unwrap_err().is_cancelled());
            until("they come back", |limits| limits == [8, 2]).await;
        },
    );
}

/// A stall makes those wait who are there already, and nobody go.
#[test]
fn reads_outlast_a_stall() {
    run_with(
        |config| (config.api_connections_max, config.admission_wait_ms) = (8, 2_000),
        async |t| {
            let admin = t.admin().await;
            let mut psql = t.connect().await;
            let lock = psql.transaction().await.expect("a transaction");
            lock.batch_execute("lock table pricing.price_lists in access exclusive mode")
                .await
                .expect("a lock");
            let there: Vec<_> = (0..40)
                .map(|_| {
                    let admin = admin.clone();
                    tokio::spawn(async move { admin.get("/price-lists").await })
                })
                .collect();
            while t.app().admission.present(Class::Standard) != 40 {
                tokio::task::yield_now().await;
            }
            // until nobody is let in any more: those before that give up
            loop {
                let late = admin.get("/price-lists").header("x-request-timeout-ms", 100).await;
                assert_eq!(late.status, 503, "{}", late.describe());
                if late.text.contains("core.overloaded") {
                    break;
                }
            }
            lock.rollback().await.expect("rolled back");
            for read in there {
                read.await.expect("an answer").expect(200);
            }
        },
    );
}

/// Waits until so much of this class works at once; the metrics tell.
async fn limited(t: &Test, class: &str, to: f64) {
    let gauge = format!("tradepost_http_at_work_limit{{class=\"{class}\"}} {to}\n");
    let limit = Instant::now() + Duration::from_secs(60);
    while !t.anybody().get("/metrics").await.expect(200).text.contains(&gauge) {
        assert!(Instant::now() < limit, "never: {gauge}");
    }
}

/// While an order waits for its batch, hardly anything else is done, though never nothing; and then everything again.
#[test]
fn others_make_room_while_an_order_waits() {
    run_with(
        |config| {
            (config.batch_lock_timeout_ms, config.checkout_goal_ms, config.place_orders_lanes) =
                (15_000, 1, 1);
        },
        async |t| {
            let sam = t.seller("sam").await;
            let (lamp, chair) = (t.offer(&sam, 1000, 100).await, t.offer(&sam, 1000, 100).await);
            let crowd = t.crowd(2).await;
            let classes = [("standard", 6.0), ("export", 1.0), ("login", cores() as f64)];
            for (class, all) in classes {
                limited(&t, class, all).await;
            }
            let mut psql = t.connect().await;
            let lock = psql.transaction().await.expect("a transaction");
            lock.execute(LOCKED, &[&lamp]).await.expect("a lock");
            let place = |who: usize, thing: Uuid| {
                let buyer = crowd[who].clone();
                tokio::spawn(async move { buyer.post("/orders", basket(&[(thing, 1)])).once().await })
            };
            let sent = place(0, lamp);
            eventually(&t, SOMEBODY_WAITS).await;
            let waits = place(1, chair); // no answer tells how slow this is
            for (class, _) in classes {
                limited(&t, class, 0.0625).await;
            }
            for _ in 0..2 {
                crowd[1].get("/orders").await.expect(200);
            }
            lock.rollback().await.expect("rolled back");
            for order in [sent, waits] {
                order.await.expect("an answer").expect(201);
            }
            for (class, all) in classes {
                limited(&t, class, all).await;
            }
        },
    );
}

/// Who logs in waits in front of the database: while those before ask it and get no answer, the others are refused without.
#[test]
fn logins_stand_in_line_before_anything_is_asked() {
    run_with(
        |config| config.admission_wait_ms = 25,
        async |t| {
            let mut psql = t.connect().await;
            let lock = psql.transaction().await.expect("a transaction");
            lock.batch_execute("lock table identity.users in access exclusive mode").await.expect("a lock");
            let mut flood: FuturesUnordered<_> = (0..cores() + 4)
                .map(|_| {
                    let anybody = t.anybody();
                    let login = json!({ "email": "eve@example.test", "password": "not the right one" });
                    tokio::spawn(async move { anybody.post("/auth/login", login).await })
                })
                .collect();
            for _ in 0..4 {
                refused(flood.next().await.expect("more").expect("an answer"));
            }
            lock.rollback().await.expect("rolled back");
            while let Some(reply) = flood.next().await {
                reply.expect("an answer").problem(401, "identity.credentials_invalid");
            }
        },
    );
}

/// What has not begun when its client stops waiting never does.
#[test]
fn a_client_says_how_long_it_waits() {
    run_with(
        |config| (config.batch_lock_timeout_ms, config.place_orders_lanes) = (15_000, 1),
        async |t| {
            let sam = t.seller("sam").await;
            let (lamp, chair) = (t.offer(&sam, 1000, 100).await, t.offer(&sam, 1000, 100).await);
            let crowd = t.crowd(2).await;
            let mut psql = t.connect().await;
            let lock = psql.transaction().await.expect("a transaction");
            lock.execute(LOCKED, &[&lamp]).await.expect("a lock");
            let buyer = crowd[0].clone();
            let patient =
                tokio::spawn(async move { buyer.post("/orders", basket(&[(lamp, 1)])).once().await });
            eventually(&t, SOMEBODY_WAITS).await;
            for header in ["x-request-timeout-ms", "x-envoy-expected-rq-timeout-ms"] {
                let order = crowd[1].post("/orders", basket(&[(chair, 1)])).once().header(header, 100);
                let late = order.await.problem(503, "core.timeout");
                assert_eq!(late.header("retry-after"), "1");
                assert_eq!(t.app().batch.place_orders.queue_length(), 0, "withdrawn");
            }
            lock.rollback().await.expect("rolled back");
            patient.await.expect("an answer").expect(201);
            t.anybody().get("/categories").header("x-request-timeout-ms", 60_000).await.expect(200);
            for bad in ["0", "soon", "-5", "1.5"] {
                let reply = t.anybody().get("/categories").header("x-request-timeout-ms", bad).await;
                reply.problem(400, "core.header_invalid");
            }
            assert_eq!(t.int("select count(*) from orders.orders", &[]).await, 1);
        },
    );
}

/// A client that never finishes its body occupies nobody's place.
#[test]
fn a_slow_body_takes_no_place() {
    use tokio::io::AsyncWriteExt as _;
    run_with(
        |config| (config.checkouts_max, config.requests_max) = (1, 1),
        async |t| {
            let sam = t.seller("sam").await;
            let lamp = t.offer(&sam, 1000, 100).await;
            let ana = t.crowd(1).await.remove(0);
            let mut slow = Vec::new();
            for path in ["/orders", "/orders", "/products", "/products"] {
                let address = t.base().strip_prefix("http://").expect("http");
                let mut stream = tokio::net::TcpStream::connect(address).await.expect("connected");
                let head = format!(
                    "POST /api/v1{path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 999\r\n\r\n{{"
                );
                stream.write_all(head.as_bytes()).await.expect("sent");
                slow.push(stream);
            }
            for _ in 0..3 {
                t.order(&ana, &[(lamp, 1)]).await;
                t.anybody().get("/categories").await.expect(200);
            }
        },
    );
}

/// Whoever logs in as the program does is limited as the program is.
#[test]
fn the_roles_have_limits() {
    run_with(
        |_| {},
        async |t| {
            let since_17 =
                t.int("select current_setting('server_version_num')::bigint / 10000", &[]).await >= 17;
            for (role, statement, transaction) in
                [(DbRole::Api, "5s", "10s"), (DbRole::Worker, "1min", "65s")]
            {
                let session = t.connect_as(role).await;
                let mut limits = vec![
                    ("lock_timeout", "2s"),
                    ("statement_timeout", statement),
                    ("idle_in_transaction_session_timeout", "10s"),
                ];
                if since_17 {
                    limits.push(("transaction_timeout", transaction));
                }
                for (name, limit) in limits {
                    let row = session.query_one(&format!("show {name}"), &[]).await.expect("show");
                    assert_eq!(row.get::<_, String>(0), limit, "{name} of {role:?}");
                }
            }
        },
    );
}

/// Two servers reserve for one buyer at once: the limit on what a buyer may hold is one limit.
#[test]
fn a_buyer_holds_only_so_much_at_however_many_servers() {
    run_with(
        |_| {},
        async |t| {
            t.execute(
                "update core.settings set value = 10 where name = 'inventory.buyer_held_units_max'",
                &[],
            )
            .await;
            let sam = t.seller("sam").await;
            let ana = t.crowd(1).await.remove(0);
            let servers = [t.base().to_owned(), t.another_server().await];
            let mut things = Vec::new();
            for _ in 0..4 {
                things.push(t.offer(&sam, 1000, 100).await);
            }
            let replies = together(32, |i| {
                let line = json!({ "variantId": things[i % 4], "sellerId": sam.seller_id, "quantity": 1 });
                let ana = ana.at(&servers[i % 2]);
                async move { ana.post("/inventory/reserve", json!({ "lines": [line] })).once().await }
            })
            .await;
            let (held, refused): (Vec<Reply>, Vec<Reply>) =
                replies.into_iter().partition(|r| r.status == 201);
            assert_eq!(held.len(), 10);
            for reply in refused {
                reply.problem(409, "inventory.too_much_held");
            }
            let units = t.int("select sum(reserved)::bigint from inventory.stock_levels", &[]).await;
            assert_eq!(units, 10);
            let release = format!("/inventory/release/{}", held[0].id("reservationId"));
            ana.post(&release, json!({})).once().await.expect(200);
            let line = |n: i64| json!({ "variantId": things[0], "sellerId": sam.seller_id, "quantity": n });
            let hold = |n: i64| ana.post("/inventory/reserve", json!({ "lines": [line(n)] })).once();
            hold(2).await.problem(409, "inventory.too_much_held");
            hold(1).await.expect(201);
        },
    );
}
