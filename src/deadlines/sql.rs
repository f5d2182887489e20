//! The statements of the sweeper, one function each.

use tokio_postgres::Row;

use crate::app::Pool;
use crate::db::call::{query, query_opt};
use crate::problem::{Problem, Result};

/// The kind that was settled and how many of it; `None` when nothing is due.
pub async fn sweep_deadlines(pool: &Pool, limit: i32) -> Result<Option<(String, usize)>> {
    let row =
        query_opt(pool, "core.sweep_deadlines", "select kind, done from core.sweep_deadlines($1)", &[&limit])
            .await?;
    let Some(row) = row else { return Ok(None) };
    let done = usize::try_from(row.try_get::<_, i32>("done")?).map_err(Problem::internal)?;
    Ok(Some((row.try_get("kind")?, done)))
}

pub async fn deadline_metrics(pool: &Pool) -> Result<Vec<Row>> {
    query(pool, "core.deadline_metrics", "select kind, overdue, oldest_s from core.deadline_metrics()", &[])
        .await
}
