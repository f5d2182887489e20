//! What requests and answers of the catalogue look like.

use std::collections::BTreeMap;

use jiff::Timestamp;
use postgres_types::Json;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Number, Value};
use tokio_postgres::Row;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::http::HasVersion;
use crate::money::Money;
use crate::problem::Problem;

/// Reads a `jsonb` column.
fn json<T: serde::de::DeserializeOwned>(row: &Row, column: &str) -> Result<T, tokio_postgres::Error> {
    row.try_get::<_, Json<T>>(column).map(|Json(value)| value)
}

/// A category as an administrator writes it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"parentId": null, "name": "Shirts", "position": 0}))]
pub struct CategoryRequest {
    /// The category above; null or absent at the root.
    pub parent_id: Option<Uuid>,
    #[schema(min_length = 1, max_length = 100)]
    pub name: String,
    /// Made from the name when absent; a replacement without it keeps the old one.
    #[schema(min_length = 1, max_length = 120, pattern = "^[a-z0-9]+(-[a-z0-9]+)*$")]
    pub slug: Option<String>,
    /// Siblings are listed in this order.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 1_000_000)]
    pub position: i32,
}

/// A category.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({"categoryId": "01980a3c-7f7e-7c3e-9d43-0d6d9d3f5a11", "parentId": "01980a3c-7f7e-7c3e-9d43-0d6d9d3f5a10",
    "path": ["01980a3c-7f7e-7c3e-9d43-0d6d9d3f5a10", "01980a3c-7f7e-7c3e-9d43-0d6d9d3f5a11"], "name": "Shirts",
    "slug": "shirts", "position": 0, "version": 1, "createdAt": "2026-01-05T09:00:00Z", "updatedAt": "2026-01-05T09:00:00Z"}))]
pub struct Category {
    pub category_id: Uuid,
    /// The category above; null at the root.
    #[schema(required = true)]
    pub parent_id: Option<Uuid>,
    /// Ids from the root to the category itself.
    #[schema(min_items = 1, max_items = 50)]
    pub path: Vec<Uuid>,
    #[schema(min_length = 1, max_length = 100)]
    pub name: String,
    #[schema(min_length = 1, max_length = 120)]
    pub slug: String,
    #[schema(minimum = 0)]
    pub position: i32,
    #[schema(minimum = 1)]
    pub version: i32,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl HasVersion for Category {
    fn version(&self) -> i32 {
        self.version
    }
}

impl TryFrom<&Row> for Category {
    type Error = Problem;

    fn try_from(row: &Row) -> Result<Self, Problem> {
        Ok(Self {
            category_id: row.try_get("category_id")?,
            parent_id: row.try_get("parent_id")?,
            path: row.try_get("path")?,
            name: row.try_get("name")?,
            slug: row.try_get("slug")?,
            position: row.try_get("position")?,
            version: row.try_get("version")?,
            created_at: row.try_get("created_at")?,
            updated_at: row.try_get("updated_at")?,
        })
    }
}

/// A category with everything below it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({"categoryId": "01980a3c-7f7e-7c3e-9d43-0d6d9d3f5a10", "name": "Clothing", "slug": "clothing",
    "position": 0, "children": [{"categoryId": "01980a3c-7f7e-7c3e-9d43-0d6d9d3f5a11", "name": "Shirts", "slug": "shirts",
    "position": 0, "children": []}]}))]
pub struct CategoryNode {
    pub category_id: Uuid,
    #[schema(min_length = 1, max_length = 100)]
    pub name: String,
    #[schema(min_length = 1, max_length = 120)]
    pub slug: String,
    #[schema(minimum = 0)]
    pub position: i32,
    /// The categories below, in order.
    #[schema(no_recursion, max_items = 10_000)]
    pub children: Vec<CategoryNode>,
}

impl TryFrom<&Row> for CategoryNode {
    type Error = Problem;

    fn try_from(row: &Row) -> Result<Self, Problem> {
        Ok(Self {
            category_id: row.try_get("category_id")?,
            name: row.try_get("name")?,
            slug: row.try_get("slug")?,
            position: row.try_get("position")?,
            children: json(row, "children")?,
        })
    }
}

