//! What may go after its time: idempotency keys and old sessions, and the history of finished orders into its archive. Nothing
//! depends on it: a key past its time can be used again, a session past its lifetime opens nothing, and history is read from
//! both places, whether or not somebody has tidied up.

pub mod sql;

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use crate::app::{App, Pool};
use crate::problem::Result;
use crate::worker::{self, Pace, Wake};

/// Blocks of keys that one step looks through: 16 MiB.
const BLOCKS: i32 = 2048;
const SESSIONS_MAX: i32 = 1000;
/// Between two walks through all of them.
const PAUSE: Duration = Duration::from_mins(10);
/// Orders whose history one step looks at.
const ORDERS_MAX: i32 = 500;
/// Between two walks through the history that is old enough.
const ARCHIVE_PAUSE: Duration = Duration::from_hours(1);

/// Starts the workers. Any number of them may run.
pub fn spawn(app: &App, tracker: &TaskTracker, stop: &CancellationToken) {
    let (pool, block) = (app.worker_pool.clone(), Arc::new(AtomicI64::new(0)));
    worker::spawn(tracker, stop, "retention.purge", Pace::every(PAUSE), Wake::Timer, move || {
        let (pool, block) = (pool.clone(), Arc::clone(&block));
        async move {
            let (done, next) = purge(&pool, block.load(Ordering::Relaxed)).await?;
            block.store(next, Ordering::Relaxed);
            Ok(done)
        }
    });
    let (pool, after) = (app.worker_pool.clone(), Arc::new(Mutex::new(None)));
    worker::spawn(
        tracker,
        stop,
        "retention.archive_history",
        Pace::every(ARCHIVE_PAUSE),
        Wake::Timer,
        move || {
            let (pool, after) = (pool.clone(), Arc::clone(&after));
            async move {
                let from = *after.lock().unwrap_or_else(PoisonError::into_inner);
                let (archived, next) = archive_history(&pool, from).await?;
                *after.lock().unwrap_or_else(PoisonError::into_inner) = next;
                Ok(archived.max(usize::from(next.is_some())))
            }
        },
    );
}

/// Worker step: purges keys from `block` on, and sessions. How many rows went, at least one while there are blocks to look
/// through; and the block to go on with.
pub async fn purge(pool: &Pool, block: i64) -> Result<(usize, i64)> {
    let (keys, next) = sql::purge_idempotency(pool, block, BLOCKS).await?;
    let sessions = sql::purge_sessions(pool, SESSIONS_MAX).await?;
    for (kind, purged) in [("idempotency_keys", keys), ("sessions", sessions)] {
        metrics::counter!("tradepost_purged_total", "kind" => kind).increment(purged as u64);
    }
    Ok((keys.max(usize::from(next.is_some())) + sessions, next.unwrap_or(0)))
}

/// Worker step: moves the history of orders finished long ago, placed after this one. Of how many, and the order to go on after.
pub async fn archive_history(pool: &Pool, after: Option<Uuid>) -> Result<(usize, Option<Uuid>)> {
    let (archived, next) = sql::archive_history(pool, after, ORDERS_MAX).await?;
    if archived > 0 {
        tracing::info!(archived, "the history of finished orders was archived");
    }
    Ok((archived, next))
}
