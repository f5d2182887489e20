//! The statements of this domain, one function each.

use jiff::Timestamp;
use postgres_types::Json;
use tokio_postgres::Row;
use uuid::Uuid;

use super::types::{
    Basket, BuyerGroup, BuyerGroupChange, BuyerGroupMember, CommissionBasket, CommissionRule,
    CommissionRuleChange, CommissionRuleFilter, CommissionRuleHistory, Coupon, CouponBatch, ListPricesChange,
    ListedOffer, NewBuyerGroup, NewCommissionRule, NewCouponBatch, Preview, PriceList, PriceListChange,
    PriceListFilter, Promotion, PromotionFilter, PromotionRules, ResolvedCommissions, ShippingRate,
    ShippingRateChange,
};
use crate::app::Pool;
use crate::db::call::{execute, query, query_one};
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
             seller_share_bp, platform_cap_minor, budget_minor, requires_coupon, \
             spent_minor, page_cursor from ",
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

pub async fn resolve_commissions(
    pool: &Pool,
    ctx: &CallContext,
    basket: &CommissionBasket,
) -> Result<ResolvedCommissions> {
    let row = query_one(
        pool,
        "pricing.resolve_commissions",
        "select currency, at, lines, shipping from pricing.resolve_commissions($1, $2, $3, $4, $5)",
        &[ctx, &Json(&basket.lines), &basket.currency, &basket.coupon_codes, &basket.at],
    )
    .await?;
    Ok(ResolvedCommissions::try_from(&row)?)
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

pub async fn create_coupon_batch(
    pool: &Pool,
    ctx: &CallContext,
    promotion_id: Uuid,
    batch: &NewCouponBatch,
) -> Result<CouponBatch> {
    let row = query_one(
        pool,
        "pricing.create_coupon_batch",
        "select batch_id, promotion_id, prefix, code_count, per_code_limit, used_codes, created_at \
         from pricing.create_coupon_batch($1, $2, $3, $4, $5)",
        &[ctx, &promotion_id, &batch.count, &batch.prefix, &batch.per_code_limit],
    )
    .await?;
    Ok(CouponBatch::try_from(&row)?)
}

pub async fn list_promotion_versions(
    pool: &Pool,
    ctx: &CallContext,
    promotion_id: Uuid,
    page: &Page,
) -> Result<Vec<Row>> {
    query(
        pool,
        "pricing.list_promotion_versions",
        "select version, opened_at, closed_at, rules, page_cursor from pricing.list_promotion_versions($1, $2, $3, $4)",
        &[ctx, &promotion_id, &page.cursor, &page.limit],
    )
    .await
}

pub async fn list_coupon_batches(
    pool: &Pool,
    ctx: &CallContext,
    promotion_id: Uuid,
    page: &Page,
) -> Result<Vec<Row>> {
    query(
        pool,
        "pricing.list_coupon_batches",
        "select batch_id, promotion_id, prefix, code_count, per_code_limit, used_codes, created_at, page_cursor \
         from pricing.list_coupon_batches($1, $2, $3, $4)",
        &[ctx, &promotion_id, &page.cursor, &page.limit],
    )
    .await
}

pub async fn list_coupons(
    pool: &Pool,
    ctx: &CallContext,
    promotion_id: Uuid,
    batch_id: Option<Uuid>,
    page: &Page,
) -> Result<Vec<Row>> {
    query(
        pool,
        "pricing.list_coupons",
        "select code, batch_id, usage_limit, used, page_cursor from pricing.list_coupons($1, $2, $3, $4, $5)",
        &[ctx, &promotion_id, &batch_id, &page.cursor, &page.limit],
    )
    .await
}

pub async fn export_coupons(
    pool: &Pool,
    ctx: &CallContext,
    promotion_id: Uuid,
    batch_id: Uuid,
) -> Result<Vec<Coupon>> {
    let rows = query(
        pool,
        "pricing.export_coupons",
        "select code, batch_id, usage_limit, used from pricing.export_coupons($1, $2, $3)",
        &[ctx, &promotion_id, &batch_id],
    )
    .await?;
    Ok(rows.iter().map(Coupon::try_from).collect::<Result<_, _>>()?)
}

/// The columns of a buyer group, from a function that returns them.
macro_rules! buyer_group {
    ($call:literal) => {
        concat!(
            "select group_code, name, version, created_at, updated_at, member_count, page_cursor from ",
            $call
        )
    };
}

pub async fn list_buyer_groups(pool: &Pool, ctx: &CallContext, page: &Page) -> Result<Vec<Row>> {
    query(
        pool,
        "pricing.list_buyer_groups",
        buyer_group!("pricing.list_buyer_groups($1, $2, $3)"),
        &[ctx, &page.cursor, &page.limit],
    )
    .await
}

pub async fn get_buyer_group(pool: &Pool, ctx: &CallContext, code: &str) -> Result<BuyerGroup> {
    let row = query_one(
        pool,
        "pricing.get_buyer_group",
        buyer_group!("pricing.get_buyer_group($1, $2)"),
        &[ctx, &code],
    )
    .await?;
    Ok(BuyerGroup::try_from(&row)?)
}

pub async fn create_buyer_group(pool: &Pool, ctx: &CallContext, group: &NewBuyerGroup) -> Result<BuyerGroup> {
    let row = query_one(
        pool,
        "pricing.create_buyer_group",
        buyer_group!("pricing.create_buyer_group($1, $2, $3)"),
        &[ctx, &group.code, &group.name],
    )
    .await?;
    Ok(BuyerGroup::try_from(&row)?)
}

pub async fn update_buyer_group(
    pool: &Pool,
    ctx: &CallContext,
    code: &str,
    version: i32,
    change: &BuyerGroupChange,
) -> Result<BuyerGroup> {
    let row = query_one(
        pool,
        "pricing.update_buyer_group",
        buyer_group!("pricing.update_buyer_group($1, $2, $3, $4)"),
        &[ctx, &code, &version, &change.name],
    )
    .await?;
    Ok(BuyerGroup::try_from(&row)?)
}

pub async fn delete_buyer_group(pool: &Pool, ctx: &CallContext, code: &str) -> Result<()> {
    execute(pool, "pricing.delete_buyer_group", "select pricing.delete_buyer_group($1, $2)", &[ctx, &code])
        .await?;
    Ok(())
}

pub async fn list_group_members(pool: &Pool, ctx: &CallContext, code: &str, page: &Page) -> Result<Vec<Row>> {
    query(
        pool,
        "pricing.list_group_members",
        "select buyer_id, added_at, page_cursor from pricing.list_group_members($1, $2, $3, $4)",
        &[ctx, &code, &page.cursor, &page.limit],
    )
    .await
}

pub async fn add_group_member(
    pool: &Pool,
    ctx: &CallContext,
    code: &str,
    buyer_id: Uuid,
) -> Result<BuyerGroupMember> {
    let row = query_one(
        pool,
        "pricing.add_group_member",
        "select buyer_id, added_at from pricing.add_group_member($1, $2, $3)",
        &[ctx, &code, &buyer_id],
    )
    .await?;
    Ok(BuyerGroupMember::try_from(&row)?)
}

pub async fn remove_group_member(pool: &Pool, ctx: &CallContext, code: &str, buyer_id: Uuid) -> Result<()> {
    execute(
        pool,
        "pricing.remove_group_member",
        "select pricing.remove_group_member($1, $2, $3)",
        &[ctx, &code, &buyer_id],
    )
    .await?;
    Ok(())
}

pub async fn apply_promotions(pool: &Pool, ctx: &CallContext, basket: &Basket) -> Result<Preview> {
    let row = query_one(
        pool,
        "pricing.apply_promotions",
        "select currency, subtotal_minor, discount_minor, shipping_minor, total_minor, lines, shipping, adjustments, \
         refused_coupons, not_applied \
         from pricing.apply_promotions($1, $2, $3, $4, $5, orders.next_order_number($1))",
        &[ctx, &Json(&basket.lines), &basket.currency, &basket.coupon_codes, &basket.shipping_country],
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

pub async fn list_price_lists(
    pool: &Pool,
    ctx: &CallContext,
    filter: &PriceListFilter,
    page: &Page,
) -> Result<Vec<Row>> {
    query(
        pool,
        "pricing.list_price_lists",
        "select price_list_id, seller_id, name, group_code, priority, is_active, starts_at, ends_at, version, created_at, \
         updated_at, page_cursor from pricing.list_price_lists($1, $2, $3, $4)",
        &[ctx, &filter.group_code, &page.cursor, &page.limit],
    )
    .await
}

pub async fn get_price_list(pool: &Pool, ctx: &CallContext, price_list_id: Uuid) -> Result<PriceList> {
    let row = query_one(
        pool,
        "pricing.get_price_list",
        "select price_list_id, seller_id, name, group_code, priority, is_active, starts_at, ends_at, version, created_at, \
         updated_at from pricing.get_price_list($1, $2)",
        &[ctx, &price_list_id],
    )
    .await?;
    Ok(PriceList::try_from(&row)?)
}

pub async fn create_price_list(pool: &Pool, ctx: &CallContext, list: &PriceListChange) -> Result<PriceList> {
    let row = query_one(
        pool,
        "pricing.create_price_list",
        "select price_list_id, seller_id, name, group_code, priority, is_active, starts_at, ends_at, version, created_at, \
         updated_at from pricing.create_price_list($1, $2)",
        &[ctx, &Json(list)],
    )
    .await?;
    Ok(PriceList::try_from(&row)?)
}

pub async fn update_price_list(
    pool: &Pool,
    ctx: &CallContext,
    price_list_id: Uuid,
    version: i32,
    list: &PriceListChange,
) -> Result<PriceList> {
    let row = query_one(
        pool,
        "pricing.update_price_list",
        "select price_list_id, seller_id, name, group_code, priority, is_active, starts_at, ends_at, version, created_at, \
         updated_at from pricing.update_price_list($1, $2, $3, $4)",
        &[ctx, &price_list_id, &version, &Json(list)],
    )
    .await?;
    Ok(PriceList::try_from(&row)?)
}

pub async fn delete_price_list(pool: &Pool, ctx: &CallContext, price_list_id: Uuid) -> Result<()> {
    let sql = "select pricing.delete_price_list($1, $2)";
    query(pool, "pricing.delete_price_list", sql, &[ctx, &price_list_id]).await.map(drop)
}

pub async fn list_listed_offers(
    pool: &Pool,
    ctx: &CallContext,
    price_list_id: Uuid,
    page: &Page,
) -> Result<Vec<Row>> {
    query(
        pool,
        "pricing.list_listed_offers",
        "select price_list_id, seller_id, variant_id, version, prices, page_cursor \
         from pricing.list_listed_offers($1, $2, $3, $4)",
        &[ctx, &price_list_id, &page.cursor, &page.limit],
    )
    .await
}

pub async fn get_list_prices(
    pool: &Pool,
    ctx: &CallContext,
    price_list_id: Uuid,
    variant_id: Uuid,
    seller_id: Uuid,
) -> Result<ListedOffer> {
    let row = query_one(
        pool,
        "pricing.get_list_prices",
        "select price_list_id, seller_id, variant_id, version, prices from pricing.get_list_prices($1, $2, $3, $4)",
        &[ctx, &price_list_id, &variant_id, &seller_id],
    )
    .await?;
    Ok(ListedOffer::try_from(&row)?)
}

pub async fn set_list_prices(
    pool: &Pool,
    ctx: &CallContext,
    price_list_id: Uuid,
    (variant_id, seller_id): (Uuid, Uuid),
    version: i32,
    change: &ListPricesChange,
) -> Result<ListedOffer> {
    let row = query_one(
        pool,
        "pricing.set_list_prices",
        "select price_list_id, seller_id, variant_id, version, prices \
         from pricing.set_list_prices($1, $2, $3, $4, $5, $6)",
        &[ctx, &price_list_id, &variant_id, &seller_id, &version, &Json(&change.prices)],
    )
    .await?;
    Ok(ListedOffer::try_from(&row)?)
}
