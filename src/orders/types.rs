//! What the order routes take and give.

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
use crate::money::Money;
use crate::pricing::types::{CommissionCandidate, NewCommissionRule, PriceSource};
use crate::problem::{Problem, Result};

/// What to buy.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewLine {
    /// The variant to buy.
    pub variant_id: Uuid,
    /// Whose offer to take; the cheapest active one when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seller_id: Option<Uuid>,
    /// How many units.
    #[schema(minimum = 1, maximum = 1000)]
    pub quantity: u32,
}

/// Where to send it.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Address {
    #[schema(min_length = 1, max_length = 100)]
    pub name: String,
    #[schema(min_length = 1, max_length = 200)]
    pub line1: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 200)]
    pub line2: Option<String>,
    #[schema(min_length = 1, max_length = 100)]
    pub city: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 100)]
    pub region: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 20)]
    pub postal_code: Option<String>,
    /// ISO 3166-1 alpha-2.
    #[schema(pattern = "^[A-Z]{2}$", min_length = 2, max_length = 2)]
    pub country_code: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 30)]
    pub phone: Option<String>,
}

/// A basket to order.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({
    "currency": "USD",
    "lines": [{"variantId": "0192f0c1-2b7a-7c3e-9d1f-5a4b3c2d1e0f", "quantity": 2}],
    "couponCodes": ["WELCOME10"],
    "shippingAddress": {"name": "Ana Buyer", "line1": "1 Main Street", "city": "Springfield", "postalCode": "12345", "countryCode": "US"}
}))]
pub struct NewOrder {
    /// ISO 4217 code; every line must be sold in it.
    #[schema(pattern = "^[A-Z]{3}$", min_length = 3, max_length = 3)]
    pub currency: String,
    #[schema(min_items = 1, max_items = 100)]
    pub lines: Vec<NewLine>,
    #[serde(default)]
    #[schema(max_items = 10)]
    pub coupon_codes: Vec<String>,
    pub shipping_address: Address,
}

/// One request of an `orders.place_orders` batch.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Placing {
    actor_id: Option<Uuid>,
    session_id: Option<Uuid>,
    request_id: String,
    idempotency_key: Option<String>,
    #[serde(flatten)]
    order: NewOrder,
}

impl Batched for Placing {
    fn account_id(&self) -> Uuid {
        self.actor_id.unwrap_or_default()
    }

    fn rows(&self) -> Vec<u64> {
        let lines = self.order.lines.iter().map(|line| batch::row(line.variant_id));
        lines.collect()
    }

    fn operation(&self) -> Option<u64> {
        batch::operation(self.actor_id, self.idempotency_key.as_deref())
    }
}

impl Placing {
    pub fn new(ctx: CallContext, order: NewOrder) -> Self {
        Self {
            actor_id: ctx.actor_id,
            session_id: ctx.session_id,
            request_id: ctx.request_id,
            idempotency_key: ctx.idempotency_key,
            order,
        }
    }
}

/// An answer of a batch: the order or the refusal, and whether it is the stored answer of an earlier request.
#[derive(Debug)]
pub struct Placed {
    pub is_replayed: bool,
    pub outcome: Result<Order>,
}

/// One bought line: a snapshot.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OrderLine {
    pub line_no: i32,
    pub variant_id: Uuid,
    pub product_id: Uuid,
    pub title: String,
    pub sku: String,
    /// The variant's axes, such as `{"color": "red"}`.
    #[schema(value_type = std::collections::BTreeMap<String, String>)]
    pub axis_values: serde_json::Value,
    pub quantity: i32,
    pub unit_price: Money,
    /// Null for the regular price.
    pub price_source: Option<PriceSource>,
    pub subtotal: Money,
    pub discount: Money,
    pub total: Money,
}

/// One promotion's share on a line or on the shipping.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Adjustment {
    /// Null when the share is on the shipping.
    pub line_no: Option<i32>,
    /// ORDER, LINES or SHIPPING.
    pub target: String,
    pub promotion_id: Uuid,
    pub promotion_version: i32,
    pub coupon_code: Option<String>,
    /// What was taken off.
    pub amount: Money,
}

