//! `examples/`: they run.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use tradepost::embedded::DbRole;
use tradepost::seed;

use crate::support::{password_hash, root, run};

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

/// Ended when dropped.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn the_python_worker_gets_every_event_once_wakes_up_and_remembers_its_place() {
    let python = root().join("target/tools/examples/bin/python3");
    if !python.exists() {
        eprintln!("SKIPPED: examples/worker.py needs psycopg; `make test` says why it is not here");
        return;
    }
    run(async |t| {
        let (ana, sam) = (t.buyer("ana").await, t.seller("sam").await);
        let mug = t.offer(&sam, 1200, 9).await;
        let paid = async || {
            let order = t.order(&ana, &[(mug, 1)]).await.id("orderId");
            t.pay(order).await;
            t.sequence().await;
            format!("orders.order_paid: order {order}")
        };
        let url = t.database().url(DbRole::Worker);
        let worker = |arguments: &[&str]| {
            let mut command = Command::new(&python);
            command.arg(root().join("examples/worker.py")).args(arguments).env("DATABASE_URL", &url);
            command.stdin(Stdio::null()).stdout(Stdio::piped());
            command
        };
        let caught_up = || {
            let output = worker(&["--until-idle"]).output().expect("python");
            assert!(output.status.success(), "{output:?}");
            let text = String::from_utf8(output.stdout).expect("text");
            text.lines().map(|line| line.split_once(' ').expect("a seq").1.to_owned()).collect::<Vec<_>>()
        };
        let before = [paid().await, paid().await];
        assert_eq!(caught_up(), before, "what was paid while it was away");
        assert_eq!(caught_up(), [""; 0], "nothing is told twice");

        let mut process = Process(worker(&[]).spawn().expect("python"));
        let lines = BufReader::new(process.0.stdout.take().expect("piped")).lines();
        let (send, told) = mpsc::channel();
        thread::spawn(move || lines.map_while(Result::ok).try_for_each(|line| send.send(line)));
        let waits = "select count(*) from pg_stat_activity
                      where datname = current_database() and state = 'idle' and query like '%from events.fetch(%'";
        while t.int(waits, &[]).await == 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let next = paid().await;
        let line = told.recv_timeout(Duration::from_secs(10)).expect("long before it would look by itself");
        assert!(line.ends_with(&next), "{line}");
    });
}
