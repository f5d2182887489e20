//! `tradepost migrate`: brings a database to what this program needs. Safe to run from any number of programs at once.
//!
//! Under one advisory lock: roles, rights and schemas (`sql/bootstrap.sql`), then `migrations/` (one transaction each),
//! then `sql/` (one transaction). A database that a newer program prepared is left alone, so that a restarting program
//! of the previous release cannot undo a deploy.

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, NoTls};

use super::replay::{self, Bundle, ReplayPlan, ReplayReport};

mod embedded {
    refinery::embed_migrations!("migrations");
}

/// "tradepos" in ASCII; the lock belongs to one database, not to the cluster.
const LOCK_KEY: i64 = 0x7472_6164_6570_6f73;
const HISTORY_TABLE: &str = "core.refinery_schema_history";
const BOOTSTRAP: &str = include_str!("../../sql/bootstrap.sql");
/// A migration waits this long for a lock, then tries again.
const LOCK_TIMEOUT_MS: u32 = 3_000;
const ATTEMPTS: u32 = 20;

/// Version of this program, as it is remembered with the bundle it loads.
pub const RELEASE: &str = env!("CARGO_PKG_VERSION");

/// How to migrate.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Load `sql/` even when the database already holds this bundle, or one of a newer release.
    pub force_replay: bool,
}

/// What `migrate` did.
#[derive(Debug, Default)]
pub struct Report {
    pub applied: Vec<String>,
    /// `None` when the database already held this bundle.
    pub replay: Option<ReplayReport>,
    /// The database was prepared by a newer program; nothing was done.
    pub newer: Option<String>,
    pub took: Duration,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(newer) = &self.newer {
            return write!(f, "left alone: {newer}");
        }
        for name in &self.applied {
            writeln!(f, "applied   {name}")?;
        }
        if let Some(replay) = &self.replay {
            for (verb, names) in
                [("retired  ", &replay.retired), ("dropped  ", &replay.dropped), ("kept     ", &replay.kept)]
            {
                for name in names {
                    writeln!(f, "{verb} {name}")?;
                }
            }
            for name in &replay.foreign {
                writeln!(f, "not ours  {name}")?;
            }
            writeln!(
                f,
                "loaded    {} objects from {} files in {} ms",
                replay.objects,
                replay.files,
                replay.took.as_millis()
            )?;
        }
        write!(f, "up to date after {} ms", self.took.as_millis())
    }
}

/// What `migrate --check` found.
#[derive(Debug, Default)]
pub struct Check {
    /// Roles or schemas are missing.
    pub bootstrap_pending: bool,
    pub pending: Vec<String>,
    pub replay_pending: bool,
    pub plan: ReplayPlan,
    /// Objects that should be there and are not.
    pub missing: Vec<String>,
    pub newer: Option<String>,
}

impl Check {
    /// Whether `migrate` would have nothing to do. The command exits 0 then, else 1.
    pub fn is_up_to_date(&self) -> bool {
        let has_work = self.bootstrap_pending
            || self.replay_pending
            || !self.pending.is_empty()
            || !self.missing.is_empty();
        self.newer.is_some() || !has_work
    }
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(newer) = &self.newer {
            return write!(f, "would leave alone: {newer}");
        }
        if self.bootstrap_pending {
            writeln!(f, "prepare   roles and schemas")?;
        }
        for (verb, names) in [
            ("apply    ", &self.pending),
            ("add      ", &self.plan.added),
            ("replace  ", &self.plan.replaced),
            ("retire   ", &self.plan.retired),
            ("drop     ", &self.plan.dropped),
            ("restore  ", &self.missing),
        ] {
            for name in names {
                writeln!(f, "{verb} {name}")?;
            }
        }
        write!(f, "{}", if self.is_up_to_date() { "up to date" } else { "not up to date" })
    }
}

/// The newest migration this program carries.
pub fn latest_version() -> i32 {
    embedded::migrations::runner()
        .get_migrations()
        .iter()
        .map(refinery::Migration::version)
        .max()
        .unwrap_or(0)
}

/// Migrates the database at `url` with what this program carries.
pub async fn run(url: &str, options: Options) -> anyhow::Result<Report> {
    let mut client = connect(url).await?;
    run_on(&mut client, &Bundle::embedded(), RELEASE, options).await
}

/// Tells what [`run`] would do, and changes nothing.
pub async fn check(url: &str) -> anyhow::Result<Check> {
    let client = connect(url).await?;
    client.batch_execute("set default_transaction_read_only = on").await?;
    check_on(&client, &Bundle::embedded(), RELEASE).await
}

