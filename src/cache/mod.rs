//! Answers that are the same for everybody, kept in this process until something they tell of changes.
//!
//! What is promised, and why it holds:
//!
//! * **A write through this program, once answered, is in every later answer.** Its middleware counts the change before the
//!   response leaves ([`layer::cached`]).
//! * **A write through another program** is seen as soon as its event is numbered and notified; when the notification is lost, at
//!   the next look at the log and at what waits to be numbered ([`follow`], four times a second). Of a cache that has learnt nothing
//!   for [`HEARD_WITHIN`] only answers that were asked for since count. So no answer is older than that.
//! * **No fill outlives a change.** Counters of changes ([`Epochs`]) are read before the query and stored with the answer; an
//!   answer counts only while they stand where they stood. "Read the old row, hear of the change, store the old row" therefore
//!   stores something that is already void.
//! * **The clock** ends an answer at the next moment at which a sale begins or ends, or a price leaves the 30 days: the query says when.
//! * **Nobody's own view is kept**: only requests without `Authorization` are looked up or stored, by their whole address.
//!
//! Concurrent misses of one address wait for one query. The store is bounded by bytes and forgets what is read least.

pub mod dress;
pub mod follow;
pub mod layer;

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::http::HeaderMap;
use bytes::Bytes;
use futures::future::BoxFuture;
use quick_cache::sync;
use tokio::sync::watch;
use uuid::Uuid;

use crate::app::App;
use crate::problem::Problem;

/// How old an answer may be while nothing is known of what happened since.
pub const HEARD_WITHIN: Duration = Duration::from_secs(1);
/// What no event tells of, such as a correction by hand in the database, is seen after this at the latest.
const LIVES: Duration = Duration::from_secs(60);
/// Larger answers are not kept: one of them would push out hundreds.
const BODY_BYTES_MAX: usize = 256 * 1024;
/// What an entry costs besides its address and body: headers, the slot in the store.
const ENTRY_BYTES: usize = 2_048;
/// And a body as often as this: its compressed forms together are no longer than itself.
const BODIES: usize = 2;
/// Products share so many counters; two that share one only lose their answers together.
const SLOTS: usize = 4_096;

/// What changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// One product, its variants or their offers; and so the lists of products.
    Product(Uuid),
    /// Lists of products.
    Products,
    /// The category tree or the attributes of a category; and so the lists of products.
    Categories,
    /// Nobody knows.
    Everything,
}

/// What an answer tells of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    Product(Uuid),
    Products,
    Categories,
}

/// Put into the extensions of a response that may be given to everybody until its subject changes.
#[derive(Debug, Clone, Copy)]
pub struct Shared {
    pub subject: Subject,
    /// When the clock alone changes the answer.
    pub until: Option<Instant>,
}

impl Shared {
    pub fn new(subject: Subject) -> Self {
        Self { subject, until: None }
    }
}

/// An answer as it leaves.
#[derive(Debug, Clone)]
pub struct Answer {
    pub headers: HeaderMap,
    pub body: Bytes,
}

#[derive(Debug)]
struct Entry {
    answer: Answer,
    /// One of [`crate::catalog::KEPT`].
    route: &'static str,
    /// As they leave, for clients that want it so.
    dressed: dress::Wardrobe,
    stamp: Stamp,
    /// Before the query.
    asked: Instant,
    until: Instant,
}

/// Where the counters stood that an answer depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    everything: u64,
    categories: Option<u64>,
    products: Option<u64>,
    slot: Option<(usize, u64)>,
}

/// Changes, counted.
#[derive(Debug)]
struct Epochs {
    everything: AtomicU64,
    categories: AtomicU64,
    products: AtomicU64,
    slots: Box<[AtomicU64]>,
    hasher: RandomState,
}

/// Where the counters stood before a query; see [`Cache::begin`].
#[derive(Debug, Clone, Copy)]
pub struct Begun {
    at: Instant,
    everything: u64,
    categories: u64,
    products: u64,
}

