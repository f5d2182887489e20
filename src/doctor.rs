//! `tradepost doctor`: one line per thing that must be right, and what to do where it is not.

use std::fmt;
use std::time::{Duration, Instant};

use anyhow::Context;
use tokio_postgres::Client;

use crate::db::migrate;
use crate::embedded::OLDEST_MAJOR;
use crate::secret::Secret;

/// More than this between our clock and the database's makes tokens and deadlines disagree.
const CLOCK_SKEW_MAX_S: f64 = 5.0;
const LOGIN_BUDGET: Duration = Duration::from_secs(5);
/// So many differences between log and tables are printed.
const DIFFERENCES_SHOWN: i64 = 20;

/// How to reach the database in each part.
#[derive(Debug)]
pub struct Urls {
    pub deploy: Secret,
    pub api: Secret,
    pub worker: Secret,
}

/// How far to fold the event log; `None`: all of it.
#[derive(Clone, Copy, Debug)]
pub struct Replay {
    pub upto: Option<i64>,
}

/// What was found.
#[derive(Debug, Default)]
pub struct Findings(Vec<(bool, String)>);

impl Findings {
    pub fn is_healthy(&self) -> bool {
        self.0.iter().all(|(good, _)| *good)
    }

    fn good(&mut self, text: impl Into<String>) {
        self.0.push((true, text.into()));
    }

    fn bad(&mut self, text: impl Into<String>) {
        self.0.push((false, text.into()));
    }

    fn check(&mut self, good: bool, well: impl Into<String>, ill: impl Into<String>) {
        self.0.push((good, if good { well.into() } else { ill.into() }));
    }
}

impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (good, text) in &self.0 {
            writeln!(f, "{}  {text}", if *good { "ok  " } else { "FAIL" })?;
        }
        Ok(())
    }
}

/// Looks at everything; changes nothing. With `replay` it folds the event log as well.
pub async fn examine(urls: &Urls, replay: Option<Replay>) -> anyhow::Result<Findings> {
    let mut findings = Findings::default();
    let client = migrate::connect(urls.deploy.expose()).await?;
    client.batch_execute("set default_transaction_read_only = on").await?;
    server(&client, &mut findings).await?;
    let check = migrate::check(urls.deploy.expose()).await?;
    findings.check(
        check.is_up_to_date(),
        "the database has the migrations and functions of this program",
        "the database is not up to date: run `tradepost migrate` (`--check` tells what it would do)",
    );
    roles(&client, &mut findings).await?;
    for (name, role, url) in
        [("requests", "tradepost_api", &urls.api), ("workers", "tradepost_worker", &urls.worker)]
    {
        login(name, role, url, &mut findings).await;
    }
    if check.is_up_to_date() {
        invariants(&client, &mut findings).await?;
        if let Some(Replay { upto }) = replay {
            differences(&client, upto, &mut findings).await?;
        }
    }
    Ok(findings)
}

async fn server(client: &Client, findings: &mut Findings) -> anyhow::Result<()> {
    let row = client
        .query_one(
            "select current_setting('server_version_num')::integer / 10000 as major,
                    current_setting('server_version') as version,
                    current_setting('fsync') = 'on' and current_setting('full_page_writes') = 'on'
                      and current_setting('synchronous_commit') <> 'off' as is_durable,
                    current_setting('server_encoding') = 'UTF8' as is_utf8,
                    abs(extract(epoch from clock_timestamp() - $1::timestamptz))::float8 as skew_s",
            &[&jiff::Timestamp::now()],
        )
        .await
        .context("cannot read the server's settings")?;
    let (major, version): (i32, String) = (row.try_get("major")?, row.try_get("version")?);
    let oldest = OLDEST_MAJOR;
    findings.check(
        u32::try_from(major).is_ok_and(|major| major >= oldest),
        format!("PostgreSQL {version}"),
        format!("PostgreSQL {version} is older than {oldest}"),
    );
    findings.check(
        row.try_get("is_durable")?,
        "what is committed survives a crash",
        "fsync, full_page_writes or synchronous_commit is off: acknowledged orders can be lost",
    );
    findings.check(
        row.try_get("is_utf8")?,
        "the database is in UTF-8",
        "the database is not in UTF-8: create it with encoding 'UTF8'",
    );
    let skew_s: f64 = row.try_get("skew_s")?;
    findings.check(
        skew_s <= CLOCK_SKEW_MAX_S,
        "the clocks agree",
        format!("this machine and the database differ by {skew_s:.0} s: set up time synchronisation"),
    );
    Ok(())
}

