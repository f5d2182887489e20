//! Background work: a step that does a bounded piece and says how much it did, and one driver for all of them.
//!
//! A worker keeps nothing in memory that matters: what is to be done is in the database, so a step that failed is simply
//! done again, and tests call the step directly. The driver repeats it: at once while there is work, after a wake-up or
//! the idle pause when there is none, and ever more slowly while it fails.

use std::any::Any;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::Instrument;

use crate::problem::Result;

const BACKOFF_MIN: Duration = Duration::from_millis(100);
const BACKOFF_MAX: Duration = Duration::from_secs(30);

/// How fast a worker goes.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// Pause after a step that did something.
    pub busy: Duration,
    /// Longest pause after a step that found nothing; a wake-up ends it.
    pub idle: Duration,
    /// Shortest such pause: wake-ups that come before its end are one.
    pub rest: Duration,
}

impl Pace {
    /// For sweepers: go on at once while there is work, look again after `idle` otherwise.
    pub const fn every(idle: Duration) -> Self {
        Self { busy: Duration::ZERO, idle, rest: Duration::ZERO }
    }

    /// For those who are woken by much that does not concern them.
    #[must_use]
    pub const fn resting(self, rest: Duration) -> Self {
        Self { rest, ..self }
    }
}

/// What ends an idle pause early.
#[derive(Debug, Clone)]
pub enum Wake {
    /// Nothing: the worker polls.
    Timer,
    /// Somebody in this process who knows that there is work.
    Notify(Arc<Notify>),
    /// The head of the event log (`app.hub.head()`); the worker reads the log from its cursor.
    Head(watch::Receiver<i64>),
}

impl Wake {
    /// What is announced from now on counts; what was announced before is what the next step sees.
    fn arm(&mut self) {
        if let Self::Head(head) = self {
            head.borrow_and_update();
        }
    }

    async fn wait(&mut self) {
        match self {
            Self::Timer => std::future::pending().await,
            Self::Notify(notify) => notify.notified().await,
            Self::Head(head) => {
                if head.changed().await.is_err() {
                    std::future::pending::<()>().await;
                }
            }
        }
    }
}

/// Runs `step` until `stop`, which is looked at between steps: a step that was begun is finished. `step` answers how
/// many things it did. A failure or a panic is logged, counted, and tried again with growing pauses.
pub fn spawn<F, Fut>(
    tracker: &TaskTracker,
    stop: &CancellationToken,
    name: &'static str,
    pace: Pace,
    wake: Wake,
    step: F,
) where
    F: FnMut() -> Fut + Send + 'static,
    Fut: Future<Output = Result<usize>> + Send + 'static,
{
    let span = tracing::info_span!("worker", worker.name = name);
    tracker.spawn(drive(name, pace, wake, step, stop.clone()).instrument(span));
}

async fn drive<F, Fut>(name: &'static str, pace: Pace, mut wake: Wake, mut step: F, stop: CancellationToken)
where
    F: FnMut() -> Fut + Send,
    Fut: Future<Output = Result<usize>> + Send + 'static,
{
    let mut failures = 0;
    while !stop.is_cancelled() {
        wake.arm();
        let outcome = AssertUnwindSafe(async { step().await }).catch_unwind().await;
        let error = match outcome {
            Ok(Ok(done)) => {
                failures = 0;
                metrics::counter!("tradepost_worker_items_total", "worker" => name).increment(done as u64);
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = tokio::time::sleep(if done > 0 { pace.busy } else { pace.idle }) => {}
                    () = async { tokio::time::sleep(pace.rest).await; wake.wait().await }, if done == 0 => {}
                }
                continue;
            }
            Ok(Err(problem)) => problem.to_string(),
            Err(panic) => format!("panicked: {}", panic_text(panic.as_ref())),
        };
        failures += 1;
        let pause = backoff(failures);
        metrics::counter!("tradepost_worker_failures_total", "worker" => name).increment(1);
        tracing::warn!(
            error,
            failures,
            pause_ms = u64::try_from(pause.as_millis()).unwrap_or(0),
            "a step failed"
        );
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
        }
    }
}

fn backoff(failures: u32) -> Duration {
    BACKOFF_MIN.saturating_mul(1 << (failures - 1).min(16)).min(BACKOFF_MAX)
}

fn panic_text(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("without a message")
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::problem::Problem;

    /// Runs a worker whose n-th step does what `act(n)` says, until `until` steps were made.
    async fn run(pace: Pace, wake: Wake, until: usize, act: fn(usize) -> Result<usize>) {
        let (tracker, stop) = (TaskTracker::new(), CancellationToken::new());
        let (steps, done) = (Arc::new(AtomicUsize::new(0)), Arc::new(Notify::new()));
        let (counter, signal) = (Arc::clone(&steps), Arc::clone(&done));
        spawn(&tracker, &stop, "test", pace, wake, move || {
            let n = counter.fetch_add(1, Ordering::SeqCst);
            if n + 1 == until {
                signal.notify_one();
            }
            async move { act(n) }
        });
        tokio::time::timeout(Duration::from_secs(5), done.notified()).await.expect("the steps were made");
        stop.cancel();
        tracker.close();
        tokio::time::timeout(Duration::from_secs(5), tracker.wait()).await.expect("the worker ended");
    }

    const HOUR: Duration = Duration::from_hours(1);

    #[tokio::test]
    async fn goes_on_at_once_while_there_is_work() {
        run(Pace::every(HOUR), Wake::Timer, 100, |_| Ok(1)).await;
    }

    #[tokio::test]
    async fn survives_failures_and_panics() {
        run(Pace::every(Duration::ZERO), Wake::Timer, 4, |n| match n {
            0 => Err(Problem::not_found()),
            1 => panic!("a bug"),
            _ => Ok(0),
        })
        .await;
    }

    #[tokio::test]
    async fn a_wake_up_ends_the_idle_pause() {
        let notify = Arc::new(Notify::new());
        notify.notify_one();
        run(Pace::every(HOUR), Wake::Notify(notify), 2, |_| Ok(0)).await;
        let (head, seen) = watch::channel(0);
        let ((), ()) = tokio::join!(
            async move {
                tokio::time::sleep(Duration::from_millis(50)).await;
                head.send(1).expect("somebody listens");
                tokio::time::sleep(Duration::from_millis(50)).await;
            },
            run(Pace::every(HOUR), Wake::Head(seen), 2, |_| Ok(0)),
        );
    }
}
