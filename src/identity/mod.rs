//! Accounts, sessions, sellers and their members: who somebody is and what they may do.
//!
//! A login opens a session: a family of refresh tokens, of which only the newest is good. Access tokens are checked without
//! the database, but every SQL function looks at the account and its session again, so a logout or a suspension acts
//! at once. The routes of this domain are mounted under `/api/v1` by `app::routes`.

pub mod http;
pub mod password;
pub mod sql;
pub mod token;
pub mod types;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;

/// Everything under `/api/v1` that belongs to this domain.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(http::register))
        .routes(routes!(http::login))
        .routes(routes!(http::refresh))
        .routes(routes!(http::logout))
        .routes(routes!(http::profile))
}