/// One seller's part of an order.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Fulfilment {
    pub seller_id: Uuid,
    /// PENDING, ACCEPTED, SHIPPED, DELIVERED or CANCELLED.
    pub status: String,
    pub subtotal: Money,
    pub discount: Money,
    pub shipping: Money,
    pub total: Money,
    pub carrier: Option<String>,
    pub tracking_number: Option<String>,
    /// Until when the seller of a paid order must accept; then this part is cancelled and refunded. Null before and after.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub accept_due_at: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub accepted_at: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub shipped_at: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub delivered_at: Option<Timestamp>,
    pub version: i32,
    pub lines: Vec<OrderLine>,
    pub adjustments: Vec<Adjustment>,
}

/// An order as the caller may see it: buyers and administrators the whole, a seller its own part.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Order {
    pub order_id: Uuid,
    pub buyer_id: Uuid,
    /// PENDING_PAYMENT, PAID, PROCESSING, SHIPPED, DELIVERED, COMPLETED, CANCELLED, EXPIRED, PAYMENT_FAILED,
    /// PARTIALLY_REFUNDED or REFUNDED.
    #[schema(example = "PENDING_PAYMENT")]
    pub status: String,
    pub subtotal: Money,
    pub discount: Money,
    pub shipping: Money,
    pub total: Money,
    pub coupon_codes: Vec<String>,
    /// Null for a seller until the order is paid.
    #[schema(value_type = Option<Address>)]
    pub shipping_address: Option<Box<RawValue>>,
    #[schema(value_type = String, format = DateTime)]
    pub placed_at: Timestamp,
    /// Until when the units are held for the payment.
    #[schema(value_type = String, format = DateTime)]
    pub payment_due_at: Timestamp,
    pub version: i32,
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
    #[schema(value_type = Vec<Fulfilment>)]
    pub fulfilments: Box<RawValue>,
}

impl HasVersion for Order {
    fn version(&self) -> i32 {
        self.version
    }
}

/// The four sums that orders, parts and list entries carry.
fn money(row: &Row, column: &str) -> Result<Money, tokio_postgres::Error> {
    Ok(Money::new(row.try_get(column)?, row.try_get::<_, String>("currency")?))
}

impl TryFrom<&Row> for Order {
    type Error = tokio_postgres::Error;

    fn try_from(row: &Row) -> Result<Self, Self::Error> {
        Ok(Self {
            order_id: row.try_get("order_id")?,
            buyer_id: row.try_get("buyer_id")?,
            status: row.try_get("status")?,
            subtotal: money(row, "subtotal_minor")?,
            discount: money(row, "discount_minor")?,
            shipping: money(row, "shipping_minor")?,
            total: money(row, "total_minor")?,
            coupon_codes: row.try_get("coupon_codes")?,
            shipping_address: row
                .try_get::<_, Option<Json<Box<RawValue>>>>("shipping_address")?
                .map(|Json(address)| address),
            placed_at: row.try_get("placed_at")?,
            payment_due_at: row.try_get("payment_due_at")?,
            version: row.try_get("version")?,
            updated_at: row.try_get("updated_at")?,
            fulfilments: row.try_get::<_, Json<Box<RawValue>>>("fulfilments")?.0,
        })
    }
}

/// A line of an order whose total is explained.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OrderPricingLine {
    pub line_no: i32,
    pub seller_id: Uuid,
    pub variant_id: Uuid,
    pub title: String,
    pub sku: String,
    pub quantity: i32,
    pub unit_price: Money,
    pub subtotal: Money,
    pub discount: Money,
    pub total: Money,
    /// The promotion that gave this line as a gift.
    pub gift_of: Option<Uuid>,
}

/// A seller's shipping fee.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OrderPricingFee {
    pub seller_id: Uuid,
    pub fee: Money,
    pub discount: Money,
}

