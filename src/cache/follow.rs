//! How the cache hears of what others change: from the event log, and from what waits to be numbered.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::{Cache, Change};
use crate::catalog;
use crate::db::Pool;
use crate::events::sql::{self, Changes};
use crate::problem::{Problem, Result};

/// A notification comes first as a rule. Without it this is how old an answer can be, and four looks fit into
/// [`super::HEARD_WITHIN`].
const ASK_EVERY: Duration = Duration::from_millis(250);
/// A catalogue that changes all the time is asked for this often at most.
const ASK_APART: Duration = Duration::from_millis(5);
/// Longer than this means that nothing is known.
const ANSWER_WITHIN: Duration = Duration::from_secs(1);

/// Follows the log until `stop`. `woken` changes when a notification says that there is something to read.
pub async fn follow(cache: Arc<Cache>, pool: Pool, mut woken: watch::Receiver<i64>, stop: CancellationToken) {
    let mut seen = None;
    loop {
        woken.mark_unchanged();
        let asked = Instant::now();
        match ask(&pool, seen.as_ref()).await {
            Ok(found) => {
                for change in changes(&found, seen.as_ref()) {
                    cache.changed(change);
                }
                cache.heard(asked);
                seen = Some(found);
            }
            Err(problem) => tracing::debug!(error = %problem, "the read cache cannot ask for the log"),
        }
        let next = async {
            tokio::time::sleep(ASK_APART).await;
            // without a hub the clock remains
            if woken.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        };
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(ASK_EVERY) => {}
            () = next => {}
        }
    }
}

async fn ask(pool: &Pool, seen: Option<&Changes>) -> Result<Changes> {
    let after = seen.map(|seen| seen.head);
    let call = sql::changes_after(pool, after, catalog::HEARD_DOMAINS, catalog::UNHEARD_TYPES);
    tokio::time::timeout(ANSWER_WITHIN, call).await.unwrap_or_else(|_| {
        Err(Problem::timeout("the database did not tell the read cache of changes in time"))
    })
}

/// What to count. What is not understood voids everything.
fn changes(found: &Changes, seen: Option<&Changes>) -> Vec<Change> {
    // a log that is shorter than it was, or another clock: the database was restored, or is another one
    let is_same =
        seen.is_some_and(|seen| seen.head <= found.head && seen.clock_offset_ms == found.clock_offset_ms);
    match &found.aggregates {
        Some(aggregates) if is_same => {
            aggregates.iter().map(|(kind, id)| catalog::change_of(kind, *id)).collect()
        }
        _ => vec![Change::Everything],
    }
}
