//! What the pricing routes take and give.

use jiff::Timestamp;
use postgres_types::Json;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tokio_postgres::Row;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::http::respond::HasVersion;
use crate::money::Money;
use crate::problem::Result;

/// An amount in a column beside `currency`; null when either is.
fn money(row: &Row, column: &str) -> Result<Option<Money>, tokio_postgres::Error> {
    let currency: Option<String> = row.try_get("currency")?;
    Ok(row
        .try_get::<_, Option<i64>>(column)?
        .zip(currency)
        .map(|(amount, currency)| Money::new(amount, currency)))
}

/// What the marketplace keeps of a line. Its scope is what is not null of seller, category and product.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CommissionRule {
    pub rule_id: Uuid,
    #[schema(example = "Books")]
    pub name: String,
    pub seller_id: Option<Uuid>,
    /// The category and everything below it.
    pub category_id: Option<Uuid>,
    pub product_id: Option<Uuid>,
    /// Basis points of the line's net amount (after discounts).
    #[schema(minimum = 0, maximum = 10_000, example = 1250)]
    pub percent_bp: i32,
    /// Per sold unit, for orders in this currency.
    pub fixed: Option<Money>,
    #[schema(value_type = String, format = DateTime)]
    pub valid_from: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub valid_until: Option<Timestamp>,
    /// SCHEDULED, IN_FORCE or ENDED.
    #[schema(example = "IN_FORCE")]
    pub status: String,
    pub version: i32,
    /// When this version was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

impl HasVersion for CommissionRule {
    fn version(&self) -> i32 {
        self.version
    }
}

impl TryFrom<&Row> for CommissionRule {
    type Error = tokio_postgres::Error;

    fn try_from(row: &Row) -> Result<Self, Self::Error> {
        Ok(Self {
            rule_id: row.try_get("rule_id")?,
            name: row.try_get("name")?,
            seller_id: row.try_get("seller_id")?,
            category_id: row.try_get("category_id")?,
            product_id: row.try_get("product_id")?,
            percent_bp: row.try_get("percent_bp")?,
            fixed: money(row, "fixed_minor")?,
            valid_from: row.try_get("valid_from")?,
            valid_until: row.try_get("valid_until")?,
            status: row.try_get("status")?,
            version: row.try_get("version")?,
            created_at: row.try_get("created_at")?,
        })
    }
}

/// A new commission rule.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"name": "Default", "percentBp": 1000, "fixed": {"amountMinor": 30, "currency": "USD"}}))]
pub struct NewCommissionRule {
    #[schema(min_length = 1, max_length = 100)]
    pub name: String,
    #[serde(default)]
    pub seller_id: Option<Uuid>,
    /// Not together with `productId`.
    #[serde(default)]
    pub category_id: Option<Uuid>,
    #[serde(default)]
    pub product_id: Option<Uuid>,
    #[serde(default)]
    #[schema(minimum = 0, maximum = 10_000)]
    pub percent_bp: i32,
    #[serde(default)]
    pub fixed: Option<Money>,
    /// Now when absent; never in the past.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub valid_from: Option<Timestamp>,
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub valid_until: Option<Timestamp>,
}

