//! Where the log ends, for everybody in this process who waits for more of it.
//!
//! One LISTEN connection hears of a new head and a watch channel passes it on; readers then read the log from their own
//! cursor. A notification is a hint: it may be lost, merged or late, so the head is also asked for after each reconnect
//! and whenever nothing was heard for a quarter of a second.

use std::time::Duration;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::sql;
use crate::db::Pool;
use crate::db::listen::{Listener, Signal, Subscription};
use crate::planted::is_planted;

/// How old news can get when no notification arrives, be the LISTEN connection away or silent.
const ASK_EVERY: Duration = Duration::from_millis(250);
/// Channels of the domains whose events change what everybody reads.
const CATALOGUE: &[&str] = &["events_catalog", "events_identity"];

/// One per process, shared. It knows of 0 until the database has answered.
#[derive(Debug, Default)]
pub struct Hub {
    head: watch::Sender<i64>,
    catalogue: watch::Sender<i64>,
}

impl Hub {
    /// Follows the head until `stop`, over a LISTEN connection of its own. Call it once.
    pub fn follow(&self, listening: tokio_postgres::Config, pool: Pool, stop: CancellationToken) {
        let listener = Listener::start(listening, &[&["events"], CATALOGUE].concat(), stop.clone());
        tokio::spawn(tell(listener.subscribe(), self.catalogue.clone()));
        tokio::spawn(follow(listener.subscribe(), pool, self.head.clone(), stop));
    }

    /// The newest number that this process knows of. Numbers only grow; a reader that finds nothing below it is done.
    pub fn head(&self) -> watch::Receiver<i64> {
        self.head.subscribe()
    }

    /// Changes when there may be events in the log that concern what everybody reads.
    pub fn catalogue(&self) -> watch::Receiver<i64> {
        self.catalogue.subscribe()
    }
}

async fn tell(mut signals: Subscription, catalogue: watch::Sender<i64>) {
    while let Some(signal) = signals.recv().await {
        match signal {
            Signal::Notification { channel, payload } if CATALOGUE.contains(&channel.as_ref()) => {
                catalogue.send_replace(payload.parse().unwrap_or(0));
            }
            Signal::Notification { .. } => {}
            Signal::Reconnected => {
                catalogue.send_replace(0);
            }
        }
    }
}

async fn follow(mut signals: Subscription, pool: Pool, head: watch::Sender<i64>, stop: CancellationToken) {
    let asks = !is_planted("notifications_trusted") && !is_planted("cursor_before_listen");
    loop {
        let heard = tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(ASK_EVERY), if asks => None,
            signal = signals.recv() => match signal {
                None => return,
                Some(Signal::Reconnected) => None,
                Some(Signal::Notification { channel, .. }) if &*channel != "events" => continue,
                Some(Signal::Notification { payload, .. }) => payload.parse().ok(),
            },
        };
        let found = match heard {
            Some(found) => Ok(found),
            None => sql::head(&pool).await,
        };
        match found {
            Ok(found) => {
                head.send_if_modified(|head| {
                    let is_newer = found > *head;
                    *head = found.max(*head);
                    is_newer
                });
            }
            Err(problem) => tracing::debug!(error = %problem, "cannot ask for the head of the log"),
        }
    }
}
