//! Whether the database answers at all.
//!
//! A server that is stopped, or a machine that is gone, closes no connection: every call would wait until its own time is up, and
//! those behind it in a queue longer still. So one small connection keeps asking a question that costs nothing. When it and a
//! second, new one have heard nothing for a while, the database is silent: calls in flight are given up (whether their work was
//! done is unknown) and new ones refused at once, until the first answer.

use std::time::Duration;

use futures::future::{Either, select};
use tokio::sync::watch;
use tokio_postgres::{Client, Config, Error, NoTls};
use tokio_util::sync::CancellationToken;

const BEAT_EVERY: Duration = Duration::from_millis(250);

/// What is known. Cheap to clone; by default of a database that always answers.
#[derive(Debug, Clone)]
pub struct Pulse(watch::Sender<bool>);

impl Default for Pulse {
    fn default() -> Self {
        Self(watch::Sender::new(false))
    }
}

impl Pulse {
    /// Follows the database until `stop`.
    pub fn start(config: Config, silence_max: Duration, stop: CancellationToken) -> Self {
        let pulse = Self::default();
        let silent = pulse.0.clone();
        tokio::spawn(stop.run_until_cancelled_owned(async move {
            let mut config = config;
            config.application_name("tradepost pulse");
            let mut client = None;
            loop {
                client = beat(client, &config, silence_max, &silent).await;
                tokio::time::sleep(BEAT_EVERY).await;
            }
        }));
        pulse
    }

    /// Ends when the database is silent: at once, or never.
    pub async fn silence(&self) {
        let mut silent = self.0.subscribe();
        if silent.wait_for(|is_silent| *is_silent).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    #[cfg(test)]
    pub(crate) fn set(&self, is_silent: bool) {
        self.0.send_replace(is_silent);
    }
}

/// Asks until something is heard; the connection that heard it.
async fn beat(
    client: Option<Client>,
    config: &Config,
    silence_max: Duration,
    silent: &watch::Sender<bool>,
) -> Option<Client> {
    let mut usual = Box::pin(ask(client, config));
    loop {
        let second_opinion = Box::pin(async {
            tokio::time::sleep(silence_max / 2).await;
            ask(None, config).await
        });
        let heard = tokio::time::timeout(silence_max, select(&mut usual, second_opinion)).await;
        match heard {
            Ok(Either::Left((answer, _)) | Either::Right((answer, _))) => {
                // whoever refuses is there; who cannot be reached at all is not silent only if it was not before: calls
                // find that out by themselves
                let is_there = answer.as_ref().err().is_none_or(|error| error.as_db_error().is_some());
                if is_there && silent.send_replace(false) {
                    tracing::warn!("the database answers again");
                }
                return answer.ok();
            }
            Err(_) => {
                if !silent.send_replace(true) {
                    metrics::counter!("tradepost_db_silences_total").increment(1);
                    tracing::error!(silence_ms = silence_max.as_millis(), "the database does not answer");
                }
            }
        }
    }
}

async fn ask(client: Option<Client>, config: &Config) -> Result<Client, Error> {
    let client = if let Some(client) = client {
        client
    } else {
        let (client, connection) = config.connect(NoTls).await?;
        tokio::spawn(connection);
        client
    };
    client.simple_query("").await?;
    Ok(client)
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;
    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn silence_ends_who_waits_for_it_and_whoever_comes_later() {
        let pulse = Pulse::default();
        let mut waits = Box::pin(pulse.silence());
        assert!((&mut waits).now_or_never().is_none());
        pulse.set(true);
        waits.await;
        assert!(pulse.silence().now_or_never().is_some());
        pulse.set(false);
        assert!(pulse.silence().now_or_never().is_none());
    }

    #[tokio::test]
    async fn a_server_that_takes_connections_and_says_nothing_is_silent() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let config = format!("postgres://nobody@127.0.0.1:{port}/x").parse().unwrap();
        let stop = CancellationToken::new();
        let pulse = Pulse::start(config, Duration::from_millis(50), stop.clone());
        pulse.silence().await;
        // refused, it is gone, and still not there
        drop(listener);
        assert!(pulse.silence().now_or_never().is_some());
        stop.cancel();
    }
}
