//! The statements of this domain, one function each.

use jiff::Timestamp;
use postgres_types::Json;
use tokio_postgres::Row;
use uuid::Uuid;

use super::types::{
    Basket, CommissionRule, CommissionRuleChange, CommissionRuleFilter, CommissionRuleHistory,
    NewCommissionRule, Preview, Promotion, PromotionFilter, PromotionRules, ShippingRate, ShippingRateChange,
};
use crate::app::Pool;
use crate::db::call::{query, query_one};
use crate::http::context::CallContext;
use crate::http::page::Page;
use crate::problem::Result;

/// The columns of a promotion, from a function that returns them.
macro_rules! promotion {
    ($call:literal) => {
        concat!(
            "select promotion_id, seller_id, name, description, type, target, percent_bp, amount_minor, \
             currency, category_ids, product_ids, seller_ids, min_subtotal_minor, coupon_code, \
             starts_at, ends_at, usage_limit, buyer_limit, priority, status, version, created_at, \
             updated_at, used, variant_ids, line_condition, condition, min_quantity, price_minor, \
             unit_pick, unit_count, buy_quantity, get_quantity, tier_by, tiers, bundle, gift_variant_id, \
             gift_seller_id, gift_quantity, base, is_exclusive, exclusivity_group, group_mode, \
             combines_with, stops_further, max_order_minor, max_line_minor, floor_bp, funding, \
             seller_share_bp, platform_cap_minor, budget_minor, requires_coupon, page_cursor from ",
            $call
        )
    };
}

pub async fn list_commission_rules(
    pool: &Pool,
    ctx: &CallContext,
    filter: &CommissionRuleFilter,
    page: &Page,
) -> Result<Vec<Row>> {
    query(
        pool,
        "pricing.list_commission_rules",
        "select rule_id, version, name, applies_to, seller_id, category_id, product_id, priority, band_min_minor, \
         band_max_minor, base, percent_bp, fixed_minor, fixed_per, min_minor, max_minor, vat_bp, currency, valid_from, \
         valid_until, created_at, status, page_cursor \
         from pricing.list_commission_rules($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        &[
            ctx,
            &filter.seller_id,
            &filter.category_id,
            &filter.product_id,
            &filter.applies_to,
            &filter.priority,
            &filter.currency,
            &filter.status,
            &filter.active_at,
            &page.cursor,
            &page.limit,
        ],
    )
    .await
}

pub async fn get_commission_rule(
    pool: &Pool,
    ctx: &CallContext,
    rule_id: Uuid,
) -> Result<CommissionRuleHistory> {
    let row = query_one(
        pool,
        "pricing.get_commission_rule",
        "select rule_id, version, name, applies_to, seller_id, category_id, product_id, priority, band_min_minor, \
         band_max_minor, base, percent_bp, fixed_minor, fixed_per, min_minor, max_minor, vat_bp, currency, valid_from, \
         valid_until, created_at, status, versions from pricing.get_commission_rule($1, $2)",
        &[ctx, &rule_id],
    )
    .await?;
    Ok(CommissionRuleHistory::try_from(&row)?)
}

pub async fn create_commission_rule(
    pool: &Pool,
    ctx: &CallContext,
    rule: &NewCommissionRule,
) -> Result<CommissionRule> {
    let row = query_one(
        pool,
        "pricing.create_commission_rule",
        "select rule_id, version, name, applies_to, seller_id, category_id, product_id, priority, band_min_minor, \
         band_max_minor, base, percent_bp, fixed_minor, fixed_per, min_minor, max_minor, vat_bp, currency, valid_from, \
         valid_until, created_at, status from pricing.create_commission_rule($1, $2)",
        &[ctx, &Json(rule)],
    )
    .await?;
    Ok(CommissionRule::try_from(&row)?)
}

pub async fn update_commission_rule(
    pool: &Pool,
    ctx: &CallContext,
    rule_id: Uuid,
    version: i32,
    change: &CommissionRuleChange,
) -> Result<CommissionRule> {
    let row = query_one(
        pool,
        "pricing.update_commission_rule",
        "select rule_id, version, name, applies_to, seller_id, category_id, product_id, priority, band_min_minor, \
         band_max_minor, base, percent_bp, fixed_minor, fixed_per, min_minor, max_minor, vat_bp, currency, valid_from, \
         valid_until, created_at, status from pricing.update_commission_rule($1, $2, $3, $4)",
        &[ctx, &rule_id, &version, &Json(change)],
    )
    .await?;
    Ok(CommissionRule::try_from(&row)?)
}

pub async fn end_commission_rule(
    pool: &Pool,
    ctx: &CallContext,
    rule_id: Uuid,
    at: Option<Timestamp>,
) -> Result<CommissionRule> {
    let row = query_one(
        pool,
        "pricing.end_commission_rule",
        "select rule_id, version, name, applies_to, seller_id, category_id, product_id, priority, band_min_minor, \
         band_max_minor, base, percent_bp, fixed_minor, fixed_per, min_minor, max_minor, vat_bp, currency, valid_from, \
         valid_until, created_at, status from pricing.end_commission_rule($1, $2, $3)",
        &[ctx, &rule_id, &at],
    )
    .await?;
    Ok(CommissionRule::try_from(&row)?)
}

