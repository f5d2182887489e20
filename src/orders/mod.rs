//! Orders, their fulfilments, and the state machine between payment and delivery.
//!
//! Placing an order is a batch function: requests that arrive while a call is under way travel together in the next one.
//! Everything else is one plain function per route. The sweepers expire what was not paid and complete what was delivered.

pub mod http;
pub mod sql;
pub mod types;

use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::{App, Pool};
use crate::problem::Result;
use crate::worker::{self, Pace, Wake};

/// Most orders that one sweep takes.
const SWEEP_LIMIT: i32 = 200;

/// Everything under `/api/v1` that belongs to this domain.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(http::place_order, http::list_orders))
        .routes(routes!(http::get_order))
        .routes(routes!(http::get_order_pricing))
        .routes(routes!(http::get_order_status))
        .routes(routes!(http::explain_commissions))
        .routes(routes!(http::simulate_commission_rule))
        .routes(routes!(http::cancel_order))
        .routes(routes!(http::accept_fulfilment))
        .routes(routes!(http::ship_fulfilment))
        .routes(routes!(http::deliver_fulfilment))
        .routes(routes!(http::get_promotion_report))
        .routes(routes!(http::simulate_promotion))
}

/// Starts the sweepers. Nothing waits for them: expiry is a condition, and they only tidy up.
pub fn spawn(app: &App, tracker: &TaskTracker, stop: &CancellationToken) {
    let sweeper = |name, idle, step: fn(Pool) -> BoxFuture<'static, Result<usize>>| {
        let pool = app.worker_pool.clone();
        worker::spawn(tracker, stop, name, Pace::every(idle), Wake::Timer, move || step(pool.clone()));
    };
    sweeper("orders.expire", Duration::from_secs(2), |pool| async move { expire(&pool).await }.boxed());
    sweeper("orders.complete", Duration::from_secs(60), |pool| async move { complete(&pool).await }.boxed());
}

/// Worker step: expires unpaid orders whose window is over.
pub async fn expire(pool: &Pool) -> Result<usize> {
    sql::expire_orders(pool, SWEEP_LIMIT).await
}

/// Worker step: completes orders that were delivered long enough ago.
pub async fn complete(pool: &Pool) -> Result<usize> {
    sql::complete_orders(pool, SWEEP_LIMIT).await
}

/// Gauges of the last day's orders: how many, and their value, by status and currency.
#[allow(clippy::cast_precision_loss)] // gauges are floats; these are far below 2^52
pub fn metrics(app: App) -> BoxFuture<'static, Result<()>> {
    async move {
        for row in sql::metrics(&app.pool).await? {
            let (status, currency): (String, String) = (row.try_get("status")?, row.try_get("currency")?);
            let labels = [("status", status), ("currency", currency)];
            metrics::gauge!("tradepost_orders_day", &labels).set(row.try_get::<_, i64>("orders")? as f64);
            metrics::gauge!("tradepost_orders_day_minor_units", &labels)
                .set(row.try_get::<_, f64>("total_minor")?);
        }
        Ok(())
    }
    .boxed()
}
