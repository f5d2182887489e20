//! The sequencer: gives committed events their numbers. One process leads; the others stand by.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::sql;
use crate::app::App;
use crate::db::Pool;
use crate::db::pool::Connection;
use crate::problem::{Problem, Result};
use crate::worker::{self, Pace, Wake};

/// A few milliseconds between busy steps let a batch gather; a process that hears of nothing looks four times a second.
const PACE: Pace = Pace {
    busy: Duration::from_millis(20),
    idle: Duration::from_millis(250),
    rest: Duration::from_millis(2),
};

/// Holds the leadership as long as its connection lives.
pub struct Sequencer {
    pool: Pool,
    leading: Mutex<Option<Connection>>,
}

impl Sequencer {
    pub fn new(pool: Pool) -> Self {
        Self { pool, leading: Mutex::new(None) }
    }

    /// Moves a batch to the log and answers how many events it had; 0 also while another process leads. After a failure
    /// the connection goes, and the leadership with it.
    pub async fn step(&self) -> Result<usize> {
        let mut leading = self.leading.lock().await;
        let work = async {
            let connection = if let Some(connection) = leading.take() {
                connection
            } else {
                let connection = self.pool.get().await?;
                if !sql::lead(&connection).await? {
                    connection.done();
                    return Ok(0);
                }
                tracing::debug!("leads the sequencers");
                connection
            };
            let moved = sql::sequence(&connection).await?;
            *leading = Some(connection);
            Ok(moved)
        };
        match tokio::time::timeout(self.pool.call_timeout(), work).await {
            Ok(outcome) => outcome,
            Err(_) => Err(Problem::timeout("the database did not answer the sequencer in time")),
        }
    }
}

/// Runs it, woken by this process's own writes.
pub fn spawn(app: &App, tracker: &TaskTracker, stop: &CancellationToken) {
    let sequencer = Arc::new(Sequencer::new(app.worker_pool.clone()));
    let wake = Wake::Notify(Arc::clone(&app.events_wake));
    worker::spawn(tracker, stop, "events.sequencer", PACE, wake, move || {
        let sequencer = Arc::clone(&sequencer);
        async move { sequencer.step().await }
    });
}
