//! The event log: what happened, numbered, and the ways to follow it.
//!
//! Writers put an event into the outbox in their own transaction; the [`sequencer`] numbers what was committed and notifies;
//! the [`hub`] hears of it and wakes the [`stream`]s and workers of this process, which read the log from their cursors.
//! The routes of this domain are mounted under `/api/v1` by `app::routes`.

pub mod http;
pub mod hub;
pub mod retention;
pub mod sequencer;
pub mod sql;
pub mod stream;
pub mod types;

use axum::extract::Request;
use axum::http::Method;
use axum::response::Response;
use futures::future::BoxFuture;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::problem::Problem;

/// Events that wait for their number longer than this mean that no sequencer runs.
const STAGING_AGE_MAX_S: f64 = 30.0;

/// Everything under `/api/v1` that belongs to this domain.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(http::list_events)).routes(routes!(http::stream_events))
}

/// A request that may have changed something wakes the sequencer when it is answered.
pub async fn wake<F>(app: &App, request: Request, next: impl FnOnce(Request) -> F) -> Response
where
    F: Future<Output = Response>,
{
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    let response = next(request).await;
    if !is_read {
        app.events_wake.notify_one();
    }
    response
}

/// Ready: committed events get their numbers.
pub fn is_sequencing(app: App) -> BoxFuture<'static, Result<(), String>> {
    Box::pin(async move {
        let metrics = sql::metrics(&app.pool).await.map_err(|_| "the query failed".to_owned())?;
        if metrics.staging_age_s > STAGING_AGE_MAX_S {
            return Err(format!("an event has waited {:.0} s for its number", metrics.staging_age_s));
        }
        Ok(())
    })
}

/// Gauges of the stream.
#[allow(clippy::cast_precision_loss)] // below 2^52 for long
pub fn collect(app: App) -> BoxFuture<'static, Result<(), Problem>> {
    Box::pin(async move {
        let metrics = sql::metrics(&app.pool).await?;
        metrics::gauge!("tradepost_events_head").set(metrics.head as f64);
        metrics::gauge!("tradepost_events_staging").set(metrics.staging_events as f64);
        metrics::gauge!("tradepost_events_staging_age_seconds").set(metrics.staging_age_s);
        for (consumer, behind) in metrics.consumers {
            let behind = behind.as_f64().unwrap_or(0.0);
            metrics::gauge!("tradepost_events_consumer_behind", "consumer" => consumer).set(behind);
        }
        Ok(())
    })
}