/// Which categories to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct CategoryFilter {
    /// Only the children of this category.
    pub parent_id: Option<Uuid>,
}

/// What values an attribute has.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum AttributeType {
    Text,
    Number,
    Boolean,
    Select,
    Multiselect,
    Date,
}

/// An attribute as an administrator defines it.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"code": "color", "name": "Colour", "type": "select", "required": true,
    "options": ["red", "blue"], "isVariantAxis": true}))]
pub struct AttributeRequest {
    /// The key of its values; never changes.
    #[schema(pattern = "^[a-z][a-z0-9_]{0,49}$", max_length = 50)]
    pub code: String,
    #[schema(min_length = 1, max_length = 100)]
    pub name: String,
    pub r#type: AttributeType,
    /// Shown after numbers, such as `cm`.
    #[schema(max_length = 20)]
    pub unit: Option<String>,
    /// Products need a value to be submitted.
    #[serde(default)]
    pub required: bool,
    /// What may be chosen: for select and multiselect, and only for them.
    #[schema(min_items = 1, max_items = 200)]
    pub options: Option<Vec<String>>,
    /// Smallest number, or shortest text.
    #[schema(value_type = Option<f64>)]
    pub min: Option<Number>,
    /// Largest number, or longest text.
    #[schema(value_type = Option<f64>)]
    pub max: Option<Number>,
    /// Variants differ along it; only a select can be one.
    #[serde(default)]
    pub is_variant_axis: bool,
}

/// An attribute's definition as it shall be; the code stays.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"name": "Colour", "type": "select", "required": true,
    "options": ["red", "blue", "green"], "isVariantAxis": true}))]
pub struct AttributeChange {
    #[schema(min_length = 1, max_length = 100)]
    pub name: String,
    /// Stays while products have values.
    pub r#type: AttributeType,
    #[schema(max_length = 20)]
    pub unit: Option<String>,
    #[serde(default)]
    pub required: bool,
    /// Options that products have stay.
    #[schema(min_items = 1, max_items = 200)]
    pub options: Option<Vec<String>>,
    #[schema(value_type = Option<f64>)]
    pub min: Option<Number>,
    #[schema(value_type = Option<f64>)]
    pub max: Option<Number>,
    #[serde(default)]
    pub is_variant_axis: bool,
}

/// The definition of an attribute.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({"attributeId": "01980a3c-7f7e-7c3e-9d43-0d6d9d3f5a12", "code": "color", "name": "Colour",
    "type": "select", "unit": null, "required": true, "options": ["red", "blue"], "min": null, "max": null,
    "isVariantAxis": true, "version": 1, "createdAt": "2026-01-05T09:00:00Z", "updatedAt": "2026-01-05T09:00:00Z"}))]
pub struct Attribute {
    pub attribute_id: Uuid,
    #[schema(max_length = 50)]
    pub code: String,
    #[schema(max_length = 100)]
    pub name: String,
    #[schema(value_type = AttributeType)]
    pub r#type: String,
    #[schema(required = true, max_length = 20)]
    pub unit: Option<String>,
    pub required: bool,
    #[schema(required = true, max_items = 200)]
    pub options: Option<Vec<String>>,
    #[schema(required = true, value_type = Option<f64>)]
    pub min: Option<Number>,
    #[schema(required = true, value_type = Option<f64>)]
    pub max: Option<Number>,
    pub is_variant_axis: bool,
    #[schema(minimum = 1)]
    pub version: i32,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl HasVersion for Attribute {
    fn version(&self) -> i32 {
        self.version
    }
}

impl TryFrom<&Row> for Attribute {
    type Error = Problem;

