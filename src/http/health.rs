//! `/health/live`: the process runs. `/health/ready`: it should get traffic.
//!
//! A domain adds a check with one line in `app::READY_CHECKS`.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures::future::{BoxFuture, join_all};
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::{App, READY_CHECKS};

/// Says what is wrong, in words an operator may see; `Ok` carries nothing.
pub type Check = fn(App) -> BoxFuture<'static, Result<(), String>>;

/// A check that takes longer has failed.
pub const CHECK_BUDGET: Duration = Duration::from_millis(250);

/// Whether this process wants traffic. Turned off first when it shuts down.
#[derive(Debug, Default)]
pub struct Readiness {
    draining: AtomicBool,
}

impl Readiness {
    /// From now on `/health/ready` answers 503.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    pub fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }
}

/// Whether the service is ready, and each check on the way.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Health {
    /// `ok`, `draining` or `failing`.
    #[schema(example = "ok", max_length = 20)]
    pub status: &'static str,
    /// The single checks.
    #[schema(max_items = 20)]
    pub checks: Vec<CheckResult>,
}

/// The outcome of one check.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CheckResult {
    /// What was checked.
    #[schema(example = "database", max_length = 50)]
    pub name: &'static str,
    /// Whether it is well.
    pub ok: bool,
    /// How long the check took.
    #[schema(minimum = 0, example = 1)]
    pub latency_ms: u64,
    /// What is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 500)]
    pub detail: Option<String>,
}

/// The process is up.
///
/// Answers without touching the database: restart the process when this fails, not when `/health/ready` does.
#[utoipa::path(get, path = "/health/live", tag = "core", operation_id = "healthLive", responses(
    (status = 200, description = "The process runs.", body = Health)
))]
pub async fn live() -> Response {
    answer(StatusCode::OK, Health { status: "ok", checks: Vec::new() })
}

/// The service should get traffic.
///
/// Checks the database and what the domains depend on, each within 250 ms. 503 while shutting down.
#[utoipa::path(get, path = "/health/ready", tag = "core", operation_id = "healthReady", responses(
    (status = 200, description = "All checks passed.", body = Health),
    (status = 503, description = "A check failed, or the process is shutting down.", body = Health)
))]
pub async fn ready(State(app): State<App>) -> Response {
    if app.ready.is_draining() {
        return answer(StatusCode::SERVICE_UNAVAILABLE, Health { status: "draining", checks: Vec::new() });
    }
    let checks = join_all(READY_CHECKS.iter().map(|(name, check)| {
        let app = app.clone();
        async move {
            let started = Instant::now();
            let outcome = match tokio::time::timeout(CHECK_BUDGET, check(app)).await {
                Ok(outcome) => outcome,
                Err(_) => Err(format!("no answer within {} ms", CHECK_BUDGET.as_millis())),
            };
            let latency_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
            CheckResult { name, ok: outcome.is_ok(), latency_ms, detail: outcome.err() }
        }
    }))
    .await;
    if checks.iter().all(|check| check.ok) {
        answer(StatusCode::OK, Health { status: "ok", checks })
    } else {
        answer(StatusCode::SERVICE_UNAVAILABLE, Health { status: "failing", checks })
    }
}

fn answer(status: StatusCode, health: Health) -> Response {
    ([(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))], (status, Json(health))).into_response()
}

/// The database answers, and has the migrations of this program.
pub fn database(app: App) -> BoxFuture<'static, Result<(), String>> {
    Box::pin(async move {
        let version = crate::db::call::migration_version(&app.pool).await.map_err(|p| p.code().to_owned())?;
        crate::db::migrate::require_version(version).map_err(|e| e.to_string())
    })
}
