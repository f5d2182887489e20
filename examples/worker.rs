//! A worker: tells of every paid order, each one at least once, also those that were paid while it was away.
//!
//! ```sh
//! DATABASE_URL="$(target/debug/tradepost db-url --role worker)" cargo run --example worker
//! ```
//!
//! The pattern: LISTEN first, then catch up from the log, then trust the wake-ups. The notification carries nothing that
//! matters; a lost one costs the idle pause and never an event.

use std::future::poll_fn;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio_postgres::{AsyncMessage, Client, NoTls};

/// How long to sleep when nobody wakes us.
const IDLE: Duration = Duration::from_secs(30);
const EVENTS_AT_ONCE: i32 = 100;

/// One event of the log.
#[derive(Debug)]
pub struct Event {
    pub seq: i64,
    pub kind: String,
    pub payload: serde_json::Value,
}

/// Works as this named consumer until the connection ends; then whoever started it starts it again.
pub async fn work(
    url: &str,
    consumer: &str,
    mut handle: impl FnMut(&Event),
) -> Result<(), tokio_postgres::Error> {
    let (client, mut connection) = tokio_postgres::connect(url, NoTls).await?;
    let (wake, mut woken) = mpsc::channel(1);
    let connection = tokio::spawn(async move {
        while let Some(message) = poll_fn(|cx| connection.poll_message(cx)).await {
            if let AsyncMessage::Notification(_) = message? {
                let _ = wake.try_send(()); // full: a wake-up is waiting already
            }
        }
        Ok(())
    });

    client.batch_execute("listen events_orders").await?;
    let position = "select seq from events.create_consumer($1, '{orders.order_paid}', null)";
    client.query_one(position, &[&consumer]).await?;
    loop {
        catch_up(&client, consumer, &mut handle).await?;
        // Woken, or bored; None when the connection is gone.
        if let Ok(None) = tokio::time::timeout(IDLE, woken.recv()).await {
            return connection.await.unwrap_or(Ok(()));
        }
    }
}

/// The position moves after the work, so a crash between the two repeats the work: make it harmless to repeat. If the
/// work is in this database too, do both in one transaction, and it happens exactly once.
async fn catch_up(
    client: &Client,
    consumer: &str,
    handle: &mut impl FnMut(&Event),
) -> Result<(), tokio_postgres::Error> {
    loop {
        let rows = client
            .query("select seq, type, payload from events.fetch($1, $2)", &[&consumer, &EVENTS_AT_ONCE])
            .await?;
        let Some(last) = rows.last() else { return Ok(()) };
        for row in &rows {
            handle(&Event { seq: row.get("seq"), kind: row.get("type"), payload: row.get("payload") });
        }
        client.query_one("select events.commit($1, $2)", &[&consumer, &last.get::<_, i64>("seq")]).await?;
    }
}

#[allow(dead_code)] // a test uses the rest of this file
#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let url =
        std::env::var("DATABASE_URL").map_err(|_| "set DATABASE_URL, see the top of examples/worker.rs")?;
    work(&url, "example-rust", |event| {
        println!("{} {}: order {}", event.seq, event.kind, event.payload["orderId"]);
    })
    .await?;
    Err("the connection ended".into())
}
