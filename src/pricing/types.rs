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

/// What the marketplace keeps of a line, or of a seller's shipping. Its scope is what is not null of seller, category and product.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CommissionRule {
    pub rule_id: Uuid,
    #[schema(example = "Books")]
    pub name: String,
    /// LINE or SHIPPING.
    #[schema(example = "LINE")]
    pub applies_to: String,
    pub seller_id: Option<Uuid>,
    /// The category and everything below it.
    pub category_id: Option<Uuid>,
    pub product_id: Option<Uuid>,
    /// The greater wins, however specific the others are.
    #[schema(minimum = -1_000_000, maximum = 1_000_000)]
    pub priority: i32,
    /// Only for unit prices from here on.
    pub unit_price_from: Option<Money>,
    /// Only for unit prices below.
    pub unit_price_below: Option<Money>,
    /// NET (the amount after discounts) or GROSS (before).
    #[schema(example = "NET")]
    pub base: String,
    /// Basis points of the base.
    #[schema(minimum = 0, maximum = 10_000, example = 1250)]
    pub percent_bp: i32,
    /// On top of the percentage.
    pub fixed: Option<Money>,
    /// UNIT: the fixed part counts for each unit. LINE: once.
    #[schema(example = "UNIT")]
    pub fixed_per: String,
    /// What is less is raised to this much per line.
    pub min: Option<Money>,
    /// What is more is cut to this much per line.
    pub max: Option<Money>,
    /// VAT on the commission, in basis points; an amount of its own.
    #[schema(minimum = 0, maximum = 10_000)]
    pub vat_bp: i32,
    /// Only for orders in this currency.
    #[schema(min_length = 3, max_length = 3)]
    pub currency: Option<String>,
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
            applies_to: row.try_get("applies_to")?,
            seller_id: row.try_get("seller_id")?,
            category_id: row.try_get("category_id")?,
            product_id: row.try_get("product_id")?,
            priority: row.try_get("priority")?,
            unit_price_from: money(row, "band_min_minor")?,
            unit_price_below: money(row, "band_max_minor")?,
            base: row.try_get("base")?,
            percent_bp: row.try_get("percent_bp")?,
            fixed: money(row, "fixed_minor")?,
            fixed_per: row.try_get("fixed_per")?,
            min: money(row, "min_minor")?,
            max: money(row, "max_minor")?,
            vat_bp: row.try_get("vat_bp")?,
            currency: row.try_get("currency")?,
            valid_from: row.try_get("valid_from")?,
            valid_until: row.try_get("valid_until")?,
            status: row.try_get("status")?,
            version: row.try_get("version")?,
            created_at: row.try_get("created_at")?,
        })
    }
}

/// One version of a commission rule.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CommissionRuleVersion {
    pub version: i32,
    pub name: String,
    pub priority: i32,
    pub unit_price_from: Option<Money>,
    pub unit_price_below: Option<Money>,
    pub base: String,
    pub percent_bp: i32,
    pub fixed: Option<Money>,
    pub fixed_per: String,
    pub min: Option<Money>,
    pub max: Option<Money>,
    pub vat_bp: i32,
    pub currency: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    pub valid_from: Timestamp,
    /// When the next version opened, or the rule ended. As `validFrom`: closed before it began.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub valid_until: Option<Timestamp>,
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    pub created_by: Option<Uuid>,
}

/// A commission rule with its history.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CommissionRuleHistory {
    #[serde(flatten)]
    pub rule: CommissionRule,
    /// All versions, the oldest first.
    #[schema(value_type = Vec<CommissionRuleVersion>)]
    pub versions: Box<RawValue>,
}

impl HasVersion for CommissionRuleHistory {
    fn version(&self) -> i32 {
        self.rule.version
    }
}

impl TryFrom<&Row> for CommissionRuleHistory {
    type Error = tokio_postgres::Error;

    fn try_from(row: &Row) -> Result<Self, Self::Error> {
        Ok(Self {
            rule: CommissionRule::try_from(row)?,
            versions: row.try_get::<_, Json<Box<RawValue>>>("versions")?.0,
        })
    }
}

