//! The catalogue functions that the program calls; one async function each.

use std::time::{Duration, Instant};

use postgres_types::Json;
use tokio_postgres::Row;
use uuid::Uuid;

use super::types::{
    Attribute, AttributeChange, AttributeRequest, Category, CategoryAttribute, CategoryRequest, OfferPrices,
    OfferPricesChange, Product, ProductFilter, ProductRequest, ReviewRequest, Variant, VariantChange,
    VariantsRequest,
};
use crate::db::{self, Pool};
use crate::http::{CallContext, Page};
use crate::problem::{Problem, Result};

fn all<T: for<'r> TryFrom<&'r Row, Error = Problem>>(rows: &[Row]) -> Result<Vec<T>> {
    rows.iter().map(T::try_from).collect()
}

pub async fn list_categories(pool: &Pool, parent_id: Option<Uuid>, page: &Page) -> Result<Vec<Row>> {
    let sql = "select category_id, parent_id, path, name, slug, position, version, created_at, updated_at, page_cursor \
               from catalog.list_categories($1, $2, $3)";
    db::query(pool, "catalog.list_categories", sql, &[&parent_id, &page.cursor, &page.limit]).await
}

pub async fn get_category_tree(pool: &Pool, page: &Page) -> Result<Vec<Row>> {
    let sql = "select category_id, name, slug, position, children, page_cursor from catalog.get_category_tree($1, $2)";
    db::query(pool, "catalog.get_category_tree", sql, &[&page.cursor, &page.limit]).await
}

pub async fn get_category(pool: &Pool, category_id: Uuid) -> Result<Category> {
    let sql = "select category_id, parent_id, path, name, slug, position, version, created_at, \
         updated_at from catalog.get_category($1)";
    Category::try_from(&db::query_one(pool, "catalog.get_category", sql, &[&category_id]).await?)
}

pub async fn create_category(pool: &Pool, ctx: &CallContext, request: &CategoryRequest) -> Result<Category> {
    let CategoryRequest { parent_id, name, slug, position } = request;
    let sql = "select category_id, parent_id, path, name, slug, position, version, created_at, \
         updated_at from catalog.create_category($1, $2, $3, $4, $5)";
    let row =
        db::query_one(pool, "catalog.create_category", sql, &[ctx, parent_id, name, slug, position]).await?;
    Category::try_from(&row)
}

pub async fn update_category(
    pool: &Pool,
    ctx: &CallContext,
    category_id: Uuid,
    version: i32,
    request: &CategoryRequest,
) -> Result<Category> {
    let CategoryRequest { parent_id, name, slug, position } = request;
    let row = db::query_one(
        pool,
        "catalog.update_category",
        "select category_id, parent_id, path, name, slug, position, version, created_at, \
             updated_at from catalog.update_category($1, $2, $3, $4, $5, $6, $7)",
        &[ctx, &category_id, &version, parent_id, name, slug, position],
    )
    .await?;
    Category::try_from(&row)
}

pub async fn delete_category(pool: &Pool, ctx: &CallContext, category_id: Uuid) -> Result<()> {
    let sql = "select catalog.delete_category($1, $2)";
    db::execute(pool, "catalog.delete_category", sql, &[ctx, &category_id]).await.map(drop)
}

pub async fn list_category_attributes(pool: &Pool, category_id: Uuid, page: &Page) -> Result<Vec<Row>> {
    let sql = "select inherited_from, attribute_id, code, name, type, unit, is_required, \
         is_variant_axis, options, min_value, max_value, version, created_at, updated_at, page_cursor from \
         catalog.list_category_attributes($1, $2, $3)";
    db::query(pool, "catalog.list_category_attributes", sql, &[&category_id, &page.cursor, &page.limit]).await
}

pub async fn link_attribute(
    pool: &Pool,
    ctx: &CallContext,
    category_id: Uuid,
    attribute_id: Uuid,
) -> Result<CategoryAttribute> {
    let sql = "select inherited_from, attribute_id, code, name, type, unit, is_required, \
         is_variant_axis, options, min_value, max_value, version, created_at, updated_at from \
         catalog.link_attribute($1, $2, $3)";
    let row = db::query_one(pool, "catalog.link_attribute", sql, &[ctx, &category_id, &attribute_id]).await?;
    CategoryAttribute::try_from(&row)
}

