//! `/auth`: registering, logging in and out, refreshing, and one's own profile.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::IntoResponse;
use axum::{Extension, Json};
use uuid::Uuid;

use super::sql;
use super::token::{Role, Tokens};
use super::types::{LoggedIn, LoginRequest, Profile, RefreshRequest, Refreshed, RegisterRequest, TokenPair};
use crate::app::App;
use crate::http::turns::Turn;
use crate::http::{Actor, ApiJson, Created, Ctx, Versioned};
use crate::problem::{Problem, ProblemDocument, Result};

/// Tokens are for the one who asked, and for nobody's cache.
const NO_STORE: (header::HeaderName, HeaderValue) =
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store"));

/// Registers an account and logs it in.
///
/// A seller registers with `storeName`: the store opens at once and the account is its owner.
#[utoipa::path(post, path = "/auth/register", tag = "identity", operation_id = "register",
    request_body = RegisterRequest,
    responses(
        (status = 201, description = "The account, logged in.", body = LoggedIn,
            headers(("Location" = String, description = "Where the profile is."))),
        (status = 503, description = "Too many passwords are being hashed; see `Retry-After`.",
            body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn register(
    State(app): State<App>,
    ctx: Ctx,
    turn: Option<Extension<Arc<Turn>>>,
    ApiJson(mut request): ApiJson<RegisterRequest>,
) -> Result<impl IntoResponse> {
    let password = std::mem::replace(&mut request.password, crate::secret::Secret::new(""));
    let hash = app.passwords.hash(password, turn).await?;
    let session_id = Uuid::now_v7();
    let token_hash = Tokens::hash(&app.tokens.refresh_token(session_id, 0));
    let user =
        sql::register_user(&app.pool, &ctx.anonymous(), &request, &hash, session_id, &token_hash).await?;
    let tokens = token_pair(&app, user.user_id, session_id, user.role, 0)?;
    Ok(Created("/api/v1/auth/profile".to_owned(), ([NO_STORE], Json(LoggedIn { user, tokens }))))
}

/// Logs in.
///
/// An unknown e-mail, a wrong password and a suspended account get the same answer, after the same work.
#[utoipa::path(post, path = "/auth/login", tag = "identity", operation_id = "login",
    request_body = LoginRequest,
    responses(
        (status = 200, description = "Logged in: a new session.", body = LoggedIn),
        (status = 401, description = "No active account has this e-mail with this password.",
            body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, description = "Too many passwords are being checked; see `Retry-After`.",
            body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn login(
    State(app): State<App>,
    ctx: Ctx,
    turn: Option<Extension<Arc<Turn>>>,
    ApiJson(request): ApiJson<LoginRequest>,
) -> Result<impl IntoResponse> {
    let (user_id, hash) = sql::get_credentials(&app.pool, &request.email).await?.unzip();
    let is_right = app.passwords.verify(request.password, hash, turn).await?;
    let user_id = user_id.filter(|_| is_right).ok_or_else(credentials_invalid)?;
    let session_id = Uuid::now_v7();
    let token_hash = Tokens::hash(&app.tokens.refresh_token(session_id, 0));
    let user = sql::open_session(&app.pool, &ctx.anonymous(), user_id, session_id, &token_hash).await?;
    let tokens = token_pair(&app, user.user_id, session_id, user.role, 0)?;
    Ok(([NO_STORE], Json(LoggedIn { user, tokens })))
}

/// Exchanges a refresh token for new tokens.
///
/// Each refresh token is good once. For ten seconds it may be sent again while its successor is unused, and gets the
/// same successor: for answers that were lost and for clients that asked twice at once. Any other reuse ends the
/// session. Refreshing never extends a session beyond its longest life.
#[utoipa::path(post, path = "/auth/refresh", tag = "identity", operation_id = "refresh",
    request_body = RefreshRequest,
    responses(
        (status = 200, description = "New tokens; the old refresh token is spent.", body = TokenPair),
        (status = 401, description = "The refresh token is not good (any more). Log in again.",
            body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn refresh(
    State(app): State<App>,
    ctx: Ctx,
    ApiJson(request): ApiJson<RefreshRequest>,
) -> Result<impl IntoResponse> {
    let token = request.refresh_token.expose();
    let (session_id, generation) = app.tokens.parse_refresh(token).ok_or_else(refresh_refused)?;
    let known = i32::try_from(generation).ok().filter(|generation| *generation < i32::MAX);
    let successor = app.tokens.refresh_token(session_id, generation.saturating_add(1));
    let outcome = sql::rotate_session(
        &app.pool,
        &ctx.anonymous(),
        session_id,
        known.ok_or_else(refresh_refused)?,
        &Tokens::hash(token),
        &Tokens::hash(&successor),
    )
    .await?;
    let Refreshed::Good { session_id, user_id, role, generation } = outcome else {
        return Err(refresh_refused());
    };
    let generation = u32::try_from(generation).map_err(Problem::internal)?;
    Ok(([NO_STORE], Json(token_pair(&app, user_id, session_id, role, generation)?)))
}

/// Logs out: ends the session of the access token.
///
/// Its refresh token and its access tokens stop working at once. Logging out again is no error.
#[utoipa::path(post, path = "/auth/logout", tag = "identity", operation_id = "logout",
    security(("bearer" = [])),
    responses((status = 204, description = "The session has ended."))
)]
pub async fn logout(State(app): State<App>, ctx: Ctx, actor: Actor) -> Result<StatusCode> {
    sql::close_session(&app.pool, &ctx.call(&actor)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The account of the access token.
#[utoipa::path(get, path = "/auth/profile", tag = "identity", operation_id = "profile",
    security(("bearer" = [])),
    responses((status = 200, description = "The account, with the store it acts for.", body = Profile,
        headers(("ETag" = String, description = "The version, quoted."))))
)]
pub async fn profile(State(app): State<App>, ctx: Ctx, actor: Actor) -> Result<Versioned<Profile>> {
    sql::get_profile(&app.pool, &ctx.call(&actor)).await.map(Versioned)
}

fn token_pair(app: &App, user_id: Uuid, session_id: Uuid, role: Role, generation: u32) -> Result<TokenPair> {
    let access = app.tokens.sign_access(user_id, session_id, role).map_err(Problem::internal)?;
    Ok(TokenPair {
        access_token: access.token,
        token_type: "Bearer",
        expires_at: access.expires_at,
        refresh_token: app.tokens.refresh_token(session_id, generation),
    })
}

fn credentials_invalid() -> Problem {
    Problem::new(
        StatusCode::UNAUTHORIZED,
        "identity.credentials_invalid",
        "No active account has this e-mail with this password.",
    )
    .hint("Check both and try again.")
}

fn refresh_refused() -> Problem {
    Problem::new(
        StatusCode::UNAUTHORIZED,
        "identity.refresh_refused",
        "The refresh token is not good (any more).",
    )
    .hint("Log in again.")
}