/// A new commission rule. All its amounts are in one currency; a rule without amounts may do without.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"name": "Default", "percentBp": 1000, "fixed": {"amountMinor": 30, "currency": "USD"}, "vatBp": 1900}))]
pub struct NewCommissionRule {
    #[schema(min_length = 1, max_length = 100)]
    pub name: String,
    /// LINE (when absent) or SHIPPING, which may name a seller only.
    #[serde(default)]
    #[schema(max_length = 20)]
    pub applies_to: Option<String>,
    #[serde(default)]
    pub seller_id: Option<Uuid>,
    #[serde(default)]
    pub category_id: Option<Uuid>,
    #[serde(default)]
    pub product_id: Option<Uuid>,
    #[serde(default)]
    #[schema(minimum = -1_000_000, maximum = 1_000_000)]
    pub priority: i32,
    #[serde(default)]
    pub unit_price_from: Option<Money>,
    #[serde(default)]
    pub unit_price_below: Option<Money>,
    /// NET (when absent) or GROSS.
    #[serde(default)]
    #[schema(max_length = 20)]
    pub base: Option<String>,
    #[serde(default)]
    #[schema(minimum = 0, maximum = 10_000)]
    pub percent_bp: i32,
    #[serde(default)]
    pub fixed: Option<Money>,
    /// UNIT or LINE; UNIT when absent, LINE for shipping.
    #[serde(default)]
    #[schema(max_length = 20)]
    pub fixed_per: Option<String>,
    #[serde(default)]
    pub min: Option<Money>,
    #[serde(default)]
    pub max: Option<Money>,
    #[serde(default)]
    #[schema(minimum = 0, maximum = 10_000)]
    pub vat_bp: i32,
    /// Only for orders in this currency; that of the amounts when absent.
    #[serde(default)]
    #[schema(min_length = 3, max_length = 3)]
    pub currency: Option<String>,
    /// Now when absent; never in the past.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub valid_from: Option<Timestamp>,
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub valid_until: Option<Timestamp>,
}

/// The next version of a commission rule; its scope stays.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"name": "Default", "percentBp": 900}))]
pub struct CommissionRuleChange {
    #[schema(min_length = 1, max_length = 100)]
    pub name: String,
    #[serde(default)]
    #[schema(minimum = -1_000_000, maximum = 1_000_000)]
    pub priority: i32,
    #[serde(default)]
    pub unit_price_from: Option<Money>,
    #[serde(default)]
    pub unit_price_below: Option<Money>,
    /// NET (when absent) or GROSS.
    #[serde(default)]
    #[schema(max_length = 20)]
    pub base: Option<String>,
    #[serde(default)]
    #[schema(minimum = 0, maximum = 10_000)]
    pub percent_bp: i32,
    #[serde(default)]
    pub fixed: Option<Money>,
    /// UNIT or LINE; UNIT when absent, LINE for shipping.
    #[serde(default)]
    #[schema(max_length = 20)]
    pub fixed_per: Option<String>,
    #[serde(default)]
    pub min: Option<Money>,
    #[serde(default)]
    pub max: Option<Money>,
    #[serde(default)]
    #[schema(minimum = 0, maximum = 10_000)]
    pub vat_bp: i32,
    /// Only for orders in this currency; that of the amounts when absent.
    #[serde(default)]
    #[schema(min_length = 3, max_length = 3)]
    pub currency: Option<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub valid_until: Option<Timestamp>,
}

/// When a commission rule ends.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({}))]
pub struct CommissionRuleEnd {
    /// Now when absent; never in the past.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub at: Option<Timestamp>,
}

/// A basket whose commissions are asked for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({
    "currency": "USD", "lines": [{"variantId": "0192f0c1-2b7a-7c3e-9d1f-5a4b3c2d1e0f", "quantity": 2}]
}))]
pub struct CommissionBasket {
    #[schema(pattern = "^[A-Z]{3}$", min_length = 3, max_length = 3)]
    pub currency: String,
    #[schema(min_items = 1, max_items = 100)]
    pub lines: Vec<BasketLine>,
    #[serde(default)]
    #[schema(max_items = 10)]
    pub coupon_codes: Vec<String>,
    /// By the rules of this moment; now when absent. Prices and discounts are those of now.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub at: Option<Timestamp>,
}

/// A rule that could charge a line, whether it does, and why not.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CommissionCandidate {
    pub rule_id: Uuid,
    pub version: i32,
    pub name: String,
    /// WINS, LOSES or `DOES_NOT_MATCH`.
    #[schema(example = "LOSES")]
    pub outcome: String,
    /// Of a loser: `LOWER_PRIORITY`, `LESS_SPECIFIC`, `FARTHER_CATEGORY`, `WITHOUT_BAND`, `WITHOUT_CURRENCY`, `CHANGED_SINCE`.
    /// Of one that does not match: `NOT_YET_IN_FORCE`, ENDED, `OTHER_CURRENCY`, `OUTSIDE_BAND`.
    #[schema(example = "LESS_SPECIFIC")]
    pub reason: Option<String>,
    pub seller_id: Option<Uuid>,
    pub category_id: Option<Uuid>,
    pub product_id: Option<Uuid>,
    pub currency: Option<String>,
    pub priority: i32,
    /// Product 4 + seller 2 + category 1.
    pub specificity: i32,
    /// How deep the rule's category is in the tree, from 1; 0 without a category. The deeper is the nearer.
    pub category_depth: i32,
    pub unit_price_from: Option<Money>,
    pub unit_price_below: Option<Money>,
    pub base: String,
    pub percent_bp: i32,
    pub fixed: Option<Money>,
    pub fixed_per: String,
    pub min: Option<Money>,
    pub max: Option<Money>,
    pub vat_bp: i32,
    #[schema(value_type = String, format = DateTime)]
    pub valid_from: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub valid_until: Option<Timestamp>,
    /// What it charges, or would.
    pub commission: Option<Money>,
    pub vat: Option<Money>,
}