    fn try_from(row: &Row) -> Result<Self, Problem> {
        let optional = |column: &str| -> Result<Option<Value>, tokio_postgres::Error> { row.try_get(column) };
        let number = |value: Option<Value>| match value {
            Some(Value::Number(number)) => Some(number),
            _ => None,
        };
        Ok(Self {
            attribute_id: row.try_get("attribute_id")?,
            code: row.try_get("code")?,
            name: row.try_get("name")?,
            r#type: row.try_get("type")?,
            unit: row.try_get("unit")?,
            required: row.try_get("is_required")?,
            options: row.try_get::<_, Option<Json<Vec<String>>>>("options")?.map(|Json(options)| options),
            min: number(optional("min_value")?),
            max: number(optional("max_value")?),
            is_variant_axis: row.try_get("is_variant_axis")?,
            version: row.try_get("version")?,
            created_at: row.try_get("created_at")?,
            updated_at: row.try_get("updated_at")?,
        })
    }
}

/// An attribute of a category.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({"attributeId": "01980a3c-7f7e-7c3e-9d43-0d6d9d3f5a12", "code": "color", "name": "Colour",
    "type": "select", "unit": null, "required": true, "options": ["red", "blue"], "min": null, "max": null,
    "isVariantAxis": true, "version": 1, "createdAt": "2026-01-05T09:00:00Z", "updatedAt": "2026-01-05T09:00:00Z",
    "inheritedFrom": "01980a3c-7f7e-7c3e-9d43-0d6d9d3f5a10"}))]
pub struct CategoryAttribute {
    #[serde(flatten)]
    pub attribute: Attribute,
    /// The category above that brings it; null when it is the category's own.
    #[schema(required = true)]
    pub inherited_from: Option<Uuid>,
}

impl TryFrom<&Row> for CategoryAttribute {
    type Error = Problem;

    fn try_from(row: &Row) -> Result<Self, Problem> {
        Ok(Self { attribute: Attribute::try_from(row)?, inherited_from: row.try_get("inherited_from")? })
    }
}

/// Where a product stands between its draft and its archive.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ProductStatus {
    Draft,
    PendingApproval,
    Approved,
    Rejected,
    Active,
    Inactive,
    Archived,
}

impl ProductStatus {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "DRAFT",
            Self::PendingApproval => "PENDING_APPROVAL",
            Self::Approved => "APPROVED",
            Self::Rejected => "REJECTED",
            Self::Active => "ACTIVE",
            Self::Inactive => "INACTIVE",
            Self::Archived => "ARCHIVED",
        }
    }
}

/// The order of a product list.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProductSort {
    Newest,
    Oldest,
    Title,
    PriceAsc,
    PriceDesc,
    Relevance,
}

impl ProductSort {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Newest => "newest",
            Self::Oldest => "oldest",
            Self::Title => "title",
            Self::PriceAsc => "price_asc",
            Self::PriceDesc => "price_desc",
            Self::Relevance => "relevance",
        }
    }
}

/// Which products to list, and in which order.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct ProductFilter {
    /// Of this category and everything below it.
    pub category_id: Option<Uuid>,
    /// Of this seller.
    pub seller_id: Option<Uuid>,
    /// Of the caller's own store, of every status.
    pub mine: Option<bool>,
    /// Of this status; other than ACTIVE only for the store itself and for administrators.
    #[param(inline)]
    pub status: Option<ProductStatus>,
    /// Whose lowest price is at least this many minor units of `currency`.
    #[param(minimum = 0, maximum = 100_000_000_000_i64)]
    pub price_min: Option<i64>,
    /// Whose lowest price is at most this many minor units of `currency`.
    #[param(minimum = 0, maximum = 100_000_000_000_i64)]
    pub price_max: Option<i64>,
    /// Priced in this currency.
    #[param(min_length = 3, max_length = 3, pattern = "^[A-Z]{3}$")]
    pub currency: Option<String>,
    /// Whose title or description matches, as web searches are written: `"linen shirt" -red`.
    #[param(max_length = 200)]
    pub q: Option<String>,
    /// `relevance` when `q` is given, else `newest`. An order by price needs `currency`.
    #[param(inline)]
    pub sort: Option<ProductSort>,
}

/// A product as its seller writes it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"categoryId": "01980a3c-7f7e-7c3e-9d43-0d6d9d3f5a10", "title": "Linen shirt",
    "description": "Woven in Portugal.", "attributes": {"material": "linen"}}))]
