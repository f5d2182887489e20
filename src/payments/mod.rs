//! Payments, the provider behind them, refunds and the ledger.
//!
//! A payment is a saga: two requests and two statements, the first of which begins it (and then asks the provider), while the
//! second confirms it after the provider has settled. The provider is called between statements, with an id of ours that is
//! stored before as its idempotency key, so every answer it may give, or not give, is a state that some statement can take
//! up from: a client that repeats its request, a callback, or the workers. `docs/payments.md` has every step.

pub mod http;
pub mod provider;
pub mod sandbox;
pub mod sql;
pub mod types;
pub mod workers;

use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use self::provider::{Unknown, Unsettled};
use crate::app::App;
use crate::problem::Result;

/// The window of the revenue gauges.
const REVENUE_HOURS: i32 = 24;

/// Everything under `/api/v1` that belongs to this domain.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(http::start_payment))
        .routes(routes!(http::confirm_payment))
        .routes(routes!(http::list_payments))
        .routes(routes!(http::request_refund))
        .routes(routes!(http::take_callback))
        .routes(routes!(http::list_stuck))
        .routes(routes!(http::retry_payment))
        .routes(routes!(http::get_order_history))
}

impl From<Unknown> for Unsettled {
    fn from(unknown: Unknown) -> Self {
        Self::Unknown(unknown)
    }
}

/// A provider's answer, or [`Unknown`] when it takes too long.
async fn in_time<T, E: From<Unknown>>(app: &App, call: BoxFuture<'_, Result<T, E>>) -> Result<T, E> {
    let limit = Duration::from_millis(app.config.provider_timeout_ms);
    tokio::time::timeout(limit, call)
        .await
        .unwrap_or_else(|_| Err(Unknown(format!("no answer within {limit:?}")).into()))
}

/// Gauges of the last day's payments by currency: how many, their sum, and what of it went back; and refunds without an
/// answer.
#[allow(clippy::cast_precision_loss)] // gauges are floats; these are far below 2^52
pub fn metrics(app: App) -> BoxFuture<'static, Result<()>> {
    async move {
        for row in sql::revenue(&app.pool, REVENUE_HOURS).await? {
            let currency: String = row.try_get("currency")?;
            let count: i64 = row.try_get("orders_count")?;
            metrics::gauge!("tradepost_payments_day", "currency" => currency.clone()).set(count as f64);
            for (gauge, column) in [
                ("tradepost_revenue_day_minor_units", "gross_minor"),
                ("tradepost_refunded_day_minor_units", "refunded_minor"),
            ] {
                metrics::gauge!(gauge, "currency" => currency.clone()).set(row.try_get::<_, f64>(column)?);
            }
        }
        let saga = sql::saga_metrics(&app.pool).await?;
        for (gauge, column) in [
            ("tradepost_payments_unresolved", "unresolved"),
            ("tradepost_payments_stuck", "stuck_payments"),
            ("tradepost_refunds_stuck", "stuck_refunds"),
            ("tradepost_refunds_failed", "failed_refunds"),
            ("tradepost_stock_of_dead_payments", "dead_units"),
        ] {
            metrics::gauge!(gauge).set(saga.try_get::<_, i64>(column)? as f64);
        }
        Ok(())
    }
    .boxed()
}