/// The commission of one line of a basket.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LineCommission {
    pub line_no: i32,
    pub variant_id: Uuid,
    pub product_id: Uuid,
    pub seller_id: Uuid,
    pub quantity: i32,
    pub gross: Money,
    pub discount: Money,
    pub net: Money,
    /// What the seller earns: net plus the discounts that the platform bears. A commission is never more.
    pub limit: Money,
    pub rule_id: Option<Uuid>,
    pub rule_version: Option<i32>,
    /// Net or gross, as the rule says.
    pub base: Money,
    pub commission: Money,
    pub vat: Money,
    pub candidates: Vec<CommissionCandidate>,
}

/// The commission of one seller's shipping.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ShippingCommission {
    pub seller_id: Uuid,
    pub gross: Money,
    pub discount: Money,
    pub net: Money,
    pub limit: Money,
    pub rule_id: Option<Uuid>,
    pub rule_version: Option<i32>,
    pub base: Money,
    pub commission: Money,
    pub vat: Money,
    pub candidates: Vec<CommissionCandidate>,
}

/// The commissions of a basket with all rules that could charge it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ResolvedCommissions {
    pub currency: String,
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    #[schema(value_type = Vec<LineCommission>)]
    pub lines: Box<RawValue>,
    /// Of the sellers who charge for shipping.
    #[schema(value_type = Vec<ShippingCommission>)]
    pub shipping: Box<RawValue>,
}

impl TryFrom<&Row> for ResolvedCommissions {
    type Error = tokio_postgres::Error;

    fn try_from(row: &Row) -> Result<Self, Self::Error> {
        Ok(Self {
            currency: row.try_get("currency")?,
            at: row.try_get("at")?,
            lines: row.try_get::<_, Json<Box<RawValue>>>("lines")?.0,
            shipping: row.try_get::<_, Json<Box<RawValue>>>("shipping")?.0,
        })
    }
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
    /// LINE or SHIPPING.
    pub applies_to: Option<String>,
    /// Only rules of this priority.
    pub priority: Option<i32>,
    /// Only rules for this currency.
    pub currency: Option<String>,
    /// SCHEDULED, IN_FORCE or ENDED.
    pub status: Option<String>,
    /// Only rules in force at this moment, in the version of then.
    #[param(value_type = Option<String>, format = DateTime)]
    pub active_at: Option<Timestamp>,
}

/// A band of a TIERED promotion.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Tier {
    /// Where it begins: minor units for SPEND, units for QUANTITY.
    #[schema(minimum = 1, maximum = 10_000_000_000_000_i64)]
    pub from: i64,
    /// Either this or `amountMinor`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 10_000)]
    pub percent_bp: Option<i32>,
    /// Once for target ORDER, per unit for target LINES.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 100_000_000_000_i64)]
    pub amount_minor: Option<i64>,
}

/// What one part of a bundle is, and how many of it a set takes. All filters that are given must hold.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BundleComponent {
    #[schema(minimum = 1, maximum = 1000)]
    pub quantity: i32,
    /// With everything below them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 100)]
    pub category_ids: Option<Vec<Uuid>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 100)]
    pub product_ids: Option<Vec<Uuid>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 100)]
    pub variant_ids: Option<Vec<Uuid>>,
}

/// What a GIFT promotion adds to the order.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Gift {
    pub variant_id: Uuid,
    /// Whose offer; the cheapest in the basket's currency when absent. A seller's own promotion gives that seller's goods.
    #[serde(default)]
    pub seller_id: Option<Uuid>,
    #[serde(default = "one")]
    #[schema(minimum = 1, maximum = 100, default = 1)]
    pub quantity: i32,
}

