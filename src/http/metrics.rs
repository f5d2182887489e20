//! Prometheus metrics: what is counted as it happens, and gauges that are read when somebody scrapes.
//!
//! A domain adds gauges with one line in `app::COLLECTORS`: a function from `App` to a future that sets them.

use std::collections::HashMap;
use std::sync::{LazyLock, PoisonError, RwLock};
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use futures::future::{BoxFuture, join_all};
use metrics::{Gauge, Histogram};

use crate::app::{App, COLLECTORS};
use crate::problem::Problem;

/// Sets gauges from the state of the program or the database. An error is logged and counted; the scrape goes on.
pub type Collector = fn(App) -> BoxFuture<'static, Result<(), Problem>>;

const COLLECTOR_BUDGET: Duration = Duration::from_secs(2);

/// Counts a request while it is being answered.
pub struct InFlight(());

impl InFlight {
    pub fn start() -> Self {
        in_flight().increment(1.0);
        Self(())
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        in_flight().decrement(1.0);
    }
}

fn in_flight() -> &'static Gauge {
    static GAUGE: LazyLock<Gauge> = LazyLock::new(|| {
        crate::telemetry::metrics();
        metrics::gauge!("tradepost_http_requests_in_flight")
    });
    &GAUGE
}

/// One answered request; the histogram's `_count` is the number of requests.
pub fn request(route: &str, method: &'static str, status: u16, elapsed: Duration) {
    type Known = HashMap<(&'static str, u16), HashMap<Box<str>, Histogram>>;
    static KNOWN: LazyLock<RwLock<Known>> = LazyLock::new(RwLock::default);
    let known = KNOWN.read().unwrap_or_else(PoisonError::into_inner);
    if let Some(times) = known.get(&(method, status)).and_then(|routes| routes.get(route)) {
        times.record(elapsed.as_secs_f64());
        return;
    }
    drop(known);
    let times = times(route, method, status);
    times.record(elapsed.as_secs_f64());
    let mut known = KNOWN.write().unwrap_or_else(PoisonError::into_inner);
    known.entry((method, status)).or_default().insert(route.into(), times);
}

/// How long requests took: to look it up costs more than to record in it.
pub fn times(route: &str, method: &'static str, status: u16) -> Histogram {
    crate::telemetry::metrics();
    metrics::histogram!(
        "tradepost_http_request_duration_seconds",
        "route" => route.to_owned(), "method" => method, "status" => status.to_string(),
    )
}

/// Gauges, counters and histograms for Prometheus.
///
/// Requests by route and status, connection pools, batches, the event log and its consumers, orders and revenue of the last
/// day. It needs no token: keep it from the outside.
#[utoipa::path(get, path = "/metrics", tag = "core", operation_id = "metrics", responses(
    (status = 200, description = "The text format of Prometheus, version 0.0.4.", body = String,
        content_type = "text/plain", example = "tradepost_events_head 487\n")
))]
pub async fn scrape(State(app): State<App>) -> Response {
    join_all(COLLECTORS.iter().map(|(name, collect)| {
        let app = app.clone();
        async move {
            let result = match tokio::time::timeout(COLLECTOR_BUDGET, collect(app)).await {
                Ok(result) => result,
                Err(_) => Err(Problem::timeout("took too long")),
            };
            if let Err(error) = result {
                metrics::counter!("tradepost_metrics_collect_failures_total", "collector" => *name)
                    .increment(1);
                tracing::warn!(collector = name, error = %error, "cannot collect metrics");
            }
        }
    }))
    .await;
    let text = crate::telemetry::metrics().render();
    let content_type = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    ([(header::CONTENT_TYPE, content_type)], text).into_response()
}

/// Connections of the pools.
#[allow(clippy::cast_precision_loss, clippy::needless_pass_by_value)] // a pool has far fewer than 2^52 connections
pub fn pools(app: App) -> BoxFuture<'static, Result<(), Problem>> {
    let pools = [
        ("api", app.pool.status()),
        ("checkout", app.checkout_pool.status()),
        ("worker", app.worker_pool.status()),
        ("batch", app.lanes.status()),
    ];
    for (name, status) in pools {
        metrics::gauge!("tradepost_db_pool_size", "pool" => name).set(status.open as f64);
        metrics::gauge!("tradepost_db_pool_max_size", "pool" => name).set(status.max_connections as f64);
        metrics::gauge!("tradepost_db_pool_available", "pool" => name).set(status.idle as f64);
        metrics::gauge!("tradepost_db_pool_waiting", "pool" => name).set(status.waiting as f64);
    }
    Box::pin(async { Ok(()) })
}
