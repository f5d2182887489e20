//! `make bench`: throughput, latency and CPU time of the program over real HTTP, each beside a floor of the same run.
//!
//! A private cluster with full durability, filled by `data.sql`; the release program as a process of its own, so that its
//! CPU time, Postgres's and the load generator's can be told apart; a closed loop of keep-alive clients in this process.
//! What the rows mean, and how to read them, is in docs/benchmarks.md.

// figures for people; lists of at most a few thousand things
#![allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]

mod constant;
mod drive;
mod http;
mod machine;
mod market;
mod overload;
mod report;
mod sql;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Parser;
use futures::future::try_join_all;
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};

use self::drive::{Outcome, Plan, Worker};
use self::http::{Basket, CompleteOrders, Connection, Get, PlaceOrders};
use self::machine::{Database, Probe, Server};
use self::market::{Dice, Market};
use self::report::{Report, Row};
use self::sql::{PlaceOne, Reach, Read, WriteRows};

const CLIENTS: [usize; 3] = [1, 8, 64];
/// For orders: 256 is what a crowd is, and one client what batching must not cost.
const BUYERS: [usize; 4] = [1, 8, 64, 256];
const LIST: &str = "/api/v1/products?limit=20";

/// How long, and what.
#[derive(Debug, Parser)]
struct Options {
    /// Length of a window in milliseconds
    #[arg(long, default_value_t = 1_400)]
    window_ms: u64,
    /// Milliseconds before the first window of each row
    #[arg(long, default_value_t = 800)]
    warmup_ms: u64,
    /// Windows per row; the median counts
    #[arg(long, default_value_t = 5)]
    windows: usize,
    /// Only these groups: place, complete, read, instances (one program and two), overload (an open loop), floods (orders among
    /// searches, reports and logins)
    #[arg(long, value_delimiter = ',', default_value = "place,complete,read")]
    only: Vec<String>,
    /// Only rows with so many clients
    #[arg(long, value_delimiter = ',', default_value = "1,8,64,256,512")]
    clients: Vec<usize>,
    /// How many times the peak an overload is
    #[arg(long, default_value_t = 5.0)]
    overload_times: f64,
    /// How long it lasts
    #[arg(long, default_value_t = 60)]
    overload_s: u64,
    /// How long each flood lasts
    #[arg(long, default_value_t = 8)]
    flood_s: u64,
    /// Seconds of pgbench, 0 for none
    #[arg(long, default_value_t = 5)]
    yardstick_s: u64,
    /// What cargo passes
    #[arg(long, hide = true)]
    bench: bool,
    /// Serve this file's answer instead
    #[arg(long, hide = true)]
    constant: Option<PathBuf>,
}

fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    if let Some(body) = &options.constant {
        return runtime.block_on(constant::serve(body));
    }
    tracing_subscriber::fmt().with_max_level(tracing::Level::ERROR).with_writer(std::io::stderr).init();
    runtime.block_on(async {
        let mut terminate = signal(SignalKind::terminate())?;
        let database = Database::start().await?;
        let outcome = tokio::select! {
            outcome = measure(&database, &options) => outcome,
            _ = tokio::signal::ctrl_c() => Err(anyhow::anyhow!("interrupted")),
            _ = terminate.recv() => Err(anyhow::anyhow!("terminated")),
        };
        database.wipe().await;
        outcome
    })
}

