//! Many requests, one call of a batch function.
//!
//! There is no timer. While a call is in flight, the requests that arrive wait; when it returns, or where there is another lane as
//! soon as they are as many as it carries, all of them (up to a limit) travel in the next one. An idle server therefore runs a batch of one at once, and a busy one runs as few
//! transactions as it can. The batch function answers each request on its own row.
//!
//! **Turns.** First come, first served, and no account takes more than its share: while others wait, at most
//! `share_max` requests of one account travel in a batch, and no account may have more than `account_max` waiting. Places in a
//! batch that nobody else wants go to whoever is next.
//!
//! **A queue that stands still** takes nobody in: once somebody has waited `wait_max`, the next ones are refused at once, so that a
//! database that has become slow is not asked for answers nobody waits for any more. A short stall may make everybody wait that
//! long, a lasting overload may not: when all batches of so long a time left late, half of it closes the queue (the
//! standing queue of CoDel, RFC 8289, but for refusing who comes instead of dropping who waits).
//!
//! **A caller that goes away** before its batch leaves withdraws its request. Later the work is done all the same, and its
//! idempotency key answers whoever asks again.
//!
//! **When a call fails** although a database is there, nothing of it was done, and only the guilty requests pay:
//! * a statement that fails (a bug, a value nobody foresaw): the batch is halved and halved again until the guilty one is
//!   alone, which gets the error;
//! * a lock that did not come in time, or a statement that took too long: a batch beside which another call was in flight is tried again
//!   without it; then each request runs alone with little patience. Those
//!   that still wait are set aside, with everybody who wants the same rows for a while, into a lane of their own, where they
//!   wait as long as any call may without holding up the others.
//!
//! When the database is unavailable all fail: whether the work was done is then unknown, and the idempotency key settles it.

use std::collections::{HashMap, HashSet, VecDeque};
use std::fmt;
use std::future::Future;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use futures::FutureExt;
use tokio::sync::{Notify, RwLock, oneshot};
use uuid::Uuid;

use crate::problem::Problem;
use crate::refusals::Refusals;

/// How long the rows of a call that waited too long for a lock are kept apart.
const APART: Duration = Duration::from_secs(3);
/// How long the requests of a failed batch are tried one by one, before the rest of them is set aside untried.
const SWEEP_MAX: Duration = Duration::from_secs(1);

/// What a batcher must know of a request.
pub trait Batched: Clone + Send + 'static {
    /// Whose it is: turns are given by account.
    fn account_id(&self) -> Uuid;

    /// The contended rows it is going to lock, as far as it tells them, each as a number.
    fn rows(&self) -> Vec<u64>;

    /// What it does, as a number that is the same when it is asked for again: it never travels beside itself.
    fn operation(&self) -> Option<u64>;
}

/// A row's number from its id.
pub fn row(id: Uuid) -> u64 {
    let (high, low) = id.as_u64_pair();
    high ^ low
}

/// An operation's number: account and idempotency key.
pub fn operation(account_id: Option<Uuid>, idempotency_key: Option<&str>) -> Option<u64> {
    let mut hasher = DefaultHasher::new();
    (account_id?, idempotency_key?).hash(&mut hasher);
    Some(hasher.finish())
}

/// How long a call may wait for locks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Patience {
    /// As long as batches that follow each other wait for one another.
    Usual,
    /// Hardly: to find out who has to wait.
    Brief,
    /// As long as any request may, where nobody is held up.
    Long,
}

/// Limits of one batcher.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// The batch function, for metrics and messages: `"orders.place_orders"`.
    pub name: &'static str,
    /// Most requests in one call.
    pub requests_max: usize,
    /// Most requests that may wait; the next one is refused (503 `core.overloaded`).
    pub queue_max: usize,
    /// Most requests of one account in a call while others wait.
    pub share_max: usize,
    /// Most requests of one account that may wait.
    pub account_max: usize,
    /// Longest wait of who is first in the queue; meanwhile the next ones are refused.
    pub wait_max: Duration,
    /// Calls in flight at the same time. One, unless a measurement says otherwise: two calls wait for the same rows. Another one
    /// leaves only when it is as full as those in flight: what batches save is not given away for being early.
    pub lanes: usize,
}

impl Settings {
    pub fn new(name: &'static str, requests_max: usize, queue_max: usize, wait_max: Duration) -> Self {
        let share = |of: usize| (of / 4).max(1);
        Self {
            name,
            requests_max,
            queue_max,
            share_max: share(requests_max),
            account_max: share(queue_max),
            wait_max,
            lanes: 1,
        }
    }
}

/// What a call answers: the position of a request in the batch, and its result.
pub type Answers<Res> = Vec<(usize, Result<Res, Problem>)>;

struct Waiting<Req, Res> {
    request: Req,
    since: Instant,
    answer: oneshot::Sender<Result<Res, Problem>>,
    /// Its place in the queue was given up: its batch has left, or its caller has.
    is_over: Arc<AtomicBool>,
}