/// A connection of its own: a pool's limits on statements do not suit a deploy.
pub async fn connect(url: &str) -> anyhow::Result<Client> {
    let mut config = tokio_postgres::Config::from_str(url).context("DATABASE_URL is not a Postgres URL")?;
    // a URL that becomes the owner at once is welcome, but on an empty cluster there is no such role yet
    let options = config.get_options().unwrap_or_default().replace("-c role=tradepost_owner", "");
    config
        .options(options.trim())
        .application_name("tradepost migrate")
        .connect_timeout(Duration::from_secs(3))
        .keepalives_idle(Duration::from_secs(10));
    let (client, connection) = config.connect(NoTls).await.context("cannot connect to Postgres")?;
    tokio::spawn(async move {
        if let Err(e) = connection.await {
            tracing::debug!("the migration's connection ended: {e}");
        }
    });
    client
        .batch_execute(
            "set statement_timeout = 0; set lock_timeout = 0;
             set idle_in_transaction_session_timeout = 0; set search_path = pg_catalog, pg_temp",
        )
        .await?;
    Ok(client)
}

/// The parts of [`run`] that tests vary: which bundle, which release.
pub async fn run_on(
    client: &mut Client,
    bundle: &Bundle,
    release: &str,
    options: Options,
) -> anyhow::Result<Report> {
    let started = Instant::now();
    client.execute("select pg_advisory_lock($1)", &[&LOCK_KEY]).await?;
    let outcome = run_locked(client, bundle, release, options).await;
    // after an error the connection may be gone, and the lock with it
    let unlocked = client.batch_execute(&format!("reset role; select pg_advisory_unlock({LOCK_KEY})")).await;
    let mut report = outcome?;
    unlocked?;
    report.took = started.elapsed();
    Ok(report)
}

async fn run_locked(
    client: &mut Client,
    bundle: &Bundle,
    release: &str,
    options: Options,
) -> anyhow::Result<Report> {
    if let Some(newer) = newer_than_us(client, bundle, release, options).await? {
        tracing::warn!("the database is left alone: {newer}");
        return Ok(Report { newer: Some(newer), ..Report::default() });
    }
    bootstrap(client).await?;
    client.batch_execute("set role tradepost_owner").await?;
    let applied = apply_migrations(client).await?;
    let is_current = applied.is_empty()
        && !options.force_replay
        && replay::loaded(client).await?.is_some_and(|l| l.digest == bundle.digest())
        && replay::missing(client).await?.is_empty();
    let replay = if is_current { None } else { Some(replay::replay(client, bundle, release).await?) };
    Ok(Report { applied, replay, ..Report::default() })
}

async fn bootstrap(client: &mut Client) -> anyhow::Result<()> {
    for attempt in 1.. {
        let tx = client.transaction().await?;
        let outcome = match tx.batch_execute(BOOTSTRAP).await {
            Ok(()) => tx.commit().await,
            Err(e) => tx.rollback().await.and(Err(e)),
        };
        match outcome {
            Ok(()) => break,
            // another database of the cluster touched the same role: "tuple concurrently updated" has no better code
            Err(e)
                if attempt < ATTEMPTS
                    && e.code().is_some_and(|c| {
                        [
                            SqlState::INTERNAL_ERROR,
                            SqlState::UNIQUE_VIOLATION,
                            SqlState::DUPLICATE_OBJECT,
                            SqlState::T_R_DEADLOCK_DETECTED,
                        ]
                        .contains(c)
                    }) =>
            {
                tokio::time::sleep(super::jittered(Duration::from_millis(50))).await;
            }
            Err(e) => {
                return Err(anyhow::Error::new(e).context("preparing roles and schemas (sql/bootstrap.sql)"));
            }
        }
    }
    Ok(())
}

async fn apply_migrations(client: &mut Client) -> anyhow::Result<Vec<String>> {
    client.batch_execute(&format!("set lock_timeout = {LOCK_TIMEOUT_MS}")).await?;
    let mut applied = Vec::new();
    for attempt in 1.. {
        let mut runner = embedded::migrations::runner();
        runner.set_migration_table_name(HISTORY_TABLE);
        match runner.run_async(client).await {
            Ok(report) => {
                applied.extend(report.applied_migrations().iter().map(ToString::to_string));
                break;
            }
            Err(e) => {
                // those before the failed one are in
                let report = e.report().map(refinery::Report::applied_migrations);
                applied.extend(report.into_iter().flatten().map(ToString::to_string));
                if attempt >= ATTEMPTS || sql_state(&e) != Some(&SqlState::LOCK_NOT_AVAILABLE) {
                    return Err(explain(e));
                }
                tracing::warn!(attempt, "a migration waits for a lock");
                tokio::time::sleep(super::jittered(Duration::from_millis(300))).await;
            }
        }
    }
    client.batch_execute("set lock_timeout = 0").await?;
    Ok(applied)
}

