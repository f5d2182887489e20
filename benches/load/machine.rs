//! What is measured against: a private durable cluster, the release program as a process of its own, their CPU time.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, bail};
use nix::sched::{CpuSet, sched_setaffinity};
use nix::unistd::Pid;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio_postgres::{Client, NoTls};
use tradepost::db::migrate;
use tradepost::embedded::{Cluster, DATABASE, DbRole, Options};
use tradepost::identity::token::{TokenSettings, Tokens};

/// Linux reports CPU time in hundredths of a second.
const TICK_MS: f64 = 10.0;
const START_LIMIT: Duration = Duration::from_secs(30);
const ACCESS_TTL_S: u64 = 3_600;
const PROGRAM: &str = env!("CARGO_BIN_EXE_tradepost");
/// Makes the server one that has worked for a while: segments of its log are there to be used again. Where one must be made,
/// 16 MiB of zeros, everybody waits for that (40 ms, twice a second under full load), until the first checkpoints are over.
const USED_LOG: &str = "do $$ begin
    for i in 1 .. 1900 loop perform pg_logical_emit_message(false, 'bench', repeat('x', 1024 * 1024)); end loop;
end $$";

/// The database, migrated and filled, without a program on it yet.
pub struct Database {
    pub cluster: Cluster,
    pub dir: PathBuf,
    pub tokens: Tokens,
    pub sql: Client,
}

impl Database {
    pub async fn start() -> anyhow::Result<Self> {
        let dir = std::env::temp_dir().join(format!("tradepost-bench-{}", std::process::id()));
        let cluster = Cluster::start(&Options::new(&dir)).await?;
        match Self::prepare(&cluster, &dir).await {
            Ok((tokens, sql)) => Ok(Self { cluster, dir, tokens, sql }),
            Err(error) => {
                wipe(cluster, &dir).await;
                Err(error)
            }
        }
    }

    async fn prepare(cluster: &Cluster, dir: &Path) -> anyhow::Result<(Tokens, Client)> {
        let url = cluster.url(DbRole::Superuser, DATABASE);
        migrate::run(url.expose(), migrate::Options::default()).await?;
        cluster.ensure_role_passwords().await?;
        let access_ttl = Duration::from_secs(ACCESS_TTL_S);
        let settings = TokenSettings { access_ttl, ..TokenSettings::default() };
        let tokens = Tokens::load(&dir.join("jwt.pem"), true, None, settings)?;
        let sql = connect(url.expose()).await?;
        sql.batch_execute(concat!("begin;", include_str!("data.sql"), "commit;"))
            .await
            .context("data.sql")?;
        // Only what was filled: the rest is as it is on the first day. Not by n_live_tup, which is counted late: without statistics a
        // list costs ten times as much.
        for schema in ["identity", "catalog", "pricing", "inventory"] {
            let query = "select format('vacuum analyze %s', c.oid::regclass) from pg_class as c
                         where c.relnamespace = $1::text::regnamespace and c.relkind = 'r' and pg_relation_size(c.oid) > 0";
            for row in sql.query(query, &[&schema]).await? {
                sql.execute(&row.get::<_, String>(0), &[]).await?;
            }
        }
        sql.batch_execute(USED_LOG).await?;
        sql.batch_execute("checkpoint").await?;
        Ok((tokens, sql))
    }

    /// A session like those of the program's pool, but patient: what is slow is to be measured, not refused.
    pub async fn session(&self) -> anyhow::Result<Client> {
        let url = self.cluster.url(DbRole::Api, DATABASE);
        let config = tradepost::db::pool::Settings::api(url.expose(), 1).config()?;
        let (client, connection) = config.connect(NoTls).await?;
        tokio::spawn(connection);
        client.batch_execute("set statement_timeout = 0; set lock_timeout = 0").await?;
        Ok(client)
    }

    /// A session that may write to tables, for the floors.
    pub async fn owner_session(&self) -> anyhow::Result<Client> {
        let client = connect(self.cluster.url(DbRole::Superuser, DATABASE).expose()).await?;
        client.batch_execute("set role tradepost_owner").await?;
        Ok(client)
    }

    /// Bytes of write-ahead log so far.
    pub async fn wal_bytes(&self) -> anyhow::Result<i64> {
        let row = self.sql.query_one("select (pg_current_wal_insert_lsn() - '0/0')::bigint", &[]).await?;
        Ok(row.get(0))
    }

    /// Rows that orders have left behind so far, the events they appended included.
    pub async fn rows(&self) -> anyhow::Result<i64> {
        let row = self
            .sql
            .query_one(
                "select (select count(*) from orders.orders) + (select count(*) from orders.fulfilments)
                      + (select count(*) from orders.order_lines) + (select count(*) from orders.adjustments)
                      + (select count(*) from orders.commissions) + (select count(*) from orders.order_history)
                      + (select count(*) from inventory.reservations) + (select count(*) from inventory.reservation_lines)
                      + (select count(*) from inventory.movements) + (select count(*) from core.idempotency_keys)
                      + (select count(*) from payments.payments) + (select count(*) from payments.ledger_entries)
                      + (select count(*) from events.staging) + (select seq from events.head)",
                &[],
            )
            .await?;
        Ok(row.get(0))
    }