/// Those who wait, in the order of their arrival.
struct Line<Req, Res> {
    waiting: VecDeque<Waiting<Req, Res>>,
    /// Places taken by each account; callers that have gone take none.
    taken: HashMap<Uuid, usize>,
    taken_total: usize,
    is_open: bool,
    in_flight: Vec<Flight>,
    /// Calls that ever left.
    flights: u64,
    /// When the first of the queue last left within half of `wait_max`.
    in_time: Instant,
}

impl<Req, Res> Line<Req, Res> {
    /// Who has waited longest.
    fn first(&self) -> Option<&Waiting<Req, Res>> {
        self.waiting.iter().find(|first| !first.answer.is_closed())
    }
}

/// A call that has left.
struct Flight {
    number: u64,
    requests: usize,
    operations: HashSet<u64>,
}

/// Takes a call out of those in flight when it is over, also when its lane has panicked.
struct Landing<'a, Req: Batched, Res> {
    queue: &'a Queue<Req, Res>,
    number: u64,
}

impl<Req: Batched, Res> Drop for Landing<'_, Req, Res> {
    fn drop(&mut self) {
        self.queue.line().in_flight.retain(|flight| flight.number != self.number);
        if std::thread::panicking() {
            self.queue.arrived.notify_one(); // else the lane looks for itself
        }
    }
}

/// Those who travel, and what to drop when they have arrived.
type Departure<'a, Req, Res> = (Vec<Waiting<Req, Res>>, Landing<'a, Req, Res>);

struct Queue<Req, Res> {
    settings: Settings,
    line: Mutex<Line<Req, Res>>,
    arrived: Notify,
}

impl<Req: Batched, Res> Queue<Req, Res> {
    fn new(settings: Settings) -> Arc<Self> {
        let line = Line {
            waiting: VecDeque::new(),
            taken: HashMap::new(),
            taken_total: 0,
            is_open: true,
            in_flight: Vec::new(),
            flights: 0,
            in_time: Instant::now(),
        };
        Arc::new(Self { settings, line: Mutex::new(line), arrived: Notify::new() })
    }

    fn line(&self) -> MutexGuard<'_, Line<Req, Res>> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The last one in, or why there is no place.
    fn push(&self, waiting: Waiting<Req, Res>) -> Result<(), (&'static str, Waiting<Req, Res>)> {
        let account = waiting.request.account_id();
        let mut line = self.line();
        if let Some(full) = self.closed(&line) {
            return Err((full, waiting));
        }
        let taken = line.taken.entry(account).or_insert(0);
        if *taken >= self.settings.account_max {
            return Err(("account", waiting));
        }
        *taken += 1;
        line.taken_total += 1;
        if line.waiting.len() >= 2 * self.settings.queue_max {
            // so many have gone that the line would grow without bound while the lane is stuck
            for waiting in std::mem::take(&mut line.waiting) {
                if waiting.answer.is_closed() {
                    self.leave(&mut line, waiting.request.account_id(), &waiting.is_over);
                } else {
                    line.waiting.push_back(waiting);
                }
            }
        }
        line.waiting.push_back(waiting);
        self.record(&line);
        drop(line);
        self.arrived.notify_one();
        Ok(())
    }

    /// Why nobody is taken in at the moment.
    fn closed(&self, line: &Line<Req, Res>) -> Option<&'static str> {
        if line.taken_total >= self.settings.queue_max {
            return Some("queue");
        }
        let first = line.first()?;
        let stands = line.in_time.elapsed() >= self.settings.wait_max;
        let wait_max = if stands { self.settings.wait_max / 2 } else { self.settings.wait_max };
        (first.since.elapsed() >= wait_max).then_some("wait")
    }

    /// Gives a place back, once.
    fn leave(&self, line: &mut Line<Req, Res>, account: Uuid, is_over: &AtomicBool) {
        if is_over.swap(true, Ordering::Relaxed) {
            return;
        }
        line.taken_total -= 1;
        if let Some(taken) = line.taken.get_mut(&account) {
            *taken -= 1;
            if *taken == 0 {
                line.taken.remove(&account);
            }
        }
        self.record(line);
    }

    /// Who travels next, in the order of their arrival; nobody when nobody waits, or when too few do to travel beside the others.
    /// Whose operation is in flight already waits for its end, and then gets the same answer.
    fn take(&self) -> Option<Departure<'_, Req, Res>> {
        let most = self.settings.requests_max.max(1);
        let mut line = self.line();
        let line = &mut *line;
        if line.taken_total < line.in_flight.iter().map(|flight| flight.requests).max().unwrap_or(0).min(most)
        {
            return None;
        }
        let mut shares: HashMap<Uuid, usize> = HashMap::new();
        let (mut batch, mut later) = (Vec::new(), Vec::new());
        let mut stay = Vec::new();
        let mut number = 0;
        while batch.len() < most
            && let Some(waiting) = line.waiting.pop_front()
        {
            if waiting.answer.is_closed() {
                self.leave(line, waiting.request.account_id(), &waiting.is_over);
                continue;
            }
            number += 1;
            let is_at_work =
                |operation| line.in_flight.iter().any(|flight| flight.operations.contains(&operation));
            if !line.in_flight.is_empty() && waiting.request.operation().is_some_and(is_at_work) {
                stay.push((number, waiting));
                continue;
            }
            let share = shares.entry(waiting.request.account_id()).or_insert(0);
            *share += 1;
            let within = *share <= self.settings.share_max;
            if within { &mut batch } else { &mut later }.push((number, waiting));
        }
        // places that nobody else wants
        let spare = (most - batch.len()).min(later.len());
        batch.extend(later.drain(..spare));
        batch.sort_by_key(|(number, _)| *number);
        stay.append(&mut later);
        stay.sort_by_key(|(number, _)| *number);
        for (_, waiting) in stay.into_iter().rev() {
            line.waiting.push_front(waiting);
        }
        let batch: Vec<_> = batch.into_iter().map(|(_, waiting)| waiting).collect();
        if batch.first().is_none_or(|first| first.since.elapsed() < self.settings.wait_max / 2) {
            line.in_time = Instant::now();
        }
        if batch.is_empty() {
            return None;
        }
        for waiting in &batch {
            self.leave(line, waiting.request.account_id(), &waiting.is_over);
        }
        line.flights += 1;
        line.in_flight.push(Flight {
            number: line.flights,
            requests: batch.len(),
            operations: batch.iter().filter_map(|waiting| waiting.request.operation()).collect(),
        });
        if !line.waiting.is_empty() {
            self.arrived.notify_one();
        }
        Some((batch, Landing { queue: self, number: line.flights }))
    }

    /// The next batch; `None` when the queue was closed and is empty.
    async fn next(&self) -> Option<Departure<'_, Req, Res>> {
        loop {
            let arrived = self.arrived.notified();
            if let Some(departure) = self.take() {
                return Some(departure);
            }
            if self.is_over() {
                self.arrived.notify_one(); // the other lanes
                return None;
            }
            arrived.await;
        }
    }

    /// Whether nobody waits, nor will.
    fn is_over(&self) -> bool {
        let line = self.line();
        !line.is_open && line.waiting.is_empty()
    }

    fn close(&self) {
        self.line().is_open = false;
        self.arrived.notify_one();
    }

    fn record(&self, line: &Line<Req, Res>) {
        metrics::gauge!("tradepost_db_batch_queue_length", "batch" => self.settings.name)
            .set(line.taken_total as f64);
    }
}