pub async fn unlink_attribute(
    pool: &Pool,
    ctx: &CallContext,
    category_id: Uuid,
    attribute_id: Uuid,
) -> Result<()> {
    let sql = "select catalog.unlink_attribute($1, $2, $3)";
    db::execute(pool, "catalog.unlink_attribute", sql, &[ctx, &category_id, &attribute_id]).await.map(drop)
}

pub async fn get_attribute(pool: &Pool, attribute_id: Uuid) -> Result<Attribute> {
    let sql = "select attribute_id, code, name, type, unit, is_required, is_variant_axis, options, \
         min_value, max_value, version, created_at, updated_at from \
         catalog.get_attribute($1)";
    let row = db::query_one(pool, "catalog.get_attribute", sql, &[&attribute_id]).await?;
    Attribute::try_from(&row)
}

pub async fn create_attribute(
    pool: &Pool,
    ctx: &CallContext,
    request: &AttributeRequest,
) -> Result<Attribute> {
    let sql = "select attribute_id, code, name, type, unit, is_required, is_variant_axis, options, \
         min_value, max_value, version, created_at, updated_at from \
         catalog.create_attribute($1, $2)";
    let row = db::query_one(pool, "catalog.create_attribute", sql, &[ctx, &Json(request)]).await?;
    Attribute::try_from(&row)
}

pub async fn update_attribute(
    pool: &Pool,
    ctx: &CallContext,
    attribute_id: Uuid,
    version: i32,
    request: &AttributeChange,
) -> Result<Attribute> {
    let sql = "select attribute_id, code, name, type, unit, is_required, is_variant_axis, options, \
         min_value, max_value, version, created_at, updated_at from \
         catalog.update_attribute($1, $2, $3, $4)";
    let change = Json(request);
    let row = db::query_one(pool, "catalog.update_attribute", sql, &[ctx, &attribute_id, &version, &change])
        .await?;
    Attribute::try_from(&row)
}

pub async fn list_products(
    pool: &Pool,
    ctx: &CallContext,
    filter: &ProductFilter,
    page: &Page,
) -> Result<Vec<Row>> {
    db::query(
        pool,
        "catalog.list_products",
        "select product_id, seller, category_id, title, slug, status, price_from_minor, price_to_minor, currency, version, \
         created_at, updated_at, page_cursor \
         from catalog.list_products($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        &[
            ctx,
            &filter.category_id,
            &filter.seller_id,
            &filter.mine.unwrap_or(false),
            &filter.status.map(super::types::ProductStatus::as_str),
            &filter.price_min,
            &filter.price_max,
            &filter.currency,
            &filter.q,
            &filter.sort.map(super::types::ProductSort::as_str),
            &page.cursor,
            &page.limit,
        ],
    )
    .await
}

/// With the moment until which its prices hold, when `is_kept`.
pub async fn get_product(
    pool: &Pool,
    ctx: &CallContext,
    product_id: Uuid,
    currency: Option<&str>,
    is_kept: bool,
) -> Result<(Product, Option<Instant>)> {
    let sql = "select product_id, seller, category_id, title, slug, description, attributes, status, \
         review_reason, price_from_minor, price_to_minor, currency, version, created_at, \
         updated_at, variants, case when $4 then catalog.prices_hold_ms(product_id) end as hold_ms \
         from catalog.get_product($1, $2, $3)";
    let asked = Instant::now();
    let row =
        db::query_one(pool, "catalog.get_product", sql, &[ctx, &product_id, &currency, &is_kept]).await?;
    Ok((Product::try_from(&row)?, until(asked, &row)?))
}

/// Counted from before the question: the clock of the database was later, so the end is not too late.
fn until(asked: Instant, row: &Row) -> Result<Option<Instant>> {
    let hold_ms: Option<i64> = row.try_get("hold_ms")?;
    Ok(hold_ms.map(|hold_ms| asked + Duration::from_millis(hold_ms.try_into().unwrap_or(0))))
}

/// As [`get_product`].
pub async fn get_product_by_slug(
    pool: &Pool,
    ctx: &CallContext,
    slug: &str,
    currency: Option<&str>,
    is_kept: bool,
) -> Result<(Product, Option<Instant>)> {
    let sql = "select product_id, seller, category_id, title, slug, description, attributes, status, \
         review_reason, price_from_minor, price_to_minor, currency, version, created_at, \
         updated_at, variants, case when $4 then catalog.prices_hold_ms(product_id) end as hold_ms \
         from catalog.get_product_by_slug($1, $2, $3)";
    let asked = Instant::now();
    let row =
        db::query_one(pool, "catalog.get_product_by_slug", sql, &[ctx, &slug, &currency, &is_kept]).await?;
    Ok((Product::try_from(&row)?, until(asked, &row)?))
}

