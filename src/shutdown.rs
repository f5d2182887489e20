//! From a signal to a cancelled token.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::http::health::Readiness;

/// Waits for SIGTERM or Ctrl-C and cancels `token`. On SIGTERM readiness turns false first and load balancers get
/// `delay` to notice; somebody at a keyboard does not wait. A second signal ends the process at once.
pub async fn on_signal(ready: &Readiness, delay: Duration, token: CancellationToken) -> std::io::Result<()> {
    let polite = wait().await?;
    ready.drain();
    tracing::info!("shutting down");
    if polite && !delay.is_zero() {
        tokio::select! {
            () = tokio::time::sleep(delay) => {}
            second = wait() => { second?; }
        }
    }
    token.cancel();
    wait().await?;
    tracing::warn!("second signal: ending without draining");
    std::process::exit(130);
}

/// True for SIGTERM, false for Ctrl-C.
#[cfg(unix)]
async fn wait() -> std::io::Result<bool> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut term = signal(SignalKind::terminate())?;
    let mut int = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = term.recv() => Ok(true),
        _ = int.recv() => Ok(false),
    }
}

#[cfg(not(unix))]
async fn wait() -> std::io::Result<bool> {
    tokio::signal::ctrl_c().await.map(|()| false)
}
