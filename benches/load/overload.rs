//! Several times as many orders as the program can place, sent whether or not it answers: an open loop.

use std::fs;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use anyhow::Context;
use futures::future::try_join_all;
use hdrhistogram::Histogram;
use hyper::StatusCode;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::http::{Basket, Connection};
use crate::machine::Server;
use crate::market::{Dice, Market};

/// More connections than the program lets requests in.
const CONNECTIONS: usize = 1_024;
/// Clients of the closed loops before and after.
const CLIENTS: usize = 64;
const CALM: Duration = Duration::from_secs(5);

/// What was sent and answered; latencies in microseconds.
#[derive(Clone)]
struct Tally {
    placed: Histogram<u64>,
    refused: Histogram<u64>,
    other: u64,
    placed_by_second: Vec<u64>,
}

impl Tally {
    fn new(seconds: usize) -> anyhow::Result<Self> {
        let histogram = || Histogram::new_with_bounds(1, 60_000_000, 3).context("a histogram");
        Ok(Self {
            placed: histogram()?,
            refused: histogram()?,
            other: 0,
            placed_by_second: vec![0; seconds + 1],
        })
    }

    fn add(&mut self, status: StatusCode, sent: Instant, began: Instant) {
        let micros = u64::try_from(sent.elapsed().as_micros()).unwrap_or(u64::MAX);
        match status {
            StatusCode::CREATED => {
                self.placed.saturating_record(micros);
                let second = usize::try_from(began.elapsed().as_secs()).unwrap_or(usize::MAX);
                if let Some(count) = self.placed_by_second.get_mut(second) {
                    *count += 1;
                }
            }
            StatusCode::SERVICE_UNAVAILABLE => self.refused.saturating_record(micros),
            _ => self.other += 1,
        }
    }

    fn rate(&self, over: Duration) -> f64 {
        self.placed.len() as f64 / over.as_secs_f64()
    }
}

/// One order of somebody.
async fn place(connection: &mut Connection, market: &Market, dice: &mut Dice) -> anyhow::Result<StatusCode> {
    let buyer = &market.buyers[dice.below(market.buyers.len())];
    let order = market.order(&Basket::Spread.lines(market, dice));
    Ok(connection.post("/api/v1/orders", &buyer.token, &order).await?.0)
}

/// Clients that send the next order when the last one was answered.
async fn closed(server: &Server, market: &Arc<Market>, time: Duration) -> anyhow::Result<Tally> {
    let tally = Arc::new(Mutex::new(Tally::new(usize::try_from(time.as_secs())?)?));
    let connections = try_join_all((0..CLIENTS).map(|_| Connection::open(server.address))).await?;
    let began = Instant::now();
    let clients = connections.into_iter().enumerate().map(|(n, mut connection)| {
        let (market, tally) = (Arc::clone(market), Arc::clone(&tally));
        tokio::spawn(async move {
            let mut dice = Dice::new(n);
            while began.elapsed() < time {
                let sent = Instant::now();
                let status = place(&mut connection, &market, &mut dice).await?;
                tally.lock().expect("unpoisoned").add(status, sent, began);
            }
            anyhow::Ok(())
        })
    });
    for client in try_join_all(clients).await? {
        client?;
    }
    Ok(tally.lock().expect("unpoisoned").clone())
}

