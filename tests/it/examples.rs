//! `examples/`: they run.

use std::sync::mpsc;
use std::time::Duration;

use tradepost::embedded::DbRole;
use tradepost::seed;

use crate::support::{password_hash, run};

#[path = "../../examples/worker.rs"]
mod worker;

#[test]
fn the_rust_worker_gets_every_event_once_and_remembers_its_place() {
    run(async |t| {
        // Before there is anything: the worker is asked to read from the head on.
        let (url, consumer) = (t.database().url(DbRole::Worker), "example-rust");
        let start = || {
            let (send, events) = mpsc::channel();
            let url = url.clone();
            let task = tokio::spawn(async move {
                worker::work(&url, consumer, |event| {
                    send.send((event.seq, event.kind.clone())).expect("read");
                })
                .await
            });
            (task, events)
        };
        let (task, events) = start();
        while t.int("select count(*) from events.consumers where consumer = 'example-rust'", &[]).await == 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        seed::run(&t.database().url(DbRole::Superuser), &password_hash()).await.expect("the demo");
        t.sequence().await;
        let paid = t.int("select count(*) from events.log where type = 'orders.order_paid'", &[]).await;
        assert!(paid > 3);
        let last = t.int("select max(seq) from events.log where type = 'orders.order_paid'", &[]).await;
        let position = "select seq from events.consumers where consumer = 'example-rust'";
        while t.int(position, &[]).await < last {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        task.abort();
        let seen: Vec<(i64, String)> = events.iter().collect();
        assert_eq!(i64::try_from(seen.len()).expect("few"), paid);
        assert!(seen.is_sorted() && seen.iter().all(|(_, kind)| kind == "orders.order_paid"));

        let (task, events) = start();
        assert!(events.recv_timeout(Duration::from_millis(300)).is_err(), "nothing is told twice");
        task.abort();
    });
}
