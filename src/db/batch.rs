//! Many requests, one call of a batch function.
//!
//! There is no timer. While a call is in flight, the requests that arrive wait; when it returns, all of them (up to a
//! limit) travel in the next one. An idle server therefore runs a batch of one at once, and a busy one runs as few
//! transactions as it can. The batch function answers each request on its own row.
//!
//! When a whole call fails although a database is there (a bug, a value nobody foresaw), its requests are run one by
//! one, so that only the guilty one fails. When the database is unavailable they all fail: whether the work was done is
//! then unknown, and the idempotency key settles it.

// lengths of queues and batches become gauges: far below 2^52
#![allow(clippy::cast_precision_loss)]

use std::fmt;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Instant;

use axum::http::StatusCode;
use futures::FutureExt;
use tokio::sync::{Mutex, mpsc, oneshot};

use crate::problem::Problem;

/// Limits of one batcher.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// The batch function, for metrics and messages: `"orders.place_orders"`.
    pub name: &'static str,
    /// Most requests in one call.
    pub requests_max: usize,
    /// Most requests that may wait; the next one is refused (503 `core.overloaded`).
    pub queue_max: usize,
    /// Calls in flight at the same time. One, unless a measurement says otherwise: two calls wait for the same rows.
    pub lanes: usize,
}

impl Settings {
    pub fn new(name: &'static str) -> Self {
        Self { name, requests_max: 64, queue_max: 4_096, lanes: 1 }
    }
}

/// What a call answers: the position of a request in the batch, and its result.
pub type Answers<Res> = Vec<(usize, Result<Res, Problem>)>;

struct Waiting<Req, Res> {
    request: Req,
    since: Instant,
    answer: oneshot::Sender<Result<Res, Problem>>,
}

/// Gathers requests. Cheap to clone; when the last clone is gone, what waits is still answered.
pub struct Batcher<Req, Res> {
    queue: mpsc::Sender<Waiting<Req, Res>>,
    settings: Settings,
}

impl<Req, Res> Clone for Batcher<Req, Res> {
    fn clone(&self) -> Self {
        Self { queue: self.queue.clone(), settings: self.settings }
    }
}