/// Closes the queues when the last batcher is gone.
struct Door<Req: Batched, Res>(Arc<Queue<Req, Res>>);

impl<Req: Batched, Res> Drop for Door<Req, Res> {
    fn drop(&mut self) {
        self.0.close();
    }
}

/// Gathers requests. Cheap to clone; when the last clone is gone, what waits is still answered.
pub struct Batcher<Req: Batched, Res> {
    queue: Arc<Queue<Req, Res>>,
    door: Arc<Door<Req, Res>>,
    refusals: Arc<Refusals>,
    slowest_us: Arc<AtomicU64>,
}

/// What is known of a batcher without knowing what it carries.
pub trait Load {
    /// Whether nobody is taken in at the moment.
    fn is_closed(&self) -> bool;

    /// The longest that an answer took since this was last asked, or that somebody in the queue has been waiting for one; those
    /// that waited for a stuck row apart.
    fn slowest(&self) -> Duration;
}

impl<Req: Batched, Res> Load for Batcher<Req, Res> {
    fn is_closed(&self) -> bool {
        self.queue.closed(&self.queue.line()).is_some()
    }

    fn slowest(&self) -> Duration {
        let answered = Duration::from_micros(self.slowest_us.swap(0, Ordering::Relaxed));
        let line = self.queue.line();
        line.first().map_or(answered, |first| first.since.elapsed().max(answered))
    }
}

impl<Req: Batched, Res> Clone for Batcher<Req, Res> {
    fn clone(&self) -> Self {
        Self {
            queue: Arc::clone(&self.queue),
            door: Arc::clone(&self.door),
            refusals: Arc::clone(&self.refusals),
            slowest_us: Arc::clone(&self.slowest_us),
        }
    }
}

impl<Req: Batched, Res> fmt::Debug for Batcher<Req, Res> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batcher").field("settings", &self.queue.settings).finish_non_exhaustive()
    }
}