fn postgres_error(error: &refinery::Error) -> Option<&tokio_postgres::Error> {
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        if let Some(found) = cause.downcast_ref() {
            return Some(found);
        }
        source = cause.source();
    }
    None
}

fn sql_state(error: &refinery::Error) -> Option<&SqlState> {
    postgres_error(error).and_then(tokio_postgres::Error::code)
}

fn explain(error: refinery::Error) -> anyhow::Error {
    let reason = postgres_error(&error).and_then(|e| e.as_db_error()).map(ToString::to_string);
    let divergent = matches!(error.kind(), refinery::error::Kind::DivergentVersion(..));
    let error = anyhow::Error::new(error);
    match reason {
        Some(reason) => error.context(format!("migration failed: {reason}")),
        None if divergent => error.context(
            "a migration was edited after it had been applied; write a new one \
             (a development database can simply be created anew)",
        ),
        None => error.context("migrations failed"),
    }
}

/// A sentence when a newer program has been here: it applied migrations we do not know, or loaded a later release.
async fn newer_than_us(
    client: &Client,
    bundle: &Bundle,
    release: &str,
    options: Options,
) -> anyhow::Result<Option<String>> {
    if let Some(version) = applied_version(client).await? {
        let ours = latest_version();
        if version > ours {
            return Ok(Some(format!("migration {version} is newer than this program's last one, {ours}")));
        }
    }
    if let Some(loaded) = replay::loaded(client).await?
        && !options.force_replay
        && loaded.digest != bundle.digest()
        && version_numbers(&loaded.release) > version_numbers(release)
    {
        return Ok(Some(format!(
            "its functions are those of release {}, and this program is {release}; --force-replay loads ours",
            loaded.release
        )));
    }
    Ok(None)
}

/// The newest migration the database has; `None` before the first.
async fn applied_version(client: &Client) -> anyhow::Result<Option<i32>> {
    let exists: bool =
        client.query_one("select to_regclass($1) is not null", &[&HISTORY_TABLE]).await?.get(0);
    if !exists {
        return Ok(None);
    }
    Ok(client.query_one(&format!("select max(version) from {HISTORY_TABLE}"), &[]).await?.get(0))
}

fn version_numbers(release: &str) -> Vec<u64> {
    release.split(['.', '-', '+']).map_while(|part| part.parse().ok()).collect()
}

/// The parts of [`check`] that tests vary.
pub async fn check_on(client: &Client, bundle: &Bundle, release: &str) -> anyhow::Result<Check> {
    let mut check = Check {
        newer: newer_than_us(client, bundle, release, Options::default()).await?,
        ..Check::default()
    };
    if check.newer.is_some() {
        return Ok(check);
    }
    check.bootstrap_pending = client
        .query_one(
            "select exists (select from unnest($1::text[]) as s where to_regnamespace(s) is null)
               or exists (select from unnest('{owner,api,worker,readonly}'::text[]) as r
                 where to_regrole('tradepost_' || r) is null)",
            &[&replay::DOMAINS.as_slice()],
        )
        .await?
        .get(0);
    let applied = applied_version(client).await?.unwrap_or(0);
    check.pending = embedded::migrations::runner()
        .get_migrations()
        .iter()
        .filter(|m| m.version() > applied)
        .map(ToString::to_string)
        .collect();
    check.pending.sort();
    check.plan = replay::plan(client, bundle).await?;
    let loaded = replay::loaded(client).await?;
    check.replay_pending = loaded.as_ref().is_none_or(|l| l.digest != bundle.digest());
    if loaded.is_some() {
        check.missing = replay::missing(client).await?;
    }
    Ok(check)
}

/// What readiness asks: does the database have at least our migrations?
pub fn require_version(applied: i32) -> anyhow::Result<()> {
    let ours = latest_version();
    if applied < ours {
        bail!("the database is at migration {applied}, this program needs {ours}: run `tradepost migrate`");
    }
    Ok(())
}