const fn one() -> i32 {
    1
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
    /// PERCENTAGE, FIXED_AMOUNT, FIXED_PRICE, BUY_X_GET_Y, TIERED, BUNDLE, FREE_SHIPPING or GIFT.
    #[schema(example = "PERCENTAGE")]
    pub r#type: String,
    /// ORDER (once on the sum of the matching lines), LINES (each matching line), UNITS (the cheapest or dearest) or SHIPPING.
    #[schema(example = "ORDER")]
    pub target: String,
    #[schema(minimum = 1, maximum = 10_000)]
    pub percent_bp: Option<i32>,
    /// Once for targets ORDER and SHIPPING, per unit for LINES and UNITS.
    pub amount: Option<Money>,
    /// What a unit (FIXED_PRICE) or a set (BUNDLE) costs.
    pub price: Option<Money>,
    /// CHEAPEST or DEAREST.
    pub unit_pick: Option<String>,
    pub unit_count: Option<i32>,
    pub buy_quantity: Option<i32>,
    pub get_quantity: Option<i32>,
    /// SPEND or QUANTITY.
    pub tier_by: Option<String>,
    #[schema(value_type = Option<Vec<Tier>>)]
    pub tiers: Option<Box<RawValue>>,
    #[schema(value_type = Option<Vec<BundleComponent>>)]
    pub bundle: Option<Box<RawValue>>,
    pub gift: Option<Gift>,
    /// Only for baskets in this currency.
    #[schema(min_length = 3, max_length = 3)]
    pub currency: Option<String>,
    /// Only lines in these categories and below.
    #[schema(max_items = 100)]
    pub category_ids: Option<Vec<Uuid>>,
    #[schema(max_items = 100)]
    pub product_ids: Option<Vec<Uuid>>,
    #[schema(max_items = 100)]
    pub variant_ids: Option<Vec<Uuid>>,
    #[schema(max_items = 100)]
    pub seller_ids: Option<Vec<Uuid>>,
    /// Which lines it is for.
    #[schema(value_type = Option<Object>)]
    pub line_condition: Option<Box<RawValue>>,
    /// What the basket and its buyer must be.
    #[schema(value_type = Option<Object>)]
    pub condition: Option<Box<RawValue>>,
    /// What the matching lines must cost before any discount.
    pub min_subtotal: Option<Money>,
    /// How many units the matching lines must have.
    pub min_quantity: Option<i32>,
    /// SEQUENTIAL (on what earlier promotions left) or ORIGINAL (on the undiscounted amounts).
    pub base: String,
    /// Acts only alone.
    pub exclusive: bool,
    /// Of a group one promotion acts.
    pub exclusivity_group: Option<String>,
    /// FIRST in the order of acting, or BEST for the buyer.
    pub group_mode: Option<String>,
    /// Classes (ORDER, LINE, SHIPPING) of promotions that may act beside it.
    #[schema(max_items = 3)]
    pub combines_with: Vec<String>,
    /// Nothing acts after it.
    pub stops_further: bool,
    pub max_per_order: Option<Money>,
    pub max_per_line: Option<Money>,
    /// What of a line's undiscounted amount must be left, for those who own it.
    pub floor_bp: Option<i32>,
    /// Who pays: PLATFORM, SELLER or SHARED, for those who own it.
    pub funding: Option<String>,
    /// Which part the seller bears, for those who own it.
    pub seller_share_bp: Option<i32>,
    /// What the platform bears of an order at most, for those who own it.
    pub platform_cap: Option<Money>,
    /// What all its discounts together may cost, for those who own it.
    pub budget: Option<Money>,
    /// What they have cost so far, for those who own it; null without a usage limit or a budget.
    pub spent: Option<Money>,
    pub coupon_code: Option<String>,
    /// Applies only with a coupon code.
    pub requires_coupon: bool,
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
    /// DRAFT, SCHEDULED, ACTIVE, PAUSED or ENDED.
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
        let json = |column: &str| {
            Ok::<_, Self::Error>(row.try_get::<_, Option<Json<Box<RawValue>>>>(column)?.map(|json| json.0))
        };
        let gift = row.try_get::<_, Option<Uuid>>("gift_variant_id")?.zip(row.try_get("gift_quantity")?);
        let gift_seller_id = row.try_get("gift_seller_id")?;
        Ok(Self {
            promotion_id: row.try_get("promotion_id")?,
            seller_id: row.try_get("seller_id")?,
            name: row.try_get("name")?,
            description: row.try_get("description")?,
            r#type: row.try_get("type")?,
            target: row.try_get("target")?,
            percent_bp: row.try_get("percent_bp")?,
            amount: money(row, "amount_minor")?,
            price: money(row, "price_minor")?,
            unit_pick: row.try_get("unit_pick")?,
            unit_count: row.try_get("unit_count")?,
            buy_quantity: row.try_get("buy_quantity")?,
            get_quantity: row.try_get("get_quantity")?,
            tier_by: row.try_get("tier_by")?,
            tiers: json("tiers")?,
            bundle: json("bundle")?,
            gift: gift.map(|(variant_id, quantity)| Gift { variant_id, seller_id: gift_seller_id, quantity }),
            currency: row.try_get("currency")?,
            category_ids: row.try_get("category_ids")?,
            product_ids: row.try_get("product_ids")?,
            variant_ids: row.try_get("variant_ids")?,
            seller_ids: row.try_get("seller_ids")?,
            line_condition: json("line_condition")?,
            condition: json("condition")?,
            min_subtotal: money(row, "min_subtotal_minor")?,
            min_quantity: row.try_get("min_quantity")?,
            base: row.try_get("base")?,
            exclusive: row.try_get("is_exclusive")?,
            exclusivity_group: row.try_get("exclusivity_group")?,
            group_mode: row.try_get("group_mode")?,
            combines_with: row.try_get("combines_with")?,
            stops_further: row.try_get("stops_further")?,
            max_per_order: money(row, "max_order_minor")?,
            max_per_line: money(row, "max_line_minor")?,
            floor_bp: row.try_get("floor_bp")?,
            funding: row.try_get("funding")?,
            seller_share_bp: row.try_get("seller_share_bp")?,
            platform_cap: money(row, "platform_cap_minor")?,
            budget: money(row, "budget_minor")?,
            spent: money(row, "spent_minor")?,
            coupon_code: row.try_get("coupon_code")?,
            requires_coupon: row.try_get("requires_coupon")?,
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

/// The rules of a promotion. Which fields go with which type and target is in `docs/pricing.md`.
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
    /// PERCENTAGE, FIXED_AMOUNT, FIXED_PRICE, BUY_X_GET_Y, TIERED, BUNDLE, FREE_SHIPPING or GIFT.
    #[schema(max_length = 20)]
    pub r#type: String,
    /// ORDER, LINES, UNITS or SHIPPING.
    #[schema(max_length = 20)]
    pub target: String,
    /// For PERCENTAGE, and for what BUY_X_GET_Y gives (10000 = free).
    #[serde(default)]
    #[schema(minimum = 1, maximum = 10_000)]
    pub percent_bp: Option<i32>,
    /// For FIXED_AMOUNT: once for targets ORDER and SHIPPING, per unit for LINES and UNITS.
    #[serde(default)]
    pub amount: Option<Money>,
    /// What a unit (FIXED_PRICE) or a set (BUNDLE) costs.
    #[serde(default)]
    pub price: Option<Money>,
    /// For target UNITS: CHEAPEST or DEAREST.
    #[serde(default)]
    #[schema(max_length = 20)]
    pub unit_pick: Option<String>,
    /// For target UNITS: how many units.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 1000)]
    pub unit_count: Option<i32>,
    /// For BUY_X_GET_Y.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 1000)]
    pub buy_quantity: Option<i32>,
    /// For BUY_X_GET_Y.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 1000)]
    pub get_quantity: Option<i32>,
    /// For TIERED: SPEND or QUANTITY.
    #[serde(default)]
    #[schema(max_length = 20)]
    pub tier_by: Option<String>,
    /// For TIERED, in ascending order.
    #[serde(default)]
    #[schema(min_items = 1, max_items = 20)]
    pub tiers: Option<Vec<Tier>>,
    /// For BUNDLE.
    #[serde(default)]
    #[schema(min_items = 1, max_items = 10)]
    pub bundle: Option<Vec<BundleComponent>>,
    /// For GIFT.
    #[serde(default)]
    pub gift: Option<Gift>,
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
    #[serde(default)]
    #[schema(max_items = 100)]
    pub variant_ids: Option<Vec<Uuid>>,
    /// Not for a seller's own promotion.
    #[serde(default)]
    #[schema(max_items = 100)]
    pub seller_ids: Option<Vec<Uuid>>,
    /// Which lines it is for: a tree of all, any, not and leaves.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    pub line_condition: Option<serde_json::Value>,
    /// What the basket and its buyer must be: a tree of all, any, not and leaves.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    pub condition: Option<serde_json::Value>,
    /// What the matching lines must cost before any discount.
    #[serde(default)]
    pub min_subtotal: Option<Money>,
    /// How many units the matching lines must have.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 100_000)]
    pub min_quantity: Option<i32>,
    /// SEQUENTIAL (the default: on what earlier promotions left) or ORIGINAL (on the undiscounted amounts).
    #[serde(default)]
    #[schema(max_length = 20)]
    pub base: Option<String>,
    /// Acts only alone. Marketplace promotions only, as the next four.
    #[serde(default)]
    pub exclusive: bool,
    /// Of a group one promotion acts.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 40)]
    pub exclusivity_group: Option<String>,
    /// FIRST (the default) in the order of acting, or BEST for the buyer; the same in the whole group.
    #[serde(default)]
    #[schema(max_length = 20)]
    pub group_mode: Option<String>,
    /// Classes (ORDER, LINE, SHIPPING) of promotions that may act beside it; all when absent.
    #[serde(default)]
    #[schema(max_items = 3)]
    pub combines_with: Option<Vec<String>>,
    /// Nothing acts after it.
    #[serde(default)]
    pub stops_further: bool,
    #[serde(default)]
    pub max_per_order: Option<Money>,
    #[serde(default)]
    pub max_per_line: Option<Money>,
    /// What of a line's undiscounted amount must be left.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 10_000)]
    pub floor_bp: i32,
    /// Who pays: SELLER (the default, and a seller's own always), PLATFORM or SHARED.
    #[serde(default)]
    #[schema(max_length = 20)]
    pub funding: Option<String>,
    /// For SHARED: which part the seller bears.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 10_000)]
    pub seller_share_bp: Option<i32>,
    /// For SHARED: what the platform bears of an order at most; the seller bears what is above.
    #[serde(default)]
    pub platform_cap: Option<Money>,
    /// What all its discounts together may cost.
    #[serde(default)]
    pub budget: Option<Money>,
    /// 3 to 40 letters, digits, dashes, underscores; kept in capitals. Absent: automatic.
    #[serde(default)]
    #[schema(min_length = 3, max_length = 40)]
    pub coupon_code: Option<String>,
    /// Applies only with a code of one of its batches; one with a `couponCode` needs a code anyway.
    #[serde(default)]
    pub requires_coupon: bool,
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
    /// DRAFT, SCHEDULED, ACTIVE, PAUSED or ENDED.
    pub status: Option<String>,
    /// PERCENTAGE, FIXED_AMOUNT, FIXED_PRICE, BUY_X_GET_Y, TIERED, BUNDLE, FREE_SHIPPING or GIFT.
    pub r#type: Option<String>,
    /// Only this seller's own promotions.
    pub seller_id: Option<Uuid>,
}

/// The rules of a promotion while it acted under them. They never change: a change makes the next version.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PromotionVersion {
    #[schema(minimum = 1)]
    pub version: i32,
    #[schema(value_type = String, format = DateTime)]
    pub opened_at: Timestamp,
    /// When the promotion stopped to act under them; null while it does.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub closed_at: Option<Timestamp>,
    #[schema(value_type = PromotionRules)]
    pub rules: Box<RawValue>,
}

impl TryFrom<&Row> for PromotionVersion {
    type Error = tokio_postgres::Error;

    fn try_from(row: &Row) -> Result<Self, Self::Error> {
        Ok(Self {
            version: row.try_get("version")?,
            opened_at: row.try_get("opened_at")?,
            closed_at: row.try_get("closed_at")?,
            rules: row.try_get::<_, Json<Box<RawValue>>>("rules")?.0,
        })
    }
}

/// Coupon codes that were generated together.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CouponBatch {
    pub batch_id: Uuid,
    pub promotion_id: Uuid,
    /// What the codes begin with.
    #[schema(example = "SPRING", max_length = 16)]
    pub prefix: String,
    #[schema(minimum = 1, maximum = 10_000)]
    pub count: i32,
    /// How many orders may use each code; null = any number.
    pub per_code_limit: Option<i32>,
    /// How many of the codes were used; null without a limit per code.
    pub used_codes: Option<i32>,
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

impl TryFrom<&Row> for CouponBatch {
    type Error = tokio_postgres::Error;

    fn try_from(row: &Row) -> Result<Self, Self::Error> {
        Ok(Self {
            batch_id: row.try_get("batch_id")?,
            promotion_id: row.try_get("promotion_id")?,
            prefix: row.try_get("prefix")?,
            count: row.try_get("code_count")?,
            per_code_limit: row.try_get("per_code_limit")?,
            used_codes: row.try_get("used_codes")?,
            created_at: row.try_get("created_at")?,
        })
    }
}

/// Coupon codes to generate.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"count": 500, "prefix": "SPRING", "perCodeLimit": 1}))]
pub struct NewCouponBatch {
    #[schema(minimum = 1, maximum = 10_000)]
    pub count: i32,
    /// Letters and digits, kept in capitals; a dash follows.
    #[serde(default)]
    #[schema(max_length = 16)]
    pub prefix: Option<String>,
    /// How many orders may use each code; any number when absent.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 1_000_000)]
    pub per_code_limit: Option<i32>,
}

/// A generated coupon code.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Coupon {
    #[schema(example = "SPRING-7KQ2M9XWTR4B", max_length = 40)]
    pub code: String,
    pub batch_id: Uuid,
    pub usage_limit: Option<i32>,
    /// Null without limit.
    pub used: Option<i32>,
}