pub async fn list_promotions(
    pool: &Pool,
    ctx: &CallContext,
    filter: &PromotionFilter,
    page: &Page,
) -> Result<Vec<Row>> {
    query(
        pool,
        "pricing.list_promotions",
        promotion!("pricing.list_promotions($1, $2, $3, $4, $5, $6)"),
        &[ctx, &filter.status, &filter.r#type, &filter.seller_id, &page.cursor, &page.limit],
    )
    .await
}

pub async fn get_promotion(pool: &Pool, ctx: &CallContext, promotion_id: Uuid) -> Result<Promotion> {
    let row = query_one(
        pool,
        "pricing.get_promotion",
        promotion!("pricing.get_promotion($1, $2)"),
        &[ctx, &promotion_id],
    )
    .await?;
    Ok(Promotion::try_from(&row)?)
}

pub async fn create_promotion(pool: &Pool, ctx: &CallContext, rules: &PromotionRules) -> Result<Promotion> {
    let row = query_one(
        pool,
        "pricing.create_promotion",
        promotion!("pricing.create_promotion($1, $2)"),
        &[ctx, &Json(rules)],
    )
    .await?;
    Ok(Promotion::try_from(&row)?)
}

pub async fn update_promotion(
    pool: &Pool,
    ctx: &CallContext,
    promotion_id: Uuid,
    version: i32,
    rules: &PromotionRules,
) -> Result<Promotion> {
    let row = query_one(
        pool,
        "pricing.update_promotion",
        promotion!("pricing.update_promotion($1, $2, $3, $4)"),
        &[ctx, &promotion_id, &version, &Json(rules)],
    )
    .await?;
    Ok(Promotion::try_from(&row)?)
}

pub async fn activate_promotion(pool: &Pool, ctx: &CallContext, promotion_id: Uuid) -> Result<Promotion> {
    let row = query_one(
        pool,
        "pricing.activate_promotion",
        promotion!("pricing.activate_promotion($1, $2)"),
        &[ctx, &promotion_id],
    )
    .await?;
    Ok(Promotion::try_from(&row)?)
}

pub async fn pause_promotion(pool: &Pool, ctx: &CallContext, promotion_id: Uuid) -> Result<Promotion> {
    let row = query_one(
        pool,
        "pricing.pause_promotion",
        promotion!("pricing.pause_promotion($1, $2)"),
        &[ctx, &promotion_id],
    )
    .await?;
    Ok(Promotion::try_from(&row)?)
}

pub async fn end_promotion(pool: &Pool, ctx: &CallContext, promotion_id: Uuid) -> Result<Promotion> {
    let row = query_one(
        pool,
        "pricing.end_promotion",
        promotion!("pricing.end_promotion($1, $2)"),
        &[ctx, &promotion_id],
    )
    .await?;
    Ok(Promotion::try_from(&row)?)
}

/// Starts and ends promotions whose time has come; answers how many.
pub async fn sweep_promotions(pool: &Pool, limit: i32) -> Result<usize> {
    let row =
        query_one(pool, "pricing.sweep_promotions", "select pricing.sweep_promotions($1) as done", &[&limit])
            .await?;
    Ok(usize::try_from(row.try_get::<_, i32>("done")?).unwrap_or(0))
}

pub async fn apply_promotions(pool: &Pool, ctx: &CallContext, basket: &Basket) -> Result<Preview> {
    let row = query_one(
        pool,
        "pricing.apply_promotions",
        "select currency, subtotal_minor, discount_minor, shipping_minor, total_minor, lines, shipping, adjustments, \
         refused_coupons from pricing.apply_promotions($1, $2, $3, $4)",
        &[ctx, &Json(&basket.lines), &basket.currency, &basket.coupon_codes],
    )
    .await?;
    Ok(Preview::try_from(&row)?)
}

pub async fn get_shipping_rate(pool: &Pool, ctx: &CallContext, currency: &str) -> Result<ShippingRate> {
    let row = query_one(
        pool,
        "pricing.get_shipping_rate",
        "select seller_id, currency, fee_minor, free_from_minor, version, updated_at \
         from pricing.get_shipping_rate($1, $2)",
        &[ctx, &currency],
    )
    .await?;
    Ok(ShippingRate::try_from(&row)?)
}

pub async fn set_shipping_rate(
    pool: &Pool,
    ctx: &CallContext,
    currency: &str,
    version: i32,
    change: &ShippingRateChange,
) -> Result<ShippingRate> {
    let row = query_one(
        pool,
        "pricing.set_shipping_rate",
        "select seller_id, currency, fee_minor, free_from_minor, version, updated_at \
         from pricing.set_shipping_rate($1, $2, $3, $4, $5)",
        &[ctx, &currency, &version, &change.fee_minor, &change.free_from_minor],
    )
    .await?;
    Ok(ShippingRate::try_from(&row)?)
}