/// The next version of a commission rule; its scope stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"name": "Default", "percentBp": 900}))]
pub struct CommissionRuleChange {
    #[schema(min_length = 1, max_length = 100)]
    pub name: String,
    #[serde(default)]
    #[schema(minimum = 0, maximum = 10_000)]
    pub percent_bp: i32,
    #[serde(default)]
    pub fixed: Option<Money>,
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub valid_until: Option<Timestamp>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct CommissionRuleFilter {
    /// Only rules of this seller.
    pub seller_id: Option<Uuid>,
    /// Only rules of this category.
    pub category_id: Option<Uuid>,
    /// Only rules of this product.
    pub product_id: Option<Uuid>,
    /// SCHEDULED, IN_FORCE or ENDED.
    pub status: Option<String>,
}

/// A discount: automatic, or by coupon.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Promotion {
    pub promotion_id: Uuid,
    /// Set for a seller's own promotion, which touches that seller's lines only.
    pub seller_id: Option<Uuid>,
    #[schema(example = "Spring sale")]
    pub name: String,
    pub description: String,
    /// PERCENTAGE, FIXED_AMOUNT or FREE_SHIPPING.
    #[schema(example = "PERCENTAGE")]
    pub r#type: String,
    /// ORDER (once on the sum of the matching lines), LINES (each matching line) or SHIPPING.
    #[schema(example = "ORDER")]
    pub target: String,
    #[schema(minimum = 1, maximum = 10_000)]
    pub percent_bp: Option<i32>,
    /// Once for target ORDER, per unit for target LINES.
    pub amount: Option<Money>,
    /// Only for baskets in this currency.
    #[schema(min_length = 3, max_length = 3)]
    pub currency: Option<String>,
    /// Only lines in these categories and below.
    #[schema(max_items = 100)]
    pub category_ids: Option<Vec<Uuid>>,
    #[schema(max_items = 100)]
    pub product_ids: Option<Vec<Uuid>>,
    #[schema(max_items = 100)]
    pub seller_ids: Option<Vec<Uuid>>,
    /// What the matching lines must cost before any discount.
    pub min_subtotal: Option<Money>,
    pub coupon_code: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    pub starts_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ends_at: Option<Timestamp>,
    /// How many orders may use it, for those who own it.
    pub usage_limit: Option<i32>,
    /// How many orders of one buyer may use it, for those who own it.
    pub buyer_limit: Option<i32>,
    /// How many orders used it, for those who own it; null without a usage limit.
    pub used: Option<i32>,
    /// The greater acts first.
    pub priority: i32,
    /// DRAFT, ACTIVE, PAUSED or ENDED.
    #[schema(example = "ACTIVE")]
    pub status: String,
    pub version: i32,
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
}

impl HasVersion for Promotion {
    fn version(&self) -> i32 {
        self.version
    }
}

impl TryFrom<&Row> for Promotion {
    type Error = tokio_postgres::Error;

    fn try_from(row: &Row) -> Result<Self, Self::Error> {
        Ok(Self {
            promotion_id: row.try_get("promotion_id")?,
            seller_id: row.try_get("seller_id")?,
            name: row.try_get("name")?,
            description: row.try_get("description")?,
            r#type: row.try_get("type")?,
            target: row.try_get("target")?,
            percent_bp: row.try_get("percent_bp")?,
            amount: money(row, "amount_minor")?,
            currency: row.try_get("currency")?,
            category_ids: row.try_get("category_ids")?,
            product_ids: row.try_get("product_ids")?,
            seller_ids: row.try_get("seller_ids")?,
            min_subtotal: money(row, "min_subtotal_minor")?,
            coupon_code: row.try_get("coupon_code")?,
            starts_at: row.try_get("starts_at")?,
            ends_at: row.try_get("ends_at")?,
            usage_limit: row.try_get("usage_limit")?,
            buyer_limit: row.try_get("buyer_limit")?,
            used: row.try_get("used")?,
            priority: row.try_get("priority")?,
            status: row.try_get("status")?,
            version: row.try_get("version")?,
            created_at: row.try_get("created_at")?,
            updated_at: row.try_get("updated_at")?,
        })
    }
}