impl Epochs {
    fn new() -> Self {
        Self {
            everything: AtomicU64::new(0),
            categories: AtomicU64::new(0),
            products: AtomicU64::new(0),
            slots: (0..SLOTS).map(|_| AtomicU64::new(0)).collect(),
            hasher: RandomState::new(),
        }
    }

    fn slot(&self, product_id: Uuid) -> usize {
        usize::try_from(self.hasher.hash_one(product_id) % SLOTS as u64).unwrap_or(0)
    }

    fn count(&self, change: Change) {
        match change {
            Change::Everything => self.everything.fetch_add(1, Ordering::SeqCst),
            Change::Categories => self.categories.fetch_add(1, Ordering::SeqCst),
            Change::Products => self.products.fetch_add(1, Ordering::SeqCst),
            Change::Product(id) => {
                // in this order: who sees the slot counted sees the products counted, see `stamp`
                self.products.fetch_add(1, Ordering::SeqCst);
                self.slots[self.slot(id)].fetch_add(1, Ordering::SeqCst)
            }
        };
    }

    fn begin(&self) -> Begun {
        Begun {
            at: Instant::now(),
            everything: self.everything.load(Ordering::SeqCst),
            categories: self.categories.load(Ordering::SeqCst),
            products: self.products.load(Ordering::SeqCst),
        }
    }

    /// The stamp of an answer whose query ran after `begun`; `None` when a change may have come between.
    fn stamp(&self, begun: Begun, subject: Subject) -> Option<Stamp> {
        let Begun { everything, categories, products, .. } = begun;
        let stamp = Stamp { everything, categories: None, products: None, slot: None };
        match subject {
            Subject::Categories => Some(Stamp { categories: Some(categories), ..stamp }),
            Subject::Products => {
                Some(Stamp { categories: Some(categories), products: Some(products), ..stamp })
            }
            // Which product it is may be known only from the answer (of a slug, of a variant), so its slot is read
            // afterwards: that is as good, as long as no product at all changed since `begun`.
            Subject::Product(id) => {
                let slot = self.slot(id);
                let count = self.slots[slot].load(Ordering::SeqCst);
                let is_quiet = self.products.load(Ordering::SeqCst) == products;
                is_quiet.then_some(Stamp { slot: Some((slot, count)), ..stamp })
            }
        }
    }

    fn stands(&self, stamp: &Stamp) -> bool {
        let is = |counter: &AtomicU64, count: u64| counter.load(Ordering::SeqCst) == count;
        is(&self.everything, stamp.everything)
            && stamp.categories.is_none_or(|count| is(&self.categories, count))
            && stamp.products.is_none_or(|count| is(&self.products, count))
            && stamp.slot.is_none_or(|(slot, count)| is(&self.slots[slot], count))
    }
}

#[derive(Clone)]
struct Bytewise;

impl quick_cache::Weighter<Box<str>, Arc<Entry>> for Bytewise {
    fn weight(&self, address: &Box<str>, entry: &Arc<Entry>) -> u64 {
        (address.len() + BODIES * entry.answer.body.len() + ENTRY_BYTES) as u64
    }
}

/// Counts what the store forgets for want of room.
#[derive(Clone, Default)]
struct Evictions(Arc<AtomicU64>);

impl quick_cache::Lifecycle<Box<str>, Arc<Entry>> for Evictions {
    type RequestState = ();

