//! The one way to run a statement. One call is one statement is one transaction, so a retry is safe whenever the
//! database says that nothing happened.
//!
//! * serialisation failures and deadlocks (40001, 40P01): again, at most three times;
//! * 0A000 (a prepared statement met a changed result type after a deploy): forget the statements, once again;
//! * a connection that turned out dead before the statement was sent: once again on another one.
//!
//! When the database falls silent ([`super::pulse`]) the call ends at once. Everything else becomes a [`Problem`]. Parameters reach neither span nor log.

use std::time::{Duration, Instant};

use tokio_postgres::error::SqlState;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Error, Row};
use tracing::{Instrument, Span, field};

use super::pool::{Connection, Pool};
use crate::problem::Problem;

const RETRIES_MAX: u32 = 3;
const RETRY_PAUSE: Duration = Duration::from_millis(10);

type Params<'a> = &'a [&'a (dyn ToSql + Sync)];

/// All rows. `name` is the SQL function (`"catalog.get_product"`), for spans and metrics.
pub async fn query(
    pool: &Pool,
    name: &'static str,
    sql: &'static str,
    params: Params<'_>,
) -> Result<Vec<Row>, Problem> {
    let span = tracing::debug_span!(
        "db.call",
        db.function = name,
        db.rows = field::Empty,
        db.retries = field::Empty,
        db.sqlstate = field::Empty,
    );
    let started = Instant::now();
    let call = async {
        tokio::select! {
            biased;
            () = pool.pulse().silence() => Err(Problem::unavailable("the database is silent")),
            outcome = tokio::time::timeout(pool.call_timeout(), run(pool, name, sql, params)) => outcome.unwrap_or_else(|_| {
                Err(Problem::unavailable(format_args!("{name}: the database did not answer in time")))
            }),
        }
    };
    let outcome = call.instrument(span.clone()).await;
    metrics::histogram!("tradepost_db_call_seconds", "function" => name)
        .record(started.elapsed().as_secs_f64());
    match &outcome {
        Ok(rows) => {
            span.record("db.rows", rows.len());
        }
        Err(problem) if problem.status().is_server_error() => {
            metrics::counter!("tradepost_db_call_failures_total", "function" => name, "code" => problem.code().to_owned())
                .increment(1);
        }
        Err(_) => {}
    }
    outcome
}

/// Exactly one row; any other number is a bug of ours.
pub async fn query_one(
    pool: &Pool,
    name: &'static str,
    sql: &'static str,
    params: Params<'_>,
) -> Result<Row, Problem> {
    let mut rows = query(pool, name, sql, params).await?;
    match (rows.pop(), rows.len()) {
        (Some(row), 0) => Ok(row),
        (last, rest) => Err(Problem::internal(format_args!(
            "{name} returned {} rows, not one",
            rest + usize::from(last.is_some())
        ))),
    }
}

/// One row or none.
pub async fn query_opt(
    pool: &Pool,
    name: &'static str,
    sql: &'static str,
    params: Params<'_>,
) -> Result<Option<Row>, Problem> {
    let mut rows = query(pool, name, sql, params).await?;
    if rows.len() > 1 {
        return Err(Problem::internal(format_args!("{name} returned {} rows, not one or none", rows.len())));
    }
    Ok(rows.pop())
}

/// For functions that return nothing of interest. Answers the number of rows.
pub async fn execute(
    pool: &Pool,
    name: &'static str,
    sql: &'static str,
    params: Params<'_>,
) -> Result<u64, Problem> {
    query(pool, name, sql, params).await.map(|rows| rows.len() as u64)
}

/// The newest migration the database has, for readiness.
pub async fn migration_version(pool: &Pool) -> Result<i32, Problem> {
    let row = query_one(pool, "core.migration_version", "select core.migration_version()", &[]).await?;
    row.try_get(0).map_err(Problem::from)
}

/// Why an attempt failed, as far as trying again is concerned.
enum Failure {
    /// The statement was not sent.
    NotSent(Error),
    Sent(Error),
}

async fn run(
    pool: &Pool,
    name: &'static str,
    sql: &'static str,
    params: Params<'_>,
) -> Result<Vec<Row>, Problem> {
    let mut retries = 0;
    let mut was_prepared_anew = false;
    let mut was_reconnected = false;
    let mut kept = None;
    loop {
        let connection = match kept.take() {
            Some(connection) => connection,
            None => pool.get().await?,
        };
        let outcome = attempt(&connection, sql, params).await;
        let error = match outcome {
            Ok(rows) => {
                connection.done();
                if retries > 0 {
                    Span::current().record("db.retries", retries);
                }
                return Ok(rows);
            }
            Err(Failure::NotSent(e)) if is_connection_loss(&e) && !was_reconnected => {
                was_reconnected = true;
                drop(connection);
                continue;
            }
            Err(Failure::NotSent(e) | Failure::Sent(e)) => e,
        };
        let code = error.code().cloned();
        if let Some(code) = &code {
            Span::current().record("db.sqlstate", code.code());
        }
        let pause = match &code {
            Some(c) if *c == SqlState::T_R_SERIALIZATION_FAILURE || *c == SqlState::T_R_DEADLOCK_DETECTED => {
                (retries < RETRIES_MAX).then(|| super::jittered(RETRY_PAUSE * (1 << retries)))
            }
            Some(c) if *c == SqlState::FEATURE_NOT_SUPPORTED && !was_prepared_anew => {
                was_prepared_anew = true;
                Some(Duration::ZERO)
            }
            _ => None,
        };
        // an answer arrived, so the connection is in order, unless it is the answer that ends it
        if code == Some(SqlState::FEATURE_NOT_SUPPORTED) && pause.is_some() {
            // on this very connection: the others remember the old statement too
            connection.statement_cache.clear();
            kept = Some(connection);
        } else if code.is_some() && !is_connection_loss(&error) && connection.batch_execute("").await.is_ok()
        {
            // An error is sent before its transaction has let go of its locks, the next answer afterwards: whoever repeats the
            // request at once must not meet the key, or the row, of this one.
            connection.done();
        }
        let Some(pause) = pause else {
            Span::current().record("db.retries", retries);
            return Err(error.into());
        };
        let state = code.as_ref().map_or("", SqlState::code).to_owned();
        metrics::counter!("tradepost_db_call_retries_total", "function" => name, "sqlstate" => state)
            .increment(1);
        retries += 1;
        tokio::time::sleep(pause).await;
    }
}

async fn attempt(
    connection: &Connection,
    sql: &'static str,
    params: Params<'_>,
) -> Result<Vec<Row>, Failure> {
    let statement = connection.prepare_cached(sql).await.map_err(Failure::NotSent)?;
    if connection.is_closed() {
        // the statement came out of the cache and the server has gone since
        connection.query(&statement, params).await.map_err(Failure::NotSent)
    } else {
        connection.query(&statement, params).await.map_err(Failure::Sent)
    }
}

/// The connection is gone or about to go: no SQLSTATE, or one of an ending session.
fn is_connection_loss(error: &Error) -> bool {
    match error.code() {
        None => {
            error.is_closed()
                || std::error::Error::source(error).is_some_and(<dyn std::error::Error>::is::<std::io::Error>)
        }
        Some(code) => {
            [SqlState::ADMIN_SHUTDOWN, SqlState::CRASH_SHUTDOWN, SqlState::CANNOT_CONNECT_NOW].contains(code)
                || code.code().starts_with("08")
        }
    }
}
