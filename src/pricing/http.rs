//! Handlers: extract, call, convert, respond.

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use uuid::Uuid;

use super::sql;
use super::types::{
    Basket, CommissionRule, CommissionRuleChange, CommissionRuleEnd, CommissionRuleFilter,
    CommissionRuleHistory, NewCommissionRule, Preview, Promotion, PromotionFilter, PromotionRules,
    ShippingRate, ShippingRateChange,
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
/// The whole derivation of its total, and why a coupon cannot be used. The functions that price orders do it, so an order
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
