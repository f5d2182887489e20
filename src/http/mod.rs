//! The HTTP kernel: typed extractors, typed answers, and the layers every request passes.
//!
//! A handler takes its extractors from here, calls one function of its domain's `sql.rs`, and answers with a type
//! from here. Start with [`actor`], [`json`] and [`respond`]; `docs/checklists/add-an-endpoint.md` has a whole one.

pub mod actor;
pub mod admission;
pub mod conditional;
pub mod context;
pub mod docs;
pub mod health;
pub mod idempotency;
pub mod if_match;
pub mod json;
pub mod layers;
pub mod metrics;
pub mod observe;
pub mod page;
pub mod path;
pub mod query;
pub mod request_id;
pub mod respond;
pub mod server;
pub mod turns;

#[cfg(test)]
mod tests;

pub use actor::{Actor, AdminActor, BuyerActor, MaybeActor, SellerActor};
pub use axum::Json;
pub use conditional::IfNoneMatch;
pub use context::{CallContext, Ctx};
pub use idempotency::IdempotencyKey;
pub use if_match::IfMatch;
pub use json::ApiJson;
pub use page::{Page, Paged};
pub use path::ApiPath;
pub use query::ApiQuery;
pub use respond::{Created, HasVersion, Marked, Moving, Replayable, Versioned};