impl TryFrom<&Row> for Coupon {
    type Error = tokio_postgres::Error;

    fn try_from(row: &Row) -> Result<Self, Self::Error> {
        Ok(Self {
            code: row.try_get("code")?,
            batch_id: row.try_get("batch_id")?,
            usage_limit: row.try_get("usage_limit")?,
            used: row.try_get("used")?,
        })
    }
}

impl Coupon {
    /// As a file for a spreadsheet. Codes are letters, digits and dashes, so nothing needs quotes.
    pub fn csv(coupons: &[Self]) -> String {
        let number = |n: Option<i32>| n.map(|n| n.to_string()).unwrap_or_default();
        let mut text = String::from("code,usageLimit,used\r\n");
        for coupon in coupons {
            text.extend([&coupon.code, ",", &number(coupon.usage_limit), ",", &number(coupon.used), "\r\n"]);
        }
        text
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct CouponFilter {
    /// Only codes of this batch.
    pub batch_id: Option<Uuid>,
}

/// A segment of buyers, which conditions of promotions and price lists name by its code.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct BuyerGroup {
    #[schema(example = "vip", max_length = 40)]
    pub code: String,
    #[schema(example = "Our best customers", max_length = 100)]
    pub name: String,
    #[schema(minimum = 0)]
    pub member_count: i32,
    pub version: i32,
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
}

impl HasVersion for BuyerGroup {
    fn version(&self) -> i32 {
        self.version
    }
}

impl TryFrom<&Row> for BuyerGroup {
    type Error = tokio_postgres::Error;

