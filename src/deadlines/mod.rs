//! What the clock does: unpaid orders expire, parts that no seller accepted are cancelled, delivered orders complete, holds end.
//!
//! A deadline is a column of the row it is about (`core.view_deadline` shows them all), and every rule goes by the clock and
//! not by what was swept. So the one sweeper only tidies up: it may be dead for an hour, and any number of them may run.

pub mod sql;

use std::time::Duration;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::app::{App, Pool};
use crate::problem::Result;
use crate::worker::{self, Pace, Wake};

/// Most deadlines that one sweep settles, all of one kind.
const SWEEP_LIMIT: i32 = 200;
const SWEEP_PAUSE: Duration = Duration::from_secs(2);

/// Starts the sweeper.
pub fn spawn(app: &App, tracker: &TaskTracker, stop: &CancellationToken) {
    let app = app.clone();
    worker::spawn(tracker, stop, "deadlines.sweep", Pace::every(SWEEP_PAUSE), Wake::Timer, move || {
        let app = app.clone();
        async move {
            let done = sweep(&app.worker_pool).await?;
            if done > 0 {
                app.events_wake.notify_one();
            }
            Ok(done)
        }
    });
}

/// Worker step: settles deadlines of the kind that has been due longest; how many.
pub async fn sweep(pool: &Pool) -> Result<usize> {
    let Some((kind, done)) = sql::sweep_deadlines(pool, SWEEP_LIMIT).await? else {
        return Ok(0);
    };
    metrics::counter!("tradepost_deadlines_swept_total", "kind" => kind).increment(done as u64);
    Ok(done)
}

/// Gauges of what is due and not settled, by kind.
#[allow(clippy::cast_precision_loss)] // gauges are floats; these are at most 10,000
pub fn metrics(app: App) -> BoxFuture<'static, Result<()>> {
    async move {
        for row in sql::deadline_metrics(&app.pool).await? {
            let labels = [("kind", row.try_get::<_, String>("kind")?)];
            metrics::gauge!("tradepost_deadlines_overdue", &labels)
                .set(row.try_get::<_, i64>("overdue")? as f64);
            metrics::gauge!("tradepost_deadlines_overdue_age_seconds", &labels)
                .set(row.try_get::<_, f64>("oldest_s")?);
        }
        Ok(())
    }
    .boxed()
}