/// The rules of a promotion.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({
    "name": "Welcome", "type": "PERCENTAGE", "target": "ORDER", "percentBp": 1000, "couponCode": "WELCOME10",
    "minSubtotal": {"amountMinor": 5000, "currency": "USD"}, "buyerLimit": 1
}))]
pub struct PromotionRules {
    #[schema(min_length = 1, max_length = 100)]
    pub name: String,
    #[serde(default)]
    #[schema(max_length = 2000)]
    pub description: String,
    /// PERCENTAGE, FIXED_AMOUNT or FREE_SHIPPING.
    #[schema(max_length = 20)]
    pub r#type: String,
    /// ORDER, LINES or SHIPPING (with FREE_SHIPPING).
    #[schema(max_length = 20)]
    pub target: String,
    /// For PERCENTAGE.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 10_000)]
    pub percent_bp: Option<i32>,
    /// For FIXED_AMOUNT: once per order for target ORDER, per unit for target LINES.
    #[serde(default)]
    pub amount: Option<Money>,
    /// Only for baskets in this currency; that of the amounts when absent.
    #[serde(default)]
    #[schema(min_length = 3, max_length = 3)]
    pub currency: Option<String>,
    /// Only lines in these categories and below.
    #[serde(default)]
    #[schema(max_items = 100)]
    pub category_ids: Option<Vec<Uuid>>,
    #[serde(default)]
    #[schema(max_items = 100)]
    pub product_ids: Option<Vec<Uuid>>,
    /// Not for a seller's own promotion.
    #[serde(default)]
    #[schema(max_items = 100)]
    pub seller_ids: Option<Vec<Uuid>>,
    /// What the matching lines must cost before any discount.
    #[serde(default)]
    pub min_subtotal: Option<Money>,
    /// 3 to 40 letters, digits, dashes, underscores; kept in capitals. Absent: automatic.
    #[serde(default)]
    #[schema(min_length = 3, max_length = 40)]
    pub coupon_code: Option<String>,
    /// Now when absent.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub starts_at: Option<Timestamp>,
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ends_at: Option<Timestamp>,
    #[serde(default)]
    #[schema(minimum = 1)]
    pub usage_limit: Option<i32>,
    #[serde(default)]
    #[schema(minimum = 1)]
    pub buyer_limit: Option<i32>,
    /// The greater acts first.
    #[serde(default)]
    #[schema(minimum = -1_000_000, maximum = 1_000_000)]
    pub priority: i32,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct PromotionFilter {
    /// DRAFT, ACTIVE, PAUSED or ENDED.
    pub status: Option<String>,
    /// PERCENTAGE, FIXED_AMOUNT or FREE_SHIPPING.
    pub r#type: Option<String>,
    /// Only this seller's own promotions.
    pub seller_id: Option<Uuid>,
}

/// A line of a basket.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BasketLine {
    pub variant_id: Uuid,
    /// Whose offer to take; the cheapest active one when absent.
    #[serde(default)]
    pub seller_id: Option<Uuid>,
    #[schema(minimum = 1, maximum = 1000)]
    pub quantity: u32,
}

/// A basket to price.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({
    "currency": "USD", "lines": [{"variantId": "0192f0c1-2b7a-7c3e-9d1f-5a4b3c2d1e0f", "quantity": 2}],
    "couponCodes": ["WELCOME10"]
}))]
pub struct Basket {
    #[schema(pattern = "^[A-Z]{3}$", min_length = 3, max_length = 3)]
    pub currency: String,
    #[schema(min_items = 1, max_items = 100)]
    pub lines: Vec<BasketLine>,
    #[serde(default)]
    #[schema(max_items = 10)]
    pub coupon_codes: Vec<String>,
}

/// Where a unit price came from that is not the regular one.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PriceSource {
    /// SALE, BREAK (of the quantity), or LIST (a price list of the buyer's groups).
    pub kind: String,
    /// The quantity from which the price holds.
    pub min_quantity: i32,
    /// Of kind LIST alone.
    #[schema(required = false, nullable = false)]
    pub price_list_id: Option<Uuid>,
}

/// A line with its price.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PricedLine {
    pub line_no: i32,
    pub variant_id: Uuid,
    pub seller_id: Uuid,
    pub product_id: Uuid,
    pub title: String,
    pub sku: String,
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

/// A seller's shipping fee.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PricedShipping {
    pub seller_id: Uuid,
    pub fee: Money,
    pub discount: Money,
}