    /// Nothing that was measured may have broken anything.
    pub async fn broken_invariants(&self) -> anyhow::Result<Vec<String>> {
        self.sql.batch_execute("analyze").await?;
        let rows = self
            .sql
            .query(
                "select concat_ws(' ', invariant, subject, detail) from core.check_invariants() limit 10",
                &[],
            )
            .await?;
        Ok(rows.iter().map(|row| row.get(0)).collect())
    }

    pub async fn wipe(self) {
        wipe(self.cluster, &self.dir).await;
    }
}

/// Stops the server and removes everything it left.
async fn wipe(cluster: Cluster, dir: &Path) {
    let store = cluster.data_dir().parent().map(Path::to_path_buf);
    cluster.stop().await;
    let _ = fs::remove_dir_all(dir);
    let ours = |path: &PathBuf| {
        path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("tradepost-"))
    };
    if let Some(store) = store.filter(ours) {
        let _ = fs::remove_dir_all(store);
    }
}

pub async fn connect(url: &str) -> anyhow::Result<Client> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

/// A child that serves HTTP, ended when dropped.
pub struct Server {
    pub address: SocketAddr,
    pub pid: u32,
    _child: Child,
}

impl Server {
    /// `tradepost serve` with its workers. A process of its own: its CPU time is then not the load generator's.
    pub async fn program(database: &Database) -> anyhow::Result<Self> {
        Self::program_with(database, &[]).await
    }

    /// With settings of its own.
    pub async fn program_with(database: &Database, settings: &[(&str, &str)]) -> anyhow::Result<Self> {
        let cluster = &database.cluster;
        let mut command = Command::new(PROGRAM);
        command
            .args(["serve", "--no-migrate"])
            .env("DATABASE_URL", cluster.url(DbRole::Superuser, DATABASE).expose())
            .env("API_DATABASE_URL", cluster.url(DbRole::Api, DATABASE).expose())
            .env("WORKER_DATABASE_URL", cluster.url(DbRole::Worker, DATABASE).expose())
            .env("TRADEPOST_LISTEN", "127.0.0.1:0")
            .env("TRADEPOST_JWT_KEY_FILE", database.dir.join("jwt.pem"))
            .env("TRADEPOST_ACCESS_TOKEN_S", ACCESS_TTL_S.to_string())
            .env("TRADEPOST_LOG", "warn")
            .envs(settings.iter().copied());
        Self::start(command).await
    }

    /// This very executable, answering the given bytes to everything.
    pub async fn constant(body: &Path) -> anyhow::Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("--constant").arg(body);
        Self::start(command).await
    }

    /// Waits until the child says `http://<address>`.
    async fn start(mut command: Command) -> anyhow::Result<Self> {
        let mut child = command.stdout(Stdio::piped()).kill_on_drop(true).spawn()?;
        let pid = child.id().context("the child has ended")?;
        let mut lines = BufReader::new(child.stdout.take().context("no output")?).lines();
        let address = async {
            while let Some(line) = lines.next_line().await? {
                if let Some((_, rest)) = line.split_once("http://") {
                    let end = rest.find(|c: char| c == '/' || c.is_whitespace()).unwrap_or(rest.len());
                    return Ok(rest[..end].parse()?);
                }
            }
            bail!("the server ended before it listened")
        };
        let address =
            tokio::time::timeout(START_LIMIT, address).await.context("the server does not start")??;
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Ok(Self { address, pid, _child: child })
    }
}

/// Whose CPU time counts.
#[derive(Clone, Copy)]
pub struct Probe {
    /// The process that answers the requests; none when that is Postgres itself.
    pub program: Option<u32>,
    pub postmaster: u32,
}

/// CPU time so far, in milliseconds.
#[derive(Clone, Copy, Default)]
pub struct Usage {
    pub program: f64,
    pub postgres: f64,
    /// Everybody else on the machine.
    pub others: f64,
}

impl Probe {
    pub fn read(self) -> Usage {
        let program = self.program.and_then(stat).map_or(0.0, |stat| stat.own_ms);
        let postgres = postgres_ms(self.postmaster);
        let own_ms = stat(std::process::id()).map_or(0.0, |stat| stat.own_ms);
        Usage { program, postgres, others: busy_ms() - program - postgres - own_ms }
    }
}

impl Usage {
    /// CPUs kept busy over that time: by the program, Postgres, others.
    pub fn cpus(self, time: Duration) -> [f64; 3] {
        [self.program, self.postgres, self.others].map(|ms| ms / 1_000.0 / time.as_secs_f64())
    }
}

