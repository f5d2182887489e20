//! Commission rules and promotions: what a basket costs and who gets which part.
//!
//! The routes of this domain are mounted under `/api/v1` by `app::routes`.

use utoipa_axum::router::OpenApiRouter;

use crate::app::App;

/// Everything under `/api/v1` that belongs to this domain.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
}
