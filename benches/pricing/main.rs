//! `make bench-pricing`: what placing an order of five lines costs among 10,000 commission rules and 500 promotions, beside the same
//! with ten rules and no promotion.
//!
//! Two databases of one private cluster, alike but for the rules, are measured in turns. `orders.place_orders` is called as the
//! program calls it, alone and in batches of 32. CPU time is that of the backend, from /proc; what it waits for counts as wall time.
//! Only SQL is measured, so the profile this is built with does not matter.

#![allow(clippy::cast_possible_truncation)] // figures for people

use std::time::{Duration, Instant};

use anyhow::Context;
use clap::Parser;
use futures::{StreamExt, stream};
use serde_json::{Value, json};
use tokio_postgres::{AsyncMessage, Client, NoTls};
use tradepost::db::migrate;
use tradepost::embedded::{Cluster, DbRole, Options};
use uuid::Uuid;

const LINES: usize = 5;
const BATCHES: [usize; 2] = [1, 32];
/// What an order may cost among many rules, as a multiple of what it costs among few.
const GOAL: f64 = 2.0;

#[derive(Debug, Parser)]
struct Arguments {
    /// Length of a window in milliseconds
    #[arg(long, default_value_t = 1_500)]
    window_ms: u64,
    /// Windows of each kind; the median counts
    #[arg(long, default_value_t = 5)]
    windows: usize,
    /// Prints which functions take the time, and the plans of all statements of one call, as auto_explain reports them
    #[arg(long)]
    plans: bool,
    /// What cargo passes
    #[arg(long, hide = true)]
    bench: bool,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let dir = std::env::temp_dir().join(format!("tradepost-bench-pricing-{}", std::process::id()));
    let cluster = Cluster::start(&Options::new(&dir)).await?;
    let store = cluster.data_dir().parent().map(std::path::Path::to_path_buf);
    let outcome = tokio::select! {
        outcome = measure(&cluster, &arguments) => outcome,
        _ = tokio::signal::ctrl_c() => Err(anyhow::anyhow!("interrupted")),
    };
    cluster.stop().await;
    for dir in store.into_iter().filter(|s| s.starts_with(std::env::temp_dir())).chain([dir]) {
        let _ = std::fs::remove_dir_all(dir);
    }
    outcome
}

async fn measure(cluster: &Cluster, arguments: &Arguments) -> anyhow::Result<()> {
    let few = Market::start(cluster, "few", include_str!("few.sql")).await?;
    let many = Market::start(cluster, "many", include_str!("rules.sql")).await?;
    println!("PostgreSQL {}", cluster.major());
    for market in [&few, &many] {
        println!("{}: {}", market.name, market.size().await?);
    }
    if arguments.plans {
        for market in [&few, &many] {
            println!("\n=== plans: {} ===\n{}", market.name, market.plans(cluster).await?);
        }
    }
    let window = Duration::from_millis(arguments.window_ms);
    println!(
        "\n{:>5}  {:>22}  {:>22}  {:>15}  {:>15}",
        "batch", "few: CPU, wall ms", "many: CPU, wall ms", "times the CPU", "times the wall"
    );
    let mut worst: f64 = 0.0;
    for batch in BATCHES {
        let (mut plain, mut full) = (Vec::new(), Vec::new());
        for round in 0..=arguments.windows {
            let (one, other) = (few.window(batch, window).await?, many.window(batch, window).await?);
            if round > 0 {
                plain.push(one); // the first is for warming up
                full.push(other);
            }
        }
        let (plain, full) = (Cost::median(&plain), Cost::median(&full));
        let (cpu, wall) = (full.cpu_ms / plain.cpu_ms, full.wall_ms / plain.wall_ms);
        worst = worst.max(cpu);
        println!(
            "{batch:>5}  {:>12.3}, {:>8.3}  {:>12.3}, {:>8.3}  {cpu:>15.2}  {wall:>15.2}",
            plain.cpu_ms, plain.wall_ms, full.cpu_ms, full.wall_ms
        );
    }
    println!("\nshares of discounts an order: {:.1}", many.shares().await?);
    println!("the goal is {GOAL} times at most: {}", if worst <= GOAL { "met" } else { "MISSED" });
    Ok(())
}

/// Of one order, in milliseconds.
#[derive(Clone, Copy)]
struct Cost {
    cpu_ms: f64,
    wall_ms: f64,
}

impl Cost {
    fn median(costs: &[Self]) -> Self {
        let middle = |of: fn(&Self) -> f64| {
            let mut all: Vec<f64> = costs.iter().map(of).collect();
            all.sort_by(f64::total_cmp);
            all[all.len() / 2]
        };
        Self { cpu_ms: middle(|c| c.cpu_ms), wall_ms: middle(|c| c.wall_ms) }
    }
}

struct Market {
    name: &'static str,
    owner: Client,
    api: Client,
    backend_pid: i32,
    buyers: Vec<Uuid>,
    variants: Vec<Uuid>,
}

impl Market {
    async fn start(cluster: &Cluster, name: &'static str, rules: &str) -> anyhow::Result<Self> {
        cluster.ensure_database(name).await?;
        let url = cluster.url(DbRole::Superuser, name);
        migrate::run(url.expose(), migrate::Options::default()).await?;
        cluster.ensure_role_passwords().await?;
        let owner = connect(url.expose()).await?;
        for (what, script) in [("data.sql", include_str!("../load/data.sql")), ("the rules", rules)] {
            owner.batch_execute(&format!("begin; {script} commit")).await.context(what)?;
        }
        owner.execute("vacuum analyze", &[]).await?;
        let api = connect(cluster.url(DbRole::Api, name).expose()).await?;
        api.batch_execute("set statement_timeout = 0; set lock_timeout = 0").await?;
        let backend_pid = api.query_one("select pg_backend_pid()", &[]).await?.get(0);
        let ids = async |query: &str| -> anyhow::Result<Vec<Uuid>> {
            Ok(owner.query(query, &[]).await?.iter().map(|row| row.get(0)).collect())
        };
        let buyers = ids("select user_id from identity.users where role = 'BUYER' order by 1").await?;
        let variants = ids("select variant_id from catalog.offers order by sku").await?;
        Ok(Self { name, owner, api, backend_pid, buyers, variants })
    }

