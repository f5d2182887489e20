//! Several times as many orders as the program can place, sent whether or not it answers: an open loop. And orders at half of what it
//! can place, while others flood it with searches, reports or logins.
//!
//! On a machine with more than one CPU the load generator keeps to the last one and leaves the others to the program and Postgres,
//! before, during and after: sending five times as much costs it several times as much, and what it takes is not theirs to
//! lose.

use std::fs;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use anyhow::Context;
use futures::future::try_join_all;
use hdrhistogram::Histogram;
use hyper::StatusCode;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::http::{Basket, Connection};
use crate::machine::{self, Database, Probe, Server};
use crate::market::{Dice, Market};

/// More connections than the program lets requests in.
const CONNECTIONS: usize = 1_024;
/// Clients of the closed loops before and after.
const CLIENTS: usize = 64;
const CALM: Duration = Duration::from_secs(5);

/// What was sent and answered; latencies in microseconds.
#[derive(Clone)]
pub struct Tally {
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
pub fn memory_kib(pid: u32) -> (u64, u64) {
    let text = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let field = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
        line.split_whitespace().next().and_then(|n| n.parse().ok()).unwrap_or(0)
    };
    (field("VmRSS:"), field("VmHWM:"))
}

/// Calm, overload, calm; what each was like.
pub async fn run(
    database: &Database,
    server: &Server,
    market: &Arc<Market>,
    times: f64,
    time: Duration,
) -> anyhow::Result<Value> {
    machine::keep_apart(server.pid, database.cluster.postmaster_pid());
    let probe = Probe { program: Some(server.pid), postmaster: database.cluster.postmaster_pid() };
    closed(server, market, Duration::from_secs(2)).await?;
    let usage = probe.read();
    let calm = closed(server, market, CALM).await?;
    let calm_cpus = (probe.read() - usage).cpus(CALM);
    let peak = calm.rate(CALM);
    let before = memory_kib(server.pid).0;
    let usage = probe.read();
    let (tally, sent, unsent) = open(server, market, peak * times, time).await?;
    let cpus = (probe.read() - usage).cpus(time);
    let most = memory_kib(server.pid).1;
    let after = closed(server, market, CALM).await?;
    let ms = |times: &Histogram<u64>, quantile| times.value_at_quantile(quantile) as f64 / 1_000.0;
    let normal = after.placed_by_second.iter().position(|&placed| placed as f64 >= 0.8 * peak);
    let goodput = tally.rate(time);
    println!(
        "overload: {times} × {peak:.0} orders/s for {} s: {sent} sent, {unsent} without a free connection",
        time.as_secs()
    );
    println!("  CPUs of program, Postgres, others: before {calm_cpus:.2?}, during {cpus:.2?}");
    println!(
        "  goodput {goodput:.0}/s = {:.0} % of the peak before, {:.0} % of the one after ({:.0}/s)",
        100.0 * goodput / peak,
        100.0 * goodput / after.rate(CALM),
        after.rate(CALM)
    );
    println!(
        "  placed p50 {:.1} ms, p99 {:.1} ms; at the peak p50 {:.1} ms, p99 {:.1} ms",
        ms(&tally.placed, 0.5),
        ms(&tally.placed, 0.99),
        ms(&calm.placed, 0.5),
        ms(&calm.placed, 0.99)
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
        "goodputRatio": goodput / peak, "peakAfterPerSecond": after.rate(CALM),
        "cpusBefore": calm_cpus, "cpusDuring": cpus, "sent": sent, "unsent": unsent, "placed": tally.placed.len(),
        "refused": tally.refused.len(), "other": tally.other,
        "placedP50Ms": ms(&tally.placed, 0.5), "placedP99Ms": ms(&tally.placed, 0.99),
        "refusedP50Ms": ms(&tally.refused, 0.5), "refusedP99Ms": ms(&tally.refused, 0.99),
        "memoryKib": { "before": before, "most": most }, "normalInSecond": normal.map(|second| second + 1),
    }))
}

/// Clients of a flood. Each sends the next request when the last one was answered, and a moment after a refusal.
const FLOODERS: usize = 64;
const MOMENT: Duration = Duration::from_millis(20);

/// What checkout is flooded with.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Flood {
    Nothing,
    Searches,
    Reports,
    Logins,
}