pub struct ProductRequest {
    pub category_id: Uuid,
    #[schema(min_length = 3, max_length = 200)]
    pub title: String,
    /// Made from the title when absent; a replacement without it keeps the old one.
    #[schema(min_length = 1, max_length = 120, pattern = "^[a-z0-9]+(-[a-z0-9]+)*$")]
    pub slug: Option<String>,
    #[serde(default)]
    #[schema(max_length = 20_000)]
    pub description: String,
    /// Values by attribute code; `GET /categories/{categoryId}/attributes` tells which.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub attributes: Map<String, Value>,
}

/// The store that a product belongs to.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProductSeller {
    pub seller_id: Uuid,
    #[schema(max_length = 100)]
    pub store_name: String,
    #[schema(max_length = 120)]
    pub slug: String,
}

/// A seller's price for a variant.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Offer {
    pub seller_id: Uuid,
    #[schema(max_length = 64)]
    pub sku: String,
    /// The regular price of one unit.
    pub price: Money,
    /// The price of one unit while a sale runs, else null.
    #[schema(required = true)]
    pub sale_price: Option<Money>,
    /// When the running sale ends; null without one, or without an end.
    #[schema(required = true)]
    pub sale_until: Option<Timestamp>,
    /// The lowest price of one unit in the 30 days before the running sale began, or up to now without one. Null when it was on
    /// sale from its first day.
    #[schema(required = true, rename = "lowestPrice30Days")]
    #[serde(rename = "lowestPrice30Days")]
    pub lowest_price_30_days: Option<Money>,
    /// What a unit costs from a quantity on, where that is less than for fewer units.
    #[schema(max_items = 100)]
    pub quantity_breaks: Vec<QuantityBreak>,
    /// The currencies it is sold in, its own first.
    #[schema(max_items = 100)]
    pub currencies: Vec<String>,
    /// For `PUT /offers/{variantId}/{sellerId}/prices`.
    #[schema(minimum = 1)]
    pub version: i32,
}

/// The price of a unit from a quantity on.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct QuantityBreak {
    #[schema(minimum = 2)]
    pub min_quantity: i32,
    pub price: Money,
}

/// In which currency prices are shown.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct ShownCurrency {
    /// Prices in this currency; offers that are not sold in it are left out. Each offer's own when absent.
    #[param(min_length = 3, max_length = 3, pattern = "^[A-Z]{3}$")]
    pub currency: Option<String>,
}

/// One price of an offer: of a unit, in a currency, from a quantity on.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OfferPrice {
    /// The regular price of one unit.
    pub price: Money,
    /// Holds from this quantity of a line on.
    #[serde(default = "one")]
    #[schema(minimum = 1, maximum = 1000, default = 1)]
    pub min_quantity: i32,
    /// A lower price inside the window of the sale.
    pub sale_price: Option<Money>,
    /// When the sale begins; now when absent.
    pub sale_from: Option<Timestamp>,
    /// When it ends, exclusive; never when absent.
    pub sale_until: Option<Timestamp>,
}

fn one() -> i32 {
    1
}

/// All prices of an offer as they shall be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"prices": [
    {"price": {"amountMinor": 1999, "currency": "USD"}, "salePrice": {"amountMinor": 1499, "currency": "USD"},
     "saleFrom": "2026-11-27T00:00:00Z", "saleUntil": "2026-12-01T00:00:00Z"},
    {"price": {"amountMinor": 1799, "currency": "USD"}, "minQuantity": 10},
    {"price": {"amountMinor": 1899, "currency": "EUR"}}]}))]
pub struct OfferPricesChange {
    /// The base price, in the offer's own currency for one unit, is among them.
    #[schema(min_items = 1, max_items = 100)]
    pub prices: Vec<OfferPrice>,
}

/// All prices of an offer, sales to come included.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OfferPrices {
    pub seller_id: Uuid,
    pub variant_id: Uuid,
    /// Of the base price.
    #[schema(min_length = 3, max_length = 3)]
    pub currency: String,
    /// The base price first, then by currency and quantity.
    #[schema(max_items = 100)]
    pub prices: Vec<OfferPrice>,
    #[schema(minimum = 1)]
    pub version: i32,
    pub updated_at: Timestamp,
}

impl HasVersion for OfferPrices {
    fn version(&self) -> i32 {
        self.version
    }
}

impl TryFrom<&Row> for OfferPrices {
    type Error = Problem;

