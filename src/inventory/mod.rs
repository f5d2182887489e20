//! Stock per variant and seller, its movements, and reservations.
//!
//! Reserving is a batch function: requests that arrive while a call is under way travel together in the next one.
//! Expiry is a condition and not a job: an expired hold never blocks a sale, and the sweeper only tidies up.

pub mod http;
pub mod sql;
pub mod types;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;

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