    fn try_from(row: &Row) -> Result<Self, Self::Error> {
        Ok(Self {
            code: row.try_get("group_code")?,
            name: row.try_get("name")?,
            member_count: row.try_get("member_count")?,
            version: row.try_get("version")?,
            created_at: row.try_get("created_at")?,
            updated_at: row.try_get("updated_at")?,
        })
    }
}

/// A new buyer group.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"code": "vip", "name": "Our best customers"}))]
pub struct NewBuyerGroup {
    /// Small letters, digits, dashes, underscores; it stays.
    #[schema(min_length = 1, max_length = 40)]
    pub code: String,
    #[schema(min_length = 1, max_length = 100)]
    pub name: String,
}

/// Another name for a buyer group.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"name": "Our very best customers"}))]
pub struct BuyerGroupChange {
    #[schema(min_length = 1, max_length = 100)]
    pub name: String,
}

/// A buyer in a group.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct BuyerGroupMember {
    #[schema(example = "01a20498-01aa-77db-9a4e-f43af951b91d")]
    pub buyer_id: Uuid,
    #[schema(value_type = String, format = DateTime, example = "2026-11-01T09:30:00Z")]
    pub added_at: Timestamp,
}

impl TryFrom<&Row> for BuyerGroupMember {
    type Error = tokio_postgres::Error;