/// One promotion's share on one line, or on one seller's shipping.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PricedAdjustment {
    pub promotion_id: Uuid,
    pub promotion_version: i32,
    pub name: String,
    pub coupon_code: Option<String>,
    /// ORDER, LINES or SHIPPING.
    pub target: String,
    /// Null on shipping.
    pub line_no: Option<i32>,
    pub seller_id: Uuid,
    /// What is taken off.
    pub amount: Money,
}

/// A coupon that cannot be used in this basket.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RefusedCoupon {
    pub coupon_code: String,
    /// Why, for programs.
    #[schema(example = "pricing.coupon_minimum_not_met")]
    pub code: String,
    /// Why, for people.
    #[schema(example = "Coupon WELCOME10 needs 12.50 USD more.")]
    pub detail: String,
}

/// A priced basket with the whole derivation of its total.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Preview {
    pub subtotal: Money,
    /// On lines and on shipping.
    pub discount: Money,
    /// Before discounts.
    pub shipping: Money,
    pub total: Money,
    #[schema(value_type = Vec<PricedLine>)]
    pub lines: Box<RawValue>,
    #[schema(value_type = Vec<PricedShipping>)]
    pub shipping_fees: Box<RawValue>,
    /// In the order in which the promotions act.
    #[schema(value_type = Vec<PricedAdjustment>)]
    pub adjustments: Box<RawValue>,
    #[schema(value_type = Vec<RefusedCoupon>)]
    pub refused_coupons: Box<RawValue>,
}

impl TryFrom<&Row> for Preview {
    type Error = tokio_postgres::Error;

    fn try_from(row: &Row) -> Result<Self, Self::Error> {
        let currency: String = row.try_get("currency")?;
        let money = |column: &str| Ok::<_, Self::Error>(Money::new(row.try_get(column)?, currency.clone()));
        let json = |column: &str| Ok::<_, Self::Error>(row.try_get::<_, Json<Box<RawValue>>>(column)?.0);
        Ok(Self {
            subtotal: money("subtotal_minor")?,
            discount: money("discount_minor")?,
            shipping: money("shipping_minor")?,
            total: money("total_minor")?,
            lines: json("lines")?,
            shipping_fees: json("shipping")?,
            adjustments: json("adjustments")?,
            refused_coupons: json("refused_coupons")?,
        })
    }
}

/// A seller's flat shipping fee per order in one currency.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ShippingRate {
    pub seller_id: Uuid,
    #[schema(example = "USD", min_length = 3, max_length = 3)]
    pub currency: String,
    pub fee: Money,
    /// From this subtotal of the seller's lines on, shipping is free; null = never.
    pub free_from: Option<Money>,
    /// 0 when it was never set.
    #[schema(minimum = 0)]
    pub version: i32,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub updated_at: Option<Timestamp>,
}

impl HasVersion for ShippingRate {
    fn version(&self) -> i32 {
        self.version
    }
}

impl TryFrom<&Row> for ShippingRate {
    type Error = tokio_postgres::Error;

    fn try_from(row: &Row) -> Result<Self, Self::Error> {
        let currency: String = row.try_get("currency")?;
        Ok(Self {
            seller_id: row.try_get("seller_id")?,
            fee: Money::new(row.try_get("fee_minor")?, currency.clone()),
            free_from: money(row, "free_from_minor")?,
            currency,
            version: row.try_get("version")?,
            updated_at: row.try_get("updated_at")?,
        })
    }
}

/// A shipping fee in the currency of the path.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"feeMinor": 490, "freeFromMinor": 5000}))]
pub struct ShippingRateChange {
    /// Minor units per order.
    #[schema(minimum = 0, maximum = 100_000_000_000_i64)]
    pub fee_minor: i64,
    /// Minor units from which shipping is free; never when absent.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 10_000_000_000_000_i64)]
    pub free_from_minor: Option<i64>,
}
