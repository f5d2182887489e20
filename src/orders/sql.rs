//! The statements of this domain, one function each.

use jiff::Timestamp;
use postgres_types::Json;
use tokio_postgres::Row;
use uuid::Uuid;

use super::types::{
    CommissionSimulation, Order, OrderCommission, OrderCommissions, OrderPricing, OrderStatus, Placed,
    Placing, PromotionReport, ReportFilter, SimulatedCommission, SimulatedCommissions, SimulatedPromotion,
    Simulation,
};
use crate::app::Pool;
use crate::db::batch::Answers;
use crate::db::call::{query, query_one};
use crate::http::context::CallContext;
use crate::http::page::Page;
use crate::problem::{Problem, Result};

pub async fn place_orders(pool: &Pool, requests: &[Placing]) -> Result<Answers<Placed>> {
    let rows = query(
        pool,
        "orders.place_orders",
        "select request_no, is_replayed, problem_status, problem_code, problem_detail, problem_hint, problem_errors, \
         order_id, buyer_id, status, currency, subtotal_minor, discount_minor, shipping_minor, total_minor, \
         coupon_codes, shipping_address, placed_at, payment_due_at, version, updated_at, fulfilments \
         from orders.place_orders($1)",
        &[&Json(requests)],
    )
    .await?;
    rows.iter().map(|row| Ok((request_index(row)?, Ok(Placed::try_from(row)?)))).collect()
}

/// SQL counts the requests of a batch from 1.
fn request_index(row: &Row) -> Result<usize> {
    let number: i32 = row.try_get("request_no")?;
    usize::try_from(number - 1).map_err(Problem::internal)
}

pub async fn get_order(pool: &Pool, ctx: &CallContext, order_id: Uuid) -> Result<Order> {
    let row =
        query_one(pool, "orders.get_order", "select order_id, buyer_id, status, currency, subtotal_minor, discount_minor, shipping_minor, total_minor, \
         coupon_codes, shipping_address, placed_at, payment_due_at, version, updated_at, fulfilments \
         from orders.get_order($1, $2)", &[ctx, &order_id]).await?;
    Ok(Order::try_from(&row)?)
}

pub async fn get_order_pricing(pool: &Pool, ctx: &CallContext, order_id: Uuid) -> Result<OrderPricing> {
    let row = query_one(
        pool,
        "orders.get_order_pricing",
        "select order_id, currency, subtotal_minor, discount_minor, shipping_minor, total_minor, lines, shipping, adjustments, \
         commissions from orders.get_order_pricing($1, $2)",
        &[ctx, &order_id],
    )
    .await?;
    Ok(OrderPricing::try_from(&row)?)
}

pub async fn list_orders(
    pool: &Pool,
    ctx: &CallContext,
    status: Option<&str>,
    page: &Page,
) -> Result<Vec<Row>> {
    query(
        pool,
        "orders.list_orders",
        "select order_id, buyer_id, seller_ids, status, currency, subtotal_minor, discount_minor, shipping_minor, \
         total_minor, placed_at, payment_due_at, version, updated_at, page_cursor \
         from orders.list_orders($1, $2, $3, $4)",
        &[ctx, &status, &page.cursor, &page.limit],
    )
    .await
}

pub async fn get_order_status(pool: &Pool, ctx: &CallContext, order_id: Uuid) -> Result<OrderStatus> {
    let row = query_one(
        pool,
        "orders.get_order_status",
        "select order_id, status, version, updated_at, history, allowed_actions from orders.get_order_status($1, $2)",
        &[ctx, &order_id],
    )
    .await?;
    Ok(OrderStatus::try_from(&row)?)
}

pub async fn explain_commissions(
    pool: &Pool,
    ctx: &CallContext,
    order_id: Uuid,
    at: Option<Timestamp>,
) -> Result<OrderCommissions> {
    let rows = query(
        pool,
        "orders.explain_commissions",
        "select applies_to, seller_id, line_no, currency, rule_id, rule_version, base, base_minor, percent_bp, \
         trim_scale(exact_percent)::text as exact_percent, fixed_minor, fixed_per, min_minor, max_minor, limit_minor, \
         amount_minor, vat_bp, vat_minor, candidates from orders.explain_commissions($1, $2, $3)",
        &[ctx, &order_id, &at],
    )
    .await?;
    let items = rows.iter().map(OrderCommission::try_from).collect::<std::result::Result<_, _>>()?;
    Ok(OrderCommissions { items })
}