    async fn size(&self) -> anyhow::Result<String> {
        let row = self
            .owner
            .query_one(
                "select format('%s commission rules in force, %s active promotions, %s of them automatic',
                   (select count(*) from pricing.commission_rules where valid_until is null),
                   (select count(*) from pricing.promotions where status = 'ACTIVE'),
                   (select count(*) from pricing.promotions where status = 'ACTIVE' and coupon_code is null))",
                &[],
            )
            .await?;
        Ok(row.get(0))
    }

    async fn shares(&self) -> anyhow::Result<f64> {
        let row = self
            .owner
            .query_one(
                "select (select count(*) from orders.adjustments)::float8 / (select count(*) from orders.orders)",
                &[],
            )
            .await?;
        Ok(row.get(0))
    }

    /// Requests for orders of five lines each, the same sequence in both markets.
    fn requests(&self, from: usize, count: usize) -> Value {
        let request = |n: usize| {
            let lines: Vec<Value> = (0..LINES)
                .map(|l| {
                    let variant = self.variants[(n * 7919 + l * 211) % self.variants.len()];
                    json!({ "variantId": variant, "quantity": 1 + (n + l) % 3 })
                })
                .collect();
            json!({
                "actorId": self.buyers[n % self.buyers.len()], "requestId": "bench", "idempotencyKey": Uuid::now_v7(),
                "currency": "USD", "lines": lines,
                "shippingAddress": { "name": "Ana", "line1": "1 Main Street", "city": "Springfield", "countryCode": "US" },
            })
        };
        (from..from + count).map(request).collect()
    }

    async fn place(client: &Client, requests: &Value) -> anyhow::Result<()> {
        let rows = client.query("select problem_code from orders.place_orders($1)", &[requests]).await?;
        for row in rows {
            let problem: Option<&str> = row.get(0);
            anyhow::ensure!(problem.is_none(), "an order was refused: {problem:?}");
        }
        Ok(())
    }

    async fn window(&self, batch: usize, length: Duration) -> anyhow::Result<Cost> {
        let (started, cpu_before, mut orders) = (Instant::now(), self.cpu_ms()?, 0);
        while started.elapsed() < length {
            Self::place(&self.api, &self.requests(orders, batch)).await?;
            orders += batch;
        }
        let (wall_ms, cpu_ms) = (started.elapsed().as_secs_f64() * 1e3, self.cpu_ms()? - cpu_before);
        Ok(Cost { cpu_ms: cpu_ms / orders as f64, wall_ms: wall_ms / orders as f64 })
    }

    /// The first figure of schedstat: nanoseconds on a CPU.
    fn cpu_ms(&self) -> anyhow::Result<f64> {
        let text = std::fs::read_to_string(format!("/proc/{}/schedstat", self.backend_pid))?;
        let nanoseconds: f64 = text.split(' ').next().context("empty")?.parse()?;
        Ok(nanoseconds / 1e6)
    }

    /// Where the time of orders in batches went: the functions with the most of their own, in microseconds an order.
    async fn functions(&self, orders: i64) -> anyhow::Result<String> {
        let row = self
            .owner
            .query_one(
                "select coalesce(string_agg(format('%s %s: %s of its own', schemaname, funcname, round((1000 * self_time / $1)::numeric)),
                                            E'\\n' order by self_time desc), '')
                 from (select * from pg_stat_user_functions order by self_time desc limit 20) as f",
                &[&(orders as f64)],
            )
            .await?;
        Ok(format!("{}\n\n", row.get::<_, &str>(0)))
    }

    /// All plans of one call for one order, after a few calls that fill the caches.
    async fn plans(&self, cluster: &Cluster) -> anyhow::Result<String> {
        let url = cluster.url(DbRole::Superuser, self.name);
        let (client, mut connection) = tokio_postgres::connect(url.expose(), NoTls).await?;
        let (sender, mut notices) = tokio::sync::mpsc::unbounded_channel();
        tokio::spawn(async move {
            let mut messages = stream::poll_fn(move |cx| connection.poll_message(cx));
            while let Some(Ok(message)) = messages.next().await {
                if let AsyncMessage::Notice(notice) = message {
                    let _ = sender.send(notice.message().to_owned());
                }
            }
        });
        client.batch_execute("set track_functions = 'all'").await?;
        for n in 0..20 {
            Self::place(&client, &self.requests(n * 32, 32)).await?;
        }
        // a session keeps its counts to itself for a while
        client.batch_execute("select pg_stat_force_next_flush()").await?;
        let mut text = self.functions(20 * 32).await?;
        client
            .batch_execute(
                "load 'auto_explain'; set auto_explain.log_min_duration = 0; set auto_explain.log_analyze = on;
                 set auto_explain.log_nested_statements = on; set client_min_messages = log",
            )
            .await?;
        Self::place(&client, &self.requests(7, 1)).await?;
        drop(client);
        while let Some(notice) = notices.recv().await {
            text.push_str(&notice);
            text.push('\n');
        }
        Ok(text)
    }
}

async fn connect(url: &str) -> anyhow::Result<Client> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}