pub async fn create_product(pool: &Pool, ctx: &CallContext, request: &ProductRequest) -> Result<Product> {
    let ProductRequest { category_id, title, slug, description, attributes } = request;
    let row = db::query_one(
        pool,
        "catalog.create_product",
        "select product_id, seller, category_id, title, slug, description, attributes, \
             status, review_reason, price_from_minor, price_to_minor, currency, version, \
             created_at, updated_at, variants from catalog.create_product($1, $2, $3, $4, $5, \
             $6)",
        &[ctx, category_id, title, slug, description, &Json(attributes)],
    )
    .await?;
    Product::try_from(&row)
}

pub async fn update_product(
    pool: &Pool,
    ctx: &CallContext,
    product_id: Uuid,
    version: i32,
    request: &ProductRequest,
) -> Result<Product> {
    let ProductRequest { category_id, title, slug, description, attributes } = request;
    let row = db::query_one(
        pool,
        "catalog.update_product",
        "select product_id, seller, category_id, title, slug, description, attributes, \
             status, review_reason, price_from_minor, price_to_minor, currency, version, \
             created_at, updated_at, variants from catalog.update_product($1, $2, $3, $4, $5, \
             $6, $7, $8)",
        &[ctx, &product_id, &version, category_id, title, slug, description, &Json(attributes)],
    )
    .await?;
    Product::try_from(&row)
}

pub async fn archive_product(pool: &Pool, ctx: &CallContext, product_id: Uuid) -> Result<()> {
    let sql = "select catalog.archive_product($1, $2)";
    db::execute(pool, "catalog.archive_product", sql, &[ctx, &product_id]).await.map(drop)
}

pub async fn submit_product(pool: &Pool, ctx: &CallContext, product_id: Uuid) -> Result<Product> {
    let sql = "select product_id, seller, category_id, title, slug, description, attributes, status, \
         review_reason, price_from_minor, price_to_minor, currency, version, created_at, \
         updated_at, variants from catalog.submit_product($1, $2)";
    Product::try_from(&db::query_one(pool, "catalog.submit_product", sql, &[ctx, &product_id]).await?)
}

pub async fn activate_product(pool: &Pool, ctx: &CallContext, product_id: Uuid) -> Result<Product> {
    let sql = "select product_id, seller, category_id, title, slug, description, attributes, status, \
         review_reason, price_from_minor, price_to_minor, currency, version, created_at, \
         updated_at, variants from catalog.activate_product($1, $2)";
    Product::try_from(&db::query_one(pool, "catalog.activate_product", sql, &[ctx, &product_id]).await?)
}

pub async fn deactivate_product(pool: &Pool, ctx: &CallContext, product_id: Uuid) -> Result<Product> {
    let sql = "select product_id, seller, category_id, title, slug, description, attributes, status, \
         review_reason, price_from_minor, price_to_minor, currency, version, created_at, \
         updated_at, variants from catalog.deactivate_product($1, $2)";
    Product::try_from(&db::query_one(pool, "catalog.deactivate_product", sql, &[ctx, &product_id]).await?)
}

pub async fn review_product(
    pool: &Pool,
    ctx: &CallContext,
    product_id: Uuid,
    request: &ReviewRequest,
) -> Result<Product> {
    let row = db::query_one(
        pool,
        "catalog.review_product",
        "select product_id, seller, category_id, title, slug, description, attributes, \
             status, review_reason, price_from_minor, price_to_minor, currency, version, \
             created_at, updated_at, variants from catalog.review_product($1, $2, $3, $4, $5)",
        &[ctx, &product_id, &request.decision.as_str(), &request.reason, &request.version],
    )
    .await?;
    Product::try_from(&row)
}