    fn try_from(row: &Row) -> Result<Self, Self::Error> {
        Ok(Self { buyer_id: row.try_get("buyer_id")?, added_at: row.try_get("added_at")? })
    }
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
    /// Where it would be shipped to, for promotions that ask.
    #[serde(default)]
    #[schema(pattern = "^[A-Za-z]{2}$", min_length = 2, max_length = 2)]
    pub shipping_country: Option<String>,
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
    /// The promotion that gives this line as a gift.
    pub gift_of: Option<Uuid>,
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
    /// ORDER, LINES, UNITS or SHIPPING.
    pub target: String,
    /// Null on shipping.
    pub line_no: Option<i32>,
    pub seller_id: Uuid,
    /// What the share was computed on: what earlier promotions left of the line or fee, or all of it.
    pub base: Money,
    /// The share before it was rounded to whole minor units, in minor units.
    #[schema(example = "33.333333")]
    pub exact_share: String,
    /// What is taken off.
    pub amount: Money,
    /// What of it the seller bears; the marketplace bears the rest. Null for buyers, and for sellers on lines of others.
    pub seller_part: Option<Money>,
}

/// A promotion that could act on this basket and did not.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NotApplied {
    pub promotion_id: Uuid,
    pub promotion_version: i32,
    pub name: String,
    pub coupon_code: Option<String>,
    /// Why, for programs: minimum_not_met, quantity_not_met, condition_not_met, no_match, excluded_by, stopped_by,
    /// not_combinable_with, limit_reached, gift_unavailable or no_effect.
    #[schema(example = "minimum_not_met")]
    pub code: String,
    /// Why, for people.
    #[schema(example = "Add 12.50 USD more of its goods.")]
    pub detail: String,
    /// What the goods would have to cost more.
    pub missing: Option<Money>,
    /// How many more units it takes.
    #[schema(minimum = 1)]
    pub missing_quantity: Option<i64>,
    /// The leaf of the condition that does not hold, when it is one.
    #[schema(example = "/condition/all/0/subtotal")]
    pub pointer: Option<String>,
    /// The promotion because of which this one did not act.
    pub by_promotion_id: Option<Uuid>,
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
    /// The smallest amount: what shares are rounded to.
    pub rounding_unit: Money,
    #[schema(value_type = Vec<PricedLine>)]
    pub lines: Box<RawValue>,
    #[schema(value_type = Vec<PricedShipping>)]
    pub shipping_fees: Box<RawValue>,
    /// In the order in which the promotions act.
    #[schema(value_type = Vec<PricedAdjustment>)]
    pub adjustments: Box<RawValue>,
    #[schema(value_type = Vec<RefusedCoupon>)]
    pub refused_coupons: Box<RawValue>,
    /// Automatic promotions and those of the coupons that did not act, each with its reason; at most 100.
    #[schema(value_type = Vec<NotApplied>, max_items = 100)]
    pub not_applied: Box<RawValue>,
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
            rounding_unit: Money::new(1, currency.clone()),
            lines: json("lines")?,
            shipping_fees: json("shipping")?,
            adjustments: json("adjustments")?,
            refused_coupons: json("refused_coupons")?,
            not_applied: json("not_applied")?,
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