impl Flood {
    fn name(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Searches => "searches",
            Self::Reports => "reports",
            Self::Logins => "logins",
        }
    }

    /// One request, and whether it was served.
    async fn send(self, connection: &mut Connection, admin: &str, dice: &mut Dice) -> anyhow::Result<bool> {
        let status = match self {
            Self::Nothing => return Ok(false),
            Self::Searches => {
                let path = format!("/api/v1/products?limit=20&q=product+{}", dice.below(1_000));
                connection.get_as(&path, admin).await?.0
            }
            Self::Reports => {
                let month = json!({ "rule": { "name": "What if", "percentBp": 1_500 },
                                    "from": jiff::Timestamp::now() - jiff::SignedDuration::from_hours(24) });
                connection.post("/api/v1/pricing/commission-rules/simulate", admin, &month).await?.0
            }
            Self::Logins => {
                let email = format!("nobody-{}@example.test", dice.below(1_000_000));
                let login = json!({ "email": email, "password": "not the right one" });
                connection.post("/api/v1/auth/login", "", &login).await?.0
            }
        };
        Ok(!matches!(status, StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS))
    }
}

/// Orders at half of the peak, undisturbed and flooded.
pub async fn floods(
    database: &Database,
    server: &Server,
    market: &Arc<Market>,
    time: Duration,
) -> anyhow::Result<Value> {
    machine::keep_apart(server.pid, database.cluster.postmaster_pid());
    let admin = market.admin(database).await?;
    let probe = Probe { program: Some(server.pid), postmaster: database.cluster.postmaster_pid() };
    closed(server, market, Duration::from_secs(2)).await?;
    let rate = closed(server, market, CALM).await?.rate(CALM) / 2.0;
    println!("floods: {rate:.0} orders/s are sent, and {FLOODERS} clients flood the program with");
    let mut report = Vec::new();
    for flood in [Flood::Nothing, Flood::Searches, Flood::Reports, Flood::Logins, Flood::Nothing] {
        let stop = CancellationToken::new();
        let flooders = try_join_all((0..FLOODERS).map(|_| Connection::open(server.address))).await?;
        let flooders = flooders.into_iter().enumerate().filter(|_| flood != Flood::Nothing);
        let flooders: Vec<_> = flooders
            .map(|(n, mut connection)| {
                let (stop, admin) = (stop.clone(), admin.clone());
                tokio::spawn(async move {
                    let (mut dice, mut served, mut refused) = (Dice::new(n), 0_u64, 0_u64);
                    while !stop.is_cancelled() {
                        if flood.send(&mut connection, &admin, &mut dice).await? {
                            served += 1;
                        } else {
                            refused += 1;
                            tokio::time::sleep(MOMENT).await;
                        }
                    }
                    anyhow::Ok((served, refused))
                })
            })
            .collect();
        let (began, usage) = (Instant::now(), probe.read());
        let (tally, _, unsent) = open(server, market, rate, time).await?;
        let cpus = (probe.read() - usage).cpus(began.elapsed());
        stop.cancel();
        let (mut served, mut refused) = (0, 0);
        for flooder in try_join_all(flooders).await? {
            let (more_served, more_refused) = flooder?;
            (served, refused) = (served + more_served, refused + more_refused);
        }
        let ms = |quantile| tally.placed.value_at_quantile(quantile) as f64 / 1_000.0;
        let each = |count: u64| count as f64 / time.as_secs_f64();
        println!(
            "  {:8}: {:.0}/s placed = {:.0} %, p50 {:.1} ms, p99 {:.1} ms, {} refused; of the flood {:.0}/s served, {:.0}/s refused; CPUs {cpus:.2?}",
            flood.name(),
            tally.rate(time),
            100.0 * tally.rate(time) / rate,
            ms(0.5),
            ms(0.99),
            tally.refused.len() + unsent,
            each(served),
            each(refused)
        );
        report.push(json!({
            "flood": flood.name(), "sentPerSecond": rate, "placedPerSecond": tally.rate(time), "p50Ms": ms(0.5), "p99Ms": ms(0.99),
            "refused": tally.refused.len() + unsent, "floodServedPerSecond": each(served), "floodRefusedPerSecond": each(refused),
            "cpus": cpus,
        }));
    }
    Ok(json!(report))
}
