//! Handlers: extract, call, convert, respond.

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use uuid::Uuid;

use super::sql;
use super::types::{
    Basket, BuyerGroup, BuyerGroupChange, BuyerGroupMember, CommissionBasket, CommissionRule,
    CommissionRuleChange, CommissionRuleEnd, CommissionRuleFilter, CommissionRuleHistory, Coupon,
    CouponBatch, CouponFilter, ListPricesChange, ListedOffer, NewBuyerGroup, NewCommissionRule,
    NewCouponBatch, Preview, PriceList, PriceListChange, PriceListFilter, Promotion, PromotionFilter,
    PromotionRules, PromotionVersion, ResolvedCommissions, ShippingRate, ShippingRateChange,
};
use crate::app::App;
use crate::http::actor::{Actor, AdminActor, MaybeActor, SellerActor};
use crate::http::context::Ctx;
use crate::http::if_match::IfMatch;
use crate::http::json::ApiJson;
use crate::http::page::{Page, Paged};
use crate::http::path::ApiPath;
use crate::http::query::ApiQuery;
use crate::http::respond::{Created, Versioned};
use crate::problem::{ProblemDocument, Result};

/// List commission rules
///
/// In their newest version, newest rule first; with `activeAt`, those in force at that moment, as they were then.
#[utoipa::path(
    get, path = "/pricing/commission-rules", tag = "pricing", operation_id = "listCommissionRules",
    security(("bearer" = [])),
    params(CommissionRuleFilter, Page),
    responses(
        (status = 200, description = "A page of rules", body = Paged<CommissionRule>),
        (status = 422, description = "pricing.filter_invalid", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn list_commission_rules(
    State(app): State<App>,
    actor: AdminActor,
    ctx: Ctx,
    page: Page,
    ApiQuery(filter): ApiQuery<CommissionRuleFilter>,
) -> Result<Json<Paged<CommissionRule>>> {
    let rows = sql::list_commission_rules(&app.pool, &ctx.call(&actor), &filter, &page).await?;
    Ok(Json(Paged::from_rows(&rows, page.limit, |row| CommissionRule::try_from(row))?))
}

/// Make a commission rule
///
/// Its scope is what is given of seller, category and product; nothing given makes it the default. The greatest `priority`
/// wins, then the most specific rule: `docs/pricing.md` has the table. Two rules that nothing tells apart cannot be in force
/// at the same time.
#[utoipa::path(
    post, path = "/pricing/commission-rules", tag = "pricing", operation_id = "createCommissionRule",
    security(("bearer" = [])),
    request_body = NewCommissionRule,
    responses(
        (status = 201, description = "The rule", body = CommissionRule,
            headers(("Location" = String, description = "Where the rule is"), ("ETag" = String, description = "Its version, for If-Match"))),
        (status = 409, description = "pricing.rule_conflict, which names the rival", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn create_commission_rule(
    State(app): State<App>,
    actor: AdminActor,
    ctx: Ctx,
    ApiJson(rule): ApiJson<NewCommissionRule>,
) -> Result<impl IntoResponse> {
    let rule = sql::create_commission_rule(&app.pool, &ctx.call(&actor), &rule).await?;
    Ok(Created(format!("/api/v1/pricing/commission-rules/{}", rule.rule_id), Versioned(rule)))
}

/// Get a commission rule
#[utoipa::path(
    get, path = "/pricing/commission-rules/{ruleId}", tag = "pricing", operation_id = "getCommissionRule",
    security(("bearer" = [])),
    params(("ruleId" = Uuid, Path, description = "The rule")),
    responses(
        (status = 200, description = "The rule in its newest version, and all its versions", body = CommissionRuleHistory,
            headers(("ETag" = String, description = "Its version, for If-Match"))),
    )
)]
pub async fn get_commission_rule(
    State(app): State<App>,
    actor: AdminActor,
    ctx: Ctx,
    ApiPath(rule_id): ApiPath<Uuid>,
) -> Result<Versioned<CommissionRuleHistory>> {
    Ok(Versioned(sql::get_commission_rule(&app.pool, &ctx.call(&actor), rule_id).await?))
}

/// Change a commission rule
///
/// The newest version is closed now and the next one opens; orders keep the version they were priced by.
#[utoipa::path(
    put, path = "/pricing/commission-rules/{ruleId}", tag = "pricing", operation_id = "updateCommissionRule",
    security(("bearer" = [])),
    params(("ruleId" = Uuid, Path, description = "The rule"), IfMatch),
    request_body = CommissionRuleChange,
    responses(
        (status = 200, description = "The rule in its new version", body = CommissionRule,
            headers(("ETag" = String, description = "Its version, for If-Match"))),
        (status = 409, description = "pricing.rule_conflict, pricing.rule_ended", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn update_commission_rule(
    State(app): State<App>,
    actor: AdminActor,
    ctx: Ctx,
    ApiPath(rule_id): ApiPath<Uuid>,
    IfMatch(version): IfMatch,
    ApiJson(change): ApiJson<CommissionRuleChange>,
) -> Result<Versioned<CommissionRule>> {
    let ctx = ctx.call(&actor);
    Ok(Versioned(sql::update_commission_rule(&app.pool, &ctx, rule_id, version, &change).await?))
}

/// End a commission rule
///
/// Now, or at a later moment. Like every change it makes a version, which tells who ended the rule; orders keep what they
/// were charged.
#[utoipa::path(
    post, path = "/pricing/commission-rules/{ruleId}/end", tag = "pricing", operation_id = "endCommissionRule",
    security(("bearer" = [])),
    params(("ruleId" = Uuid, Path, description = "The rule")),
    request_body = CommissionRuleEnd,
    responses(
        (status = 200, description = "The rule as it is now", body = CommissionRule,
            headers(("ETag" = String, description = "Its version, for If-Match"))),
        (status = 409, description = "pricing.rule_ended", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "pricing.rule_invalid", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn end_commission_rule(
    State(app): State<App>,
    actor: AdminActor,
    ctx: Ctx,
    ApiPath(rule_id): ApiPath<Uuid>,
    ApiJson(end): ApiJson<CommissionRuleEnd>,
) -> Result<Versioned<CommissionRule>> {
    Ok(Versioned(sql::end_commission_rule(&app.pool, &ctx.call(&actor), rule_id, end.at).await?))
}

/// Explain the commissions of a basket
///
/// Its lines and shipping fees as an order placed now would have them, each with the rule that would charge it, and all other
/// rules that could, with the reason why they do not. With `at`, by the rules of another moment, also a past one.
#[utoipa::path(
    post, path = "/pricing/commission-rules/resolve", tag = "pricing", operation_id = "resolveCommissions",
    security(("bearer" = [])),
    request_body = CommissionBasket,
    responses(
        (status = 200, description = "The commissions, and why", body = ResolvedCommissions),
        (status = 422, description = "pricing.variant_unavailable, pricing.currency_mismatch, pricing.basket_invalid", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn resolve_commissions(
    State(app): State<App>,
    actor: AdminActor,
    ctx: Ctx,
    ApiJson(basket): ApiJson<CommissionBasket>,
) -> Result<Json<ResolvedCommissions>> {
    Ok(Json(sql::resolve_commissions(&app.pool, &ctx.call(&actor), &basket).await?))
}

/// Get your shipping rate in a currency
#[utoipa::path(
    get, path = "/pricing/shipping-rates/{currency}", tag = "pricing", operation_id = "getShippingRate",
    security(("bearer" = [])),
    params(("currency" = String, Path, description = "ISO 4217 code")),
    responses(
        (status = 200, description = "The rate; version 0 when it was never set", body = ShippingRate,
            headers(("ETag" = String, description = "Its version, for If-Match"))),
    )
)]
pub async fn get_shipping_rate(
    State(app): State<App>,
    actor: SellerActor,
    ctx: Ctx,
    ApiPath(currency): ApiPath<String>,
) -> Result<Versioned<ShippingRate>> {
    Ok(Versioned(sql::get_shipping_rate(&app.pool, &ctx.call(&actor), &currency).await?))
}

/// Set your shipping rate in a currency
///
/// A flat fee per order. `If-Match: "0"` when it was never set.
#[utoipa::path(
    put, path = "/pricing/shipping-rates/{currency}", tag = "pricing", operation_id = "setShippingRate",
    security(("bearer" = [])),
    params(("currency" = String, Path, description = "ISO 4217 code"), IfMatch),
    request_body = ShippingRateChange,
    responses(
        (status = 200, description = "The rate as it is now", body = ShippingRate,
            headers(("ETag" = String, description = "Its version, for If-Match"))),
    )
)]
pub async fn set_shipping_rate(
    State(app): State<App>,
    actor: SellerActor,
    ctx: Ctx,
    ApiPath(currency): ApiPath<String>,
    IfMatch(version): IfMatch,
    ApiJson(change): ApiJson<ShippingRateChange>,
) -> Result<Versioned<ShippingRate>> {
    let ctx = ctx.call(&actor);
    Ok(Versioned(sql::set_shipping_rate(&app.pool, &ctx, &currency, version, &change).await?))
}

/// List promotions
///
/// Newest first: all for administrators, a seller's own, and for everybody else those that apply now without a coupon.
#[utoipa::path(
    get, path = "/promotions", tag = "pricing", operation_id = "listPromotions",
    security((), ("bearer" = [])),
    params(PromotionFilter, Page),
    responses(
        (status = 200, description = "A page of promotions", body = Paged<Promotion>),
        (status = 422, description = "pricing.filter_invalid", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn list_promotions(
    State(app): State<App>,
    actor: MaybeActor,
    ctx: Ctx,
    page: Page,
    ApiQuery(filter): ApiQuery<PromotionFilter>,
) -> Result<Json<Paged<Promotion>>> {
    let rows = sql::list_promotions(&app.pool, &ctx.maybe(actor.0.as_ref()), &filter, &page).await?;
    Ok(Json(Paged::from_rows(&rows, page.limit, |row| Promotion::try_from(row))?))
}

/// Draft a promotion
///
/// An administrator's is for the whole marketplace, a seller's for that seller's lines. It applies once it is activated.
#[utoipa::path(
    post, path = "/promotions", tag = "pricing", operation_id = "createPromotion",
    security(("bearer" = [])),
    request_body = PromotionRules,
    responses(
        (status = 201, description = "The draft", body = Promotion,
            headers(("Location" = String, description = "Where the promotion is"), ("ETag" = String, description = "Its version, for If-Match"))),
    )
)]
pub async fn create_promotion(
    State(app): State<App>,
    actor: Actor,
    ctx: Ctx,
    ApiJson(rules): ApiJson<PromotionRules>,
) -> Result<impl IntoResponse> {
    let promotion = sql::create_promotion(&app.pool, &ctx.call(&actor), &rules).await?;
    Ok(Created(format!("/api/v1/promotions/{}", promotion.promotion_id), Versioned(promotion)))
}

/// Price a basket
///
/// The whole derivation of its total, why a coupon cannot be used, and why each promotion that could act did not: what a storefront
/// needs to say "add 12.50 more". The functions that price orders do it, so an order
/// placed at the same moment costs the same. Uses of a buyer count when a buyer asks.
#[utoipa::path(
    post, path = "/promotions/apply", tag = "pricing", operation_id = "applyPromotions",
    security((), ("bearer" = [])),
    request_body = Basket,
    responses(
        (status = 200, description = "The priced basket", body = Preview),
        (status = 422, description = "pricing.variant_unavailable, pricing.currency_mismatch, pricing.basket_invalid", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn apply_promotions(
    State(app): State<App>,
    actor: MaybeActor,
    ctx: Ctx,
    ApiJson(basket): ApiJson<Basket>,
) -> Result<Json<Preview>> {
    Ok(Json(sql::apply_promotions(&app.pool, &ctx.maybe(actor.0.as_ref()), &basket).await?))
}

/// Get a promotion
#[utoipa::path(
    get, path = "/promotions/{promotionId}", tag = "pricing", operation_id = "getPromotion",
    security((), ("bearer" = [])),
    params(("promotionId" = Uuid, Path, description = "The promotion")),
    responses(
        (status = 200, description = "The promotion", body = Promotion,
            headers(("ETag" = String, description = "Its version, for If-Match"))),
    )
)]
pub async fn get_promotion(
    State(app): State<App>,
    actor: MaybeActor,
    ctx: Ctx,
    ApiPath(promotion_id): ApiPath<Uuid>,
) -> Result<Versioned<Promotion>> {
    Ok(Versioned(sql::get_promotion(&app.pool, &ctx.maybe(actor.0.as_ref()), promotion_id).await?))
}

/// Replace the rules of a promotion
///
/// Those of a draft simply change. What was active gets a new version that supersedes the old one at once; orders keep the
/// version they were priced by. It also keeps its kinds of limits.
#[utoipa::path(
    put, path = "/promotions/{promotionId}", tag = "pricing", operation_id = "updatePromotion",
    security(("bearer" = [])),
    params(("promotionId" = Uuid, Path, description = "The promotion"), IfMatch),
    request_body = PromotionRules,
    responses(
        (status = 200, description = "The promotion as it is now", body = Promotion,
            headers(("ETag" = String, description = "Its version, for If-Match"))),
        (status = 409, description = "pricing.promotion_immutable, pricing.promotion_limits_fixed, pricing.promotion_window_over, pricing.coupon_taken, pricing.group_mode_conflict", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn update_promotion(
    State(app): State<App>,
    actor: Actor,
    ctx: Ctx,
    ApiPath(promotion_id): ApiPath<Uuid>,
    IfMatch(version): IfMatch,
    ApiJson(rules): ApiJson<PromotionRules>,
) -> Result<Versioned<Promotion>> {
    let ctx = ctx.call(&actor);
    Ok(Versioned(sql::update_promotion(&app.pool, &ctx, promotion_id, version, &rules).await?))
}

/// Activate a promotion
///
/// It is checked once more, and is ACTIVE at once, or SCHEDULED until its start. From now on a change is a new version.
#[utoipa::path(
    post, path = "/promotions/{promotionId}/activate", tag = "pricing", operation_id = "activatePromotion",
    security(("bearer" = [])),
    params(("promotionId" = Uuid, Path, description = "The promotion")),
    responses(
        (status = 200, description = "The promotion as it is now", body = Promotion,
            headers(("ETag" = String, description = "Its version, for If-Match"))),
        (status = 409, description = "pricing.transition_refused, pricing.promotion_window_over, pricing.coupon_taken, pricing.group_mode_conflict", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn activate_promotion(
    State(app): State<App>,
    actor: Actor,
    ctx: Ctx,
    ApiPath(promotion_id): ApiPath<Uuid>,
) -> Result<Versioned<Promotion>> {
    Ok(Versioned(sql::activate_promotion(&app.pool, &ctx.call(&actor), promotion_id).await?))
}

/// Pause a promotion
///
/// It applies to no order until it is activated again.
#[utoipa::path(
    post, path = "/promotions/{promotionId}/pause", tag = "pricing", operation_id = "pausePromotion",
    security(("bearer" = [])),
    params(("promotionId" = Uuid, Path, description = "The promotion")),
    responses(
        (status = 200, description = "The promotion as it is now", body = Promotion,
            headers(("ETag" = String, description = "Its version, for If-Match"))),
        (status = 409, description = "pricing.transition_refused", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn pause_promotion(
    State(app): State<App>,
    actor: Actor,
    ctx: Ctx,
    ApiPath(promotion_id): ApiPath<Uuid>,
) -> Result<Versioned<Promotion>> {
    Ok(Versioned(sql::pause_promotion(&app.pool, &ctx.call(&actor), promotion_id).await?))
}

/// End a promotion for good
///
/// Its coupon code is free again.
#[utoipa::path(
    post, path = "/promotions/{promotionId}/end", tag = "pricing", operation_id = "endPromotion",
    security(("bearer" = [])),
    params(("promotionId" = Uuid, Path, description = "The promotion")),
    responses(
        (status = 200, description = "The promotion as it is now", body = Promotion,
            headers(("ETag" = String, description = "Its version, for If-Match"))),
        (status = 409, description = "pricing.transition_refused", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn end_promotion(
    State(app): State<App>,
    actor: Actor,
    ctx: Ctx,
    ApiPath(promotion_id): ApiPath<Uuid>,
) -> Result<Versioned<Promotion>> {
    Ok(Versioned(sql::end_promotion(&app.pool, &ctx.call(&actor), promotion_id).await?))
}

/// List the versions of a promotion
///
/// Those under which it acted or acts, newest first. Each discount of an order names the version that it was computed by.
#[utoipa::path(
    get, path = "/promotions/{promotionId}/versions", tag = "pricing", operation_id = "listPromotionVersions",
    security(("bearer" = [])),
    params(("promotionId" = Uuid, Path, description = "The promotion"), Page),
    responses(
        (status = 200, description = "A page of versions", body = Paged<PromotionVersion>),
        (status = 404, description = "pricing.promotion_not_found", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn list_promotion_versions(
    State(app): State<App>,
    actor: Actor,
    ctx: Ctx,
    page: Page,
    ApiPath(promotion_id): ApiPath<Uuid>,
) -> Result<Json<Paged<PromotionVersion>>> {
    let rows = sql::list_promotion_versions(&app.pool, &ctx.call(&actor), promotion_id, &page).await?;
    Ok(Json(Paged::from_rows(&rows, page.limit, |row| PromotionVersion::try_from(row))?))
}

/// List the coupon batches of a promotion
///
/// Newest first.
#[utoipa::path(
    get, path = "/promotions/{promotionId}/coupon-batches", tag = "pricing", operation_id = "listCouponBatches",
    security(("bearer" = [])),
    params(("promotionId" = Uuid, Path, description = "The promotion"), Page),
    responses(
        (status = 200, description = "A page of batches", body = Paged<CouponBatch>),
        (status = 404, description = "pricing.promotion_not_found", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn list_coupon_batches(
    State(app): State<App>,
    actor: Actor,
    ctx: Ctx,
    page: Page,
    ApiPath(promotion_id): ApiPath<Uuid>,
) -> Result<Json<Paged<CouponBatch>>> {
    let rows = sql::list_coupon_batches(&app.pool, &ctx.call(&actor), promotion_id, &page).await?;
    Ok(Json(Paged::from_rows(&rows, page.limit, |row| CouponBatch::try_from(row))?))
}

/// Generate coupon codes
///
/// For a promotion that requires a coupon. The codes are unique for ever and cannot be guessed.
#[utoipa::path(
    post, path = "/promotions/{promotionId}/coupon-batches", tag = "pricing", operation_id = "createCouponBatch",
    security(("bearer" = [])),
    params(("promotionId" = Uuid, Path, description = "The promotion")),
    request_body = NewCouponBatch,
    responses(
        (status = 201, description = "The batch; its codes are in the export", body = CouponBatch,
            headers(("Location" = String, description = "Where its codes are, as CSV"))),
        (status = 404, description = "pricing.promotion_not_found", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 409, description = "pricing.promotion_automatic, pricing.promotion_immutable", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "pricing.batch_invalid", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn create_coupon_batch(
    State(app): State<App>,
    actor: Actor,
    ctx: Ctx,
    ApiPath(promotion_id): ApiPath<Uuid>,
    ApiJson(batch): ApiJson<NewCouponBatch>,
) -> Result<impl IntoResponse> {
    let batch = sql::create_coupon_batch(&app.pool, &ctx.call(&actor), promotion_id, &batch).await?;
    let export = format!("/api/v1/promotions/{promotion_id}/coupon-batches/{}/export", batch.batch_id);
    Ok(Created(export, Json(batch)))
}

/// Export the codes of a batch
///
/// As CSV, all of them at once.
#[utoipa::path(
    get, path = "/promotions/{promotionId}/coupon-batches/{batchId}/export", tag = "pricing", operation_id = "exportCoupons",
    security(("bearer" = [])),
    params(("promotionId" = Uuid, Path, description = "The promotion"), ("batchId" = Uuid, Path, description = "The batch")),
    responses(
        (status = 200, description = "A line `code,usageLimit,used` for each code under a heading", body = String, content_type = "text/csv", example = "code,usageLimit,used\nSPRING-7KQ2M9XT4RWA,1,0\n"),
        (status = 404, description = "pricing.promotion_not_found, pricing.batch_not_found", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn export_coupons(
    State(app): State<App>,
    actor: Actor,
    ctx: Ctx,
    ApiPath((promotion_id, batch_id)): ApiPath<(Uuid, Uuid)>,
) -> Result<impl IntoResponse> {
    let coupons = sql::export_coupons(&app.pool, &ctx.call(&actor), promotion_id, batch_id).await?;
    let disposition = format!("attachment; filename=\"coupons-{batch_id}.csv\"");
    Ok((
        [
            (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
            (header::CONTENT_DISPOSITION, disposition),
        ],
        Coupon::csv(&coupons),
    ))
}

/// List the generated codes of a promotion
///
/// In the order of the alphabet, with how often each was used.
#[utoipa::path(
    get, path = "/promotions/{promotionId}/coupons", tag = "pricing", operation_id = "listCoupons",
    security(("bearer" = [])),
    params(("promotionId" = Uuid, Path, description = "The promotion"), CouponFilter, Page),
    responses(
        (status = 200, description = "A page of codes", body = Paged<Coupon>),
        (status = 404, description = "pricing.promotion_not_found", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn list_coupons(
    State(app): State<App>,
    actor: Actor,
    ctx: Ctx,
    page: Page,
    ApiQuery(filter): ApiQuery<CouponFilter>,
    ApiPath(promotion_id): ApiPath<Uuid>,
) -> Result<Json<Paged<Coupon>>> {
    let ctx = ctx.call(&actor);
    let rows = sql::list_coupons(&app.pool, &ctx, promotion_id, filter.batch_id, &page).await?;
    Ok(Json(Paged::from_rows(&rows, page.limit, |row| Coupon::try_from(row))?))
}

/// List buyer groups
///
/// In the order of their codes.
#[utoipa::path(
    get, path = "/buyer-groups", tag = "pricing", operation_id = "listBuyerGroups",
    security(("bearer" = [])),
    params(Page),
    responses(
        (status = 200, description = "A page of groups", body = Paged<BuyerGroup>),
    )
)]
pub async fn list_buyer_groups(
    State(app): State<App>,
    actor: AdminActor,
    ctx: Ctx,
    page: Page,
) -> Result<Json<Paged<BuyerGroup>>> {
    let rows = sql::list_buyer_groups(&app.pool, &ctx.call(&actor), &page).await?;
    Ok(Json(Paged::from_rows(&rows, page.limit, |row| BuyerGroup::try_from(row))?))
}

/// Make a buyer group
///
/// A segment that conditions of promotions and price lists name by its code.
#[utoipa::path(
    post, path = "/buyer-groups", tag = "pricing", operation_id = "createBuyerGroup",
    security(("bearer" = [])),
    request_body = NewBuyerGroup,
    responses(
        (status = 201, description = "The group", body = BuyerGroup,
            headers(("Location" = String, description = "Where the group is"), ("ETag" = String, description = "Its version, for If-Match"))),
        (status = 409, description = "pricing.group_exists", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "pricing.group_invalid", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn create_buyer_group(
    State(app): State<App>,
    actor: AdminActor,
    ctx: Ctx,
    ApiJson(group): ApiJson<NewBuyerGroup>,
) -> Result<impl IntoResponse> {
    let group = sql::create_buyer_group(&app.pool, &ctx.call(&actor), &group).await?;
    Ok(Created(format!("/api/v1/buyer-groups/{}", group.code), Versioned(group)))
}

/// Get a buyer group
#[utoipa::path(
    get, path = "/buyer-groups/{code}", tag = "pricing", operation_id = "getBuyerGroup",
    security(("bearer" = [])),
    params(("code" = String, Path, description = "The group")),
    responses(
        (status = 200, description = "The group", body = BuyerGroup,
            headers(("ETag" = String, description = "Its version, for If-Match"))),
        (status = 404, description = "pricing.group_not_found", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn get_buyer_group(
    State(app): State<App>,
    actor: AdminActor,
    ctx: Ctx,
    ApiPath(code): ApiPath<String>,
) -> Result<Versioned<BuyerGroup>> {
    Ok(Versioned(sql::get_buyer_group(&app.pool, &ctx.call(&actor), &code).await?))
}

/// Rename a buyer group
#[utoipa::path(
    put, path = "/buyer-groups/{code}", tag = "pricing", operation_id = "updateBuyerGroup",
    security(("bearer" = [])),
    params(("code" = String, Path, description = "The group"), IfMatch),
    request_body = BuyerGroupChange,
    responses(
        (status = 200, description = "The group as it is now", body = BuyerGroup,
            headers(("ETag" = String, description = "Its version, for If-Match"))),
        (status = 404, description = "pricing.group_not_found", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn update_buyer_group(
    State(app): State<App>,
    actor: AdminActor,
    ctx: Ctx,
    ApiPath(code): ApiPath<String>,
    IfMatch(version): IfMatch,
    ApiJson(change): ApiJson<BuyerGroupChange>,
) -> Result<Versioned<BuyerGroup>> {
    Ok(Versioned(sql::update_buyer_group(&app.pool, &ctx.call(&actor), &code, version, &change).await?))
}

/// Delete a buyer group
///
/// Unless a price list or a promotion that is not over names it.
#[utoipa::path(
    delete, path = "/buyer-groups/{code}", tag = "pricing", operation_id = "deleteBuyerGroup",
    security(("bearer" = [])),
    params(("code" = String, Path, description = "The group")),
    responses(
        (status = 204, description = "It is gone, with its memberships"),
        (status = 404, description = "pricing.group_not_found", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 409, description = "pricing.group_in_use", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn delete_buyer_group(
    State(app): State<App>,
    actor: AdminActor,
    ctx: Ctx,
    ApiPath(code): ApiPath<String>,
) -> Result<StatusCode> {
    sql::delete_buyer_group(&app.pool, &ctx.call(&actor), &code).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// List the members of a buyer group
#[utoipa::path(
    get, path = "/buyer-groups/{code}/members", tag = "pricing", operation_id = "listBuyerGroupMembers",
    security(("bearer" = [])),
    params(("code" = String, Path, description = "The group"), Page),
    responses(
        (status = 200, description = "A page of members", body = Paged<BuyerGroupMember>),
        (status = 404, description = "pricing.group_not_found", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn list_group_members(
    State(app): State<App>,
    actor: AdminActor,
    ctx: Ctx,
    page: Page,
    ApiPath(code): ApiPath<String>,
) -> Result<Json<Paged<BuyerGroupMember>>> {
    let rows = sql::list_group_members(&app.pool, &ctx.call(&actor), &code, &page).await?;
    Ok(Json(Paged::from_rows(&rows, page.limit, |row| BuyerGroupMember::try_from(row))?))
}

/// Put a buyer into a group
///
/// Who is in it stays in it.
#[utoipa::path(
    put, path = "/buyer-groups/{code}/members/{buyerId}", tag = "pricing", operation_id = "addBuyerGroupMember",
    security(("bearer" = [])),
    params(("code" = String, Path, description = "The group"), ("buyerId" = Uuid, Path, description = "The buyer")),
    responses(
        (status = 200, description = "The membership", body = BuyerGroupMember),
        (status = 404, description = "pricing.group_not_found, pricing.buyer_not_found", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn add_group_member(
    State(app): State<App>,
    actor: AdminActor,
    ctx: Ctx,
    ApiPath((code, buyer_id)): ApiPath<(String, Uuid)>,
) -> Result<Json<BuyerGroupMember>> {
    Ok(Json(sql::add_group_member(&app.pool, &ctx.call(&actor), &code, buyer_id).await?))
}

/// Take a buyer out of a group
#[utoipa::path(
    delete, path = "/buyer-groups/{code}/members/{buyerId}", tag = "pricing", operation_id = "removeBuyerGroupMember",
    security(("bearer" = [])),
    params(("code" = String, Path, description = "The group"), ("buyerId" = Uuid, Path, description = "The buyer")),
    responses(
        (status = 204, description = "The buyer is not in the group"),
        (status = 404, description = "pricing.group_not_found", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn remove_group_member(
    State(app): State<App>,
    actor: AdminActor,
    ctx: Ctx,
    ApiPath((code, buyer_id)): ApiPath<(String, Uuid)>,
) -> Result<StatusCode> {
    sql::remove_group_member(&app.pool, &ctx.call(&actor), &code, buyer_id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// List price lists
///
/// Newest first: all for administrators; for sellers their own and the marketplace's.
#[utoipa::path(
    get, path = "/price-lists", tag = "pricing", operation_id = "listPriceLists",
    security(("bearer" = [])),
    params(PriceListFilter, Page),
    responses((status = 200, description = "A page of price lists", body = Paged<PriceList>))
)]
pub async fn list_price_lists(
    State(app): State<App>,
    actor: Actor,
    ctx: Ctx,
    page: Page,
    ApiQuery(filter): ApiQuery<PriceListFilter>,
) -> Result<Json<Paged<PriceList>>> {
    let rows = sql::list_price_lists(&app.pool, &ctx.call(&actor), &filter, &page).await?;
    Ok(Json(Paged::from_rows(&rows, page.limit, |row| PriceList::try_from(row))?))
}

/// Make a price list
///
/// For a group of buyers: an administrator's takes the offers of every seller, a seller's its own.
#[utoipa::path(
    post, path = "/price-lists", tag = "pricing", operation_id = "createPriceList",
    security(("bearer" = [])),
    request_body = PriceListChange,
    responses(
        (status = 201, description = "The price list, empty", body = PriceList,
            headers(("Location" = String, description = "Where the price list is"), ("ETag" = String, description = "Its version, for If-Match"))),
        (status = 422, description = "pricing.price_list_invalid, pricing.group_unknown", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn create_price_list(
    State(app): State<App>,
    actor: Actor,
    ctx: Ctx,
    ApiJson(list): ApiJson<PriceListChange>,
) -> Result<impl IntoResponse> {
    let list = sql::create_price_list(&app.pool, &ctx.call(&actor), &list).await?;
    Ok(Created(format!("/api/v1/price-lists/{}", list.price_list_id), Versioned(list)))
}

/// Get a price list
#[utoipa::path(
    get, path = "/price-lists/{priceListId}", tag = "pricing", operation_id = "getPriceList",
    security(("bearer" = [])),
    params(("priceListId" = Uuid, Path, description = "The price list")),
    responses(
        (status = 200, description = "The price list", body = PriceList, headers(("ETag" = String, description = "Its version, for If-Match"))),
    )
)]
pub async fn get_price_list(
    State(app): State<App>,
    actor: Actor,
    ctx: Ctx,
    ApiPath(price_list_id): ApiPath<Uuid>,
) -> Result<Versioned<PriceList>> {
    Ok(Versioned(sql::get_price_list(&app.pool, &ctx.call(&actor), price_list_id).await?))
}

/// Change a price list
///
/// Name, group, priority, window, whether it counts; its prices stay. At once, also for baskets that were previewed before.
#[utoipa::path(
    put, path = "/price-lists/{priceListId}", tag = "pricing", operation_id = "updatePriceList",
    security(("bearer" = [])),
    params(("priceListId" = Uuid, Path, description = "The price list"), IfMatch),
    request_body = PriceListChange,
    responses(
        (status = 200, description = "The price list as it is now", body = PriceList, headers(("ETag" = String, description = "Its version, for If-Match"))),
        (status = 403, description = "pricing.not_your_price_list", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "pricing.price_list_invalid, pricing.group_unknown", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn update_price_list(
    State(app): State<App>,
    actor: Actor,
    ctx: Ctx,
    ApiPath(price_list_id): ApiPath<Uuid>,
    IfMatch(version): IfMatch,
    ApiJson(list): ApiJson<PriceListChange>,
) -> Result<Versioned<PriceList>> {
    let ctx = ctx.call(&actor);
    Ok(Versioned(sql::update_price_list(&app.pool, &ctx, price_list_id, version, &list).await?))
}

/// Delete a price list
///
/// With its prices.
#[utoipa::path(
    delete, path = "/price-lists/{priceListId}", tag = "pricing", operation_id = "deletePriceList",
    security(("bearer" = [])),
    params(("priceListId" = Uuid, Path, description = "The price list")),
    responses(
        (status = 204, description = "Deleted"),
        (status = 403, description = "pricing.not_your_price_list", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn delete_price_list(
    State(app): State<App>,
    actor: Actor,
    ctx: Ctx,
    ApiPath(price_list_id): ApiPath<Uuid>,
) -> Result<StatusCode> {
    sql::delete_price_list(&app.pool, &ctx.call(&actor), price_list_id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// List the offers in a price list
///
/// With their prices; a seller sees its own offers.
#[utoipa::path(
    get, path = "/price-lists/{priceListId}/prices", tag = "pricing", operation_id = "listListedOffers",
    security(("bearer" = [])),
    params(("priceListId" = Uuid, Path, description = "The price list"), Page),
    responses((status = 200, description = "A page of offers", body = Paged<ListedOffer>))
)]
pub async fn list_listed_offers(
    State(app): State<App>,
    actor: Actor,
    ctx: Ctx,
    page: Page,
    ApiPath(price_list_id): ApiPath<Uuid>,
) -> Result<Json<Paged<ListedOffer>>> {
    let rows = sql::list_listed_offers(&app.pool, &ctx.call(&actor), price_list_id, &page).await?;
    Ok(Json(Paged::from_rows(&rows, page.limit, |row| ListedOffer::try_from(row))?))
}

/// Get what an offer costs in a price list
#[utoipa::path(
    get, path = "/price-lists/{priceListId}/prices/{variantId}/{sellerId}", tag = "pricing", operation_id = "getListPrices",
    security(("bearer" = [])),
    params(("priceListId" = Uuid, Path, description = "The price list"), ("variantId" = Uuid, Path, description = "The variant"), ("sellerId" = Uuid, Path, description = "Whose offer")),
    responses(
        (status = 200, description = "The prices; none when it is not in the list", body = ListedOffer, headers(("ETag" = String, description = "Its version, for If-Match"))),
    )
)]
pub async fn get_list_prices(
    State(app): State<App>,
    actor: Actor,
    ctx: Ctx,
    ApiPath((price_list_id, variant_id, seller_id)): ApiPath<(Uuid, Uuid, Uuid)>,
) -> Result<Versioned<ListedOffer>> {
    let ctx = ctx.call(&actor);
    Ok(Versioned(sql::get_list_prices(&app.pool, &ctx, price_list_id, variant_id, seller_id).await?))
}

/// Set what an offer costs in a price list
///
/// Replaces all its prices in the list; none takes it off. For the seller of the offer and administrators.
#[utoipa::path(
    put, path = "/price-lists/{priceListId}/prices/{variantId}/{sellerId}", tag = "pricing", operation_id = "setListPrices",
    security(("bearer" = [])),
    params(("priceListId" = Uuid, Path, description = "The price list"), ("variantId" = Uuid, Path, description = "The variant"), ("sellerId" = Uuid, Path, description = "Whose offer"), IfMatch),
    request_body = ListPricesChange,
    responses(
        (status = 200, description = "The prices as they are now", body = ListedOffer, headers(("ETag" = String, description = "Its version, for If-Match"))),
        (status = 422, description = "pricing.list_prices_invalid, pricing.currency_unknown", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn set_list_prices(
    State(app): State<App>,
    actor: Actor,
    ctx: Ctx,
    ApiPath((price_list_id, variant_id, seller_id)): ApiPath<(Uuid, Uuid, Uuid)>,
    IfMatch(version): IfMatch,
    ApiJson(change): ApiJson<ListPricesChange>,
) -> Result<Versioned<ListedOffer>> {
    let (ctx, offer) = (ctx.call(&actor), (variant_id, seller_id));
    Ok(Versioned(sql::set_list_prices(&app.pool, &ctx, price_list_id, offer, version, &change).await?))
}