async fn measure(database: &Database, options: &Options) -> anyhow::Result<()> {
    let load_before = machine::load_average();
    let yardstick = match options.yardstick_s {
        0 => None,
        seconds => machine::yardstick(&database.cluster, seconds).await?,
    };
    let mut bench = Bench {
        database,
        market: Arc::new(Market::read(database).await?),
        server: Server::program(database).await?,
        plan: Plan {
            warmup: Duration::from_millis(options.warmup_ms),
            window: Duration::from_millis(options.window_ms),
            windows: options.windows,
            rate: None,
        },
        clients: options.clients.clone(),
        rows: Vec::new(),
    };
    println!("PostgreSQL {}, load average {load_before:.1}", database.cluster.major());
    match yardstick {
        Some(tps) => println!("yardstick: pgbench TPC-B, scale 10, 8 clients: {tps:.0} tps"),
        None => println!("NO YARDSTICK: pgbench was not asked for, or there is none"),
    }
    println!("{}", report::HEADER);
    let wants = |group: &str| options.only.iter().any(|only| only == group);
    if wants("place") {
        let spread = bench.place_orders(Basket::Spread, &[]).await?;
        bench.place_orders(Basket::Single, &spread).await?;
    }
    if wants("complete") {
        bench.complete_orders().await?;
    }
    if wants("read") {
        bench.reads().await?;
    }
    if wants("instances") {
        bench.instances().await?;
    }
    let mut overload = serde_json::Value::Null;
    if wants("overload") {
        let time = Duration::from_secs(options.overload_s);
        overload =
            overload::run(database, &bench.server, &bench.market, options.overload_times, time).await?;
    }
    let mut floods = serde_json::Value::Null;
    if wants("floods") {
        let time = Duration::from_secs(options.flood_s);
        floods = overload::floods(database, &bench.server, &bench.market, time).await?;
    }

    let broken = database.broken_invariants().await?;
    let (_, memory_kib) = overload::memory_kib(bench.server.pid);
    println!("the program's memory, at most: {:.0} MiB", memory_kib as f64 / 1024.0);
    let report = Report {
        facts: vec![
            ("memoryKib", json!(memory_kib)),
            ("time", json!(jiff::Timestamp::now())),
            ("postgres", json!(database.cluster.major())),
            ("cpus", json!(std::thread::available_parallelism()?.get())),
            ("loadAverage", json!({ "before": load_before, "after": machine::load_average() })),
            ("pgbenchTps", json!(yardstick)),
            ("windowMs", json!(options.window_ms)),
            ("overload", overload),
            ("floods", floods),
            ("brokenInvariants", json!(broken)),
        ],
        rows: bench.rows,
    };
    println!("\n{}", report.save()?.display());
    anyhow::ensure!(broken.is_empty(), "invariants are broken:\n  {}", broken.join("\n  "));
    Ok(())
}

struct Bench<'a> {
    database: &'a Database,
    market: Arc<Market>,
    server: Server,
    plan: Plan,
    clients: Vec<usize>,
    rows: Vec<Row>,
}

/// What the database and the batcher counted while something ran.
#[derive(Clone, Copy)]
struct Counters {
    wal_bytes: i64,
    rows: i64,
    batches: f64,
    batched: f64,
}

