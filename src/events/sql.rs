//! The events functions that the program calls; one async function each.

use postgres_types::Json;
use tokio_postgres::Row;
use uuid::Uuid;

use super::types::Event;
use crate::db::pool::Connection;
use crate::db::{self, Pool};
use crate::http::{CallContext, Page};
use crate::problem::{Problem, Result};

/// At most 256 events after `cursor` that the caller may see.
pub async fn read_after(
    pool: &Pool,
    ctx: &CallContext,
    cursor: i64,
    limit: i32,
    types: Option<&[String]>,
) -> Result<Vec<Event>> {
    let rows = db::query(
        pool,
        "events.read_after",
        "select seq, type, aggregate_type, aggregate_id, aggregate_version, actor_id, request_id, payload, occurred_at
           from events.read_after($1, $2, $3, $4)",
        &[ctx, &cursor, &limit, &types],
    )
    .await?;
    rows.iter().map(Event::try_from).collect()
}

pub async fn list_events(
    pool: &Pool,
    ctx: &CallContext,
    event_type: Option<&str>,
    aggregate_id: Option<Uuid>,
    after: Option<i64>,
    page: &Page,
) -> Result<Vec<Row>> {
    db::query(
        pool,
        "events.list_events",
        "select seq, type, aggregate_type, aggregate_id, aggregate_version, actor_id, request_id, payload, occurred_at,
                page_cursor
           from events.list_events($1, $2, $3, $4, $5, $6)",
        &[ctx, &event_type, &aggregate_id, &after, &page.cursor, &page.limit],
    )
    .await
}

pub async fn head(pool: &Pool) -> Result<i64> {
    let row = db::query_one(pool, "events.head", "select events.head()", &[]).await?;
    Ok(row.try_get(0)?)
}

/// What happened after a position.
#[derive(Debug)]
pub struct Changes {
    pub head: i64,
    pub clock_offset_ms: i64,
    /// Type and id of every aggregate with an event; `None` when there are too many, or no position was given.
    pub aggregates: Option<Vec<(String, Uuid)>>,
}

/// Which aggregates of these domains have events after `after`, numbered or still to be; without those of the types in `ignored`.
pub async fn changes_after(
    pool: &Pool,
    after: Option<i64>,
    domains: &[&str],
    ignored: &[&str],
) -> Result<Changes> {
    let row = db::query_one(
        pool,
        "events.changes_after",
        "select head, clock_offset_ms, aggregates from events.changes_after($1, $2, $3)",
        &[&after, &domains, &ignored],
    )
    .await?;
    let aggregates: Option<Json<Vec<(String, Uuid)>>> = row.try_get("aggregates")?;
    Ok(Changes {
        head: row.try_get("head")?,
        clock_offset_ms: row.try_get("clock_offset_ms")?,
        aggregates: aggregates.map(|Json(aggregates)| aggregates),
    })
}

/// How the stream is doing.
#[derive(Debug)]
pub struct Metrics {
    pub head: i64,
    pub staging_events: i64,
    pub staging_age_s: f64,
    /// Numbers each consumer is behind the head.
    pub consumers: serde_json::Map<String, serde_json::Value>,
}

pub async fn metrics(pool: &Pool) -> Result<Metrics> {
    let row = db::query_one(
        pool,
        "events.metrics",
        "select head, staging_events, staging_age_s, consumers from events.metrics()",
        &[],
    )
    .await?;
    let consumers: serde_json::Value = row.try_get("consumers")?;
    Ok(Metrics {
        head: row.try_get("head")?,
        staging_events: row.try_get("staging_events")?,
        staging_age_s: row.try_get("staging_age_s")?,
        consumers: serde_json::from_value(consumers).map_err(Problem::internal)?,
    })
}

/// Whether this connection leads the sequencers from now on. It keeps the leadership, so it is asked on the connection.
pub async fn lead(connection: &Connection) -> Result<bool> {
    Ok(connection.query_one("select events.lead()", &[]).await?.try_get(0)?)
}

/// One step of the sequencer, on the connection that leads.
pub async fn sequence(connection: &Connection) -> Result<usize> {
    let statement = connection.prepare_cached("select events.sequence()").await?;
    let moved: i32 = connection.query_one(&statement, &[]).await?.try_get(0)?;
    usize::try_from(moved).map_err(Problem::internal)
}

/// Archives what retention lets go of; how many partitions.
pub async fn archive_expired(pool: &Pool) -> Result<usize> {
    let row = db::query_one(pool, "events.archive_expired", "select events.archive_expired()", &[]).await?;
    usize::try_from(row.try_get::<_, i32>(0)?).map_err(Problem::internal)
}