    fn on_evict(&self, (): &mut (), _address: Box<str>, _entry: Arc<Entry>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

type Store = sync::Cache<Box<str>, Arc<Entry>, Bytewise, quick_cache::DefaultHashBuilder, Evictions>;

/// One per process.
pub struct Cache {
    /// `None` when it is switched off.
    store: Option<Store>,
    epochs: Epochs,
    flights: Mutex<HashMap<Box<str>, watch::Receiver<bool>>>,
    born: Instant,
    /// Milliseconds after `born` at which the log was last asked with success; 0 = never.
    heard_ms: AtomicU64,
    hits: AtomicU64,
    /// Of these, what was answered before the router.
    short_hits: AtomicU64,
    misses: AtomicU64,
    deaf: AtomicU64,
    evictions: Evictions,
}

impl std::fmt::Debug for Cache {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (hits, misses) = self.hits_and_misses();
        f.debug_struct("Cache")
            .field("hits", &hits)
            .field("misses", &misses)
            .field("unheard", &self.deaf)
            .field("changes", &self.epochs.begin())
            .finish_non_exhaustive()
    }
}

impl Cache {
    /// Holds at most so many bytes; 0 switches it off.
    pub fn new(bytes_max: usize) -> Self {
        let evictions = Evictions::default();
        let store = (bytes_max > 0).then(|| {
            let items = (bytes_max / 4_096).max(16);
            sync::Cache::with(
                items,
                bytes_max as u64,
                Bytewise,
                quick_cache::DefaultHashBuilder::default(),
                evictions.clone(),
            )
        });
        Self {
            store,
            epochs: Epochs::new(),
            flights: Mutex::default(),
            born: Instant::now(),
            heard_ms: AtomicU64::new(0),
            hits: AtomicU64::new(0),
            short_hits: AtomicU64::new(0),
            misses: AtomicU64::new(0),
            deaf: AtomicU64::new(0),
            evictions,
        }
    }

    /// Reads answered from memory, and reads that asked the database in order to keep the answer.
    pub fn hits_and_misses(&self) -> (u64, u64) {
        (self.hits.load(Ordering::Relaxed), self.misses.load(Ordering::Relaxed))
    }

    /// Reads answered from memory before the router.
    pub fn short_hits(&self) -> u64 {
        self.short_hits.load(Ordering::Relaxed)
    }

    pub fn is_on(&self) -> bool {
        self.store.is_some()
    }

    /// Voids the answers that tell of it.
    pub fn changed(&self, change: Change) {
        self.epochs.count(change);
    }

    /// All changes up to `asked` have been counted.
    fn heard(&self, asked: Instant) {
        let after = asked.saturating_duration_since(self.born).as_millis();
        self.heard_ms.fetch_max(u64::try_from(after).unwrap_or(u64::MAX).max(1), Ordering::SeqCst);
    }

    /// Whether it is no longer than promised ago that all changes were known, or that the answer was asked for.
    fn is_current(&self, asked: Instant, now: Instant) -> bool {
        let heard = self.heard_ms.load(Ordering::SeqCst);
        let known = if heard > 0 { asked.max(self.born + Duration::from_millis(heard)) } else { asked };
        now.saturating_duration_since(known) <= HEARD_WITHIN
    }

    /// What is kept and void neither by a change nor by the clock, and whether enough is known to give it.
    fn look(&self, address: &str) -> Option<(Arc<Entry>, bool)> {
        let entry = self.store.as_ref()?.get(address)?;
        let now = Instant::now();
        let is_good = now < entry.until && self.epochs.stands(&entry.stamp);
        let is_current = self.is_current(entry.asked, now);
        is_good.then_some((entry, is_current))
    }

    fn get(&self, address: &str) -> Option<Arc<Entry>> {
        let (entry, is_current) = self.look(address)?;
        let counter = if is_current { &self.hits } else { &self.deaf };
        counter.fetch_add(1, Ordering::Relaxed);
        is_current.then_some(entry)
    }

    /// Before the query of an answer that [`Cache::put`] will store.
    fn begin(&self) -> Begun {
        self.epochs.begin()
    }

    /// Stores an answer, unless a change came between.
    fn put(&self, address: Box<str>, route: &'static str, begun: Begun, shared: Shared, answer: Answer) {
        if let Some(store) = &self.store
            && let Some(stamp) = self.epochs.stamp(begun, shared.subject)
        {
            let last = begun.at + LIVES;
            let until = shared.until.map_or(last, |until| until.min(last));
            let dressed = dress::Wardrobe::default();
            store.insert(address, Arc::new(Entry { answer, route, dressed, stamp, asked: begun.at, until }));
        }
    }

    /// To be the one who asks the database, or to wait for them.
    fn board(&self, address: &str) -> Flight<'_> {
        let mut flights = self.flights.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(landing) = flights.get(address) {
            return Flight::Passenger(landing.clone());
        }
        let (is_alone, landing) = watch::channel(false);
        let address: Box<str> = address.into();
        flights.insert(address.clone(), landing);
        Flight::Pilot(Pilot { cache: self, address, is_alone })
    }
}