/// One promotion's share on one line, or on one seller's shipping.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OrderPricingAdjustment {
    pub promotion_id: Uuid,
    /// The rules it acted under, which never change.
    pub promotion_version: i32,
    pub name: String,
    pub coupon_code: Option<String>,
    /// ORDER, LINES, UNITS or SHIPPING.
    pub target: String,
    /// Null on shipping.
    pub line_no: Option<i32>,
    pub seller_id: Uuid,
    /// What the share was computed on.
    pub base: Money,
    /// The share before it was rounded to whole minor units, in minor units.
    #[schema(example = "33.333333")]
    pub exact_share: String,
    pub amount: Money,
    /// What of it the seller bears; null for buyers.
    pub seller_part: Option<Money>,
}

/// What the marketplace keeps of a line, or of a seller's shipping.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OrderPricingCommission {
    /// Null on shipping.
    pub line_no: Option<i32>,
    pub seller_id: Uuid,
    pub rule_id: Option<Uuid>,
    pub rule_version: Option<i32>,
    pub percent_bp: i32,
    pub base: Money,
    /// The percentage before it was rounded, in minor units.
    #[schema(example = "12.500000")]
    pub exact_percent: String,
    pub amount: Money,
    pub vat: Money,
}

/// How the total of an order, or of a seller's part of it, came about. Every amount is rounded to whole minor units.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OrderPricing {
    pub order_id: Uuid,
    pub subtotal: Money,
    pub discount: Money,
    pub shipping: Money,
    pub total: Money,
    /// The smallest amount: what shares are rounded to.
    pub rounding_unit: Money,
    #[schema(value_type = Vec<OrderPricingLine>)]
    pub lines: Box<RawValue>,
    #[schema(value_type = Vec<OrderPricingFee>)]
    pub shipping_fees: Box<RawValue>,
    /// By seller, and of each in the order in which the promotions acted.
    #[schema(value_type = Vec<OrderPricingAdjustment>)]
    pub adjustments: Box<RawValue>,
    /// Null for buyers.
    #[schema(value_type = Option<Vec<OrderPricingCommission>>)]
    pub commissions: Option<Box<RawValue>>,
}

impl TryFrom<&Row> for OrderPricing {
    type Error = tokio_postgres::Error;

    fn try_from(row: &Row) -> Result<Self, Self::Error> {
        let json = |column: &str| Ok::<_, Self::Error>(row.try_get::<_, Json<Box<RawValue>>>(column)?.0);
        Ok(Self {
            order_id: row.try_get("order_id")?,
            subtotal: money(row, "subtotal_minor")?,
            discount: money(row, "discount_minor")?,
            shipping: money(row, "shipping_minor")?,
            total: money(row, "total_minor")?,
            rounding_unit: Money::new(1, row.try_get::<_, String>("currency")?),
            lines: json("lines")?,
            shipping_fees: json("shipping")?,
            adjustments: json("adjustments")?,
            commissions: row.try_get::<_, Option<Json<Box<RawValue>>>>("commissions")?.map(|Json(rows)| rows),
        })
    }
}

impl TryFrom<&Row> for Placed {
    type Error = Problem;

    fn try_from(row: &Row) -> Result<Self, Problem> {
        let outcome = match Problem::from_refusal(row)? {
            Some(problem) => Err(problem),
            None => Ok(Order::try_from(row)?),
        };
        Ok(Self { is_replayed: row.try_get("is_replayed")?, outcome })
    }
}

/// An order in a list.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OrderSummary {
    pub order_id: Uuid,
    pub buyer_id: Uuid,
    /// The sellers that have a part; for a seller only itself.
    pub seller_ids: Vec<Uuid>,
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
}

impl TryFrom<&Row> for OrderSummary {
    type Error = tokio_postgres::Error;

