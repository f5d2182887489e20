//! Stock per variant and seller, its movements, and reservations.
//!
//! Reserving is a batch function: requests that arrive while a call is under way travel together in the next one.
//! Expiry is a condition and not a job: an expired hold never blocks a sale, and the sweeper only tidies up.

pub mod http;
pub mod sql;
pub mod types;

use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::{App, Pool};
use crate::problem::Result;
use crate::worker::{self, Pace, Wake};

/// Most reservations that one sweep takes.
const SWEEP_LIMIT: i32 = 500;
const SWEEP_PAUSE: Duration = Duration::from_secs(5);

/// Everything under `/api/v1` that belongs to this domain.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(http::list_low_stock))
        .routes(routes!(http::reserve_stock))
        .routes(routes!(http::get_reservation))
        .routes(routes!(http::confirm_reservation))
        .routes(routes!(http::release_reservation))
        .routes(routes!(http::get_stock))
        .routes(routes!(http::set_stock))
}

/// Worker step: ends expired reservations that belong to no order.
pub async fn expire(pool: &Pool) -> Result<usize> {
    sql::expire_reservations(pool, SWEEP_LIMIT).await
}

/// Starts this domain's worker.
pub fn spawn(app: &App, tracker: &TaskTracker, stop: &CancellationToken) {
    let pool = app.worker_pool.clone();
    worker::spawn(tracker, stop, "inventory.expire", Pace::every(SWEEP_PAUSE), Wake::Timer, move || {
        let pool = pool.clone();
        async move { expire(&pool).await }
    });
}
