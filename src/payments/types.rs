//! What the payment routes take and give.

use std::fmt;

use jiff::Timestamp;
use postgres_types::Json;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tokio_postgres::Row;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::provider::{Charge, Repayment, Settlement};
use crate::db::batch::{self, Batched};
use crate::events::types::{Event, position};
use crate::http::context::CallContext;
use crate::http::page::Paged;
use crate::http::respond::HasVersion;
use crate::money::Money;
use crate::problem::{Problem, Result};

/// How to pay.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PaymentMethod {
    /// A payment method as the provider's client made it. The sandbox takes tok_success, tok_decline, tok_confirm,
    /// tok_fail_late, tok_slow, tok_unknown, tok_callback and tok_refund_fails.
    #[schema(min_length = 1, max_length = 200, example = "tok_success")]
    pub token: String,
}

/// A payment to begin.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"method": {"token": "tok_success"}}))]
pub struct NewPayment {
    pub method: PaymentMethod,
}

impl fmt::Debug for PaymentMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PaymentMethod(…)")
    }
}

/// What the payer's client does next.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NextAction {
    /// CONFIRM: call confirm-payment. CONFIRM_WITH_CODE: call it with the payer's code. WAIT: the provider has not
    /// answered; the order's status will tell. NONE: a repeated request, and the payment is over.
    #[serde(rename = "type")]
    #[schema(example = "CONFIRM")]
    pub kind: &'static str,
    /// For people.
    #[schema(max_length = 500)]
    pub hint: String,
}

/// A payment that has begun.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct StartedPayment {
    pub payment_id: Uuid,
    pub order_id: Uuid,
    #[schema(example = "PENDING_PAYMENT")]
    pub order_status: String,
    #[schema(example = "PENDING")]
    pub status: String,
    pub amount: Money,
    #[schema(example = "sandbox")]
    pub provider: String,
    /// Send it with confirm-payment. Null while the provider has not answered, and once the payment is over.
    #[schema(required = true, max_length = 1024)]
    pub provider_reference: Option<String>,
    pub next_action: NextAction,
    pub version: i32,
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

impl HasVersion for StartedPayment {
    fn version(&self) -> i32 {
        self.version
    }
}

/// One request of a `payments.start_payments` batch.
#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Starting {
    actor_id: Option<Uuid>,
    session_id: Option<Uuid>,
    request_id: String,
    idempotency_key: Option<String>,
    order_id: Uuid,
    provider: &'static str,
    token: String,
}

impl fmt::Debug for Starting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Starting").field("order_id", &self.order_id).finish_non_exhaustive()
    }
}

impl Batched for Starting {
    fn account_id(&self) -> Uuid {
        self.actor_id.unwrap_or_default()
    }

    fn rows(&self) -> Vec<u64> {
        vec![batch::row(self.order_id)]
    }

    fn operation(&self) -> Option<u64> {
        batch::operation(self.actor_id, self.idempotency_key.as_deref())
    }
}

impl Starting {
    pub fn new(ctx: CallContext, order_id: Uuid, provider: &'static str, token: String) -> Self {
        Self {
            actor_id: ctx.actor_id,
            session_id: ctx.session_id,
            request_id: ctx.request_id,
            idempotency_key: ctx.idempotency_key,
            order_id,
            provider,
            token,
        }
    }
}

/// An answer of a `payments.start_payments` batch: a payment, or why none was begun.
#[derive(Debug)]
pub struct Begun {
    pub outcome: Result<Pending>,
}

impl TryFrom<&Row> for Begun {
    type Error = Problem;

    fn try_from(row: &Row) -> Result<Self, Problem> {
        let outcome = match Problem::from_refusal(row)? {
            Some(problem) => Err(problem),
            None => Ok(Pending::try_from(row)?),
        };
        Ok(Self { outcome })
    }
}

/// A payment as `payments.start_payments` answers it. While it is PENDING, as a new one is, the provider's part is still to
/// come.
#[derive(Debug)]
pub struct Pending {
    pub payment_id: Uuid,
    order_id: Uuid,
    order_status: String,
    pub status: String,
    amount: Money,
    provider: String,
    version: i32,
    created_at: Timestamp,
    pub is_replayed: bool,
}

impl Pending {
    pub fn charge(&self, method: PaymentMethod) -> Charge {
        Charge {
            payment_id: self.payment_id,
            amount_minor: self.amount.amount_minor,
            currency: self.amount.currency.clone(),
            token: method.token,
        }
    }

