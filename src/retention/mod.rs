//! What may go after its time: idempotency keys and old sessions. Nothing depends on it: a key past its time can be used
//! again, and a session past its lifetime opens nothing, whether or not somebody has tidied up.

pub mod sql;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::app::{App, Pool};
use crate::problem::Result;
use crate::worker::{self, Pace, Wake};

/// Blocks of keys that one step looks through: 16 MiB.
const BLOCKS: i32 = 2048;
const SESSIONS_MAX: i32 = 1000;
/// Between two walks through all of them.
const PAUSE: Duration = Duration::from_mins(10);

/// Starts the worker. Any number of them may run.
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