pub async fn list_variants(
    pool: &Pool,
    ctx: &CallContext,
    product_id: Uuid,
    currency: Option<&str>,
    page: &Page,
    is_kept: bool,
) -> Result<(Vec<Row>, Option<Instant>)> {
    let asked = Instant::now();
    let rows = db::query(
        pool,
        "catalog.list_variants",
        "select variant_id, product_id, axis_values, position, status, version, created_at, updated_at, offers, \
         page_cursor, (select case when $6 then catalog.prices_hold_ms($2) end) as hold_ms \
         from catalog.list_variants($1, $2, $3, $4, $5)",
        &[ctx, &product_id, &currency, &page.cursor, &page.limit, &is_kept],
    )
    .await?;
    let until = rows.first().map(|row| until(asked, row)).transpose()?.flatten();
    Ok((rows, until))
}

pub async fn get_variant(
    pool: &Pool,
    ctx: &CallContext,
    variant_id: Uuid,
    currency: Option<&str>,
    is_kept: bool,
) -> Result<(Variant, Option<Instant>)> {
    let sql = "select variant_id, product_id, axis_values, position, status, version, created_at, \
         updated_at, offers, case when $4 then catalog.prices_hold_ms(product_id) end as hold_ms \
         from catalog.get_variant($1, $2, $3)";
    let asked = Instant::now();
    let row =
        db::query_one(pool, "catalog.get_variant", sql, &[ctx, &variant_id, &currency, &is_kept]).await?;
    Ok((Variant::try_from(&row)?, until(asked, &row)?))
}

pub async fn create_variants(
    pool: &Pool,
    ctx: &CallContext,
    product_id: Uuid,
    request: &VariantsRequest,
) -> Result<Vec<Variant>> {
    let sql = "select variant_id, product_id, axis_values, position, status, version, created_at, \
         updated_at, offers from catalog.create_variants($1, $2, $3)";
    all(&db::query(pool, "catalog.create_variants", sql, &[ctx, &product_id, &Json(request)]).await?)
}

pub async fn update_variant(
    pool: &Pool,
    ctx: &CallContext,
    variant_id: Uuid,
    version: i32,
    request: &VariantChange,
) -> Result<Variant> {
    let VariantChange { sku, price, position } = request;
    let row = db::query_one(
        pool,
        "catalog.update_variant",
        "select variant_id, product_id, axis_values, position, status, version, created_at, \
             updated_at, offers from catalog.update_variant($1, $2, $3, $4, $5, $6, $7)",
        &[ctx, &variant_id, &version, sku, &price.amount_minor, &price.currency, position],
    )
    .await?;
    Variant::try_from(&row)
}

pub async fn archive_variant(pool: &Pool, ctx: &CallContext, variant_id: Uuid) -> Result<()> {
    let sql = "select catalog.archive_variant($1, $2)";
    db::execute(pool, "catalog.archive_variant", sql, &[ctx, &variant_id]).await.map(drop)
}

pub async fn get_offer_prices(
    pool: &Pool,
    ctx: &CallContext,
    variant_id: Uuid,
    seller_id: Uuid,
) -> Result<OfferPrices> {
    let sql = "select seller_id, variant_id, currency, version, updated_at, prices \
               from catalog.get_offer_prices($1, $2, $3)";
    let row = db::query_one(pool, "catalog.get_offer_prices", sql, &[ctx, &variant_id, &seller_id]).await?;
    OfferPrices::try_from(&row)
}

/// And the product whose offer it is.
pub async fn set_offer_prices(
    pool: &Pool,
    ctx: &CallContext,
    variant_id: Uuid,
    seller_id: Uuid,
    version: i32,
    change: &OfferPricesChange,
) -> Result<(OfferPrices, Uuid)> {
    let row = db::query_one(
        pool,
        "catalog.set_offer_prices",
        "select seller_id, variant_id, currency, version, updated_at, prices, product_id \
         from catalog.set_offer_prices($1, $2, $3, $4, $5)",
        &[ctx, &variant_id, &seller_id, &version, &Json(&change.prices)],
    )
    .await?;
    Ok((OfferPrices::try_from(&row)?, row.try_get("product_id")?))
}

pub async fn list_price_history(
    pool: &Pool,
    ctx: &CallContext,
    variant_id: Uuid,
    seller_id: Uuid,
    currency: Option<&str>,
    page: &Page,
) -> Result<Vec<Row>> {
    db::query(
        pool,
        "catalog.list_price_history",
        "select currency, price_minor, is_sale, since, until, page_cursor \
         from catalog.list_price_history($1, $2, $3, $4, $5, $6)",
        &[ctx, &variant_id, &seller_id, &currency, &page.cursor, &page.limit],
    )
    .await
}