impl<Req, Res> fmt::Debug for Batcher<Req, Res> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batcher").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl<Req, Res> Batcher<Req, Res>
where
    Req: Clone + Send + 'static,
    Res: Send + 'static,
{
    /// `call` runs the batch function once. It must answer each position it was given; a position without an answer is a
    /// bug and gets a 500. Must be called inside a Tokio runtime.
    pub fn start<F, Fut>(settings: Settings, call: F) -> Self
    where
        F: Fn(Vec<Req>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Answers<Res>, Problem>> + Send + 'static,
    {
        let (queue, receiver) = mpsc::channel(settings.queue_max.max(1));
        let receiver = Arc::new(Mutex::new(receiver));
        let call = Arc::new(call);
        for _ in 0..settings.lanes.max(1) {
            tokio::spawn(lane(settings, Arc::clone(&receiver), Arc::clone(&call)));
        }
        Self { queue, settings }
    }

    /// Waits for this request's own answer. Dropping the future before its batch has started withdraws the request.
    pub async fn call(&self, request: Req) -> Result<Res, Problem> {
        let (answer, own_answer) = oneshot::channel();
        self.queue.try_send(Waiting { request, since: Instant::now(), answer }).map_err(|_| {
            metrics::counter!("tradepost_db_batch_refused_total", "batch" => self.settings.name).increment(1);
            Problem::overloaded(format_args!("the queue of {} is full", self.settings.name))
        })?;
        self.record_queue_length();
        own_answer
            .await
            .unwrap_or_else(|_| Err(Problem::unavailable(format_args!("{} has stopped", self.settings.name))))
    }

    /// Requests that wait for the next call.
    pub fn queue_length(&self) -> usize {
        self.queue.max_capacity() - self.queue.capacity()
    }

    fn record_queue_length(&self) {
        metrics::gauge!("tradepost_db_batch_queue_length", "batch" => self.settings.name)
            .set(self.queue_length() as f64);
    }
}

/// One call after another until all batchers are gone and the queue is empty.
async fn lane<Req, Res, F, Fut>(
    settings: Settings,
    queue: Arc<Mutex<mpsc::Receiver<Waiting<Req, Res>>>>,
    call: Arc<F>,
) where
    Req: Clone,
    F: Fn(Vec<Req>) -> Fut,
    Fut: Future<Output = Result<Answers<Res>, Problem>>,
{
    while let Some(batch) = gather(settings, &queue).await {
        if batch.is_empty() {
            continue;
        }
        metrics::histogram!("tradepost_db_batch_size", "batch" => settings.name).record(batch.len() as f64);
        let wait = metrics::histogram!("tradepost_db_batch_wait_seconds", "batch" => settings.name);
        let mut requests = Vec::with_capacity(batch.len());
        let mut waiters = Vec::with_capacity(batch.len());
        for waiting in batch {
            wait.record(waiting.since.elapsed().as_secs_f64());
            requests.push(waiting.request);
            waiters.push(waiting.answer);
        }
        match guarded(settings.name, &*call, requests.clone()).await {
            Ok(answers) => distribute(settings.name, waiters, answers),
            Err(problem) if requests.len() == 1 || problem.status() == StatusCode::SERVICE_UNAVAILABLE => {
                for waiter in waiters {
                    let _ = waiter.send(Err(problem.clone()));
                }
            }
            Err(problem) => {
                metrics::counter!("tradepost_db_batch_isolated_total", "batch" => settings.name).increment(1);
                tracing::warn!(
                    batch = settings.name,
                    requests = requests.len(),
                    "a batch failed, its requests are run one by one: {problem}"
                );
                for (request, waiter) in requests.into_iter().zip(waiters) {
                    if waiter.is_closed() {
                        continue;
                    }
                    match guarded(settings.name, &*call, vec![request]).await {
                        Ok(answers) => distribute(settings.name, vec![waiter], answers),
                        Err(problem) => {
                            let _ = waiter.send(Err(problem));
                        }
                    }
                }
            }
        }
    }
}

/// The requests that wait now, at least one, without those whose callers have gone. `None` at the end.
async fn gather<Req, Res>(
    settings: Settings,
    queue: &Mutex<mpsc::Receiver<Waiting<Req, Res>>>,
) -> Option<Vec<Waiting<Req, Res>>> {
    // held while waiting: with several lanes, the idle ones stand in line here
    let mut queue = queue.lock().await;
    let mut batch = Vec::new();
    queue.recv_many(&mut batch, settings.requests_max.max(1)).await;
    if batch.is_empty() {
        return None;
    }
    metrics::gauge!("tradepost_db_batch_queue_length", "batch" => settings.name).set(queue.len() as f64);
    batch.retain(|waiting| !waiting.answer.is_closed());
    Some(batch)
}

/// A panic in the call fails its batch, not the lane.
async fn guarded<Req, Res, F, Fut>(
    name: &'static str,
    call: &F,
    requests: Vec<Req>,
) -> Result<Answers<Res>, Problem>
where
    F: Fn(Vec<Req>) -> Fut,
    Fut: Future<Output = Result<Answers<Res>, Problem>>,
{
    AssertUnwindSafe(async { call(requests).await })
        .catch_unwind()
        .await
        .unwrap_or_else(|_| Err(Problem::internal(format_args!("{name} panicked"))))
}

fn distribute<Res>(
    name: &'static str,
    waiters: Vec<oneshot::Sender<Result<Res, Problem>>>,
    answers: Answers<Res>,
) {
    let mut waiters: Vec<_> = waiters.into_iter().map(Some).collect();
    for (position, answer) in answers {
        if let Some(waiter) = waiters.get_mut(position).and_then(Option::take) {
            let _ = waiter.send(answer);
        } else {
            tracing::error!(batch = name, position, "an answer nobody waits for");
        }
    }
    for waiter in waiters.into_iter().flatten() {
        let _ = waiter.send(Err(Problem::internal(format_args!("{name} left a request without an answer"))));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A batch function under the test's control: it reports each batch and waits until the test answers it.
    struct Fake {
        batches: mpsc::UnboundedReceiver<(Vec<u32>, Answer)>,
    }

    type Answer = oneshot::Sender<Result<Answers<u32>, Problem>>;

    fn fake(settings: Settings) -> (Batcher<u32, u32>, Fake) {
        let (seen, batches) = mpsc::unbounded_channel();
        let batcher = Batcher::start(settings, move |requests: Vec<u32>| {
            let seen = seen.clone();
            async move {
                let (answer, answered) = oneshot::channel();
                seen.send((requests, answer)).expect("the test listens");
                answered.await.expect("the test answers")
            }
        });
        (batcher, Fake { batches })
    }

    #[allow(clippy::unnecessary_wraps)] // what a call returns
    fn doubled(requests: &[u32]) -> Result<Answers<u32>, Problem> {
        Ok(requests.iter().map(|r| Ok(r * 2)).enumerate().collect())
    }

    fn settings() -> Settings {
        Settings { requests_max: 4, queue_max: 6, ..Settings::new("test.batch") }
    }

    /// Starts a call and returns once its request is in the queue.
    async fn submit(
        batcher: &Batcher<u32, u32>,
        request: u32,
    ) -> tokio::task::JoinHandle<Result<u32, Problem>> {
        let (started, has_started) = oneshot::channel();
        let batcher = batcher.clone();
        let task = tokio::spawn(async move {
            let call = batcher.call(request);
            tokio::pin!(call);
            // the first poll puts the request into the queue
            let first = futures::poll!(&mut call);
            started.send(()).expect("the test waits");
            match first {
                std::task::Poll::Ready(answer) => answer,
                std::task::Poll::Pending => call.await,
            }
        });
        has_started.await.expect("the call has been polled");
        task
    }

    #[tokio::test]
    async fn an_idle_batcher_runs_a_single_request_at_once() {
        let (batcher, mut fake) = fake(settings());
        let call = submit(&batcher, 1).await;
        let (requests, answer) = fake.batches.recv().await.unwrap();
        assert_eq!(requests, [1]);
        answer.send(doubled(&requests)).unwrap();
        assert_eq!(call.await.unwrap().unwrap(), 2);
    }

    #[tokio::test]
    async fn requests_that_arrive_during_a_call_travel_together_up_to_the_limit() {
        let (batcher, mut fake) = fake(settings());
        let mut calls = vec![submit(&batcher, 1).await];
        let (first, answer_first) = fake.batches.recv().await.unwrap();
        for request in 2..=6 {
            calls.push(submit(&batcher, request).await);
        }
        assert_eq!(batcher.queue_length(), 5);
        answer_first.send(doubled(&first)).unwrap();
        for expected in [vec![2, 3, 4, 5], vec![6]] {
            let (requests, answer) = fake.batches.recv().await.unwrap();
            assert_eq!(requests, expected, "in order of arrival");
            answer.send(doubled(&requests)).unwrap();
        }
        for (request, call) in (1..).zip(calls) {
            assert_eq!(call.await.unwrap().unwrap(), request * 2, "everybody gets the own answer");
        }
    }

    #[tokio::test]
    async fn answers_find_their_waiters_in_any_order_and_a_missing_one_is_a_500() {
        let (batcher, mut fake) = fake(settings());
        let first = submit(&batcher, 0).await;
        let (_, answer) = fake.batches.recv().await.unwrap();
        let (a, b, c) = (submit(&batcher, 10).await, submit(&batcher, 20).await, submit(&batcher, 30).await);
        answer.send(Ok(vec![(0, Ok(0))])).unwrap();
        let (_, answer) = fake.batches.recv().await.unwrap();
        let refused = Problem::new(StatusCode::CONFLICT, "test.refused", "No.");
        answer.send(Ok(vec![(2, Ok(30)), (0, Err(refused)), (9, Ok(0))])).unwrap();
        assert_eq!(first.await.unwrap().unwrap(), 0);
        assert_eq!(a.await.unwrap().unwrap_err().code(), "test.refused");
        assert_eq!(b.await.unwrap().unwrap_err().status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(c.await.unwrap().unwrap(), 30);
    }

    #[tokio::test]
    async fn a_poisoned_request_fails_alone() {
        let (batcher, mut fake) = fake(settings());
        let first = submit(&batcher, 0).await;
        let (_, answer) = fake.batches.recv().await.unwrap();
        let (good, bad, other) =
            (submit(&batcher, 1).await, submit(&batcher, 666).await, submit(&batcher, 2).await);
        answer.send(Ok(vec![(0, Ok(0))])).unwrap();
        let (requests, answer) = fake.batches.recv().await.unwrap();
        assert_eq!(requests, [1, 666, 2]);
        answer.send(Err(Problem::internal("boom"))).unwrap();
        for expected in [1, 666, 2] {
            let (requests, answer) = fake.batches.recv().await.unwrap();
            assert_eq!(requests, [expected]);
            let outcome = if expected == 666 { Err(Problem::internal("boom")) } else { doubled(&requests) };
            answer.send(outcome).unwrap();
        }
        assert_eq!(first.await.unwrap().unwrap(), 0);
        assert_eq!(good.await.unwrap().unwrap(), 2);
        assert_eq!(bad.await.unwrap().unwrap_err().status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(other.await.unwrap().unwrap(), 4);
    }

    #[tokio::test]
    async fn an_unavailable_database_fails_the_batch_without_a_second_try() {
        let (batcher, mut fake) = fake(settings());
        let first = submit(&batcher, 0).await;
        let (_, answer) = fake.batches.recv().await.unwrap();
        let (a, b) = (submit(&batcher, 1).await, submit(&batcher, 2).await);
        answer.send(Ok(vec![(0, Ok(0))])).unwrap();
        let (requests, answer) = fake.batches.recv().await.unwrap();
        assert_eq!(requests.len(), 2);
        answer.send(Err(Problem::unavailable("gone"))).unwrap();
        for call in [a, b] {
            assert_eq!(call.await.unwrap().unwrap_err().status(), StatusCode::SERVICE_UNAVAILABLE);
        }
        first.await.unwrap().unwrap();
        drop(batcher);
        assert!(fake.batches.recv().await.is_none(), "nothing was run again");
    }

    #[tokio::test]
    async fn a_full_queue_refuses_at_once() {
        let (batcher, mut fake) = fake(settings());
        let mut calls = vec![submit(&batcher, 0).await];
        let (first, answer_first) = fake.batches.recv().await.unwrap();
        for request in 1..=6 {
            calls.push(submit(&batcher, request).await);
        }
        let refused = batcher.call(7).await.unwrap_err();
        assert_eq!((refused.status(), refused.code()), (StatusCode::SERVICE_UNAVAILABLE, "core.overloaded"));
        answer_first.send(doubled(&first)).unwrap();
        for _ in 0..2 {
            let (requests, answer) = fake.batches.recv().await.unwrap();
            answer.send(doubled(&requests)).unwrap();
        }
        for call in calls {
            call.await.unwrap().unwrap();
        }
    }

    #[tokio::test]
    async fn a_caller_that_left_before_the_batch_is_not_sent() {
        let (batcher, mut fake) = fake(settings());
        let first = submit(&batcher, 0).await;
        let (requests, answer) = fake.batches.recv().await.unwrap();
        let (leaves, stays) = (submit(&batcher, 1).await, submit(&batcher, 2).await);
        leaves.abort();
        assert!(leaves.await.unwrap_err().is_cancelled());
        answer.send(doubled(&requests)).unwrap();
        let (requests, answer) = fake.batches.recv().await.unwrap();
        assert_eq!(requests, [2]);
        answer.send(doubled(&requests)).unwrap();
        assert_eq!(stays.await.unwrap().unwrap(), 4);
        first.await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn a_caller_that_leaves_during_the_call_harms_nobody() {
        let (batcher, mut fake) = fake(settings());
        let leaves = submit(&batcher, 1).await;
        let (requests, answer) = fake.batches.recv().await.unwrap();
        leaves.abort();
        assert!(leaves.await.unwrap_err().is_cancelled());
        answer.send(doubled(&requests)).unwrap();
        let next = submit(&batcher, 2).await;
        let (requests, answer) = fake.batches.recv().await.unwrap();
        answer.send(doubled(&requests)).unwrap();
        assert_eq!(next.await.unwrap().unwrap(), 4);
    }

    #[tokio::test]
    async fn a_panic_fails_the_request_and_the_lane_goes_on() {
        let batcher = Batcher::start(settings(), |requests: Vec<u32>| async move {
            assert!(requests[0] != 13, "a bug");
            doubled(&requests)
        });
        assert_eq!(batcher.call(13).await.unwrap_err().status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(batcher.call(4).await.unwrap(), 8);
    }

    #[tokio::test]
    async fn two_lanes_run_two_calls_at_once() {
        let (batcher, mut fake) = fake(Settings { lanes: 2, ..settings() });
        let a = submit(&batcher, 1).await;
        let (first, answer_first) = fake.batches.recv().await.unwrap();
        let b = submit(&batcher, 2).await;
        let (second, answer_second) = fake.batches.recv().await.unwrap();
        assert_eq!((first.as_slice(), second.as_slice()), ([1].as_slice(), [2].as_slice()));
        answer_second.send(doubled(&second)).unwrap();
        assert_eq!(b.await.unwrap().unwrap(), 4);
        answer_first.send(doubled(&first)).unwrap();
        assert_eq!(a.await.unwrap().unwrap(), 2);
    }

    #[tokio::test]
    async fn what_waits_is_answered_after_the_last_batcher_is_gone() {
        let (batcher, mut fake) = fake(settings());
        let calls = [submit(&batcher, 1).await, submit(&batcher, 2).await];
        drop(batcher);
        for _ in 0..2 {
            if let Some((requests, answer)) = fake.batches.recv().await {
                answer.send(doubled(&requests)).unwrap();
            }
        }
        for call in calls {
            call.await.unwrap().unwrap();
        }
    }
}