    fn try_from(row: &Row) -> Result<Self, Self::Error> {
        Ok(Self {
            order_id: row.try_get("order_id")?,
            buyer_id: row.try_get("buyer_id")?,
            seller_ids: row.try_get("seller_ids")?,
            status: row.try_get("status")?,
            subtotal: money(row, "subtotal_minor")?,
            discount: money(row, "discount_minor")?,
            shipping: money(row, "shipping_minor")?,
            total: money(row, "total_minor")?,
            placed_at: row.try_get("placed_at")?,
            payment_due_at: row.try_get("payment_due_at")?,
            version: row.try_get("version")?,
            updated_at: row.try_get("updated_at")?,
        })
    }
}

/// One status change.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct HistoryEntry {
    pub version: i32,
    pub from_status: Option<String>,
    pub to_status: String,
    #[schema(example = "pay")]
    pub action: String,
    /// BUYER, SELLER, ADMIN or SYSTEM.
    pub actor_kind: String,
    pub actor_id: Option<Uuid>,
    pub reason: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
}

/// Where an order stands.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OrderStatus {
    pub order_id: Uuid,
    #[schema(example = "PAID")]
    pub status: String,
    pub version: i32,
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
    /// Versions without a gap, up to the newest. It begins later than with the first where old history was archived and taken out of
    /// the database.
    #[schema(value_type = Vec<HistoryEntry>)]
    pub history: Box<RawValue>,
    /// What the caller could do now: pay, cancel, accept, ship, deliver, refund.
    pub allowed_actions: Vec<String>,
}

impl HasVersion for OrderStatus {
    fn version(&self) -> i32 {
        self.version
    }
}

impl TryFrom<&Row> for OrderStatus {
    type Error = tokio_postgres::Error;

    fn try_from(row: &Row) -> Result<Self, Self::Error> {
        Ok(Self {
            order_id: row.try_get("order_id")?,
            status: row.try_get("status")?,
            version: row.try_get("version")?,
            updated_at: row.try_get("updated_at")?,
            history: row.try_get::<_, Json<Box<RawValue>>>("history")?.0,
            allowed_actions: row.try_get("allowed_actions")?,
        })
    }
}

/// Which orders to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct OrderFilter {
    /// Only orders of this status, such as PAID.
    #[param(max_length = 30)]
    pub status: Option<String>,
}

/// Why an order is cancelled.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"reason": "Ordered by mistake"}))]
pub struct Cancellation {
    #[serde(default)]
    #[schema(max_length = 500)]
    pub reason: Option<String>,
}

/// With whom a part was sent.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"carrier": "DHL", "trackingNumber": "JD014600006281230704"}))]
pub struct Shipment {
    #[schema(min_length = 1, max_length = 100)]
    pub carrier: String,
    #[schema(min_length = 1, max_length = 100)]
    pub tracking_number: String,
}

/// What promotions took off orders in one currency, and who paid it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PromotionCost {
    pub orders: i64,
    pub discount: Money,
    pub seller_cost: Money,
    pub platform_cost: Money,
}

/// The same of one day.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PromotionDay {
    /// In UTC.
    #[schema(format = Date, example = "2026-03-01")]
    pub day: String,
    pub orders: i64,
    pub discount: Money,
    pub seller_cost: Money,
    pub platform_cost: Money,
}

/// What a promotion did.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PromotionReport {
    pub promotion_id: Uuid,
    /// Orders that used it, without the cancelled and expired ones.
    #[schema(minimum = 0)]
    pub uses: i32,
    /// Orders that gave their use back when they were cancelled or expired.
    #[schema(minimum = 0)]
    pub returned_uses: i32,
    /// Different buyers of the uses.
    #[schema(minimum = 0)]
    pub buyers: i32,
    /// Per currency.
    #[schema(value_type = Vec<PromotionCost>)]
    pub totals: Box<RawValue>,
    /// Null without a usage limit.
    pub remaining_uses: Option<i64>,
    /// Null without a budget.
    pub remaining_budget: Option<Money>,
    /// Per day and currency, when they were asked for.
    #[schema(value_type = Option<Vec<PromotionDay>>)]
    pub days: Option<Box<RawValue>>,
}

impl TryFrom<&Row> for PromotionReport {
    type Error = tokio_postgres::Error;

