//! The state that handlers share, and the router with its layers: everything between a connection and a handler.

use std::ops::Deref;
use std::sync::Arc;
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

use crate::cache::{self, Cache};
use crate::config::Config;
pub use crate::db::Pool;
use crate::db::batch::Patience;
use crate::db::{Batcher, batch, pool};
use crate::events::hub::Hub;
use crate::http::admission::Admission;
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

/// What every handler may use. Cheap to clone.
#[derive(Clone)]
pub struct App(Arc<AppInner>);

pub struct AppInner {
    pub config: Config,
    /// As role `tradepost_api`: for requests.
    pub pool: Pool,
    /// As role `tradepost_worker`: for background work.
    pub worker_pool: Pool,
    /// As role `tradepost_api`: for batches.
    pub lanes: Lanes,
    pub tokens: Tokens,
    /// The queues of the batch functions.
    pub batch: Batchers,
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
                settings("orders.place_orders"),
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
}

/// Connections that serve nothing but batches, so that no flood of other requests keeps a batch waiting for one.
#[derive(Clone)]
pub struct Lanes {
    usual: Pool,
    brief: Pool,
    long: Pool,
}

impl Lanes {
    /// Each batch function has one call in flight, one beside it for those set aside, and tries one by one in either.
    const FUNCTIONS: usize = 4;

    fn new(api: &pool::Settings, usual_lock_timeout: Duration) -> anyhow::Result<Self> {
        let settings = |lock_timeout, max_connections| pool::Settings {
            application_name: "tradepost batch".to_owned(),
            lock_timeout,
            max_connections,
            ..api.clone()
        };
        Ok(Self {
            usual: Pool::new(&settings(usual_lock_timeout, Self::FUNCTIONS))?,
            brief: Pool::new(&settings(Duration::from_millis(50), 2 * Self::FUNCTIONS))?,
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
    fn new(config: Config, pool: Pool, worker_pool: Pool, lanes: Lanes, tokens: Tokens) -> Self {
        Self(Arc::new(AppInner {
            admission: Admission::new(&config),
            batch: Batchers::start(&config, &lanes),
            passwords: Passwords::new(config.password_cost()),
            provider: match (&config.provider_url, &config.provider_secret) {
                (Some(url), Some(secret)) => Arc::new(Remote::new(url, secret.expose())),
                _ => Arc::new(Sandbox::new(&tokens)),
            },
            cache: Arc::new(Cache::new(config.read_cache_bytes)),
            config,
            pool,
            worker_pool,
            lanes,
            tokens,
            hub: Hub::default(),
            events_wake: Arc::default(),
            shutdown: CancellationToken::new(),
            ready: Readiness::default(),
        }))
    }
}

impl App {
    /// The application of a process: its pools open their connections when they are first used. Inside a runtime,
    /// because it begins to follow the event log.
    pub fn connect(config: Config, api_url: &str, worker_url: &str, tokens: Tokens) -> anyhow::Result<Self> {
        let statement_timeout = Duration::from_millis(config.statement_timeout_ms);
        let api = pool::Settings {
            wait: Duration::from_millis(config.pool_wait_ms),
            statement_timeout,
            lock_timeout: Duration::from_millis(config.lock_timeout_ms),
            call_timeout: statement_timeout + Duration::from_secs(1),
            ..pool::Settings::api(api_url, config.api_connections_max)
        };
        let pool = Pool::new(&api)?;
        let worker_pool = Pool::new(&pool::Settings::worker(worker_url, config.worker_connections_max))?;
        let lanes = Lanes::new(&api, Duration::from_millis(config.batch_lock_timeout_ms))?;
        let app = Self::new(config, pool, worker_pool, lanes, tokens);
        app.hub.follow(api.config()?, app.pool.clone(), app.shutdown.clone());
        if app.cache.is_on() {
            let (cache, pool) = (app.cache.clone(), app.worker_pool.clone());
            tokio::spawn(cache::follow::follow(cache, pool, app.hub.catalogue(), app.shutdown.clone()));
        }
        Ok(app)
    }

    /// The last step of a shutdown.
    pub fn close(&self) {
        self.pool.close();
        self.worker_pool.close();
        for pool in self.lanes.all() {
            pool.close();
        }
    }
}

/// Starts the background work, one line per worker. Each ends after its current step when `stop` is cancelled.
pub fn spawn_workers(app: &App, tracker: &TaskTracker, stop: &CancellationToken) {
    crate::events::sequencer::spawn(app, tracker, stop);
    crate::events::retention::spawn(app, tracker, stop);
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