impl<Req: Batched, Res: Send + 'static> Batcher<Req, Res> {
    /// `call` runs the batch function once. It must answer each position it was given; a position without an answer is a
    /// bug and gets a 500. Must be called inside a Tokio runtime.
    pub fn start<F, Fut>(settings: Settings, call: F) -> Self
    where
        F: Fn(Vec<Req>, Patience) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Answers<Res>, Problem>> + Send + 'static,
    {
        let queue = Queue::new(settings);
        let (refusals, slowest_us) = (Arc::<Refusals>::default(), Arc::<AtomicU64>::default());
        let work = Arc::new(Work {
            settings,
            call,
            refusals: Arc::clone(&refusals),
            slowest_us: Arc::clone(&slowest_us),
            aside: Queue::new(Settings { wait_max: Duration::MAX, ..settings }),
            apart: Mutex::default(),
            calm: RwLock::default(),
        });
        let lanes: Vec<_> = (0..settings.lanes.max(1))
            .map(|_| tokio::spawn(lane(Arc::clone(&work), Arc::clone(&queue), false)))
            .collect();
        let aside = Arc::clone(&work.aside);
        tokio::spawn(lane(work, Arc::clone(&aside), true));
        tokio::spawn(async move {
            futures::future::join_all(lanes).await;
            aside.close();
        });
        Self { door: Arc::new(Door(Arc::clone(&queue))), queue, refusals, slowest_us }
    }

    /// Waits for this request's own answer. Dropping the future before its batch has left withdraws the request.
    pub async fn call(&self, request: Req) -> Result<Res, Problem> {
        let name = self.queue.settings.name;
        let (answer, own_answer) = oneshot::channel();
        let (account, is_over) = (request.account_id(), Arc::new(AtomicBool::new(false)));
        let waiting = Waiting { request, since: Instant::now(), answer, is_over: Arc::clone(&is_over) };
        self.queue.push(waiting).map_err(|(full, _)| refused(&self.refusals, name, full))?;
        let _withdrawal = Withdrawal { queue: &self.queue, account, is_over };
        own_answer.await.unwrap_or_else(|_| Err(Problem::unavailable(format_args!("{name} has stopped"))))
    }

    /// Requests that wait for the next call.
    pub fn queue_length(&self) -> usize {
        self.queue.line().taken_total
    }
}

fn refused(refusals: &Refusals, name: &'static str, full: &'static str) -> Problem {
    metrics::counter!("tradepost_db_batch_refused_total", "batch" => name, "limit" => full).increment(1);
    refusals.overloaded(name, full)
}

/// A caller's presence: when it goes while its request still waits, its place is free for somebody else.
struct Withdrawal<'a, Req: Batched, Res> {
    queue: &'a Queue<Req, Res>,
    account: Uuid,
    is_over: Arc<AtomicBool>,
}

impl<Req: Batched, Res> Drop for Withdrawal<'_, Req, Res> {
    fn drop(&mut self) {
        if !self.is_over.load(Ordering::Relaxed) {
            metrics::counter!("tradepost_db_batch_withdrawn_total", "batch" => self.queue.settings.name)
                .increment(1);
            self.queue.leave(&mut self.queue.line(), self.account, &self.is_over);
        }
    }
}

/// `Ok`: everybody has an answer. Else the batch, and why its call failed.
type Attempt<Req, Res> = Result<(), (Vec<Waiting<Req, Res>>, Problem)>;

/// What the lanes of a batcher share.
struct Work<Req, Res, F> {
    settings: Settings,
    call: F,
    refusals: Arc<Refusals>,
    slowest_us: Arc<AtomicU64>,
    /// Those who want rows that did not come in time.
    aside: Arc<Queue<Req, Res>>,
    /// Such rows, and until when whoever wants them is set aside.
    apart: Mutex<HashMap<u64, Instant>>,
    /// Held shared by the usual lanes' calls, and alone by the one that looks for the guilty of a failed call.
    calm: RwLock<()>,
}

/// One call after another until all batchers are gone and the queue is empty.
async fn lane<Req, Res, F, Fut>(work: Arc<Work<Req, Res, F>>, queue: Arc<Queue<Req, Res>>, is_aside: bool)
where
    Req: Batched,
    F: Fn(Vec<Req>, Patience) -> Fut,
    Fut: Future<Output = Result<Answers<Res>, Problem>>,
{
    while let Some((mut batch, _landing)) = queue.next().await {
        if !is_aside {
            batch = work.without_those_apart(batch);
        }
        if !batch.is_empty() {
            work.run(batch, is_aside).await;
        }
    }
}

