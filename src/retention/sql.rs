//! The statements of retention, one function each.

use uuid::Uuid;

use crate::app::Pool;
use crate::db::call::query_one;
use crate::problem::{Problem, Result};

/// How many keys were purged from these blocks, and the block to go on with; `None` at the end.
pub async fn purge_idempotency(pool: &Pool, block: i64, blocks: i32) -> Result<(usize, Option<i64>)> {
    let row = query_one(
        pool,
        "core.purge_idempotency",
        "select purged, next_block from core.purge_idempotency($1, $2)",
        &[&block, &blocks],
    )
    .await?;
    let purged = usize::try_from(row.try_get::<_, i32>("purged")?).map_err(Problem::internal)?;
    Ok((purged, row.try_get("next_block")?))
}

pub async fn purge_sessions(pool: &Pool, limit: i32) -> Result<usize> {
    let row =
        query_one(pool, "identity.purge_sessions", "select identity.purge_sessions($1)", &[&limit]).await?;
    usize::try_from(row.try_get::<_, i32>(0)?).map_err(Problem::internal)
}

/// Of how many orders the history was archived, and the order to go on after; `None` at the end.
pub async fn archive_history(pool: &Pool, after: Option<Uuid>, limit: i32) -> Result<(usize, Option<Uuid>)> {
    let row = query_one(
        pool,
        "orders.archive_history",
        "select archived, next_order_id from orders.archive_history($1, $2)",
        &[&after, &limit],
    )
    .await?;
    let archived = usize::try_from(row.try_get::<_, i32>("archived")?).map_err(Problem::internal)?;
    Ok((archived, row.try_get("next_order_id")?))
}