async fn roles(client: &Client, findings: &mut Findings) -> anyhow::Result<()> {
    let rows = client
        .query(
            "select w.name, w.can_login, r.rolcanlogin, r.rolsuper or r.rolcreaterole or r.rolcreatedb as is_mighty,
                    (select count(*) from pg_class as c
                     where c.relkind in ('r', 'p', 'v', 'm', 'S') and c.relnamespace::regnamespace::text = any($1)
                       and has_table_privilege(r.oid, c.oid, 'select, insert, update, delete, truncate')) as tables
             from (values ('tradepost_owner', false), ('tradepost_api', true), ('tradepost_worker', true),
                          ('tradepost_readonly', true)) as w(name, can_login)
             left join pg_roles as r on r.rolname = w.name
             order by w.name",
            &[&crate::db::replay::DOMAINS.as_slice()],
        )
        .await
        .context("cannot read the roles")?;
    for row in rows {
        let name: String = row.try_get("name")?;
        let Some(logs_in) = row.try_get::<_, Option<bool>>("rolcanlogin")? else {
            findings.bad(format!("role {name} is missing: run `tradepost migrate`"));
            continue;
        };
        let tables: i64 = row.try_get("tables")?;
        let is_door = name == "tradepost_api" || name == "tradepost_worker";
        if logs_in != row.try_get::<_, bool>("can_login")? {
            findings
                .bad(format!("role {name} should{} be able to log in", if logs_in { " not" } else { "" }));
        } else if row.try_get("is_mighty")? {
            findings.bad(format!("role {name} has rights over the whole server: revoke them"));
        } else if is_door && tables > 0 {
            findings
                .bad(format!("role {name} has rights on {tables} tables: functions must be its only door"));
        } else {
            findings.good(format!("role {name}"));
        }
    }
    Ok(())
}

/// Whether the program can log in and become the role.
async fn login(name: &str, role: &'static str, url: &Secret, findings: &mut Findings) {
    let attempt = async {
        let client = migrate::connect(url.expose()).await?;
        client.batch_execute(&format!("set role {role}")).await?;
        anyhow::Ok(())
    };
    match tokio::time::timeout(LOGIN_BUDGET, attempt).await {
        Ok(Ok(())) => findings.good(format!("{name} can connect as {role}")),
        Ok(Err(error)) => findings.bad(format!("{name} cannot connect as {role}: {error:#}")),
        Err(_) => findings.bad(format!("{name} cannot connect as {role}: no answer")),
    }
}

async fn invariants(client: &Client, findings: &mut Findings) -> anyhow::Result<()> {
    let rows = client
        .query("select invariant, subject, detail from core.check_invariants() limit 100", &[])
        .await
        .context("cannot check the invariants")?;
    if rows.is_empty() {
        findings.good("all invariants hold");
    }
    for row in rows {
        let (invariant, subject, detail): (String, Option<String>, Option<String>) =
            (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        let (subject, detail) = (subject.unwrap_or_default(), detail.unwrap_or_default());
        findings.bad(format!("invariant {invariant} is broken at {subject}: {detail}"));
    }
    Ok(())
}

/// Folds the event log and compares the outcome with the tables.
async fn differences(client: &Client, upto: Option<i64>, findings: &mut Findings) -> anyhow::Result<()> {
    let begun = Instant::now();
    let rows = client
        .query(
            "select d.aggregate, d.aggregate_id, d.field, d.expected, d.found, count(*) over () as total
             from events.replay_check($1) as d limit $2",
            &[&upto, &DIFFERENCES_SHOWN],
        )
        .await;
    // a log whose beginning is archived says so
    if let Err(error) = &rows
        && let Some(refusal) = error.as_db_error().filter(|e| e.message() == "events.position_archived")
    {
        let what = refusal.detail().unwrap_or_default();
        findings.good(format!("{what} It cannot be compared with the tables until they are attached again."));
        return Ok(());
    }
    let rows = rows.context("cannot replay the event log")?;
    let head: i64 = client.query_one("select events.head()", &[]).await?.try_get(0)?;
    let seconds = begun.elapsed().as_secs_f64();
    let Some(first) = rows.first() else {
        let events = upto.unwrap_or(head).min(head);
        findings.good(format!("the log of {events} events tells what the tables hold ({seconds:.1} s)"));
        return Ok(());
    };
    let total: i64 = first.try_get("total")?;
    for row in &rows {
        let text = |column: &str| row.try_get::<_, Option<String>>(column);
        findings.bad(format!(
            "{} {}: {} is {} by the log, but the table says {}",
            text("aggregate")?.unwrap_or_default(),
            text("aggregate_id")?.unwrap_or_default(),
            text("field")?.unwrap_or_default(),
            text("expected")?.unwrap_or_else(|| "nothing".to_owned()),
            text("found")?.unwrap_or_else(|| "nothing".to_owned()),
        ));
    }
    if total > DIFFERENCES_SHOWN {
        findings.bad(format!(
            "and {} more: select * from events.replay_check({})",
            total - DIFFERENCES_SHOWN,
            upto.map_or_else(|| "null".to_owned(), |seq| seq.to_string()),
        ));
    }
    Ok(())
}
