//! The log against the tables: under load, after somebody's hand, and as the history of an order over HTTP.

use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};

use futures::future::join_all;
use tradepost::embedded::DbRole;

use crate::support::{Test, Uuid, basket, json, run};

/// What the check finds, a line each.
async fn differences(sql: &tokio_postgres::Client) -> Vec<String> {
    let rows = sql.query("select d::text from events.replay_check(null) as d", &[]).await.expect("a check");
    rows.iter().map(|row| row.get(0)).collect()
}

#[test]
fn the_check_finds_nothing_while_writers_and_the_sequencer_are_at_work() {
    run(async |t| {
        let (sam, buyers) = (t.seller("sam").await, t.crowd(4).await);
        let variant = t.offer(&sam, 1000, 100).await;
        let (sequencer, checker) = (t.connect().await, t.connect().await);
        let is_over = AtomicBool::new(false);
        let trading = async {
            join_all(buyers.iter().map(|buyer| async {
                for n in 0..6 {
                    let placed = buyer.post("/orders", basket(&[(variant, 1)])).once().await.expect(201);
                    let id = placed.id("orderId");
                    if n % 2 == 0 {
                        let cancel = buyer.post(&format!("/orders/{id}/cancel"), json!({}));
                        cancel.once().await.expect(200);
                    } else {
                        let start = buyer.post(
                            &format!("/orders/{id}/payment"),
                            json!({ "method": { "token": "tok_success" } }),
                        );
                        let started = start.once().await.expect(201);
                        let confirm = buyer.post(
                            &format!("/orders/{id}/confirm-payment"),
                            json!({ "paymentId": started.id("paymentId") }),
                        );
                        confirm.once().await.expect(200);
                    }
                }
            }))
            .await;
            is_over.store(true, Ordering::Relaxed);
        };
        let sequencing = async {
            while !is_over.load(Ordering::Relaxed) {
                sequencer.query("select events.sequence(7)", &[]).await.expect("a step");
            }
        };
        let checking = async {
            let mut checks = 0;
            while !is_over.load(Ordering::Relaxed) {
                assert_eq!(differences(&checker).await, Vec::<String>::new());
                checks += 1;
            }
            checks
        };
        let ((), (), checks) = tokio::join!(trading, sequencing, checking);
        assert!(checks > 1, "{checks}");
    });
}

#[test]
fn the_doctor_names_what_was_changed_by_hand() {
    run(async |t| {
        let sam = t.seller("sam").await;
        let variant = t.offer(&sam, 1000, 5).await;
        t.sequence().await;
        let url = t.database().url(DbRole::Superuser);
        let doctor = || {
            let mut command = Command::new(env!("CARGO_BIN_EXE_tradepost"));
            let output = command.args(["doctor", "--replay"]).env("DATABASE_URL", &url).output();
            let output = output.expect("the program");
            (output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned())
        };
        let (_, said) = doctor();
        assert!(said.contains("events tells what the tables hold"), "{said}");
        t.execute("update inventory.stock_levels set on_hand = 4", &[]).await;
        let (is_healthy, said) = doctor();
        let finding =
            format!("FAIL  stock {variant}/{}: on_hand is 5 by the log, but the table says 4", sam.seller_id);
        assert!(!is_healthy && said.contains(&finding), "{said}");
        t.execute("update inventory.stock_levels set on_hand = 5", &[]).await;
        // a log without its beginning cannot be compared, and says so
        let cut = "alter table events.log detach partition events.log_000000; update events.tail set seq = 5";
        t.sql().batch_execute(cut).await.expect("cut");
        let (_, said) = doctor();
        let told = "The log begins with event 6; those before it are archived. It cannot be compared";
        assert!(said.contains(told) && !said.contains("by the log"), "{said}");
        let mend =
            "alter table events.log attach partition events.log_000000 for values from (0) to (1000000);
                    update events.tail set seq = 0";
        t.sql().batch_execute(mend).await.expect("mended");
    });
}

async fn seq(t: &Test, event_type: &str, order: Uuid) -> i64 {
    let query = "select seq from events.log where type = $1 and payload ->> 'orderId' = $2::text order by seq limit 1";
    t.one(query, &[&event_type, &order.to_string()]).await
}

#[test]
fn an_order_is_shown_as_it_was() {
    run(async |t| {
        let (admin, ana, sam) = (t.admin().await, t.buyer("ana").await, t.seller("sam").await);
        let variant = t.offer(&sam, 1000, 5).await;
        let order = t.order(&ana, &[(variant, 2)]).await.id("orderId");
        t.pay(order).await;
        sam.post(&format!("/orders/{order}/fulfilments/{}/accept", sam.seller_id), json!({}))
            .await
            .expect(200);
        t.sequence().await;
        let path = format!("/orders/{order}/history");

        let now = admin.get(&path).await.expect(200);
        assert_eq!((now.str("status"), now.int("version")), ("PROCESSING", 3));
        assert_eq!(now["fulfilments"][0]["status"], "ACCEPTED");
        assert_eq!(now["payments"][0]["status"], "SUCCEEDED");
        assert_eq!(now["lines"][0]["quantity"], 2);
        let types: Vec<&str> = now["events"]["items"]
            .as_array()
            .expect("events")
            .iter()
            .map(|event| event["type"].as_str().expect("a type"))
            .collect();
        assert_eq!(
            types,
            [
                "orders.order_placed",
                "payments.payment_started",
                "payments.payment_succeeded",
                "orders.order_paid",
                "orders.order_accepted",
                "orders.fulfilment_accepted"
            ]
        );

        let placed = seq(&t, "orders.order_placed", order).await;
        let then = admin.get(&format!("{path}?upto={placed}")).await.expect(200);
        assert_eq!((then.str("status"), then.int("version")), ("PENDING_PAYMENT", 1));
        assert_eq!((then["asOf"]["seq"].as_i64(), &then["payments"]), (Some(placed), &json!([])));
        let at = then.str("placedAt").to_owned();
        assert_eq!(admin.get(&path).query(&[("at", &at)]).await.expect(200).body, then.body);
        let page = admin.get(&format!("{path}?limit=4")).await.expect(200);
        let cursor = page["events"]["nextCursor"].as_str().expect("more");
        let rest = admin.get(&path).query(&[("cursor", cursor)]).await.expect(200);
        assert_eq!(rest["events"]["items"][0], now["events"]["items"][4]);
        assert_eq!((rest.str("status"), &rest["events"]["nextCursor"]), ("PROCESSING", &json!(null)));

        // not there, not theirs, not a point
        admin.get(&format!("{path}?upto={}", placed - 1)).await.problem(404, "orders.order_not_found");
        admin.get(&format!("{path}?at=2020-01-01T00:00:00Z")).await.problem(404, "orders.order_not_found");
        admin
            .get(&format!("/orders/{}/history", Uuid::new_v4()))
            .await
            .problem(404, "orders.order_not_found");
        ana.get(&path).await.problem(403, "identity.role_required");
        sam.get(&path).await.problem(403, "identity.role_required");
        t.anybody().get(&path).await.problem(401, "identity.unauthenticated");
        let both = admin.get(&format!("{path}?upto=1&at=2020-01-01T00:00:00Z")).await;
        both.problem_at(400, "core.query_invalid", "/upto");
        admin.get(&format!("{path}?upto=-1")).await.problem_at(400, "core.query_invalid", "/upto");
        admin.get(&format!("{path}?at=noon")).await.problem_at(400, "core.query_invalid", "/at");
        admin.get(&format!("{path}?cursor=x")).await.problem(400, "core.cursor_invalid");
    });
}