enum Flight<'a> {
    Pilot(Pilot<'a>),
    /// Ends when the pilot is done, or gone; `true` when the answer is of no use to others.
    Passenger(watch::Receiver<bool>),
}

struct Pilot<'a> {
    cache: &'a Cache,
    address: Box<str>,
    is_alone: watch::Sender<bool>,
}

impl Pilot<'_> {
    /// The answer is not kept: nobody else shall wait for one like it.
    fn is_alone(&self) {
        self.is_alone.send_replace(true);
    }
}

impl Drop for Pilot<'_> {
    fn drop(&mut self) {
        let mut flights = self.cache.flights.lock().unwrap_or_else(PoisonError::into_inner);
        flights.remove(&self.address);
    }
}

/// Gauges and counters of the cache.
#[allow(clippy::needless_pass_by_value)] // the shape of a collector
pub fn collect(app: App) -> BoxFuture<'static, Result<(), Problem>> {
    let cache = &app.cache;
    let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    metrics::counter!("tradepost_read_cache_hits_total").absolute(count(&cache.hits));
    metrics::counter!("tradepost_read_cache_short_hits_total").absolute(count(&cache.short_hits));
    metrics::counter!("tradepost_read_cache_misses_total").absolute(count(&cache.misses));
    metrics::counter!("tradepost_read_cache_unheard_total").absolute(count(&cache.deaf));
    metrics::counter!("tradepost_read_cache_evictions_total").absolute(count(&cache.evictions.0));
    if let Some(store) = &cache.store {
        metrics::gauge!("tradepost_read_cache_bytes").set(store.weight() as f64);
        metrics::gauge!("tradepost_read_cache_entries").set(store.len() as f64);
    }
    Box::pin(async { Ok(()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(bytes: usize) -> Answer {
        Answer { headers: HeaderMap::new(), body: vec![0; bytes].into() }
    }

    fn heard() -> Cache {
        let cache = Cache::new(1 << 20);
        cache.heard(Instant::now());
        cache
    }

    #[test]
    fn a_change_voids_what_tells_of_it_and_what_was_asked_before_it() {
        let (mine, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        for (subject, change, is_void) in [
            (Subject::Product(mine), Change::Product(mine), true),
            (Subject::Product(mine), Change::Product(other), false),
            (Subject::Product(mine), Change::Products, false),
            (Subject::Product(mine), Change::Categories, false),
            (Subject::Product(mine), Change::Everything, true),
            (Subject::Products, Change::Product(mine), true),
            (Subject::Products, Change::Products, true),
            (Subject::Products, Change::Categories, true),
            (Subject::Products, Change::Everything, true),
            (Subject::Categories, Change::Product(mine), false),
            (Subject::Categories, Change::Categories, true),
            (Subject::Categories, Change::Everything, true),
        ] {
            let cache = heard();
            if cache.epochs.slot(mine) == cache.epochs.slot(other) {
                continue; // once in 4,096 runs
            }
            cache.put("/x".into(), "/x", cache.begin(), Shared::new(subject), answer(1));
            assert!(cache.get("/x").is_some(), "{subject:?}");
            cache.changed(change);
            assert_eq!(cache.get("/x").is_none(), is_void, "{subject:?} after {change:?}");

            // the old row was read, the change is heard, the old row is stored
            let begun = cache.begin();
            cache.changed(change);
            cache.put("/y".into(), "/y", begun, Shared::new(subject), answer(1));
            if is_void {
                assert!(cache.get("/y").is_none(), "{subject:?} overtaken by {change:?}");
            }
        }
    }

    #[test]
    fn an_answer_ends_with_its_time_and_with_the_knowledge_of_the_log() {
        let cache = Cache::new(1 << 20);
        let keep = |address: &str, asked, until| {
            let shared = Shared { subject: Subject::Products, until };
            cache.put(address.into(), "/x", Begun { at: asked, ..cache.begin() }, shared, answer(1));
        };
        let born = Instant::now();
        let now = born + 10 * HEARD_WITHIN;
        assert!(cache.is_current(born + 9 * HEARD_WITHIN, now), "its own age counts");
        assert!(!cache.is_current(born + 8 * HEARD_WITHIN, now));
        cache.heard(now);
        assert!(cache.is_current(born, now), "or how long ago all changes were known");
        cache.heard(born);
        assert!(cache.is_current(born, now), "what was known is not forgotten");

        keep("/x", Instant::now(), None);
        assert!(cache.get("/x").is_some());
        keep("/past", Instant::now(), Some(Instant::now()));
        assert!(cache.get("/past").is_none());
    }

    #[test]
    fn the_store_is_bounded_by_bytes() {
        let cache = heard();
        for n in 0..5_000 {
            cache.put(
                format!("/{n}").into(),
                "/{n}",
                cache.begin(),
                Shared::new(Subject::Products),
                answer(4_096),
            );
        }
        let store = cache.store.as_ref().expect("on");
        assert!(store.weight() <= 1 << 20 && store.len() > 80, "{} bytes", store.weight());
        assert!(cache.evictions.0.load(Ordering::Relaxed) > 4_000);
        assert!(!Cache::new(0).is_on());
    }

    #[test]
    fn a_request_that_says_more_than_where_goes_the_long_way() {
        use axum::body::Body;
        use axum::extract::Request;

        let cache = heard();
        let (begun, shared) = (cache.begin(), Shared::new(Subject::Products));
        cache.put("/x?a=1".into(), "/x", begun, shared, answer(1));
        let is_short = |method: &str, address: &str, headers: &[(&'static str, &str)], body: &'static str| {
            let mut request = Request::builder().method(method).uri(address);
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            cache.find(&request.body(Body::from(body)).unwrap()).is_some()
        };
        let long = "x".repeat(200);
        assert!(is_short("GET", "/api/v1/x?a=1", &[], ""));
        assert!(is_short("GET", "/api/v1/x?a=1", &[("accept-encoding", "br"), ("if-none-match", "*")], ""));
        assert!(is_short(
            "GET",
            "http://example.com/api/v1/x?a=1",
            &[("origin", "null"), ("cookie", "a=b")],
            ""
        ));
        for (method, address, headers, body) in [
            ("HEAD", "/api/v1/x?a=1", &[][..], ""),
            ("GET", "/api/v1/x?a=2", &[], ""),
            ("GET", "/api/v1/x", &[], ""),
            ("GET", "/x?a=1", &[], ""),
            ("GET", "/api/v1/x?a=1", &[], "{}"),
            ("GET", "/api/v1/x?a=1", &[("authorization", "Bearer x")], ""),
            ("GET", "/api/v1/x?a=1", &[("idempotency-key", "x")], ""),
            ("GET", "/api/v1/x?a=1", &[("x-request-timeout-ms", "0")], ""),
            ("GET", "/api/v1/x?a=1", &[("x-envoy-expected-rq-timeout-ms", "5")], ""),
            ("GET", "/api/v1/x?a=1", &[("accept-encoding", "br"), ("accept-encoding", "gzip")], ""),
            ("GET", "/api/v1/x?a=1", &[("accept-encoding", &*long)], ""),
            ("GET", "/api/v1/x?a=1", &[("origin", &*long)], ""),
        ] {
            assert!(!is_short(method, address, headers, body), "{method} {address} {headers:?}");
        }
        cache.changed(Change::Products);
        assert!(!is_short("GET", "/api/v1/x?a=1", &[], ""), "it does not count any more");
    }

    #[test]
    fn one_pilot_flies_for_all_and_leaves_when_dropped() {
        let cache = heard();
        let Flight::Pilot(pilot) = cache.board("/x") else { panic!("the first one flies") };
        let Flight::Passenger(landing) = cache.board("/x") else { panic!("the second one waits") };
        assert!(!*landing.borrow() && landing.has_changed().is_ok());
        drop(pilot);
        assert!(landing.has_changed().is_err(), "it has landed");
        assert!(matches!(cache.board("/x"), Flight::Pilot(_)));
    }
}