/// A price list as its owner writes it.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"name": "Resellers", "groupCode": "resellers", "priority": 10}))]
pub struct PriceListChange {
    #[schema(min_length = 1, max_length = 100)]
    pub name: String,
    /// The group of buyers it is for.
    #[schema(min_length = 1, max_length = 40)]
    pub group_code: String,
    /// Of several lists that have a price for a line, the greatest wins, then the older list.
    #[serde(default)]
    #[schema(minimum = -1_000_000, maximum = 1_000_000)]
    pub priority: i32,
    /// Whether it counts; true when absent.
    pub active: Option<bool>,
    /// From when it counts; a new one from now on when absent.
    pub starts_at: Option<Timestamp>,
    /// Until when, exclusive; for ever when absent.
    pub ends_at: Option<Timestamp>,
}

/// What a group of buyers pays instead of the public prices.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PriceList {
    pub price_list_id: Uuid,
    /// Whose it is; null = the marketplace's.
    pub seller_id: Option<Uuid>,
    #[schema(example = "Trade prices")]
    pub name: String,
    #[schema(example = "trade")]
    pub group_code: String,
    #[schema(example = 10)]
    pub priority: i32,
    #[schema(example = true)]
    pub active: bool,
    pub starts_at: Timestamp,
    pub ends_at: Option<Timestamp>,
    /// Moves on with its prices too.
    pub version: i32,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl HasVersion for PriceList {
    fn version(&self) -> i32 {
        self.version
    }
}

impl TryFrom<&Row> for PriceList {
    type Error = tokio_postgres::Error;

    fn try_from(row: &Row) -> Result<Self, Self::Error> {
        Ok(Self {
            price_list_id: row.try_get("price_list_id")?,
            seller_id: row.try_get("seller_id")?,
            name: row.try_get("name")?,
            group_code: row.try_get("group_code")?,
            priority: row.try_get("priority")?,
            active: row.try_get("is_active")?,
            starts_at: row.try_get("starts_at")?,
            ends_at: row.try_get("ends_at")?,
            version: row.try_get("version")?,
            created_at: row.try_get("created_at")?,
            updated_at: row.try_get("updated_at")?,
        })
    }
}

/// Which price lists to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct PriceListFilter {
    /// Of this group of buyers.
    pub group_code: Option<String>,
}

/// One price of an offer in a list: of a unit, in a currency, from a quantity on.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ListPrice {
    pub price: Money,
    /// Holds from this quantity of a line on; 1 when absent.
    #[schema(minimum = 1, maximum = 1000)]
    pub min_quantity: Option<i32>,
}

/// What an offer shall cost in a list.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"prices": [
    {"price": {"amountMinor": 1499, "currency": "USD"}},
    {"price": {"amountMinor": 1399, "currency": "USD"}, "minQuantity": 10}]}))]
pub struct ListPricesChange {
    /// None takes the offer off the list.
    #[schema(max_items = 100)]
    pub prices: Vec<ListPrice>,
}

/// What an offer costs in a price list.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ListedOffer {
    pub price_list_id: Uuid,
    pub seller_id: Uuid,
    pub variant_id: Uuid,
    /// By currency and quantity.
    #[schema(value_type = Vec<ListPrice>)]
    pub prices: Box<RawValue>,
    /// The list's.
    pub version: i32,
}

impl HasVersion for ListedOffer {
    fn version(&self) -> i32 {
        self.version
    }
}

impl TryFrom<&Row> for ListedOffer {
    type Error = tokio_postgres::Error;

    fn try_from(row: &Row) -> Result<Self, Self::Error> {
        Ok(Self {
            price_list_id: row.try_get("price_list_id")?,
            seller_id: row.try_get("seller_id")?,
            variant_id: row.try_get("variant_id")?,
            prices: row.try_get::<_, Json<Box<RawValue>>>("prices")?.0,
            version: row.try_get("version")?,
        })
    }
}
