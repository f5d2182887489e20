//! Orders, their fulfilments, and the state machine between payment and delivery.
//!
//! Placing an order is a batch function: requests that arrive while a call is under way travel together in the next one.
//! Everything else is one plain function per route. Deadlines (payment, acceptance, completion) end by themselves: see `deadlines`.

pub mod http;
pub mod sql;
pub mod types;

use futures::FutureExt;
use futures::future::BoxFuture;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::problem::Result;

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