pub async fn simulate_commission_rule(
    pool: &Pool,
    ctx: &CallContext,
    simulation: &CommissionSimulation,
) -> Result<SimulatedCommissions> {
    let rows = query(
        pool,
        "orders.simulate_commission_rule",
        "select seller_id, currency, orders_count, charges_count, changed_count, charged_minor, charged_vat_minor, \
         simulated_minor, simulated_vat_minor, difference_minor \
         from orders.simulate_commission_rule($1, $2, $3, $4, $5)",
        &[
            ctx,
            &Json(&simulation.rule),
            &simulation.replaces_rule_id,
            &simulation.from,
            &simulation.until,
        ],
    )
    .await?;
    let items = rows.iter().map(SimulatedCommission::try_from).collect::<std::result::Result<_, _>>()?;
    Ok(SimulatedCommissions { items })
}

/// The second value tells whether the answer is a stored one.
pub async fn cancel_order(
    pool: &Pool,
    ctx: &CallContext,
    order_id: Uuid,
    reason: Option<&str>,
) -> Result<(OrderStatus, bool)> {
    let row = query_one(
        pool,
        "orders.cancel_order",
        "select order_id, status, version, updated_at, history, allowed_actions, is_replayed \
         from orders.cancel_order($1, $2, $3)",
        &[ctx, &order_id, &reason],
    )
    .await?;
    Ok((OrderStatus::try_from(&row)?, row.try_get("is_replayed")?))
}

pub async fn accept_fulfilment(
    pool: &Pool,
    ctx: &CallContext,
    order_id: Uuid,
    seller_id: Uuid,
) -> Result<Order> {
    let row = query_one(
        pool,
        "orders.accept_fulfilment",
        "select order_id, buyer_id, status, currency, subtotal_minor, discount_minor, shipping_minor, total_minor, \
         coupon_codes, shipping_address, placed_at, payment_due_at, version, updated_at, fulfilments \
         from orders.accept_fulfilment($1, $2, $3)",
        &[ctx, &order_id, &seller_id],
    )
    .await?;
    Ok(Order::try_from(&row)?)
}

pub async fn ship_fulfilment(
    pool: &Pool,
    ctx: &CallContext,
    order_id: Uuid,
    seller_id: Uuid,
    carrier: &str,
    tracking_number: &str,
) -> Result<Order> {
    let row = query_one(
        pool,
        "orders.ship_fulfilment",
        "select order_id, buyer_id, status, currency, subtotal_minor, discount_minor, shipping_minor, total_minor, \
         coupon_codes, shipping_address, placed_at, payment_due_at, version, updated_at, fulfilments \
         from orders.ship_fulfilment($1, $2, $3, $4, $5)",
        &[ctx, &order_id, &seller_id, &carrier, &tracking_number],
    )
    .await?;
    Ok(Order::try_from(&row)?)
}

pub async fn deliver_fulfilment(
    pool: &Pool,
    ctx: &CallContext,
    order_id: Uuid,
    seller_id: Uuid,
) -> Result<Order> {
    let row = query_one(
        pool,
        "orders.deliver_fulfilment",
        "select order_id, buyer_id, status, currency, subtotal_minor, discount_minor, shipping_minor, total_minor, \
         coupon_codes, shipping_address, placed_at, payment_due_at, version, updated_at, fulfilments \
         from orders.deliver_fulfilment($1, $2, $3)",
        &[ctx, &order_id, &seller_id],
    )
    .await?;
    Ok(Order::try_from(&row)?)
}

pub async fn metrics(pool: &Pool) -> Result<Vec<Row>> {
    query(pool, "orders.metrics", "select status, currency, orders, total_minor from orders.metrics()", &[])
        .await
}

pub async fn promotion_report(
    pool: &Pool,
    ctx: &CallContext,
    promotion_id: Uuid,
    filter: &ReportFilter,
) -> Result<PromotionReport> {
    let row = query_one(
        pool,
        "orders.promotion_report",
        "select promotion_id, uses, returned_uses, buyers, totals, remaining_uses, remaining_budget_minor, currency, days \
         from orders.promotion_report($1, $2, $3, $4, $5)",
        &[ctx, &promotion_id, &filter.from, &filter.until, &filter.by_day.unwrap_or(false)],
    )
    .await?;
    Ok(PromotionReport::try_from(&row)?)
}

pub async fn simulate_promotion(
    pool: &Pool,
    ctx: &CallContext,
    promotion_id: Uuid,
    simulation: &Simulation,
) -> Result<SimulatedPromotion> {
    let row = query_one(
        pool,
        "orders.simulate_promotion",
        "select examined, touched, totals, next_cursor from orders.simulate_promotion($1, $2, $3, $4, $5, $6)",
        &[ctx, &promotion_id, &simulation.from, &simulation.until, &simulation.cursor, &simulation.limit],
    )
    .await?;
    Ok(SimulatedPromotion::try_from(&row)?)
}
