//! Requests and answers of the identity domain.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio_postgres::Row;
use utoipa::ToSchema;
use uuid::Uuid;

use super::token::Role;
use crate::http::HasVersion;
use crate::problem::Problem;
use crate::secret::Secret;

/// What one may register as.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum RegisterRole {
    Buyer,
    Seller,
}

impl RegisterRole {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Buyer => "BUYER",
            Self::Seller => "SELLER",
        }
    }
}

/// A new account.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RegisterRequest {
    /// Where the account is reached; compared without regard to case.
    #[schema(example = "ana@example.com", format = Email, min_length = 3, max_length = 254)]
    pub email: String,
    /// 8 to 128 characters, and none of the most common ones.
    #[schema(value_type = String, example = "correct horse battery", format = Password, write_only)]
    #[schema(min_length = 8, max_length = 128)]
    pub password: Secret,
    /// The name that others see.
    #[schema(example = "Ana", min_length = 1, max_length = 100)]
    pub display_name: String,
    pub role: RegisterRole,
    /// The name of the store; for sellers, and only for them.
    #[schema(example = "Ana's Mugs", min_length = 2, max_length = 100)]
    pub store_name: Option<String>,
}

/// An e-mail and its password.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LoginRequest {
    /// The e-mail of the account.
    #[schema(example = "ana@example.com", max_length = 254)]
    pub email: String,
    /// Its password.
    #[schema(value_type = String, example = "correct horse battery", format = Password, write_only)]
    #[schema(max_length = 128)]
    pub password: Secret,
}

/// A refresh token that was not used yet.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RefreshRequest {
    /// The latest refresh token of the session.
    #[schema(value_type = String, example = "AZgKPH9-fD6dQw1tnT9aEAAAAAA…", write_only, max_length = 128)]
    pub refresh_token: Secret,
}

/// The store that an account acts for.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Membership {
    pub seller_id: Uuid,
    #[schema(example = "Ana's Mugs", max_length = 100)]
    pub store_name: String,
    /// The store's part of a URL.
    #[schema(example = "ana-s-mugs", max_length = 80)]
    pub slug: String,
    /// `ACTIVE` or `SUSPENDED`.
    #[schema(example = "ACTIVE", max_length = 20)]
    pub status: String,
    /// `OWNER` or `STAFF`.
    #[schema(example = "OWNER", max_length = 20)]
    pub member_role: String,
}

/// An account as its owner sees it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Profile {
    pub user_id: Uuid,
    #[schema(example = "ana@example.com", max_length = 254)]
    pub email: String,
    #[schema(example = "Ana", max_length = 100)]
    pub display_name: String,
    pub role: Role,
    /// `ACTIVE` or `SUSPENDED`.
    #[schema(example = "ACTIVE", max_length = 20)]
    pub status: String,
    /// The store this account acts for; null unless it is a seller's.
    #[schema(required = true)]
    pub seller_id: Option<Uuid>,
    #[schema(required = true)]
    pub seller: Option<Membership>,
    #[schema(minimum = 1, example = 1)]
    pub version: i32,
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

impl HasVersion for Profile {
    fn version(&self) -> i32 {
        self.version
    }
}

impl TryFrom<&Row> for Profile {
    type Error = Problem;

    fn try_from(row: &Row) -> Result<Self, Problem> {
        let seller: Option<serde_json::Value> = row.try_get("seller")?;
        let seller: Option<Membership> =
            seller.map(serde_json::from_value).transpose().map_err(Problem::internal)?;
        Ok(Self {
            user_id: row.try_get("user_id")?,
            email: row.try_get("email")?,
            display_name: row.try_get("display_name")?,
            role: row.try_get::<_, &str>("role")?.parse().map_err(Problem::internal)?,
            status: row.try_get("status")?,
            seller_id: seller.as_ref().map(|seller| seller.seller_id),
            seller,
            version: row.try_get("version")?,
            created_at: row.try_get("created_at")?,
        })
    }
}

/// A new access token and the refresh token for the next one.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TokenPair {
    /// Send it as `Authorization: Bearer …`.
    #[schema(example = "eyJhbGciOiJFZERTQSIsInR5cCI6ImF0K2p3dCJ9…", max_length = 2048)]
    pub access_token: String,
    /// Always `Bearer`.
    #[schema(example = "Bearer", max_length = 6)]
    pub token_type: &'static str,
    /// When the access token ends.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Timestamp,
    /// Good for one refresh. Keep the newest one only.
    #[schema(example = "AZgKPH9-fD6dQw1tnT9aEAAAAAA…", max_length = 128)]
    pub refresh_token: String,
}

/// Somebody who has just logged in.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LoggedIn {
    pub user: Profile,
    #[serde(flatten)]
    pub tokens: TokenPair,
}

/// What became of a refresh token.
#[derive(Debug)]
pub enum Refreshed {
    /// This generation of the session is good, new or given once more.
    Good {
        session_id: Uuid,
        user_id: Uuid,
        role: Role,
        generation: i32,
    },
    Refused,
}

impl TryFrom<&Row> for Refreshed {
    type Error = Problem;

    fn try_from(row: &Row) -> Result<Self, Problem> {
        if row.try_get::<_, &str>("outcome")? == "REFUSED" {
            return Ok(Self::Refused);
        }
        Ok(Self::Good {
            session_id: row.try_get("session_id")?,
            user_id: row.try_get("user_id")?,
            role: row.try_get::<_, &str>("role")?.parse().map_err(Problem::internal)?,
            generation: row.try_get("generation")?,
        })
    }
}
