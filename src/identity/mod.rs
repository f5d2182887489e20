//! Accounts, sessions, sellers and their members: who somebody is and what they may do.
//!
//! The routes of this domain are mounted under `/api/v1` by `app::routes`.

pub mod token;

use utoipa_axum::router::OpenApiRouter;

use crate::app::App;

/// Everything under `/api/v1` that belongs to this domain.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
}