    fn try_from(row: &Row) -> Result<Self, Self::Error> {
        let budget = row.try_get::<_, Option<i64>>("remaining_budget_minor")?;
        Ok(Self {
            promotion_id: row.try_get("promotion_id")?,
            uses: row.try_get("uses")?,
            returned_uses: row.try_get("returned_uses")?,
            buyers: row.try_get("buyers")?,
            totals: row.try_get::<_, Json<Box<RawValue>>>("totals")?.0,
            remaining_uses: row.try_get("remaining_uses")?,
            remaining_budget: budget
                .zip(row.try_get("currency")?)
                .map(|(amount, currency): (i64, String)| Money::new(amount, currency)),
            days: row.try_get::<_, Option<Json<Box<RawValue>>>>("days")?.map(|json| json.0),
        })
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct ReportFilter {
    /// Only orders placed from then on.
    #[param(value_type = Option<String>, format = DateTime)]
    pub from: Option<Timestamp>,
    /// Only orders placed before.
    #[param(value_type = Option<String>, format = DateTime)]
    pub until: Option<Timestamp>,
    /// Also per day; needs a period of at most 366.
    pub by_day: Option<bool>,
}

/// Which past orders to try a promotion on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"from": "2026-03-01T00:00:00Z", "until": "2026-04-01T00:00:00Z"}))]
pub struct Simulation {
    #[schema(value_type = String, format = DateTime)]
    pub from: Timestamp,
    /// At most 366 days later.
    #[schema(value_type = String, format = DateTime)]
    pub until: Timestamp,
    /// `nextCursor` of the page before.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 1024)]
    pub cursor: Option<String>,
    /// How many orders to try at most.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 1000, default = 500)]
    pub limit: Option<i32>,
}

/// What a promotion alone would have taken off past orders; a gift takes off what its line would have cost.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SimulatedPromotion {
    /// How many orders were tried.
    #[schema(minimum = 0)]
    pub examined: i32,
    /// How many of them it would have discounted.
    #[schema(minimum = 0)]
    pub touched: i32,
    /// Per currency.
    #[schema(value_type = Vec<PromotionCost>)]
    pub totals: Box<RawValue>,
    /// Send this as `cursor` to try the next orders; null when there are none.
    #[schema(required = true, max_length = 1024)]
    pub next_cursor: Option<String>,
}

impl TryFrom<&Row> for SimulatedPromotion {
    type Error = tokio_postgres::Error;

    fn try_from(row: &Row) -> Result<Self, Self::Error> {
        Ok(Self {
            examined: row.try_get("examined")?,
            touched: row.try_get("touched")?,
            totals: row.try_get::<_, Json<Box<RawValue>>>("totals")?.0,
            next_cursor: row.try_get("next_cursor")?,
        })
    }
}

/// What an order was charged on one line, or on one seller's shipping.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OrderCommission {
    /// LINE or SHIPPING.
    #[schema(example = "LINE")]
    pub applies_to: String,
    pub seller_id: Uuid,
    /// Null on shipping.
    pub line_no: Option<i32>,
    /// Null when no rule applied.
    pub rule_id: Option<Uuid>,
    pub rule_version: Option<i32>,
    /// NET (after discounts) or GROSS.
    #[schema(example = "NET")]
    pub base: String,
    pub base_amount: Money,
    #[schema(minimum = 0, maximum = 10_000)]
    pub percent_bp: i32,
    /// The percentage of the base in minor units, before it was rounded half up.
    #[schema(example = "226.125")]
    pub exact_percent: String,
    pub fixed: Option<Money>,
    /// UNIT or LINE.
    #[schema(example = "UNIT")]
    pub fixed_per: String,
    pub min: Option<Money>,
    pub max: Option<Money>,
    /// What the seller earns: a commission is never more.
    pub limit: Money,
    pub amount: Money,
    pub vat_bp: i32,
    pub vat: Money,
    /// For administrators: the rules that could have charged it.
    #[schema(value_type = Option<Vec<CommissionCandidate>>)]
    pub candidates: Option<Box<RawValue>>,
}