/// The last CPU is for this process and the others for the program and Postgres, if there is more than one.
pub fn keep_apart(program: u32, postmaster: u32) {
    let Ok(count @ 2..) = std::thread::available_parallelism().map(usize::from) else { return };
    let keep = |pid: u32, from: usize, to: usize| {
        let mut cpus = CpuSet::new();
        let threads = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
        for thread in threads.filter_map(|entry| entry.file_name().to_str()?.parse().ok()) {
            let _ = (from..to).try_for_each(|cpu| cpus.set(cpu));
            let _ = sched_setaffinity(Pid::from_raw(thread), &cpus);
        }
    };
    keep(std::process::id(), count - 1, count);
    for pid in [program, postmaster].into_iter().chain(children(postmaster)) {
        keep(pid, 0, count - 1);
    }
}

impl std::ops::Sub for Usage {
    type Output = Self;

    fn sub(self, earlier: Self) -> Self {
        Self {
            program: self.program - earlier.program,
            postgres: self.postgres - earlier.postgres,
            others: self.others - earlier.others,
        }
    }
}

struct Stat {
    parent: u32,
    own_ms: f64,
    /// Of children that have ended.
    reaped_ms: f64,
}

/// `/proc/<pid>/stat`; the name in parentheses may contain anything, so fields are counted from its end.
fn stat(pid: u32) -> Option<Stat> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
    let ms = |i: usize| fields.get(i).and_then(|f| f.parse::<f64>().ok()).map(|ticks| ticks * TICK_MS);
    Some(Stat {
        parent: fields.get(1)?.parse().ok()?,
        own_ms: ms(11)? + ms(12)?,
        reaped_ms: ms(13)? + ms(14)?,
    })
}

/// The postmaster, its backends and workers, and those of them that have ended.
fn postgres_ms(postmaster: u32) -> f64 {
    let Some(root) = stat(postmaster) else { return 0.0 };
    let children = children(postmaster).into_iter().filter_map(stat);
    root.own_ms + root.reaped_ms + children.map(|child| child.own_ms + child.reaped_ms).sum::<f64>()
}

fn children(parent: u32) -> Vec<u32> {
    let pids = fs::read_dir("/proc").into_iter().flatten().flatten();
    pids.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(|&pid| stat(pid).is_some_and(|stat| stat.parent == parent))
        .collect()
}

/// All CPUs: user, nice, system, irq, softirq; not idle, not waiting.
fn busy_ms() -> f64 {
    let text = fs::read_to_string("/proc/stat").unwrap_or_default();
    let fields: Vec<f64> =
        text.lines().next().unwrap_or_default().split_whitespace().filter_map(|f| f.parse().ok()).collect();
    [0, 1, 2, 5, 6].iter().filter_map(|&i: &usize| fields.get(i)).sum::<f64>() * TICK_MS
}

/// Load average of the last minute.
pub fn load_average() -> f64 {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().and_then(|n| n.parse().ok()).unwrap_or(f64::NAN)
}

/// TPC-B by pgbench, scale 10, 8 clients: how fast the machine is at this moment. `None` when there is no pgbench.
pub async fn yardstick(cluster: &Cluster, seconds: u64) -> anyhow::Result<Option<f64>> {
    let beside = cluster.bin_dir().join("pgbench");
    let pgbench = if beside.exists() { beside } else { PathBuf::from("pgbench") };
    cluster.ensure_database("yardstick").await?;
    let url = url::Url::parse(cluster.url(DbRole::Superuser, "yardstick").expose())?;
    let run = async |arguments: &[&str]| {
        Command::new(&pgbench)
            .args(arguments)
            .env("PGHOST", "127.0.0.1")
            .env("PGPORT", cluster.port().to_string())
            .env("PGUSER", url.username())
            .env("PGPASSWORD", url.password().unwrap_or_default())
            .env("PGDATABASE", "yardstick")
            .output()
            .await
    };
    let Ok(initialised) = run(&["--initialize", "--scale=10", "--quiet"]).await else { return Ok(None) };
    if !initialised.status.success() {
        bail!("pgbench: {}", String::from_utf8_lossy(&initialised.stderr));
    }
    let measured = run(&["--client=8", "--jobs=2", "--no-vacuum", &format!("--time={seconds}")]).await?;
    let text = String::from_utf8_lossy(&measured.stdout).into_owned();
    let tps = text.lines().find_map(|line| line.strip_prefix("tps = ")?.split(' ').next()?.parse().ok());
    cluster_drop(cluster).await?;
    Ok(Some(tps.with_context(|| format!("pgbench said: {text}"))?))
}

async fn cluster_drop(cluster: &Cluster) -> anyhow::Result<()> {
    let client = connect(cluster.url(DbRole::Superuser, DATABASE).expose()).await?;
    Ok(client.batch_execute("drop database yardstick").await?)
}
