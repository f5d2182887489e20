//! The state that handlers share, and the router with its layers: everything between a connection and a handler.

use std::ops::Deref;
use std::sync::{Arc, Weak};
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::cache::{self, Cache};
use crate::config::Config;
pub use crate::db::Pool;
use crate::db::batch::Patience;
use crate::db::pulse::Pulse;
use crate::db::{Batcher, batch, pool};
use crate::events::hub::Hub;
use crate::http::admission::{self, Admission};
use crate::http::docs;
use crate::http::health::{self, Check, Readiness};
use crate::http::layers::{self, KnownQueries};
use crate::http::metrics::{self, Collector};
pub use crate::http::server::serve;
use crate::identity::password::Passwords;
use crate::identity::token::Tokens;
use crate::payments::provider::Provider;
use crate::payments::sandbox::{Sandbox, remote::Remote};
use crate::{deadlines, inventory, orders, payments, pricing};

/// Orders whose stock rows are remembered: two megabytes.
const ORDER_ROWS_MAX: usize = 16_384;

/// What every handler may use. Cheap to clone.
#[derive(Clone)]
pub struct App(Arc<AppInner>);

pub struct AppInner {
    pub config: Config,
    /// As role `tradepost_api`: for requests.
    pub pool: Pool,
    /// The same, for what checkout does outside of batches: a quarter of the connections, which nobody else takes.
    pub checkout_pool: Pool,
    /// As role `tradepost_worker`: for background work.
    pub worker_pool: Pool,
    /// As role `tradepost_api`: for batches.
    pub lanes: Lanes,
    pub tokens: Tokens,
    /// The queues of the batch functions.
    pub batch: Batchers,
    /// The stock rows of orders placed here lately, so that the confirmation of one that wants a stuck row holds up no other.
    /// What is not known costs a try.
    pub order_rows: quick_cache::sync::Cache<Uuid, Arc<[u64]>>,
    pub passwords: Passwords,
    /// Who takes the money.
    pub provider: Arc<dyn Provider>,
    /// Answers that are the same for everybody.
    pub cache: Arc<Cache>,
    /// Where the event log ends.
    pub hub: Hub,
    /// Wakes the sequencer of this process.
    pub events_wake: Arc<Notify>,
    /// Cancelled when the server begins to drain: streams end.
    pub shutdown: CancellationToken,
    pub ready: Readiness,
    /// Who may begin.
    pub admission: Admission,
}

/// One queue per batch function, in lanes of their own: a slow checkout never blocks a reservation.
#[derive(Debug)]
pub struct Batchers {
    pub place_orders: Batcher<orders::types::Placing, orders::types::Placed>,
    pub reserve_stock: Batcher<inventory::types::Reserving, inventory::types::Reserved>,
    pub start_payments: Batcher<payments::types::Starting, payments::types::Begun>,
    pub confirm_payments: Batcher<payments::types::Confirming, payments::types::Confirmed>,
}

impl Batchers {
    fn start(config: &Config, lanes: &Lanes) -> Self {
        let wait_max = Duration::from_millis(config.batch_wait_ms);
        let settings =
            |name| batch::Settings::new(name, config.batch_requests_max, config.batch_queue_max, wait_max);
        let (place_orders, reserve_stock) = (lanes.clone(), lanes.clone());
        let (start_payments, confirm_payments) = (lanes.clone(), lanes.clone());
        Self {
            start_payments: Batcher::start(
                settings("payments.start_payments"),
                move |requests: Vec<_>, patience| {
                    let pool = start_payments.of(patience);
                    async move { payments::sql::start_payments(&pool, &requests).await }
                },
            ),
            confirm_payments: Batcher::start(
                settings("payments.confirm_payments"),
                move |requests: Vec<_>, patience| {
                    let pool = confirm_payments.of(patience);
                    async move { payments::sql::confirm_payments(&pool, &requests).await }
                },
            ),
            place_orders: Batcher::start(
                // half of the call needs no stock row: the next one prices its orders meanwhile
                batch::Settings { lanes: config.place_orders_lanes, ..settings("orders.place_orders") },
                move |requests: Vec<_>, patience| {
                    let pool = place_orders.of(patience);
                    async move { orders::sql::place_orders(&pool, &requests).await }
                },
            ),
            reserve_stock: Batcher::start(
                settings("inventory.reserve_stock"),
                move |requests: Vec<_>, patience| {
                    let pool = reserve_stock.of(patience);
                    async move { inventory::sql::reserve_stock(&pool, &requests).await }
                },
            ),
        }
    }