/// So many a second, answered or not. A connection carries one request at a time; an order that finds none free was not sent.
async fn open(
    server: &Server,
    market: &Arc<Market>,
    rate: f64,
    time: Duration,
) -> anyhow::Result<(Tally, u64, u64)> {
    let tally = Arc::new(Mutex::new(Tally::new(usize::try_from(time.as_secs())?)?));
    let (give_back, mut free) = mpsc::unbounded_channel();
    for connection in try_join_all((0..CONNECTIONS).map(|_| Connection::open(server.address))).await? {
        let _ = give_back.send(connection);
    }
    let (began, mut sent, mut unsent) = (Instant::now(), 0_u64, 0_u64);
    let mut ticks = tokio::time::interval(Duration::from_millis(2));
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    while began.elapsed() < time {
        ticks.tick().await;
        let due = (began.elapsed().as_secs_f64() * rate) as u64;
        while sent + unsent < due {
            let Ok(mut connection) = free.try_recv() else {
                unsent += 1;
                continue;
            };
            sent += 1;
            let (market, tally, give_back) = (Arc::clone(market), Arc::clone(&tally), give_back.clone());
            let mut dice = Dice::new(usize::try_from(sent)?);
            tokio::spawn(async move {
                let at = Instant::now();
                match place(&mut connection, &market, &mut dice).await {
                    Ok(status) => {
                        tally.lock().expect("unpoisoned").add(status, at, began);
                        let _ = give_back.send(connection);
                    }
                    Err(_) => tally.lock().expect("unpoisoned").other += 1,
                }
            });
        }
    }
    drop(give_back);
    while free.recv().await.is_some() {}
    let tally = tally.lock().expect("unpoisoned").clone();
    Ok((tally, sent, unsent))
}

/// The program's memory in KiB: now, and the most it ever was.
fn memory_kib(pid: u32) -> (u64, u64) {
    let text = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let field = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
        line.split_whitespace().next().and_then(|n| n.parse().ok()).unwrap_or(0)
    };
    (field("VmRSS:"), field("VmHWM:"))
}

/// Calm, overload, calm; what each was like.
pub async fn run(server: &Server, market: &Arc<Market>, times: f64, time: Duration) -> anyhow::Result<Value> {
    closed(server, market, Duration::from_secs(2)).await?;
    let peak = closed(server, market, CALM).await?.rate(CALM);
    let before = memory_kib(server.pid).0;
    let (tally, sent, unsent) = open(server, market, peak * times, time).await?;
    let most = memory_kib(server.pid).1;
    let after = closed(server, market, CALM).await?;
    let ms = |times: &Histogram<u64>, quantile| times.value_at_quantile(quantile) as f64 / 1_000.0;
    let normal = after.placed_by_second.iter().position(|&placed| placed as f64 >= 0.8 * peak);
    let goodput = tally.rate(time);
    println!(
        "overload: {times} × {peak:.0} orders/s for {} s: {sent} sent, {unsent} without a free connection",
        time.as_secs()
    );
    println!(
        "  goodput {goodput:.0}/s = {:.0} % of the peak; placed p50 {:.1} ms, p99 {:.1} ms",
        100.0 * goodput / peak,
        ms(&tally.placed, 0.5),
        ms(&tally.placed, 0.99)
    );
    println!(
        "  refused {}: p50 {:.1} ms, p99 {:.1} ms; other answers {}",
        tally.refused.len(),
        ms(&tally.refused, 0.5),
        ms(&tally.refused, 0.99),
        tally.other
    );
    println!(
        "  memory {:.0} MiB before, {:.0} MiB at most; back to 80 % of the peak in second {}",
        before as f64 / 1024.0,
        most as f64 / 1024.0,
        normal.map_or("never".to_owned(), |second| (second + 1).to_string())
    );
    Ok(json!({
        "times": times, "seconds": time.as_secs(), "peakPerSecond": peak, "goodputPerSecond": goodput,
        "goodputRatio": goodput / peak, "sent": sent, "unsent": unsent, "placed": tally.placed.len(),
        "refused": tally.refused.len(), "other": tally.other,
        "placedP50Ms": ms(&tally.placed, 0.5), "placedP99Ms": ms(&tally.placed, 0.99),
        "refusedP50Ms": ms(&tally.refused, 0.5), "refusedP99Ms": ms(&tally.refused, 0.99),
        "memoryKib": { "before": before, "most": most }, "normalInSecond": normal.map(|second| second + 1),
    }))
}
