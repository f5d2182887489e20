//! Handlers: extract, call, convert, respond.

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use uuid::Uuid;

use super::sql;
use super::types::{
    Cancellation, CommissionMoment, CommissionSimulation, NewOrder, Order, OrderCommissions, OrderFilter,
    OrderPricing, OrderStatus, OrderSummary, Placing, PromotionReport, ReportFilter, Shipment,
    SimulatedCommissions, SimulatedPromotion, Simulation,
};
use crate::app::App;
use crate::db::batch::Batched as _;
use crate::http::actor::{Actor, AdminActor, BuyerActor, SellerActor};
use crate::http::context::Ctx;
use crate::http::idempotency::IdempotencyKey;
use crate::http::json::ApiJson;
use crate::http::page::{Page, Paged};
use crate::http::path::ApiPath;
use crate::http::query::ApiQuery;
use crate::http::respond::{Created, Replayable, Versioned};
use crate::problem::{Problem, ProblemDocument, Result};

/// Place an order
///
/// Prices, promotions and commissions are resolved and snapshotted, stock is held until `paymentDueAt`; the order is
/// PENDING_PAYMENT. One fulfilment per seller. All or nothing: a short line refuses the order and every short line is listed.
#[utoipa::path(
    post, path = "/orders", tag = "orders", operation_id = "placeOrder",
    security(("bearer" = [])),
    params(IdempotencyKey),
    request_body = NewOrder,
    responses(
        (status = 201, description = "Placed; stock is held", body = Order,
            headers(("Location" = String, description = "Where the order is"), ("ETag" = String, description = "Its version, for If-Match"), ("Idempotency-Replayed" = String, description = "true: the stored answer of an earlier request"))),
        (status = 409, description = "inventory.insufficient_stock, pricing.coupon_exhausted", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "A line, coupon or the address cannot be used; core.idempotency_key_reused", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn place_order(
    State(app): State<App>,
    actor: BuyerActor,
    ctx: Ctx,
    _key: IdempotencyKey,
    ApiJson(order): ApiJson<NewOrder>,
) -> Result<impl IntoResponse> {
    let request = Placing::new(ctx.call(&actor), order);
    let rows = request.rows();
    let placed = app.batch.place_orders.call(request).await?;
    if let Ok(order) = &placed.outcome {
        app.order_rows.insert(order.order_id, rows.into());
    }
    Ok(Replayable {
        is_replayed: placed.is_replayed,
        answer: placed
            .outcome
            .map(|order| Created(format!("/api/v1/orders/{}", order.order_id), Versioned(order))),
    })
}

/// List orders
///
/// Newest first. Buyers see their own, sellers those they have a part in (with the sums of that part), administrators all.
#[utoipa::path(
    get, path = "/orders", tag = "orders", operation_id = "listOrders",
    security(("bearer" = [])),
    params(OrderFilter, Page),
    responses(
        (status = 200, description = "A page of orders", body = Paged<OrderSummary>),
        (status = 422, description = "orders.status_unknown", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn list_orders(
    State(app): State<App>,
    actor: Actor,
    ctx: Ctx,
    page: Page,
    ApiQuery(filter): ApiQuery<OrderFilter>,
) -> Result<Json<Paged<OrderSummary>>> {
    let rows = sql::list_orders(&app.pool, &ctx.call(&actor), filter.status.as_deref(), &page).await?;
    Ok(Json(Paged::from_rows(&rows, page.limit, |row| OrderSummary::try_from(row))?))
}

/// Get an order
#[utoipa::path(
    get, path = "/orders/{orderId}", tag = "orders", operation_id = "getOrder",
    security(("bearer" = [])),
    params(("orderId" = Uuid, Path, description = "The order")),
    responses(
        (status = 200, description = "The order as the caller may see it", body = Order),
        (status = 404, description = "orders.order_not_found", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn get_order(
    State(app): State<App>,
    actor: Actor,
    ctx: Ctx,
    ApiPath(order_id): ApiPath<Uuid>,
) -> Result<Versioned<Order>> {
    Ok(Versioned(sql::get_order(&app.pool, &ctx.call(&actor), order_id).await?))
}

/// What an order was charged
///
/// The commission of each line, and of each seller's shipping when a rule charged it, with everything it was computed from. For
/// administrators with the rules that could have charged it: which won, which lost, which did not match, and why. A seller sees its
/// own part.
#[utoipa::path(
    get, path = "/orders/{orderId}/commissions", tag = "orders", operation_id = "getOrderCommissions",
    security(("bearer" = [])),
    params(("orderId" = Uuid, Path, description = "The order"), CommissionMoment),
    responses(
        (status = 200, description = "The commissions", body = OrderCommissions),
        (status = 404, description = "orders.order_not_found", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn explain_commissions(
    State(app): State<App>,
    actor: Actor,
    ctx: Ctx,
    ApiPath(order_id): ApiPath<Uuid>,
    ApiQuery(moment): ApiQuery<CommissionMoment>,
) -> Result<Json<OrderCommissions>> {
    Ok(Json(sql::explain_commissions(&app.pool, &ctx.call(&actor), order_id, moment.at).await?))
}

/// Try a commission rule on past orders
///
/// The sold orders of a period are charged again as if the rule had been in force, at the prices and discounts of then: the
/// difference per seller. Nothing is written.
#[utoipa::path(
    post, path = "/pricing/commission-rules/simulate", tag = "pricing", operation_id = "simulateCommissionRule",
    security(("bearer" = [])),
    request_body = CommissionSimulation,
    responses(
        (status = 200, description = "The difference per seller and currency", body = SimulatedCommissions),
        (status = 422, description = "pricing.rule_invalid, pricing.rule_unknown, orders.period_invalid", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn simulate_commission_rule(
    State(app): State<App>,
    actor: AdminActor,
    ctx: Ctx,
    ApiJson(simulation): ApiJson<CommissionSimulation>,
) -> Result<Json<SimulatedCommissions>> {
    Ok(Json(sql::simulate_commission_rule(&app.pool, &ctx.call(&actor), &simulation).await?))
}

/// How an order's total came about
///
/// Each line and fee with every discount on it: the promotion in its version, the base, the exact share and the share in whole
/// minor units. All of it was written when the order was placed and never changes. Sellers see their part, and with administrators
/// also who bears a discount and what the marketplace keeps.
#[utoipa::path(
    get, path = "/orders/{orderId}/pricing", tag = "orders", operation_id = "getOrderPricing",
    security(("bearer" = [])),
    params(("orderId" = Uuid, Path, description = "The order")),
    responses(
        (status = 200, description = "The derivation of the total, as far as the caller may see it", body = OrderPricing),
        (status = 404, description = "orders.order_not_found", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn get_order_pricing(
    State(app): State<App>,
    actor: Actor,
    ctx: Ctx,
    ApiPath(order_id): ApiPath<Uuid>,
) -> Result<Json<OrderPricing>> {
    Ok(Json(sql::get_order_pricing(&app.pool, &ctx.call(&actor), order_id).await?))
}

/// Where an order stands
///
/// Its status, how it came there, and what the caller could do next.
#[utoipa::path(
    get, path = "/orders/{orderId}/status", tag = "orders", operation_id = "getOrderStatus",
    security(("bearer" = [])),
    params(("orderId" = Uuid, Path, description = "The order")),
    responses(
        (status = 200, description = "Status, history, allowed actions", body = OrderStatus),
        (status = 404, description = "orders.order_not_found", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn get_order_status(
    State(app): State<App>,
    actor: Actor,
    ctx: Ctx,
    ApiPath(order_id): ApiPath<Uuid>,
) -> Result<Versioned<OrderStatus>> {
    Ok(Versioned(sql::get_order_status(&app.pool, &ctx.call(&actor), order_id).await?))
}

/// Cancel an order
///
/// Its buyer may until a seller has accepted, administrators until a seller has shipped. Stock and coupons go back; money that
/// was taken is refunded.
#[utoipa::path(
    post, path = "/orders/{orderId}/cancel", tag = "orders", operation_id = "cancelOrder",
    security(("bearer" = [])),
    params(("orderId" = Uuid, Path, description = "The order"), IdempotencyKey),
    request_body = Cancellation,
    responses(
        (status = 200, description = "Cancelled", body = OrderStatus),
        (status = 404, description = "orders.order_not_found", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 409, description = "orders.transition_refused, orders.already_shipped", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "core.idempotency_key_reused", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn cancel_order(
    State(app): State<App>,
    actor: Actor,
    ctx: Ctx,
    _key: IdempotencyKey,
    ApiPath(order_id): ApiPath<Uuid>,
    ApiJson(cancellation): ApiJson<Cancellation>,
) -> Result<impl IntoResponse> {
    let (status, is_replayed) =
        sql::cancel_order(&app.checkout_pool, &ctx.call(&actor), order_id, cancellation.reason.as_deref())
            .await?;
    Ok::<_, Problem>(Replayable { is_replayed, answer: Versioned(status) })
}

/// Accept a seller's part
#[utoipa::path(
    post, path = "/orders/{orderId}/fulfilments/{sellerId}/accept", tag = "orders", operation_id = "acceptFulfilment",
    security(("bearer" = [])),
    params(("orderId" = Uuid, Path, description = "The order"), ("sellerId" = Uuid, Path, description = "The caller's store")),
    responses(
        (status = 200, description = "Accepted", body = Order),
        (status = 404, description = "orders.order_not_found", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 409, description = "orders.acceptance_window_over, orders.transition_refused", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn accept_fulfilment(
    State(app): State<App>,
    actor: SellerActor,
    ctx: Ctx,
    ApiPath((order_id, seller_id)): ApiPath<(Uuid, Uuid)>,
) -> Result<Versioned<Order>> {
    Ok(Versioned(sql::accept_fulfilment(&app.pool, &ctx.call(&actor), order_id, seller_id).await?))
}

/// Ship a seller's part
#[utoipa::path(
    post, path = "/orders/{orderId}/fulfilments/{sellerId}/ship", tag = "orders", operation_id = "shipFulfilment",
    security(("bearer" = [])),
    params(("orderId" = Uuid, Path, description = "The order"), ("sellerId" = Uuid, Path, description = "The caller's store")),
    request_body = Shipment,
    responses(
        (status = 200, description = "Shipped", body = Order),
        (status = 404, description = "orders.order_not_found", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 409, description = "orders.transition_refused", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "orders.carrier_required, orders.tracking_number_required", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn ship_fulfilment(
    State(app): State<App>,
    actor: SellerActor,
    ctx: Ctx,
    ApiPath((order_id, seller_id)): ApiPath<(Uuid, Uuid)>,
    ApiJson(shipment): ApiJson<Shipment>,
) -> Result<Versioned<Order>> {
    let Shipment { carrier, tracking_number } = &shipment;
    Ok(Versioned(
        sql::ship_fulfilment(&app.pool, &ctx.call(&actor), order_id, seller_id, carrier, tracking_number)
            .await?,
    ))
}

/// Say that a seller's part has arrived
#[utoipa::path(
    post, path = "/orders/{orderId}/fulfilments/{sellerId}/deliver", tag = "orders", operation_id = "deliverFulfilment",
    security(("bearer" = [])),
    params(("orderId" = Uuid, Path, description = "The order"), ("sellerId" = Uuid, Path, description = "The caller's store")),
    responses(
        (status = 200, description = "Delivered", body = Order),
        (status = 404, description = "orders.order_not_found", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 409, description = "orders.transition_refused", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn deliver_fulfilment(
    State(app): State<App>,
    actor: SellerActor,
    ctx: Ctx,
    ApiPath((order_id, seller_id)): ApiPath<(Uuid, Uuid)>,
) -> Result<Versioned<Order>> {
    Ok(Versioned(sql::deliver_fulfilment(&app.pool, &ctx.call(&actor), order_id, seller_id).await?))
}

/// Report on a promotion
///
/// How often it was used, by how many buyers, what it cost and who paid, and what is left of its limits. For administrators and
/// the promotion's seller.
#[utoipa::path(
    get, path = "/promotions/{promotionId}/report", tag = "orders", operation_id = "getPromotionReport",
    security(("bearer" = [])),
    params(("promotionId" = Uuid, Path, description = "The promotion"), ReportFilter),
    responses(
        (status = 200, description = "The report", body = PromotionReport),
        (status = 404, description = "pricing.promotion_not_found", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "orders.period_invalid", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn get_promotion_report(
    State(app): State<App>,
    actor: Actor,
    ctx: Ctx,
    ApiQuery(filter): ApiQuery<ReportFilter>,
    ApiPath(promotion_id): ApiPath<Uuid>,
) -> Result<Json<PromotionReport>> {
    Ok(Json(sql::promotion_report(&app.pool, &ctx.call(&actor), promotion_id, &filter).await?))
}

/// Simulate a promotion on past orders
///
/// What it alone, as it stands, would have taken off the orders of a period, and who would have paid. Its status, window, coupons
/// and limits do not matter, and nothing changes. Follow `nextCursor` and add up the pages. For administrators and the promotion's
/// seller.
#[utoipa::path(
    post, path = "/promotions/{promotionId}/simulate", tag = "orders", operation_id = "simulatePromotion",
    security(("bearer" = [])),
    params(("promotionId" = Uuid, Path, description = "The promotion")),
    request_body = Simulation,
    responses(
        (status = 200, description = "What it would have done to this page of orders", body = SimulatedPromotion),
        (status = 404, description = "pricing.promotion_not_found", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "orders.period_invalid", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn simulate_promotion(
    State(app): State<App>,
    actor: Actor,
    ctx: Ctx,
    ApiPath(promotion_id): ApiPath<Uuid>,
    ApiJson(simulation): ApiJson<Simulation>,
) -> Result<Json<SimulatedPromotion>> {
    Ok(Json(sql::simulate_promotion(&app.pool, &ctx.call(&actor), promotion_id, &simulation).await?))
}
