//! Archives old partitions of the log, where `events.retention_s` says that there are old ones.

use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::sql;
use crate::app::App;
use crate::worker::{self, Pace, Wake};

/// A partition holds a million events: an hour is soon enough.
const PAUSE: Duration = Duration::from_hours(1);

/// Starts the worker. Any number of them may run: the head's lock lets one at a time look.
pub fn spawn(app: &App, tracker: &TaskTracker, stop: &CancellationToken) {
    let pool = app.worker_pool.clone();
    worker::spawn(tracker, stop, "events.archive", Pace::every(PAUSE), Wake::Timer, move || {
        let pool = pool.clone();
        async move {
            let archived = sql::archive_expired(&pool).await?;
            if archived > 0 {
                tracing::info!(archived, "partitions of the log were archived");
            }
            Ok(archived)
        }
    });
}