impl TryFrom<&Row> for OrderCommission {
    type Error = tokio_postgres::Error;

    fn try_from(row: &Row) -> Result<Self, Self::Error> {
        let currency: String = row.try_get("currency")?;
        let money = |column: &str| {
            Ok::<_, Self::Error>(
                row.try_get::<_, Option<i64>>(column)?.map(|amount| Money::new(amount, currency.clone())),
            )
        };
        let amount = |column: &str| Ok::<_, Self::Error>(Money::new(row.try_get(column)?, currency.clone()));
        Ok(Self {
            applies_to: row.try_get("applies_to")?,
            seller_id: row.try_get("seller_id")?,
            line_no: row.try_get("line_no")?,
            rule_id: row.try_get("rule_id")?,
            rule_version: row.try_get("rule_version")?,
            base: row.try_get("base")?,
            base_amount: amount("base_minor")?,
            percent_bp: row.try_get("percent_bp")?,
            exact_percent: row.try_get("exact_percent")?,
            fixed: money("fixed_minor")?.filter(|fixed| fixed.amount_minor > 0),
            fixed_per: row.try_get("fixed_per")?,
            min: money("min_minor")?,
            max: money("max_minor")?,
            limit: amount("limit_minor")?,
            amount: amount("amount_minor")?,
            vat_bp: row.try_get("vat_bp")?,
            vat: amount("vat_minor")?,
            candidates: row.try_get::<_, Option<Json<Box<RawValue>>>>("candidates")?.map(|json| json.0),
        })
    }
}

/// What an order was charged.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OrderCommissions {
    pub items: Vec<OrderCommission>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct CommissionMoment {
    /// Candidates as they would be judged at this moment, instead of when the order was placed.
    #[param(value_type = Option<String>, format = DateTime)]
    pub at: Option<Timestamp>,
}

/// A proposed commission rule, and the past it is tried on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({
    "rule": {"name": "Twelve", "percentBp": 1200}, "from": "2026-10-01T00:00:00Z", "until": "2026-11-01T00:00:00Z"
}))]
pub struct CommissionSimulation {
    pub rule: NewCommissionRule,
    /// As if this rule had not been there: for a change of a rule.
    #[serde(default)]
    pub replaces_rule_id: Option<Uuid>,
    #[schema(value_type = String, format = DateTime)]
    pub from: Timestamp,
    /// Now when absent; at most 366 days after `from`.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub until: Option<Timestamp>,
}

/// What a proposed rule would have changed for one seller in one currency.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SimulatedCommission {
    pub seller_id: Uuid,
    /// Orders with a line, or a shipping fee, that the rule could be for.
    pub orders: i64,
    /// Such lines, or fees.
    pub charges: i64,
    /// How many of them would have been charged otherwise.
    pub changed: i64,
    pub charged: Money,
    pub charged_vat: Money,
    pub simulated: Money,
    pub simulated_vat: Money,
    /// Simulated less charged, without VAT: what the marketplace would have earned more, or less when negative.
    #[schema(value_type = crate::money::MoneyDifference)]
    pub difference: Money,
}

impl TryFrom<&Row> for SimulatedCommission {
    type Error = tokio_postgres::Error;

    fn try_from(row: &Row) -> Result<Self, Self::Error> {
        let currency: String = row.try_get("currency")?;
        let amount = |column: &str| Ok::<_, Self::Error>(Money::new(row.try_get(column)?, currency.clone()));
        Ok(Self {
            seller_id: row.try_get("seller_id")?,
            orders: row.try_get("orders_count")?,
            charges: row.try_get("charges_count")?,
            changed: row.try_get("changed_count")?,
            charged: amount("charged_minor")?,
            charged_vat: amount("charged_vat_minor")?,
            simulated: amount("simulated_minor")?,
            simulated_vat: amount("simulated_vat_minor")?,
            difference: amount("difference_minor")?,
        })
    }
}

/// What a proposed rule would have changed, per seller.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SimulatedCommissions {
    pub items: Vec<SimulatedCommission>,
}