    pub fn started(self, reference: Option<String>, kind: &'static str, hint: String) -> StartedPayment {
        StartedPayment {
            payment_id: self.payment_id,
            order_id: self.order_id,
            order_status: self.order_status,
            status: self.status,
            amount: self.amount,
            provider: self.provider,
            provider_reference: reference,
            next_action: NextAction { kind, hint },
            version: self.version,
            created_at: self.created_at,
        }
    }
}

fn money(row: &Row, column: &str) -> Result<Money, tokio_postgres::Error> {
    Ok(Money::new(row.try_get(column)?, row.try_get::<_, String>("currency")?))
}

impl TryFrom<&Row> for Pending {
    type Error = tokio_postgres::Error;

    fn try_from(row: &Row) -> Result<Self, Self::Error> {
        Ok(Self {
            payment_id: row.try_get("payment_id")?,
            order_id: row.try_get("order_id")?,
            order_status: row.try_get("order_status")?,
            status: row.try_get("status")?,
            amount: money(row, "amount_minor")?,
            provider: row.try_get("provider")?,
            version: row.try_get("version")?,
            created_at: row.try_get("created_at")?,
            is_replayed: row.try_get("is_replayed")?,
        })
    }
}

/// A payment to confirm.
#[derive(Clone, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"paymentId": "0192f0c1-2b7a-7c3e-9d1f-5a4b3c2d1e0f", "providerReference": "sbx_…"}))]
pub struct PaymentConfirmation {
    pub payment_id: Uuid,
    /// From the answer that began the payment; without it the provider is asked first.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 1024)]
    pub provider_reference: Option<String>,
    /// The payer's code, when the provider wants one.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 32)]
    pub confirmation_code: Option<String>,
}

impl fmt::Debug for PaymentConfirmation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PaymentConfirmation").field("payment_id", &self.payment_id).finish_non_exhaustive()
    }
}

/// The provider's word, as `payments.confirm_payments` and `payments.settle_payments` read it.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Word {
    payment_id: Uuid,
    amount_minor: i64,
    currency: String,
    is_success: bool,
    failure_code: Option<String>,
    provider_reference: String,
}

impl From<Settlement> for Word {
    fn from(settlement: Settlement) -> Self {
        Self {
            payment_id: settlement.payment_id,
            amount_minor: settlement.amount_minor,
            currency: settlement.currency,
            is_success: settlement.failure_code.is_none(),
            failure_code: settlement.failure_code,
            provider_reference: settlement.reference,
        }
    }
}

/// One request of a `payments.confirm_payments` batch.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Confirming {
    actor_id: Option<Uuid>,
    session_id: Option<Uuid>,
    request_id: String,
    idempotency_key: Option<String>,
    order_id: Uuid,
    body: PaymentConfirmation,
    settlement: Word,
    #[serde(skip)]
    rows: Vec<u64>,
}

impl Batched for Confirming {
    fn account_id(&self) -> Uuid {
        self.actor_id.unwrap_or_default()
    }

    fn rows(&self) -> Vec<u64> {
        self.rows.clone()
    }

    fn operation(&self) -> Option<u64> {
        batch::operation(self.actor_id, self.idempotency_key.as_deref())
    }
}

impl Confirming {
    /// `stock`: the stock rows of the order, as far as they are known here.
    pub fn new(
        ctx: CallContext,
        order_id: Uuid,
        body: PaymentConfirmation,
        settlement: Settlement,
        stock: &[u64],
    ) -> Self {
        Self {
            actor_id: ctx.actor_id,
            session_id: ctx.session_id,
            request_id: ctx.request_id,
            idempotency_key: ctx.idempotency_key,
            rows: stock.iter().copied().chain([batch::row(order_id)]).collect(),
            order_id,
            body,
            settlement: settlement.into(),
        }
    }
}

/// An answer about a payment: as it is now, or why it did not lead to a paid order.
#[derive(Debug)]
pub struct Confirmed {
    pub is_replayed: bool,
    pub outcome: Result<Payment>,
}

impl TryFrom<&Row> for Confirmed {
    type Error = Problem;

    fn try_from(row: &Row) -> Result<Self, Problem> {
        let outcome = match Problem::from_refusal(row)? {
            Some(problem) => Err(problem),
            None => Ok(Payment::try_from(row)?),
        };
        Ok(Self { is_replayed: row.try_get("is_replayed")?, outcome })
    }
}

