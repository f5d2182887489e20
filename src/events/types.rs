//! Requests and answers of the events domain.

use jiff::Timestamp;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use tokio_postgres::Row;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::problem::Problem;

/// Which events of the log.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct EventFilter {
    /// Only events of this type.
    #[serde(rename = "type")]
    #[param(example = "orders.order_placed")]
    pub event_type: Option<String>,
    /// Only events of this aggregate.
    pub aggregate_id: Option<Uuid>,
    /// Only events with a larger number.
    #[serde(default, deserialize_with = "position")]
    #[param(minimum = 0, maximum = 9_007_199_254_740_991_i64, example = 0)]
    pub after: Option<i64>,
}

/// Where a stream begins and what is in it.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct StreamFilter {
    /// Begin after this number; 0 is the beginning of the log. Without it, and without `Last-Event-ID`, the stream begins now.
    #[serde(default, deserialize_with = "position")]
    #[param(minimum = 0, maximum = 9_007_199_254_740_991_i64, example = 0)]
    pub after: Option<i64>,
    /// Only events of these types, comma separated.
    #[param(max_items = 50, style = Form, explode = false, example = json!(["orders.order_paid"]))]
    pub types: Option<Vec<String>>,
}

/// A number of the log: up to 2^53 - 1, so that every JSON parser can hold it.
pub(crate) fn position<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    let number = i64::deserialize(deserializer)?;
    if (0..1 << 53).contains(&number) {
        Ok(Some(number))
    } else {
        Err(D::Error::custom("must be a whole number from 0 to 2^53 - 1"))
    }
}

/// One event of the log.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    /// Its number: 1, 2, 3 … without a gap.
    #[schema(minimum = 1, example = 42)]
    pub seq: i64,
    /// What happened; `docs/events.md` lists all types with their payloads.
    #[serde(rename = "type")]
    #[schema(example = "identity.user_registered", max_length = 100)]
    pub event_type: String,
    /// What it happened to.
    #[schema(example = "user", max_length = 50)]
    pub aggregate_type: String,
    pub aggregate_id: Uuid,
    /// The version of the aggregate that the event belongs to.
    #[schema(example = 1)]
    pub aggregate_version: i64,
    /// Who did it; shown to administrators.
    #[schema(required = true)]
    pub actor_id: Option<Uuid>,
    /// The request that caused it; shown to administrators.
    #[schema(required = true, max_length = 128)]
    pub request_id: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    pub occurred_at: Timestamp,
    /// Ids, amounts and statuses; never personal data.
    #[schema(value_type = Object)]
    pub payload: serde_json::Value,
}

impl TryFrom<&Row> for Event {
    type Error = Problem;

    fn try_from(row: &Row) -> Result<Self, Problem> {
        Ok(Self {
            seq: row.try_get("seq")?,
            event_type: row.try_get("type")?,
            aggregate_type: row.try_get("aggregate_type")?,
            aggregate_id: row.try_get("aggregate_id")?,
            aggregate_version: row.try_get("aggregate_version")?,
            actor_id: row.try_get("actor_id")?,
            request_id: row.try_get("request_id")?,
            occurred_at: row.try_get("occurred_at")?,
            payload: row.try_get("payload")?,
        })
    }
}