impl Bench<'_> {
    /// Answers the rate by number of clients.
    async fn place_orders(&mut self, basket: Basket, spread: &[f64]) -> anyhow::Result<Vec<f64>> {
        let kind = if basket == Basket::Spread { "place, spread" } else { "place, one SKU" };
        let mut rates = Vec::new();
        for (n, clients) in self.among(BUYERS).enumerate() {
            let before = self.counters().await?;
            let workers = self.buyers(clients, basket).await?;
            let outcome = self.run(Some(self.server.pid), workers).await?;
            let after = self.counters().await?;
            let batch = (after.batched - before.batched) / (after.batches - before.batches).max(1.0);
            let mut row = row(format!("{kind}: HTTP"), clients, &outcome);
            row.extra = per_order(before, after, outcome.units);
            row.extra.push(("a batch", batch));
            if let Some(spread) = spread.get(n) {
                row.extra.push(("× spread", row.per_second() / spread));
            }
            rates.push(row.per_second());

            let batch = batch.round().max(1.0) as usize;
            let mut floor = self.floor(format!("{kind}: bare rows"), basket, Reach::Placed, batch).await?;
            floor.extra.push(("a batch", batch as f64));
            row.floor = Some(("bare rows".to_owned(), floor.per_second()));
            let mut rows = vec![floor];
            if basket == Basket::Spread && clients <= 64 || clients == 64 {
                let single = self.place_one_by_one(kind, clients, basket).await?;
                if clients == 1 {
                    row.extra.push(("× the unbatched time", row.p50_ms() / single.p50_ms()));
                }
                rows.push(single);
            }
            if basket == Basket::Spread && clients == 64 {
                rows.push(self.half_load(format!("{kind}: half load"), row.per_second() / 2.0).await?);
            }
            self.add(row);
            for row in rows {
                self.add(row);
            }
        }
        Ok(rates)
    }

    /// Those of these numbers of clients that were asked for.
    fn among<const N: usize>(&self, all: [usize; N]) -> impl Iterator<Item = usize> + use<N> {
        let asked = self.clients.clone();
        all.into_iter().filter(move |clients| asked.contains(clients))
    }

    /// Half of what a closed loop reached, as an open one.
    async fn half_load(&self, name: String, rate: f64) -> anyhow::Result<Row> {
        let plan = Plan { rate: Some(rate), ..self.plan };
        let workers = self.buyers(64, Basket::Spread).await?;
        let outcome = drive::run(plan, self.probe(Some(self.server.pid)), workers).await?;
        Ok(row(name, 64, &outcome))
    }

    /// The same rows by bare SQL, in batches of that size on one connection.
    async fn floor(&self, name: String, basket: Basket, reach: Reach, batch: usize) -> anyhow::Result<Row> {
        let (session, market) = (self.database.owner_session().await?, self.market.clone());
        let before = self.counters().await?;
        let writer = WriteRows::new(session, market, basket, reach, batch).await?;
        let outcome = self.run(None, vec![writer]).await?;
        let mut floor = row(name, 1, &outcome);
        floor.extra = per_order(before, self.counters().await?, outcome.units);
        Ok(floor)
    }

    async fn place_one_by_one(&self, kind: &str, clients: usize, basket: Basket) -> anyhow::Result<Row> {
        let workers = (0..clients).map(async |n| {
            let client = self.database.session().await?;
            let statement = client.prepare(PlaceOne::STATEMENT).await?;
            let (market, buyer) = (self.market.clone(), self.market.buyers[n].clone());
            anyhow::Ok(PlaceOne { client, statement, market, buyer, basket, dice: Dice::new(n) })
        });
        let outcome = self.run(None, try_join_all(workers).await?).await?;
        Ok(row(format!("{kind}: one statement each"), clients, &outcome))
    }

    async fn complete_orders(&mut self) -> anyhow::Result<()> {
        for clients in self.among([8, 64, 256, 512]) {
            let before = self.counters().await?;
            let workers =
                self.buyers(clients, Basket::Spread).await?.into_iter().map(CompleteOrders).collect();
            let outcome = self.run(Some(self.server.pid), workers).await?;
            let mut row = row("place, pay, confirm: HTTP".to_owned(), clients, &outcome);
            let after = self.counters().await?;
            row.extra = per_order(before, after, outcome.units);
            let batch = (after.batched - before.batched) / (after.batches - before.batches).max(1.0);
            row.extra.push(("a batch", batch));
            let batch = batch.round().max(1.0) as usize;
            let name = "place, pay, confirm: bare rows".to_owned();
            let mut floor = self.floor(name, Basket::Spread, Reach::Paid, batch).await?;
            floor.extra.push(("a batch", batch as f64));
            row.floor = Some(("bare rows".to_owned(), floor.per_second()));
            self.add(row);
            self.add(floor);
        }
        Ok(())
    }

    /// The same clients at one program, and half of them at each of two on the same database.
    async fn instances(&mut self) -> anyhow::Result<()> {
        let second = Server::program(self.database).await?;
        for (basket, kind) in [(Basket::Spread, "place, spread"), (Basket::Single, "place, one SKU")] {
            let one = self.run(Some(self.server.pid), self.buyers(64, basket).await?).await?;
            let mut both = self.buyers(64, basket).await?;
            for buyer in both.iter_mut().skip(32) {
                buyer.connection = Connection::open(second.address).await?;
            }
            let two = self.run(None, both).await?;
            let one = row(format!("{kind}: one program"), 64, &one);
            let mut two = row(format!("{kind}: two programs"), 64, &two);
            two.floor = Some(("one program".to_owned(), one.per_second()));
            self.add(one);
            self.add(two);
        }
        Ok(())
    }

    async fn reads(&mut self) -> anyhow::Result<()> {
        let ids: Vec<_> = self.market.offers.iter().map(|offer| offer.product_id).collect();
        let details = ids.iter().map(|id| format!("/api/v1/products/{id}")).collect();
        self.read("product", details, Read::PRODUCT, ids).await?;
        self.read("list of 20 products", vec![LIST.to_owned()], Read::PRODUCTS, Vec::new()).await
    }

    async fn read(
        &mut self,
        kind: &str,
        paths: Vec<String>,
        statement: &'static str,
        ids: Vec<uuid::Uuid>,
    ) -> anyhow::Result<()> {
        let (headers, body) = Connection::open(self.server.address).await?.whole(&paths[0]).await?;
        let file = self.database.dir.join("constant");
        constant::write(&file, &headers, &body)?;
        let constant = Server::constant(&file).await?;
        // and without impatience: what is slow is to be measured, not refused
        let forgetful = [("TRADEPOST_READ_CACHE_BYTES", "0"), ("TRADEPOST_ADMISSION_WAIT_MS", "2000")];
        let forgetful = Server::program_with(self.database, &forgetful).await?;
        let (paths, ids) = (Arc::new(paths), Arc::new(ids));
        for clients in self.among(CLIENTS) {
            let readers = async |server: &Server| {
                let readers = (0..clients).map(async |n| {
                    let connection = Connection::open(server.address).await?;
                    anyhow::Ok(Get { connection, paths: paths.clone(), dice: Dice::new(n) })
                });
                self.run(Some(server.pid), try_join_all(readers).await?).await
            };
            let kept = readers(&self.server).await?;
            let floor = readers(&constant).await?;
            let asked = readers(&forgetful).await?;
            let sessions = (0..clients).map(async |n| {
                let client = self.database.session().await?;
                let statement = client.prepare(statement).await?;
                anyhow::Ok(Read { client, statement, ids: ids.clone(), dice: Dice::new(n) })
            });
            let bare = self.run(None, try_join_all(sessions).await?).await?;

            let floor = row(format!("{kind}: constant {} bytes", body.len()), clients, &floor);
            let bare = row(format!("{kind}: bare SQL"), clients, &bare);
            let mut kept = row(format!("{kind}: HTTP, from memory"), clients, &kept);
            kept.floor = Some(("constant".to_owned(), floor.per_second()));
            let mut asked = row(format!("{kind}: HTTP, without a cache"), clients, &asked);
            asked.floor = Some(("bare SQL".to_owned(), bare.per_second()));
            self.add(kept);
            self.add(floor);
            self.add(asked);
            self.add(bare);
        }
        Ok(())
    }

    async fn buyers(&self, clients: usize, basket: Basket) -> anyhow::Result<Vec<PlaceOrders>> {
        let buyers = (0..clients).map(async |n| {
            let connection = Connection::open(self.server.address).await?;
            let (market, buyer) = (self.market.clone(), self.market.buyers[n].clone());
            anyhow::Ok(PlaceOrders { connection, market, buyer, basket, dice: Dice::new(n) })
        });
        try_join_all(buyers).await
    }

    async fn run<W: Worker>(&self, program: Option<u32>, workers: Vec<W>) -> anyhow::Result<Outcome> {
        drive::run(self.plan, self.probe(program), workers).await
    }

    fn probe(&self, program: Option<u32>) -> Probe {
        Probe { program, postmaster: self.database.cluster.postmaster_pid() }
    }

    async fn counters(&self) -> anyhow::Result<Counters> {
        let metrics = Connection::open(self.server.address).await?.get("/metrics").await?;
        let metrics = String::from_utf8_lossy(&metrics);
        let metric = |name: &str| {
            let line = format!("tradepost_db_batch_size_{name}{{batch=\"orders.place_orders\"}} ");
            metrics.lines().find_map(|l| l.strip_prefix(&line)?.parse().ok()).unwrap_or(0.0)
        };
        let (wal_bytes, rows) = (self.database.wal_bytes().await?, self.database.rows().await?);
        Ok(Counters { wal_bytes, rows, batches: metric("count"), batched: metric("sum") })
    }

    fn add(&mut self, row: Row) {
        println!("{}", row.line());
        self.rows.push(row);
    }
}

fn row(name: String, clients: usize, outcome: &Outcome) -> Row {
    Row { name, clients, windows: outcome.windows.clone(), floor: None, extra: Vec::new() }
}

fn per_order(before: Counters, after: Counters, orders: u64) -> Vec<(&'static str, f64)> {
    let each = |before: i64, after: i64| (after - before) as f64 / (orders as f64).max(1.0);
    vec![
        ("WAL bytes an order", each(before.wal_bytes, after.wal_bytes)),
        ("rows an order", each(before.rows, after.rows)),
    ]
}