/// A payment.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Payment {
    pub payment_id: Uuid,
    pub order_id: Uuid,
    #[schema(example = "PAID")]
    pub order_status: String,
    /// PENDING, SUCCEEDED, FAILED or ABANDONED.
    #[schema(example = "SUCCEEDED")]
    pub status: String,
    pub amount: Money,
    /// What has gone back so far.
    pub refunded: Money,
    #[schema(example = "sandbox")]
    pub provider: String,
    #[schema(required = true, max_length = 1024)]
    pub provider_reference: Option<String>,
    /// The provider's code of a FAILED payment.
    #[schema(required = true, max_length = 100)]
    pub failure_code: Option<String>,
    pub version: i32,
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
}

impl HasVersion for Payment {
    fn version(&self) -> i32 {
        self.version
    }
}

impl TryFrom<&Row> for Payment {
    type Error = tokio_postgres::Error;

    fn try_from(row: &Row) -> Result<Self, Self::Error> {
        Ok(Self {
            payment_id: row.try_get("payment_id")?,
            order_id: row.try_get("order_id")?,
            order_status: row.try_get("order_status")?,
            status: row.try_get("status")?,
            amount: money(row, "amount_minor")?,
            refunded: money(row, "refunded_minor")?,
            provider: row.try_get("provider")?,
            provider_reference: row.try_get("provider_reference")?,
            failure_code: row.try_get("failure_code")?,
            version: row.try_get("version")?,
            created_at: row.try_get("created_at")?,
            updated_at: row.try_get("updated_at")?,
        })
    }
}

/// A payment with its refunds.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ListedPayment {
    #[serde(flatten)]
    pub payment: Payment,
    #[schema(value_type = Vec<Refund>)]
    pub refunds: Box<RawValue>,
}

impl TryFrom<&Row> for ListedPayment {
    type Error = tokio_postgres::Error;

    fn try_from(row: &Row) -> Result<Self, Self::Error> {
        let Json(refunds) = row.try_get("refunds")?;
        Ok(Self { payment: Payment::try_from(row)?, refunds })
    }
}

/// Money to give back.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"amount": {"amountMinor": 500, "currency": "USD"}, "reason": "Arrived damaged"}))]
pub struct NewRefund {
    pub amount: Money,
    /// Why; the buyer sees it.
    #[schema(min_length = 1, max_length = 500)]
    pub reason: String,
}

/// Money on its way back.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Refund {
    pub refund_id: Uuid,
    pub payment_id: Uuid,
    pub order_id: Uuid,
    pub amount: Money,
    #[schema(max_length = 500)]
    pub reason: String,
    /// PENDING, SUCCEEDED or FAILED.
    #[schema(example = "PENDING")]
    pub status: String,
    #[schema(required = true, max_length = 100)]
    pub failure_code: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
}

impl TryFrom<&Row> for Refund {
    type Error = tokio_postgres::Error;

    fn try_from(row: &Row) -> Result<Self, Self::Error> {
        Ok(Self {
            refund_id: row.try_get("refund_id")?,
            payment_id: row.try_get("payment_id")?,
            order_id: row.try_get("order_id")?,
            amount: money(row, "amount_minor")?,
            reason: row.try_get("reason")?,
            status: row.try_get("status")?,
            failure_code: row.try_get("failure_code")?,
            created_at: row.try_get("created_at")?,
            updated_at: row.try_get("updated_at")?,
        })
    }
}

/// A payment whose provider must be asked.
#[derive(Debug)]
pub struct Unresolved {
    pub status: String,
    pub failure_code: Option<String>,
    /// When it is asked again; until then the answer is ours to report.
    pub next_check_at: Option<Timestamp>,
    pub charge: Charge,
}

impl TryFrom<&Row> for Unresolved {
    type Error = tokio_postgres::Error;

    fn try_from(row: &Row) -> Result<Self, Self::Error> {
        Ok(Self {
            status: row.try_get("status")?,
            failure_code: row.try_get("failure_code")?,
            next_check_at: row.try_get("next_check_at")?,
            charge: Charge {
                payment_id: row.try_get("payment_id")?,
                amount_minor: row.try_get("amount_minor")?,
                currency: row.try_get("currency")?,
                token: row.try_get("method_token")?,
            },
        })
    }
}