impl<Req, Res, F, Fut> Work<Req, Res, F>
where
    Req: Batched,
    F: Fn(Vec<Req>, Patience) -> Fut,
    Fut: Future<Output = Result<Answers<Res>, Problem>>,
{
    async fn run(&self, batch: Vec<Waiting<Req, Res>>, is_aside: bool) {
        let name = self.settings.name;
        metrics::histogram!("tradepost_db_batch_size", "batch" => name).record(batch.len() as f64);
        let wait = metrics::histogram!("tradepost_db_batch_wait_seconds", "batch" => name);
        for waiting in &batch {
            wait.record(waiting.since.elapsed().as_secs_f64());
        }
        let rows: Vec<u64> = if is_aside {
            batch.iter().flat_map(|waiting| waiting.request.rows()).collect()
        } else {
            Vec::new()
        };
        let patience = if is_aside { Patience::Long } else { Patience::Usual };
        let outcome = if is_aside {
            self.attempt(batch, patience).await
        } else {
            let _beside_others = self.calm.read().await;
            self.attempt(batch, patience).await
        };
        let Err((batch, problem)) = outcome else {
            let mut apart = self.apart();
            for row in rows {
                apart.remove(&row);
            }
            return;
        };
        if is_aside {
            return self.isolate(batch, &problem, true).await;
        }
        // The guilty are looked for alone: what was waited for may be another lane's, and then nobody is.
        let (_alone, had_company) = match self.calm.try_write() {
            Ok(alone) => (alone, false),
            Err(_) => (self.calm.write().await, true),
        };
        if had_company && problem.is_contention() {
            if let Err((batch, problem)) = self.attempt(batch, patience).await {
                self.isolate(batch, &problem, false).await;
            }
        } else {
            self.isolate(batch, &problem, false).await;
        }
    }

    async fn isolate(&self, batch: Vec<Waiting<Req, Res>>, problem: &Problem, is_aside: bool) {
        if problem.is_contention() {
            self.sweep(batch, problem, is_aside).await;
        } else {
            self.halve(batch, is_aside).await;
        }
    }

    /// Calls, and answers everybody; the batch again when its call failed and somebody else may be spared for it.
    async fn attempt(&self, batch: Vec<Waiting<Req, Res>>, patience: Patience) -> Attempt<Req, Res> {
        let name = self.settings.name;
        let requests = batch.iter().map(|waiting| waiting.request.clone()).collect();
        // a panic in the call fails its batch, not the lane
        let outcome = AssertUnwindSafe(async { (self.call)(requests, patience).await })
            .catch_unwind()
            .await
            .unwrap_or_else(|_| Err(Problem::internal(format_args!("{name} panicked"))));
        match outcome {
            Ok(answers) => {
                if patience == Patience::Usual
                    && let Some(first) = batch.first()
                {
                    let took = u64::try_from(first.since.elapsed().as_micros()).unwrap_or(u64::MAX);
                    self.slowest_us.fetch_max(took, Ordering::Relaxed);
                }
                distribute(name, batch, answers);
            }
            Err(problem) if problem.is_contention() => return Err((batch, problem)),
            Err(problem) if batch.len() == 1 || problem.is_outage() => answer_all(batch, &problem),
            Err(problem) => {
                tracing::warn!(
                    batch = name,
                    requests = batch.len(),
                    "a batch failed, it is halved: {problem}"
                );
                return Err((batch, problem));
            }
        }
        Ok(())
    }

    /// Looks for the guilty by halves, in the order of arrival.
    async fn halve(&self, batch: Vec<Waiting<Req, Res>>, is_aside: bool) {
        metrics::counter!("tradepost_db_batch_isolated_total", "batch" => self.settings.name).increment(1);
        let patience = if is_aside { Patience::Long } else { Patience::Usual };
        let mut parts = vec![batch];
        let mut is_whole = true;
        while let Some(mut part) = parts.pop() {
            part.retain(|waiting| !waiting.answer.is_closed());
            if part.is_empty() {
                continue;
            }
            if !std::mem::take(&mut is_whole) {
                part = match self.attempt(part, patience).await {
                    Ok(()) => continue,
                    Err((part, problem)) if problem.is_contention() => {
                        self.sweep(part, &problem, is_aside).await;
                        continue;
                    }
                    Err((part, _)) => part,
                };
            }
            let second = part.split_off(part.len() / 2);
            parts.extend([second, part]);
        }
    }

    /// Runs one by one what can run now. The others are set aside, or, when they were before, refused.
    async fn sweep(&self, batch: Vec<Waiting<Req, Res>>, problem: &Problem, is_aside: bool) {
        metrics::counter!("tradepost_db_batch_isolated_total", "batch" => self.settings.name).increment(1);
        let started = Instant::now();
        let is_alone = batch.len() == 1;
        let (mut stuck, mut fine) = (HashSet::new(), HashSet::new());
        let mut waits = Vec::new();
        for waiting in batch {
            if waiting.answer.is_closed() {
                continue;
            }
            let rows = waiting.request.rows();
            if started.elapsed() > SWEEP_MAX || rows.iter().any(|row| stuck.contains(row)) {
                waits.push(waiting);
                continue;
            }
            // alone it has had its try
            let tried = if is_alone {
                Err((vec![waiting], problem.clone()))
            } else {
                self.attempt(vec![waiting], Patience::Brief).await
            };
            match tried {
                Ok(()) => fine.extend(rows),
                Err((waiting, _)) => {
                    stuck.extend(rows.into_iter().filter(|row| !fine.contains(row)));
                    waits.extend(waiting);
                }
            }
        }
        let until = Instant::now() + APART;
        self.apart().extend(stuck.into_iter().map(|row| (row, until)));
        if is_aside {
            answer_all(waits, problem);
        } else {
            self.set_aside(waits);
        }
    }

    /// Those who want rows that somebody waits for go to that lane.
    fn without_those_apart(&self, batch: Vec<Waiting<Req, Res>>) -> Vec<Waiting<Req, Res>> {
        let (apart, batch) = {
            let mut apart = self.apart();
            if apart.is_empty() {
                return batch;
            }
            let now = Instant::now();
            apart.retain(|_, until| *until > now);
            batch
                .into_iter()
                .partition::<Vec<_>, _>(|w| w.request.rows().iter().any(|row| apart.contains_key(row)))
        };
        self.set_aside(apart);
        batch
    }

    fn set_aside(&self, those: Vec<Waiting<Req, Res>>) {
        metrics::counter!("tradepost_db_batch_set_aside_total", "batch" => self.settings.name)
            .increment(those.len() as u64);
        for mut waiting in those {
            waiting.is_over = Arc::default();
            if let Err((full, waiting)) = self.aside.push(waiting) {
                let _ = waiting.answer.send(Err(refused(&self.refusals, self.settings.name, full)));
            }
        }
    }

    fn apart(&self) -> MutexGuard<'_, HashMap<u64, Instant>> {
        self.apart.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn answer_all<Req, Res>(batch: Vec<Waiting<Req, Res>>, problem: &Problem) {
    for waiting in batch {
        let _ = waiting.answer.send(Err(problem.clone()));
    }
}

fn distribute<Req, Res>(name: &'static str, batch: Vec<Waiting<Req, Res>>, answers: Answers<Res>) {
    let mut waiters: Vec<_> = batch.into_iter().map(|waiting| Some(waiting.answer)).collect();
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
    use axum::http::StatusCode;
    use tokio::sync::mpsc;

    use super::*;

    /// A batch function under the test's control: it reports each batch and waits until the test answers it.
    struct Fake {
        batches: mpsc::UnboundedReceiver<(Vec<u32>, Answer)>,
        patience: Arc<Mutex<Vec<Patience>>>,
    }

    /// A thousand of them belong to one account; the last two digits are the row they want.
    impl Batched for u32 {
        fn account_id(&self) -> Uuid {
            Uuid::from_u128(u128::from(*self / 1000))
        }

        fn rows(&self) -> Vec<u64> {
            vec![u64::from(*self % 100)]
        }

        fn operation(&self) -> Option<u64> {
            Some(u64::from(*self))
        }
    }

    type Answer = oneshot::Sender<Result<Answers<u32>, Problem>>;

    fn fake(settings: Settings) -> (Batcher<u32, u32>, Fake) {
        let (seen, batches) = mpsc::unbounded_channel();
        let patience = Arc::new(Mutex::new(Vec::new()));
        let notes = Arc::clone(&patience);
        let batcher = Batcher::start(settings, move |requests: Vec<u32>, patience| {
            notes.lock().unwrap().push(patience);
            let seen = seen.clone();
            async move {
                let (answer, answered) = oneshot::channel();
                seen.send((requests, answer)).expect("the test listens");
                answered.await.expect("the test answers")
            }
        });
        (batcher, Fake { batches, patience })
    }

    #[allow(clippy::unnecessary_wraps)] // what a call returns
    fn doubled(requests: &[u32]) -> Result<Answers<u32>, Problem> {
        Ok(requests.iter().map(|r| Ok(r * 2)).enumerate().collect())
    }

    fn settings() -> Settings {
        Settings { share_max: 4, account_max: 6, ..Settings::new("test.batch", 4, 6, Duration::MAX) }
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
        for expected in [vec![1], vec![666, 2], vec![666], vec![2]] {
            let (requests, answer) = fake.batches.recv().await.unwrap();
            assert_eq!(requests, expected);
            let is_guilty = requests.contains(&666);
            answer.send(if is_guilty { Err(Problem::internal("boom")) } else { doubled(&requests) }).unwrap();
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
        let batcher = Batcher::start(settings(), |requests: Vec<u32>, _| async move {
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
    async fn a_second_call_leaves_when_it_is_as_full_as_the_first() {
        let (batcher, mut fake) = fake(Settings { lanes: 2, ..settings() });
        let mut calls = vec![submit(&batcher, 1).await];
        let (first, answer_first) = fake.batches.recv().await.unwrap();
        assert_eq!(first, [1]);
        calls.push(submit(&batcher, 2).await);
        let (second, answer_second) = fake.batches.recv().await.unwrap();
        assert_eq!(second, [2], "one beside one");
        // three wait, and travel together
        for request in [3, 4, 5] {
            calls.push(submit(&batcher, request).await);
        }
        answer_second.send(doubled(&second)).unwrap();
        let (third, answer_third) = fake.batches.recv().await.unwrap();
        assert_eq!(third, [3, 4, 5]);
        answer_first.send(doubled(&first)).unwrap();
        // a lane is free; two are too few beside three
        for request in [6, 7] {
            calls.push(submit(&batcher, request).await);
        }
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
        assert!(fake.batches.try_recv().is_err());
        calls.push(submit(&batcher, 8).await);
        let (fourth, answer_fourth) = fake.batches.recv().await.unwrap();
        assert_eq!(fourth, [6, 7, 8]);
        // nor does a few that wait keep the queue from its end
        calls.push(submit(&batcher, 9).await);
        drop(batcher);
        answer_third.send(doubled(&third)).unwrap();
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
        assert!(fake.batches.try_recv().is_err(), "one beside three");
        answer_fourth.send(doubled(&fourth)).unwrap();
        let (last, answer_last) = fake.batches.recv().await.unwrap();
        assert_eq!(last, [9]);
        answer_last.send(doubled(&last)).unwrap();
        for call in calls {
            call.await.unwrap().unwrap();
        }
        assert!(fake.batches.recv().await.is_none(), "both lanes have ended");
    }

    /// A client that sends again while the first one is at work: a call beside it would find it at work and refuse it.
    #[tokio::test]
    async fn nobody_travels_beside_the_same_operation() {
        let (batcher, mut fake) = fake(Settings { lanes: 2, ..settings() });
        let mut calls = vec![submit(&batcher, 1).await];
        let first = fake.expect(&[1], Patience::Usual).await;
        calls.push(submit(&batcher, 1).await);
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
        assert!(fake.batches.try_recv().is_err());
        // it keeps its place, and holds up nobody
        calls.push(submit(&batcher, 2).await);
        let second = fake.expect(&[2], Patience::Usual).await;
        calls.push(submit(&batcher, 3).await);
        drop(batcher);
        first.send(doubled(&[1])).unwrap();
        fake.grants(&[1, 3], Patience::Usual).await;
        second.send(doubled(&[2])).unwrap();
        for call in calls {
            call.await.unwrap().unwrap();
        }
        assert!(fake.batches.recv().await.is_none(), "both lanes have ended");
    }

    /// What a batch waited for in vain may be held by the call beside it: nobody is set aside for that.
    #[tokio::test]
    async fn a_call_that_waited_for_its_neighbour_is_repeated_after_it() {
        let (batcher, mut fake) = fake(Settings { lanes: 2, ..settings() });
        let mut calls = vec![submit(&batcher, 77).await];
        let neighbour = fake.expect(&[77], Patience::Usual).await;
        calls.push(submit(&batcher, 1077).await);
        fake.times_out(&[1077], Patience::Usual).await;
        calls.push(submit(&batcher, 2077).await);
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
        assert!(
            fake.batches.try_recv().is_err(),
            "not while the neighbour is at work, nor does anybody overtake"
        );
        neighbour.send(doubled(&[77])).unwrap();
        fake.grants(&[1077], Patience::Usual).await;
        fake.grants(&[2077], Patience::Usual).await;
        for call in calls {
            call.await.unwrap().unwrap();
        }
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

    fn lock_timeout() -> Problem {
        Problem::overloaded("a lock").sqlstate("55P03")
    }

    impl Fake {
        async fn expect(&mut self, requests: &[u32], patience: Patience) -> Answer {
            let (seen, answer) = self.batches.recv().await.expect("a call");
            assert_eq!(seen, requests);
            assert_eq!(*self.patience.lock().unwrap().last().unwrap(), patience);
            answer
        }

        async fn grants(&mut self, requests: &[u32], patience: Patience) {
            self.expect(requests, patience).await.send(doubled(requests)).unwrap();
        }

        async fn times_out(&mut self, requests: &[u32], patience: Patience) {
            self.expect(requests, patience).await.send(Err(lock_timeout())).unwrap();
        }
    }

    #[tokio::test]
    async fn an_account_that_floods_takes_its_share_and_no_more_while_others_wait() {
        let settings =
            Settings { share_max: 2, account_max: 20, ..Settings::new("test.batch", 4, 100, Duration::MAX) };
        let (batcher, mut fake) = fake(settings);
        let mut calls = vec![submit(&batcher, 0).await];
        let first = fake.expect(&[0], Patience::Usual).await;
        for request in [1000, 1001, 1002, 1003, 1004, 1005, 2000, 3000, 2001] {
            calls.push(submit(&batcher, request).await);
        }
        first.send(doubled(&[0])).unwrap();
        fake.grants(&[1000, 1001, 2000, 3000], Patience::Usual).await;
        // nobody else wants the places that are left
        fake.grants(&[1002, 1003, 1004, 2001], Patience::Usual).await;
        fake.grants(&[1005], Patience::Usual).await;
        for call in calls {
            call.await.unwrap().unwrap();
        }
    }

    #[tokio::test]
    async fn an_account_cannot_fill_the_queue() {
        let settings = Settings { account_max: 2, ..Settings::new("test.batch", 4, 6, Duration::MAX) };
        let (batcher, mut fake) = fake(settings);
        let mut calls = vec![submit(&batcher, 0).await];
        let first = fake.expect(&[0], Patience::Usual).await;
        calls.push(submit(&batcher, 1000).await);
        calls.push(submit(&batcher, 1001).await);
        assert_eq!(batcher.call(1002).await.unwrap_err().code(), "core.overloaded");
        calls.push(submit(&batcher, 2000).await);
        first.send(doubled(&[0])).unwrap();
        fake.grants(&[1000, 1001, 2000], Patience::Usual).await;
        for call in calls {
            call.await.unwrap().unwrap();
        }
    }

    #[tokio::test]
    async fn a_queue_that_stands_still_takes_nobody_in() {
        let (batcher, mut fake) = fake(Settings { wait_max: Duration::ZERO, ..settings() });
        let first = submit(&batcher, 0).await;
        let answer_first = fake.expect(&[0], Patience::Usual).await;
        let second = submit(&batcher, 1000).await;
        assert_eq!(batcher.call(2000).await.unwrap_err().code(), "core.overloaded");
        second.abort();
        assert!(second.await.unwrap_err().is_cancelled());
        let third = submit(&batcher, 2001).await; // who has gone does not count
        answer_first.send(doubled(&[0])).unwrap();
        fake.grants(&[2001], Patience::Usual).await;
        first.await.unwrap().unwrap();
        third.await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn a_lasting_overload_halves_the_wait() {
        let wait_max = Duration::from_secs(3_600);
        let (batcher, mut fake) = fake(Settings { wait_max, ..settings() });
        let since = |batcher: &Batcher<u32, u32>, ago| {
            batcher.queue.line().waiting[0].since = Instant::now().checked_sub(ago).expect("a clock");
        };
        let one = submit(&batcher, 1).await;
        let first = fake.expect(&[1], Patience::Usual).await;
        let two = submit(&batcher, 2).await;
        since(&batcher, wait_max / 2);
        assert!(!batcher.is_closed(), "a stall: all wait");
        first.send(doubled(&[1])).unwrap();
        one.await.unwrap().unwrap();
        let second = fake.expect(&[2], Patience::Usual).await;
        batcher.queue.line().in_time = Instant::now().checked_sub(wait_max).expect("a clock");
        let three = submit(&batcher, 3).await;
        assert!(!batcher.is_closed(), "it has only just come");
        since(&batcher, wait_max / 2);
        assert!(batcher.is_closed(), "everybody has been late for long");
        assert!(batcher.slowest() >= wait_max / 2, "somebody has been waiting for as long");
        assert_eq!(batcher.call(4).await.unwrap_err().code(), "core.overloaded");
        second.send(doubled(&[2])).unwrap();
        two.await.unwrap().unwrap();
        fake.grants(&[3], Patience::Usual).await;
        three.await.unwrap().unwrap();
        assert!(batcher.slowest() >= wait_max / 2 && batcher.slowest().is_zero());
        let (five, six) = (submit(&batcher, 5).await, submit(&batcher, 6).await);
        let answer = fake.expect(&[5], Patience::Usual).await;
        since(&batcher, wait_max / 2);
        assert!(!batcher.is_closed(), "somebody left in time");
        answer.send(doubled(&[5])).unwrap();
        five.await.unwrap().unwrap();
        fake.grants(&[6], Patience::Usual).await;
        six.await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn whoever_leaves_makes_room() {
        let (batcher, mut fake) = fake(settings());
        let stays = submit(&batcher, 0).await;
        let first = fake.expect(&[0], Patience::Usual).await;
        // many more than there are places, one after another
        for request in 1..100 {
            let leaves = submit(&batcher, request).await;
            leaves.abort();
            assert!(leaves.await.unwrap_err().is_cancelled());
            assert_eq!(batcher.queue_length(), 0);
            assert!(batcher.queue.line().waiting.len() <= 12, "those who left are forgotten");
        }
        first.send(doubled(&[0])).unwrap();
        stays.await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn who_wants_a_stuck_row_waits_elsewhere_and_nobody_else_does() {
        let (batcher, mut fake) = fake(settings());
        let first = submit(&batcher, 1).await;
        let answer = fake.expect(&[1], Patience::Usual).await;
        let mut fine = Vec::new();
        let mut stuck = Vec::new();
        for request in [10, 77, 1077, 11] {
            let call = submit(&batcher, request).await;
            if request % 100 == 77 { &mut stuck } else { &mut fine }.push(call);
        }
        answer.send(doubled(&[1])).unwrap();
        fake.times_out(&[10, 77, 1077, 11], Patience::Usual).await;
        fake.grants(&[10], Patience::Brief).await;
        fake.times_out(&[77], Patience::Brief).await;
        // 1077 wants the same row: it is not even tried; the other lane begins at once
        let (mut calls, mut long) = (0, None);
        while calls < 2 {
            let (requests, answer) = fake.batches.recv().await.unwrap();
            if requests == [11] {
                answer.send(doubled(&requests)).unwrap();
            } else {
                assert_eq!(requests, [77, 1077]);
                long = Some(answer);
            }
            calls += 1;
        }
        for call in fine {
            call.await.unwrap().unwrap();
        }
        // while they wait there, others go on, and whoever wants the row joins them
        let joins = submit(&batcher, 2077).await;
        let other = submit(&batcher, 12).await;
        let (requests, answer) = fake.batches.recv().await.unwrap();
        assert_eq!(requests, [12]);
        answer.send(doubled(&requests)).unwrap();
        other.await.unwrap().unwrap();
        long.unwrap().send(doubled(&[77, 1077])).unwrap();
        for call in stuck {
            call.await.unwrap().unwrap();
        }
        fake.grants(&[2077], Patience::Long).await;
        joins.await.unwrap().unwrap();
        // the row came: whoever wants it now travels with everybody
        let call = submit(&batcher, 77).await;
        fake.grants(&[77], Patience::Usual).await;
        call.await.unwrap().unwrap();
        first.await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn who_waited_long_enough_is_refused_alone() {
        let (batcher, mut fake) = fake(settings());
        let lonely = submit(&batcher, 77).await;
        fake.times_out(&[77], Patience::Usual).await;
        let long = fake.expect(&[77], Patience::Long).await;
        let (joins, innocent) = (submit(&batcher, 1077).await, submit(&batcher, 5).await);
        fake.grants(&[5], Patience::Usual).await;
        innocent.await.unwrap().unwrap();
        long.send(Err(lock_timeout())).unwrap();
        let refused = lonely.await.unwrap().unwrap_err();
        assert_eq!((refused.status(), refused.code()), (StatusCode::SERVICE_UNAVAILABLE, "core.overloaded"));
        fake.times_out(&[1077], Patience::Long).await;
        assert_eq!(joins.await.unwrap().unwrap_err().code(), "core.overloaded");
    }
}
