//! The identity functions that the program calls; one async function each.

use tokio_postgres::Row;
use uuid::Uuid;

use super::types::{Profile, Refreshed, RegisterRequest};
use crate::db::{self, Pool};
use crate::http::CallContext;
use crate::problem::Result;

pub async fn register_user(
    pool: &Pool,
    ctx: &CallContext,
    request: &RegisterRequest,
    password_hash: &str,
    session_id: Uuid,
    token_hash: &[u8],
) -> Result<Profile> {
    let row = db::query_one(
        pool,
        "identity.register_user",
        "select user_id, email, display_name, role, status, seller, version, created_at
           from identity.register_user($1, $2, $3, $4, $5, $6, $7, $8)",
        &[
            ctx,
            &request.email,
            &password_hash,
            &request.display_name,
            &request.role.as_str(),
            &request.store_name,
            &session_id,
            &token_hash,
        ],
    )
    .await?;
    Profile::try_from(&row)
}

/// Account and password hash behind an e-mail, when the account is active.
pub async fn get_credentials(pool: &Pool, email: &str) -> Result<Option<(Uuid, String)>> {
    let row = db::query_opt(
        pool,
        "identity.get_credentials",
        "select user_id, password_hash from identity.get_credentials($1)",
        &[&email],
    )
    .await?;
    row.map(|row: Row| Ok((row.try_get("user_id")?, row.try_get("password_hash")?))).transpose()
}

pub async fn open_session(
    pool: &Pool,
    ctx: &CallContext,
    user_id: Uuid,
    session_id: Uuid,
    token_hash: &[u8],
) -> Result<Profile> {
    let row = db::query_one(
        pool,
        "identity.open_session",
        "select user_id, email, display_name, role, status, seller, version, created_at
           from identity.open_session($1, $2, $3, $4)",
        &[ctx, &user_id, &session_id, &token_hash],
    )
    .await?;
    Profile::try_from(&row)
}

pub async fn rotate_session(
    pool: &Pool,
    ctx: &CallContext,
    session_id: Uuid,
    generation: i32,
    token_hash: &[u8],
    successor_hash: &[u8],
) -> Result<Refreshed> {
    let row = db::query_one(
        pool,
        "identity.rotate_session",
        "select outcome, session_id, user_id, role, generation
           from identity.rotate_session($1, $2, $3, $4, $5)",
        &[ctx, &session_id, &generation, &token_hash, &successor_hash],
    )
    .await?;
    Refreshed::try_from(&row)
}

pub async fn close_session(pool: &Pool, ctx: &CallContext) -> Result<()> {
    db::execute(pool, "identity.close_session", "select identity.close_session($1)", &[ctx]).await.map(drop)
}

pub async fn get_profile(pool: &Pool, ctx: &CallContext) -> Result<Profile> {
    let row = db::query_one(
        pool,
        "identity.get_profile",
        "select user_id, email, display_name, role, status, seller, version, created_at
           from identity.get_profile($1)",
        &[ctx],
    )
    .await?;
    Profile::try_from(&row)
}