    fn try_from(row: &Row) -> Result<Self, Problem> {
        Ok(Self {
            seller_id: row.try_get("seller_id")?,
            variant_id: row.try_get("variant_id")?,
            currency: row.try_get("currency")?,
            prices: json(row, "prices")?,
            version: row.try_get("version")?,
            updated_at: row.try_get("updated_at")?,
        })
    }
}

/// A period in which one unit of an offer had one price for everybody.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PricePeriod {
    pub price: Money,
    /// Whether that was a sale.
    pub sale: bool,
    pub from: Timestamp,
    /// Exclusive; null for the price of now.
    #[schema(required = true)]
    pub until: Option<Timestamp>,
}

impl TryFrom<&Row> for PricePeriod {
    type Error = Problem;

    fn try_from(row: &Row) -> Result<Self, Problem> {
        Ok(Self {
            price: Money::new(row.try_get("price_minor")?, row.try_get::<_, String>("currency")?),
            sale: row.try_get("is_sale")?,
            from: row.try_get("since")?,
            until: row.try_get("until")?,
        })
    }
}

/// A variant within its product.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProductVariant {
    pub variant_id: Uuid,
    /// One option for each axis of the product.
    pub axis_values: BTreeMap<String, String>,
    #[schema(minimum = 0)]
    pub position: i32,
    /// ACTIVE or ARCHIVED.
    #[schema(max_length = 10)]
    pub status: String,
    #[schema(minimum = 1)]
    pub version: i32,
    /// Whoever sells it, cheapest first.
    #[schema(max_items = 1000)]
    pub offers: Vec<Offer>,
}

/// A product.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Product {
    #[serde(flatten)]
    pub summary: ProductSummary,
    #[schema(max_length = 20_000)]
    pub description: String,
    /// Values by attribute code.
    #[schema(value_type = Object)]
    pub attributes: Map<String, Value>,
    /// Why it was rejected; only its store and administrators see it.
    #[schema(required = true, max_length = 1000)]
    pub review_reason: Option<String>,
    /// The active variants, in order.
    #[schema(max_items = 1000)]
    pub variants: Vec<ProductVariant>,
}

impl HasVersion for Product {
    fn version(&self) -> i32 {
        self.summary.version
    }
}

impl TryFrom<&Row> for Product {
    type Error = Problem;

    fn try_from(row: &Row) -> Result<Self, Problem> {
        Ok(Self {
            summary: ProductSummary::try_from(row)?,
            description: row.try_get("description")?,
            attributes: json(row, "attributes")?,
            review_reason: row.try_get("review_reason")?,
            variants: json(row, "variants")?,
        })
    }
}

/// A product in a list.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProductSummary {
    pub product_id: Uuid,
    pub seller: ProductSeller,
    pub category_id: Uuid,
    #[schema(max_length = 200)]
    pub title: String,
    #[schema(max_length = 120)]
    pub slug: String,
    #[schema(value_type = ProductStatus)]
    pub status: String,
    /// The lowest price of its variants; null without any.
    #[schema(required = true)]
    pub price_from: Option<Money>,
    /// The highest price of its variants; null without any.
    #[schema(required = true)]
    pub price_to: Option<Money>,
    /// Grows with every change of the product, its variants and their prices.
    #[schema(minimum = 1)]
    pub version: i32,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl TryFrom<&Row> for ProductSummary {
    type Error = Problem;

    fn try_from(row: &Row) -> Result<Self, Problem> {
        let currency: Option<String> = row.try_get("currency")?;
        let money = |column: &str| -> Result<Option<Money>, Problem> {
            let amount: Option<i64> = row.try_get(column)?;
            Ok(amount.zip(currency.as_deref()).map(|(amount, currency)| Money::new(amount, currency)))
        };
        Ok(Self {
            product_id: row.try_get("product_id")?,
            seller: json(row, "seller")?,
            category_id: row.try_get("category_id")?,
            title: row.try_get("title")?,
            slug: row.try_get("slug")?,
            status: row.try_get("status")?,
            price_from: money("price_from_minor")?,
            price_to: money("price_to_minor")?,
            version: row.try_get("version")?,
            created_at: row.try_get("created_at")?,
            updated_at: row.try_get("updated_at")?,
        })
    }
}

