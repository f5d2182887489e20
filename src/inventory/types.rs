//! What the inventory routes take and give.

use jiff::Timestamp;
use postgres_types::Json;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tokio_postgres::Row;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::db::batch::{self, Batched};
use crate::http::context::CallContext;
use crate::http::respond::HasVersion;
use crate::problem::{Problem, Result};

/// The stock of one offer. Units under expired holds count as available.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({
    "variantId": "0192f0c1-2b7a-7c3e-9d1f-5a4b3c2d1e0f", "sellerId": "0192f0c1-2b7a-7c3e-9d1f-5a4b3c2d1e10",
    "onHand": 12, "reserved": 2, "available": 10, "lowStockThreshold": 5, "isLow": false, "version": 3,
    "updatedAt": "2026-01-15T09:30:00Z"
}))]
pub struct Stock {
    pub variant_id: Uuid,
    pub seller_id: Uuid,
    /// Units in the store.
    #[schema(minimum = 0)]
    pub on_hand: i32,
    /// Units promised to buyers and not yet sold.
    #[schema(minimum = 0)]
    pub reserved: i32,
    /// What can be promised: `onHand - reserved`.
    #[schema(minimum = 0)]
    pub available: i32,
    /// An event tells when `available` falls to this.
    #[schema(minimum = 0)]
    pub low_stock_threshold: i32,
    pub is_low: bool,
    /// Grows with each change by a person; 0 when the stock was never set. Sales do not touch it.
    #[schema(minimum = 0)]
    pub version: i32,
    /// Null when the stock was never set.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub updated_at: Option<Timestamp>,
}

impl HasVersion for Stock {
    fn version(&self) -> i32 {
        self.version
    }
}

impl TryFrom<&Row> for Stock {
    type Error = tokio_postgres::Error;

    fn try_from(row: &Row) -> Result<Self, Self::Error> {
        Ok(Self {
            variant_id: row.try_get("variant_id")?,
            seller_id: row.try_get("seller_id")?,
            on_hand: row.try_get("on_hand")?,
            reserved: row.try_get("reserved")?,
            available: row.try_get("available")?,
            low_stock_threshold: row.try_get("low_stock_threshold")?,
            is_low: row.try_get("is_low")?,
            version: row.try_get("version")?,
            updated_at: row.try_get("updated_at")?,
        })
    }
}

/// An offer that runs out.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LowStock {
    #[serde(flatten)]
    pub stock: Stock,
    #[schema(max_length = 64)]
    pub sku: String,
    /// Title of the product.
    #[schema(max_length = 200)]
    pub title: String,
}

impl TryFrom<&Row> for LowStock {
    type Error = tokio_postgres::Error;

    fn try_from(row: &Row) -> Result<Self, Self::Error> {
        Ok(Self { stock: Stock::try_from(row)?, sku: row.try_get("sku")?, title: row.try_get("title")? })
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct LowStockFilter {
    /// Only this seller's offers. Sellers see their own in any case.
    pub seller_id: Option<Uuid>,
}

/// SET states the units on hand, ADJUST adds to them or takes from them.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum StockMode {
    Set,
    Adjust,
}

impl StockMode {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Set => "SET",
            Self::Adjust => "ADJUST",
        }
    }
}

/// A change of the units on hand.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"mode": "ADJUST", "quantity": 24, "reason": "delivery 4711", "lowStockThreshold": 5}))]
pub struct StockChange {
    pub mode: StockMode,
    /// The units on hand (SET), or the difference (ADJUST, may be negative).
    #[schema(minimum = -1_000_000_000, maximum = 1_000_000_000)]
    pub quantity: i32,
    /// Why; kept with the movement.
    #[schema(min_length = 1, max_length = 200)]
    pub reason: String,
    /// Leaves the threshold alone when absent.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 1_000_000_000)]
    pub low_stock_threshold: Option<i32>,
}

/// Units of one offer.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReservationLine {
    pub variant_id: Uuid,
    pub seller_id: Uuid,
    #[schema(minimum = 1, maximum = 1_000_000_000)]
    pub quantity: u32,
}

/// What to reserve: all lines or none. Lines on the same offer are summed.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({
    "lines": [{"variantId": "0192f0c1-2b7a-7c3e-9d1f-5a4b3c2d1e0f", "sellerId": "0192f0c1-2b7a-7c3e-9d1f-5a4b3c2d1e10", "quantity": 2}],
    "ttlSeconds": 600, "reference": "cart 17"
}))]
pub struct NewReservation {
    #[schema(min_items = 1, max_items = 100)]
    pub lines: Vec<ReservationLine>,
    /// How long the units are held; 900 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 86_400)]
    pub ttl_seconds: Option<u32>,
    /// Your own name for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 200)]
    pub reference: Option<String>,
}

/// One request of an `inventory.reserve_stock` batch.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Reserving {
    actor_id: Option<Uuid>,
    session_id: Option<Uuid>,
    request_id: String,
    idempotency_key: Option<String>,
    #[serde(flatten)]
    reservation: NewReservation,
}

impl Batched for Reserving {
    fn account_id(&self) -> Uuid {
        self.actor_id.unwrap_or_default()
    }

    fn rows(&self) -> Vec<u64> {
        self.reservation.lines.iter().map(|line| batch::row(line.variant_id)).collect()
    }

    fn operation(&self) -> Option<u64> {
        batch::operation(self.actor_id, self.idempotency_key.as_deref())
    }
}

impl Reserving {
    pub fn new(ctx: CallContext, reservation: NewReservation) -> Self {
        Self {
            actor_id: ctx.actor_id,
            session_id: ctx.session_id,
            request_id: ctx.request_id,
            idempotency_key: ctx.idempotency_key,
            reservation,
        }
    }
}

/// An answer of a batch: the reservation or the refusal, and whether it is the stored answer of an earlier request.
#[derive(Debug)]
pub struct Reserved {
    pub is_replayed: bool,
    pub outcome: Result<Reservation>,
}

impl TryFrom<&Row> for Reserved {
    type Error = Problem;

    fn try_from(row: &Row) -> Result<Self, Problem> {
        let outcome = match Problem::from_refusal(row)? {
            Some(problem) => Err(problem),
            None => Ok(Reservation::try_from(row)?),
        };
        Ok(Self { is_replayed: row.try_get("is_replayed")?, outcome })
    }
}

/// Units held for its owner until `expiresAt`.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Reservation {
    pub reservation_id: Uuid,
    /// HELD, CONFIRMED (sold), RELEASED, EXPIRED, or RETURNED.
    #[schema(example = "HELD")]
    pub status: String,
    #[schema(max_length = 200)]
    pub reference: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it was confirmed, released or found expired.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub resolved_at: Option<Timestamp>,
    /// One line per offer.
    #[schema(value_type = Vec<ReservationLine>)]
    pub lines: Box<RawValue>,
}

impl TryFrom<&Row> for Reservation {
    type Error = tokio_postgres::Error;

    fn try_from(row: &Row) -> Result<Self, Self::Error> {
        Ok(Self {
            reservation_id: row.try_get("reservation_id")?,
            status: row.try_get("status")?,
            reference: row.try_get("reference")?,
            expires_at: row.try_get("expires_at")?,
            created_at: row.try_get("created_at")?,
            resolved_at: row.try_get("resolved_at")?,
            lines: row.try_get::<_, Json<Box<RawValue>>>("lines")?.0,
        })
    }
}
