//! The one LISTEN connection of the process, fanned out in memory.
//!
//! A notification only wakes; the truth is in tables. So the order is: LISTEN, its commit, then [`Signal::Reconnected`],
//! upon which a consumer catches up from its cursor, and only then notifications. Whatever was missed while the
//! connection was away, or because a consumer was slow, is announced by another `Reconnected`.
//!
//! The connection is outside the pool (a pooled one would lose its notifications) and must not go through a pooler in
//! transaction mode.

use std::sync::Arc;
use std::time::Duration;

use futures::stream::{self, StreamExt};
use tokio::sync::{broadcast, mpsc};
use tokio::time::Instant;
use tokio_postgres::{AsyncMessage, Config, NoTls};
use tokio_util::sync::CancellationToken;

use crate::planted::is_planted;

/// Signals a slow subscriber may lag behind before it is told to catch up instead.
const BACKLOG: usize = 1_024;
const BACKOFF_MIN: Duration = Duration::from_millis(100);
const BACKOFF_MAX: Duration = Duration::from_secs(10);
/// An idle connection is asked for a sign of life this often, and given up after as long without one.
const PING_EVERY: Duration = Duration::from_secs(15);
const PING_TIMEOUT: Duration = Duration::from_secs(5);
/// A server that takes the connection and then says nothing is left alone after this long.
const LISTEN_TIMEOUT: Duration = Duration::from_secs(10);

/// What a subscriber hears.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signal {
    /// Notifications may have been missed: catch up from the tables.
    Reconnected,
    Notification {
        channel: Arc<str>,
        payload: Arc<str>,
    },
}

/// The listening side. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Listener {
    signals: broadcast::Sender<Signal>,
}

/// One consumer's view.
#[derive(Debug)]
pub struct Subscription {
    signals: broadcast::Receiver<Signal>,
    is_new: bool,
}

impl Listener {
    /// Listens until `shutdown`. Starts without a connection and keeps trying.
    pub fn start(config: Config, channels: &[&str], shutdown: CancellationToken) -> Self {
        let (signals, _) = broadcast::channel(BACKLOG);
        let statement = channels.iter().fold(String::new(), |statement, channel| {
            statement + "listen \"" + &channel.replace('"', "\"\"") + "\";"
        });
        tokio::spawn(keep_listening(config, statement, signals.clone(), shutdown));
        Self { signals }
    }

    /// The first signal of a subscription is always [`Signal::Reconnected`].
    pub fn subscribe(&self) -> Subscription {
        Subscription { signals: self.signals.subscribe(), is_new: true }
    }
}

impl Subscription {
    /// `None` after shutdown.
    pub async fn recv(&mut self) -> Option<Signal> {
        if std::mem::take(&mut self.is_new) {
            return Some(Signal::Reconnected);
        }
        match self.signals.recv().await {
            Ok(signal) => Some(signal),
            Err(broadcast::error::RecvError::Lagged(_)) => Some(Signal::Reconnected),
            Err(broadcast::error::RecvError::Closed) => None,
        }
    }
}

async fn keep_listening(
    mut config: Config,
    statement: String,
    signals: broadcast::Sender<Signal>,
    shutdown: CancellationToken,
) {
    config.application_name("tradepost listen");
    let mut backoff = BACKOFF_MIN;
    loop {
        let mut has_listened = false;
        let outcome = tokio::select! {
            () = shutdown.cancelled() => return,
            outcome = listen(&config, &statement, &signals, &mut has_listened) => outcome,
        };
        metrics::counter!("tradepost_db_listen_reconnects_total").increment(1);
        if has_listened {
            backoff = BACKOFF_MIN;
        }
        let pause = super::jittered(backoff);
        tracing::warn!(
            retry_in_ms = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX),
            "the LISTEN connection ended: {}",
            outcome.map_or_else(|e| e.to_string(), |()| "closed by the server".to_owned())
        );
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
        }
        backoff = (backoff * 2).min(BACKOFF_MAX);
    }
}

/// One connection's life.
async fn listen(
    config: &Config,
    statement: &str,
    signals: &broadcast::Sender<Signal>,
    has_listened: &mut bool,
) -> anyhow::Result<()> {
    if is_planted("cursor_before_listen") {
        let _ = signals.send(Signal::Reconnected);
    }
    let until = Instant::now() + LISTEN_TIMEOUT;
    let (client, mut connection) = tokio::time::timeout_at(until, config.connect(NoTls)).await??;
    let (forward, mut messages) = mpsc::unbounded_channel();
    // The connection must be driven for the client to make progress. It ends with the client, or with `messages`.
    let driver = tokio::spawn(async move {
        let mut stream = stream::poll_fn(move |cx| connection.poll_message(cx));
        while let Some(message) = stream.next().await {
            if forward.send(message).is_err() {
                break;
            }
        }
    });
    let _stop = AbortOnDrop(driver);

    // outside a transaction: committed when it returns
    tokio::time::timeout_at(until, client.batch_execute(statement)).await??;
    *has_listened = true;
    // no subscriber at the moment is fine: a new one starts with Reconnected
    if !is_planted("cursor_before_listen") {
        let _ = signals.send(Signal::Reconnected);
    }

    let mut ping = tokio::time::interval_at(Instant::now() + PING_EVERY, PING_EVERY);
    ping.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            message = messages.recv() => match message {
                None => return Ok(()),
                Some(Err(e)) => return Err(e.into()),
                Some(Ok(AsyncMessage::Notification(n))) => {
                    let _ = signals.send(Signal::Notification {
                        channel: n.channel().into(),
                        payload: n.payload().into(),
                    });
                }
                Some(Ok(_)) => {}
            },
            _ = ping.tick() => {
                tokio::time::timeout(PING_TIMEOUT, client.batch_execute(""))
                    .await
                    .map_err(|_| anyhow::anyhow!("no sign of life within {} s", PING_TIMEOUT.as_secs()))??;
            }
        }
    }
}

struct AbortOnDrop(tokio::task::JoinHandle<()>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}