    /// The route and the batcher that a POST to this path, or to a path of this route, ends in.
    pub fn of_path(&self, path: &str) -> Option<(&'static str, &(dyn batch::Load + Sync))> {
        let path = path.strip_prefix("/api/v1/")?;
        Some(match path.split_once('/') {
            None if path == "orders" => ("/api/v1/orders", &self.place_orders),
            Some(("inventory", "reserve")) => ("/api/v1/inventory/reserve", &self.reserve_stock),
            Some(("orders", of_order)) => match of_order.split_once('/')? {
                ("", _) => return None,
                (_, "payment") => ("/api/v1/orders/{orderId}/payment", &self.start_payments),
                (_, "confirm-payment") => {
                    ("/api/v1/orders/{orderId}/confirm-payment", &self.confirm_payments)
                }
                _ => return None,
            },
            _ => return None,
        })
    }

    /// The longest that an answer took since this was last asked.
    fn slowest(&self) -> Duration {
        let all: [&dyn batch::Load; 4] =
            [&self.place_orders, &self.reserve_stock, &self.start_payments, &self.confirm_payments];
        all.into_iter().map(batch::Load::slowest).max().unwrap_or_default()
    }
}

/// Connections that serve nothing but batches, so that no flood of other requests keeps a batch waiting for one.
#[derive(Clone)]
pub struct Lanes {
    usual: Pool,
    brief: Pool,
    long: Pool,
}

impl Lanes {
    /// Each batch function but place_orders has one call in flight, each has one beside it for those set aside, and tries one by one
    /// in either.
    const FUNCTIONS: usize = 4;

    fn new(
        api: &pool::Settings,
        usual_lock_timeout: Duration,
        of_place_orders: usize,
    ) -> anyhow::Result<Self> {
        let usual = Self::FUNCTIONS - 1 + of_place_orders;
        let settings = |lock_timeout, max_connections| pool::Settings {
            application_name: "tradepost batch".to_owned(),
            lock_timeout,
            max_connections,
            ..api.clone()
        };
        Ok(Self {
            usual: Pool::new(&settings(usual_lock_timeout, usual))?,
            brief: Pool::new(&settings(Duration::from_millis(50), usual + Self::FUNCTIONS))?,
            long: Pool::new(&settings(api.lock_timeout, Self::FUNCTIONS))?,
        })
    }

    fn of(&self, patience: Patience) -> Pool {
        match patience {
            Patience::Usual => &self.usual,
            Patience::Brief => &self.brief,
            Patience::Long => &self.long,
        }
        .clone()
    }

    fn all(&self) -> [&Pool; 3] {
        [&self.usual, &self.brief, &self.long]
    }

    /// All of them as one.
    pub fn status(&self) -> pool::Status {
        self.all().into_iter().map(Pool::status).fold(pool::Status::default(), |sum, pool| sum + pool)
    }
}

impl Deref for App {
    type Target = AppInner;

    fn deref(&self) -> &AppInner {
        &self.0
    }
}

impl App {
    fn new(
        config: Config,
        [pool, checkout_pool, worker_pool]: [Pool; 3],
        lanes: Lanes,
        tokens: Tokens,
        shutdown: CancellationToken,
    ) -> Self {
        Self(Arc::new(AppInner {
            admission: Admission::new(&config),
            batch: Batchers::start(&config, &lanes),
            order_rows: quick_cache::sync::Cache::new(ORDER_ROWS_MAX),
            passwords: Passwords::new(config.password_cost()),
            provider: match (&config.provider_url, &config.provider_secret) {
                (Some(url), Some(secret)) => Arc::new(Remote::new(url, secret.expose())),
                _ => Arc::new(Sandbox::new(&tokens)),
            },
            cache: Arc::new(Cache::new(config.read_cache_bytes)),
            config,
            pool,
            checkout_pool,
            worker_pool,
            lanes,
            tokens,
            hub: Hub::default(),
            events_wake: Arc::default(),
            shutdown,
            ready: Readiness::default(),
        }))
    }
}