/// What the reconciler found out, or a callback said, as `payments.settle_payments` reads it.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    pub payment_id: Uuid,
    pub amount_minor: i64,
    pub currency: String,
    pub is_success: bool,
    pub failure_code: Option<String>,
    pub provider_reference: Option<String>,
    /// Set when the provider does not know the payment: true only while nobody has had it created since.
    pub asked_under: Option<Timestamp>,
}

impl From<Settlement> for Finding {
    fn from(settlement: Settlement) -> Self {
        Self {
            payment_id: settlement.payment_id,
            amount_minor: settlement.amount_minor,
            currency: settlement.currency,
            is_success: settlement.failure_code.is_none(),
            failure_code: settlement.failure_code,
            provider_reference: Some(settlement.reference),
            asked_under: None,
        }
    }
}

/// A payment or refund that waits for a person.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct StuckItem {
    /// PAYMENT: its provider never said what became of it. REFUND: its provider does not answer, or refused it.
    #[schema(example = "REFUND")]
    pub kind: String,
    pub payment_id: Uuid,
    /// Of a refund.
    #[schema(required = true)]
    pub refund_id: Option<Uuid>,
    pub order_id: Uuid,
    #[schema(example = "CANCELLED")]
    pub order_status: String,
    pub amount: Money,
    /// PENDING or ABANDONED of a payment; PENDING (still tried) or FAILED (refused) of a refund.
    #[schema(example = "FAILED")]
    pub status: String,
    /// The provider's code of a refused refund.
    #[schema(required = true, max_length = 100)]
    pub failure_code: Option<String>,
    /// How often the provider was asked.
    #[schema(minimum = 0)]
    pub attempts: i32,
    /// Since when it waits.
    #[schema(value_type = String, format = DateTime)]
    pub since: Timestamp,
}

impl TryFrom<&Row> for StuckItem {
    type Error = tokio_postgres::Error;

    fn try_from(row: &Row) -> Result<Self, Self::Error> {
        Ok(Self {
            kind: row.try_get("kind")?,
            payment_id: row.try_get("payment_id")?,
            refund_id: row.try_get("refund_id")?,
            order_id: row.try_get("order_id")?,
            order_status: row.try_get("order_status")?,
            amount: money(row, "amount_minor")?,
            status: row.try_get("status")?,
            failure_code: row.try_get("failure_code")?,
            attempts: row.try_get("attempts")?,
            since: row.try_get("since")?,
        })
    }
}

impl TryFrom<&Row> for Repayment {
    type Error = tokio_postgres::Error;

    fn try_from(row: &Row) -> Result<Self, Self::Error> {
        Ok(Self {
            refund_id: row.try_get("refund_id")?,
            reference: row.try_get::<_, Option<String>>("provider_reference")?.unwrap_or_default(),
            amount_minor: row.try_get("amount_minor")?,
            currency: row.try_get("currency")?,
        })
    }
}

/// Which point of an order's history.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct HistoryMoment {
    /// As of this moment: the newest event that had occurred by then counts, and all before it. Not together with `upto`.
    #[param(value_type = Option<String>, format = DateTime)]
    pub at: Option<Timestamp>,
    /// As of the event of this number. Not together with `at`.
    #[serde(default, deserialize_with = "position")]
    #[param(minimum = 0, maximum = 9_007_199_254_740_991_i64, example = 42)]
    pub upto: Option<i64>,
}

/// The event of an order that its state is of.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct HistoryPoint {
    #[schema(minimum = 1, example = 42)]
    pub seq: i64,
    #[schema(value_type = String, format = DateTime)]
    pub occurred_at: Timestamp,
}

/// A seller's part of an order as it was. Only describes; SQL builds it.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[allow(dead_code)]
pub struct PartAsOf {
    pub seller_id: Uuid,
    /// PENDING, ACCEPTED, SHIPPED, DELIVERED or CANCELLED.
    #[schema(example = "PENDING")]
    pub status: String,
    pub subtotal: Money,
    /// Null when the order is older than the events that tell it.
    #[schema(required = true)]
    pub discount: Option<Money>,
    /// Null when the order is older than the events that tell it.
    #[schema(required = true)]
    pub shipping: Option<Money>,
    #[schema(required = true, max_length = 100)]
    pub carrier: Option<String>,
    #[schema(required = true, value_type = Option<String>, format = DateTime)]
    pub accepted_at: Option<Timestamp>,
    #[schema(required = true, value_type = Option<String>, format = DateTime)]
    pub shipped_at: Option<Timestamp>,
    #[schema(required = true, value_type = Option<String>, format = DateTime)]
    pub delivered_at: Option<Timestamp>,
    pub version: i32,
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
}

