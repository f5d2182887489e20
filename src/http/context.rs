//! What a SQL function is told about the request: `core.call_context`.

use std::convert::Infallible;
use std::net::IpAddr;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use postgres_types::ToSql;
use uuid::Uuid;

use super::actor::Actor;
use super::idempotency;
use crate::problem::Problem;

/// The first argument of every public function that acts for somebody.
#[derive(Debug, Clone, ToSql)]
#[postgres(name = "call_context")]
pub struct CallContext {
    pub actor_id: Option<Uuid>,
    pub session_id: Option<Uuid>,
    pub request_id: String,
    pub client_ip: Option<IpAddr>,
    pub idempotency_key: Option<String>,
}

/// Put into the request's extensions by `observe`, before anything else runs.
#[derive(Debug, Clone)]
pub struct RequestMeta {
    pub request_id: String,
    pub client_ip: Option<IpAddr>,
}

/// The request as seen from outside: its id, where it came from, and the idempotency key if one was sent
/// (400 `core.idempotency_key_invalid` when it is malformed).
#[derive(Debug, Clone)]
pub struct Ctx {
    pub request_id: String,
    pub client_ip: Option<IpAddr>,
    pub idempotency_key: Option<String>,
}

impl Ctx {
    /// The context of a call for somebody.
    pub fn call(&self, actor: &Actor) -> CallContext {
        self.maybe(Some(actor))
    }

    /// The context of a call for nobody in particular.
    pub fn anonymous(&self) -> CallContext {
        self.maybe(None)
    }

    /// The context of a call for somebody or nobody; goes with `MaybeActor`.
    pub fn maybe(&self, actor: Option<&Actor>) -> CallContext {
        CallContext {
            actor_id: actor.map(|actor| actor.user_id),
            session_id: actor.map(|actor| actor.session_id),
            request_id: self.request_id.clone(),
            client_ip: self.client_ip,
            idempotency_key: self.idempotency_key.clone(),
        }
    }
}

impl CallContext {
    /// The context of the program's own work (workers, seed): no actor, a label in place of a request id.
    pub fn system(label: &str) -> Self {
        Self {
            actor_id: None,
            session_id: None,
            request_id: label.to_owned(),
            client_ip: None,
            idempotency_key: None,
        }
    }
}

impl<S: Sync> FromRequestParts<S> for RequestMeta {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        Ok(parts
            .extensions
            .get::<Self>()
            .cloned()
            .unwrap_or_else(|| Self { request_id: super::request_id::new(), client_ip: None }))
    }
}

impl<S: Sync> FromRequestParts<S> for Ctx {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Ok(meta) = RequestMeta::from_request_parts(parts, state).await;
        Ok(Self {
            request_id: meta.request_id,
            client_ip: meta.client_ip,
            idempotency_key: idempotency::from_headers(&parts.headers)?,
        })
    }
}