/// What a reviewer may decide.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum Decision {
    Approve,
    Reject,
}

impl Decision {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Approve => "APPROVE",
            Self::Reject => "REJECT",
        }
    }
}

/// A decision about the version of a product that the reviewer read.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"decision": "REJECT", "reason": "The title promises silk, the material says linen.", "version": 4}))]
pub struct ReviewRequest {
    pub decision: Decision,
    /// Told to the seller; a rejection needs one.
    #[schema(max_length = 1000)]
    pub reason: Option<String>,
    /// The version that was read.
    #[schema(minimum = 1)]
    pub version: i32,
}

/// One variant with its price.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"sku": "SHIRT-1", "price": {"amountMinor": 4900, "currency": "EUR"}}))]
pub struct NewVariant {
    /// Unique among the store's active offers.
    #[schema(pattern = "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$", max_length = 64)]
    pub sku: String,
    pub price: Money,
    /// One option for each axis; nothing for a product without axes.
    pub axis_values: Option<BTreeMap<String, String>>,
}

/// All combinations of axes.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"axes": {"color": ["red", "blue"], "size": ["S", "M"]}, "skuPrefix": "SHIRT",
    "price": {"amountMinor": 4900, "currency": "EUR"},
    "overrides": [{"axisValues": {"color": "red", "size": "M"}, "price": {"amountMinor": 5200, "currency": "EUR"}}]}))]
pub struct NewCombinations {
    /// The options to combine, by axis.
    pub axes: BTreeMap<String, Vec<String>>,
    /// SKUs are this and the options: `SHIRT-RED-S`.
    #[schema(max_length = 64)]
    pub sku_prefix: String,
    /// The price of all that no override names.
    pub price: Money,
    /// Other SKUs and prices for single combinations.
    #[schema(max_items = 1000)]
    pub overrides: Option<Vec<VariantOverride>>,
}

/// Another SKU or price for one combination.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct VariantOverride {
    /// The combination.
    pub axis_values: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 64)]
    pub sku: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price: Option<Money>,
}

/// What may be sent to create variants: one, or all combinations of axes.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub enum NewVariants {
    One(NewVariant),
    Combinations(NewCombinations),
}

/// [`NewVariants`] as it is read: flat, so that a wrong field can be named. SQL decides which of the two it is.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct VariantsRequest {
    pub sku: Option<String>,
    pub price: Money,
    pub axis_values: Option<BTreeMap<String, String>>,
    pub axes: Option<BTreeMap<String, Vec<String>>>,
    pub sku_prefix: Option<String>,
    pub overrides: Option<Vec<VariantOverride>>,
}

/// A variant as it shall be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"sku": "SHIRT-1", "price": {"amountMinor": 4500, "currency": "EUR"}, "position": 0}))]
pub struct VariantChange {
    #[schema(pattern = "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$", max_length = 64)]
    pub sku: String,
    pub price: Money,
    /// Variants are listed in this order; stays when absent.
    #[schema(minimum = 0, maximum = 1_000_000)]
    pub position: Option<i32>,
}

/// A variant.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Variant {
    pub product_id: Uuid,
    #[serde(flatten)]
    pub variant: ProductVariant,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl HasVersion for Variant {
    fn version(&self) -> i32 {
        self.variant.version
    }
}

impl TryFrom<&Row> for Variant {
    type Error = Problem;

    fn try_from(row: &Row) -> Result<Self, Problem> {
        Ok(Self {
            product_id: row.try_get("product_id")?,
            variant: ProductVariant {
                variant_id: row.try_get("variant_id")?,
                axis_values: json(row, "axis_values")?,
                position: row.try_get("position")?,
                status: row.try_get("status")?,
                version: row.try_get("version")?,
                offers: json(row, "offers")?,
            },
            created_at: row.try_get("created_at")?,
            updated_at: row.try_get("updated_at")?,
        })
    }
}

/// Variants that were created together.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CreatedVariants {
    /// In the order of their combinations.
    #[schema(max_items = 1000)]
    pub items: Vec<Variant>,
}