impl App {
    /// The application of a process: its pools open their connections when they are first used. Inside a runtime,
    /// because it begins to follow the event log.
    pub fn connect(config: Config, api_url: &str, worker_url: &str, tokens: Tokens) -> anyhow::Result<Self> {
        let statement_timeout = Duration::from_millis(config.statement_timeout_ms);
        let for_checkout = (config.api_connections_max / 4).max(1);
        let for_others = config.api_connections_max.saturating_sub(for_checkout).max(1);
        let api = pool::Settings {
            wait: Duration::from_millis(config.pool_wait_ms),
            statement_timeout,
            lock_timeout: Duration::from_millis(config.lock_timeout_ms),
            call_timeout: statement_timeout + Duration::from_secs(1),
            ..pool::Settings::api(api_url, for_others)
        };
        let shutdown = CancellationToken::new();
        let silence_max = Duration::from_millis(config.database_silence_ms);
        let pulse = Pulse::start(api.config()?, silence_max, shutdown.clone());
        let api = pool::Settings { pulse, ..api };
        let pool = Pool::new(&api)?;
        let checkout_pool = Pool::new(&pool::Settings {
            application_name: "tradepost checkout".to_owned(),
            max_connections: for_checkout,
            ..api.clone()
        })?;
        let worker_pool = Pool::new(&pool::Settings::worker(worker_url, config.worker_connections_max))?;
        let lanes =
            Lanes::new(&api, Duration::from_millis(config.batch_lock_timeout_ms), config.place_orders_lanes)?;
        let app = Self::new(config, [pool, checkout_pool, worker_pool], lanes, tokens, shutdown);
        app.hub.follow(api.config()?, app.pool.clone(), app.shutdown.clone());
        tokio::spawn(app.shutdown.clone().run_until_cancelled_owned(balance(Arc::downgrade(&app.0))));
        if app.cache.is_on() {
            let (cache, pool) = (app.cache.clone(), app.worker_pool.clone());
            tokio::spawn(cache::follow::follow(cache, pool, app.hub.catalogue(), app.shutdown.clone()));
        }
        Ok(app)
    }

    /// The last step of a shutdown.
    pub fn close(&self) {
        for pool in [&self.pool, &self.checkout_pool, &self.worker_pool].into_iter().chain(self.lanes.all()) {
            pool.close();
        }
    }
}

/// Reads and exports make room while checkout is slow, as long as there is an application.
async fn balance(app: Weak<AppInner>) {
    let mut ticks = tokio::time::interval(admission::BALANCE_EVERY);
    loop {
        ticks.tick().await;
        let Some(app) = app.upgrade() else { return };
        app.admission.balance(app.batch.slowest());
    }
}

/// Starts the background work, one line per worker. Each ends after its current step when `stop` is cancelled.
pub fn spawn_workers(app: &App, tracker: &TaskTracker, stop: &CancellationToken) {
    crate::events::sequencer::spawn(app, tracker, stop);
    crate::events::retention::spawn(app, tracker, stop);
    crate::retention::spawn(app, tracker, stop);
    deadlines::spawn(app, tracker, stop);
    pricing::spawn(app, tracker, stop);
    payments::workers::spawn(app, tracker, stop);
}

/// Everything under `/api/v1`, one line per domain.
fn api() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .merge(crate::identity::routes())
        .merge(crate::catalog::routes().layer(from_fn(crate::catalog::layer)))
        .merge(crate::inventory::routes())
        .merge(crate::pricing::routes())
        .merge(crate::orders::routes())
        .merge(crate::payments::routes())
        .merge(crate::events::routes())
}

/// What must be well before this process wants traffic.
pub const READY_CHECKS: &[(&str, Check)] =
    &[("database", health::database), ("sequencer", crate::events::is_sequencing)];

/// Gauges that are read when `/metrics` is.
pub const COLLECTORS: &[(&str, Collector)] = &[
    ("pools", metrics::pools),
    ("orders", orders::metrics),
    ("payments", payments::metrics),
    ("deadlines", deadlines::metrics),
    ("events", crate::events::collect),
    ("cache", cache::collect),
];

/// All documented routes, with the description that their handlers carry.
pub fn documented() -> (Router<App>, OpenApi) {
    described(api())
}

/// An API with the routes beside it.
fn described(api: OpenApiRouter<App>) -> (Router<App>, OpenApi) {
    let (router, mut description) = OpenApiRouter::with_openapi(crate::openapi::frame())
        .nest("/api/v1", api.layer(DefaultBodyLimit::disable()))
        .routes(routes!(health::live))
        .routes(routes!(health::ready))
        .routes(routes!(docs::jwks))
        .routes(routes!(metrics::scrape))
        .split_for_parts();
    crate::openapi::complete(&mut description);
    (router, description)
}

/// The whole service.
pub fn router(app: App) -> Router {
    service(app, api())
}

/// An API within its layers, which are listed from the inside out.
pub(crate) fn service(app: App, api: OpenApiRouter<App>) -> Router {
    let api = api.layer(from_fn_with_state(app.clone(), layers::within));
    let (documented, description) = described(api);
    let known = KnownQueries::from_description(&description);
    let mut router = documented
        .merge(docs::routes(&description))
        .fallback(layers::not_found)
        .method_not_allowed_fallback(layers::method_not_allowed)
        .layer(from_fn_with_state((app.clone(), known), layers::guard))
        .layer(layers::compression());
    if let Some(cors) = layers::cors(&app.config) {
        router = router.layer(cors);
    }
    router.layer(from_fn_with_state(app.clone(), layers::edge)).with_state(app)
}