/// A line of an order as it was placed. Only describes; SQL builds it.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[allow(dead_code)]
pub struct LineAsOf {
    pub line_no: i32,
    pub seller_id: Uuid,
    pub variant_id: Uuid,
    #[schema(minimum = 1)]
    pub quantity: i32,
    pub unit_price: Money,
    /// Null when the order is older than the events that tell it.
    #[schema(required = true)]
    pub discount: Option<Money>,
}

/// A refund as it was. Only describes; SQL builds it.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[allow(dead_code)]
pub struct RefundAsOf {
    pub refund_id: Uuid,
    pub amount: Money,
    /// PENDING, SUCCEEDED or FAILED.
    #[schema(example = "PENDING")]
    pub status: String,
    #[schema(required = true, max_length = 100)]
    pub failure_code: Option<String>,
    /// The sellers whose cancelled parts go back; null: the refund is of the whole order.
    #[schema(required = true, max_items = 100)]
    pub seller_ids: Option<Vec<Uuid>>,
    #[schema(value_type = String, format = DateTime)]
    pub requested_at: Timestamp,
}

/// A payment as it was. Only describes; SQL builds it.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[allow(dead_code)]
pub struct PaymentAsOf {
    pub payment_id: Uuid,
    #[schema(example = "sandbox")]
    pub provider: String,
    /// PENDING, SUCCEEDED, FAILED or ABANDONED.
    #[schema(example = "SUCCEEDED")]
    pub status: String,
    pub amount: Money,
    pub refunded: Money,
    #[schema(required = true, max_length = 100)]
    pub failure_code: Option<String>,
    /// Another payment of the order counts. Null when the payment is older than the events that tell it.
    #[schema(required = true)]
    pub is_surplus: Option<bool>,
    pub version: i32,
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    pub refunds: Vec<RefundAsOf>,
}

/// An order as it was at a point in time, told by the event log alone.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OrderHistory {
    pub order_id: Uuid,
    /// The last event that counts.
    pub as_of: HistoryPoint,
    pub buyer_id: Uuid,
    #[schema(example = "PAID")]
    pub status: String,
    pub subtotal: Money,
    pub discount: Money,
    pub shipping: Money,
    pub total: Money,
    #[schema(value_type = String, format = DateTime)]
    pub placed_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    pub payment_due_at: Timestamp,
    pub version: i32,
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
    #[schema(value_type = Vec<PartAsOf>)]
    pub fulfilments: Box<RawValue>,
    #[schema(value_type = Vec<LineAsOf>)]
    pub lines: Box<RawValue>,
    #[schema(value_type = Vec<PaymentAsOf>)]
    pub payments: Box<RawValue>,
    /// Events of the order, its parts and its payments, oldest first.
    #[schema(value_type = Paged<Event>)]
    pub events: Paged<Box<RawValue>>,
}

impl TryFrom<&Row> for OrderHistory {
    type Error = tokio_postgres::Error;

    fn try_from(row: &Row) -> Result<Self, Self::Error> {
        let document = |column: &str| row.try_get(column).map(|Json(document)| document);
        let Json(items) = row.try_get("events")?;
        Ok(Self {
            order_id: row.try_get("order_id")?,
            as_of: HistoryPoint { seq: row.try_get("seq")?, occurred_at: row.try_get("occurred_at")? },
            buyer_id: row.try_get("buyer_id")?,
            status: row.try_get("status")?,
            subtotal: money(row, "subtotal_minor")?,
            discount: money(row, "discount_minor")?,
            shipping: money(row, "shipping_minor")?,
            total: money(row, "total_minor")?,
            placed_at: row.try_get("placed_at")?,
            payment_due_at: row.try_get("payment_due_at")?,
            version: row.try_get("version")?,
            updated_at: row.try_get("updated_at")?,
            fulfilments: document("fulfilments")?,
            lines: document("lines")?,
            payments: document("payments")?,
            events: Paged { items, next_cursor: row.try_get("next_cursor")? },
        })
    }
}
