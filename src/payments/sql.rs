//! The statements of this domain, one function each.

use postgres_types::Json;
use tokio_postgres::Row;
use uuid::Uuid;

use super::provider::Repayment;
use super::types::{
    Begun, Confirmed, Confirming, Finding, HistoryMoment, ListedPayment, OrderHistory, Refund, Starting,
    Unresolved,
};
use crate::app::Pool;
use crate::db::batch::Answers;
use crate::db::call::{execute, query, query_one};
use crate::http::context::CallContext;
use crate::http::page::Page;
use crate::money::Money;
use crate::problem::{Problem, Result};

pub async fn start_payments(pool: &Pool, requests: &[Starting]) -> Result<Answers<Begun>> {
    let rows = query(
        pool,
        "payments.start_payments",
        "select request_no, is_replayed, problem_status, problem_code, problem_detail, problem_hint, problem_errors, \
         payment_id, order_id, order_status, status, amount_minor, currency, provider, version, created_at \
         from payments.start_payments($1)",
        &[&Json(requests)],
    )
    .await?;
    rows.iter().map(|row| Ok((request_index(row)?, Ok(Begun::try_from(row)?)))).collect()
}

/// Answers the problem that stands for the decline.
pub async fn fail_payment(pool: &Pool, ctx: &CallContext, payment_id: Uuid, code: &str) -> Result<Confirmed> {
    let row = query_one(
        pool,
        "payments.fail_payment",
        "select request_no, is_replayed, problem_status, problem_code, problem_detail, problem_hint, problem_errors, \
         payment_id, order_id, order_status, status, amount_minor, currency, refunded_minor, provider, \
         provider_reference, failure_code, version, created_at, updated_at from payments.fail_payment($1, $2, $3)",
        &[ctx, &payment_id, &code],
    )
    .await?;
    Confirmed::try_from(&row)
}

pub async fn find_payment(
    pool: &Pool,
    ctx: &CallContext,
    order_id: Uuid,
    payment_id: Uuid,
) -> Result<Unresolved> {
    let row = query_one(
        pool,
        "payments.find_payment",
        "select payment_id, order_id, status, failure_code, next_check_at, amount_minor, currency::text, method_token \
         from payments.find_payment($1, $2, $3)",
        &[ctx, &order_id, &payment_id],
    )
    .await?;
    Ok(Unresolved::try_from(&row)?)
}

pub async fn confirm_payments(pool: &Pool, requests: &[Confirming]) -> Result<Answers<Confirmed>> {
    let rows = query(
        pool,
        "payments.confirm_payments",
        "select request_no, is_replayed, problem_status, problem_code, problem_detail, problem_hint, problem_errors, \
         payment_id, order_id, order_status, status, amount_minor, currency, refunded_minor, provider, \
         provider_reference, failure_code, version, created_at, updated_at from payments.confirm_payments($1)",
        &[&Json(requests)],
    )
    .await?;
    rows.iter().map(|row| Ok((request_index(row)?, Ok(Confirmed::try_from(row)?)))).collect()
}

/// SQL counts the requests of a batch from 1.
fn request_index(row: &Row) -> Result<usize> {
    let number: i32 = row.try_get("request_no")?;
    usize::try_from(number - 1).map_err(Problem::internal)
}

pub async fn list_payments(pool: &Pool, ctx: &CallContext, order_id: Uuid, page: &Page) -> Result<Vec<Row>> {
    query(
        pool,
        "payments.list_payments",
        "select payment_id, order_id, order_status, status, amount_minor, currency, refunded_minor, provider, \
         provider_reference, failure_code, version, created_at, updated_at, refunds, page_cursor \
         from payments.list_payments($1, $2, $3, $4)",
        &[ctx, &order_id, &page.cursor, &page.limit],
    )
    .await
}

pub async fn get_order_history(
    pool: &Pool,
    ctx: &CallContext,
    order_id: Uuid,
    moment: &HistoryMoment,
    page: &Page,
) -> Result<OrderHistory> {
    let row = query_one(
        pool,
        "payments.get_order_history",
        "select order_id, seq, occurred_at, buyer_id, status, currency, subtotal_minor, discount_minor, shipping_minor, \
         total_minor, placed_at, payment_due_at, version, updated_at, fulfilments, lines, payments, events, next_cursor \
         from payments.get_order_history($1, $2, $3, $4, $5, $6)",
        &[ctx, &order_id, &moment.upto, &moment.at, &page.cursor, &page.limit],
    )
    .await?;
    Ok(OrderHistory::try_from(&row)?)
}

/// The second value tells whether the answer is a stored one.
pub async fn request_refund(
    pool: &Pool,
    ctx: &CallContext,
    order_id: Uuid,
    amount: &Money,
    reason: &str,
) -> Result<(Refund, bool)> {
    let row = query_one(
        pool,
        "payments.request_refund",
        "select refund_id, payment_id, order_id, amount_minor, currency, reason, status, failure_code, created_at, \
         updated_at, is_replayed from payments.request_refund($1, $2, $3, $4, $5)",
        &[ctx, &order_id, &amount.amount_minor, &amount.currency, &reason],
    )
    .await?;
    Ok((Refund::try_from(&row)?, row.try_get("is_replayed")?))
}

pub async fn revenue(pool: &Pool, hours: i32) -> Result<Vec<Row>> {
    query(
        pool,
        "payments.revenue",
        "select currency, orders_count, gross_minor, refunded_minor from payments.revenue($1)",
        &[&hours],
    )
    .await
}

/// One row: counts of payments and refunds without an end, and units of stock in holds of dead payments.
pub async fn saga_metrics(pool: &Pool) -> Result<Row> {
    query_one(
        pool,
        "payments.saga_metrics",
        "select unresolved, stuck_payments, stuck_refunds, failed_refunds, dead_units from payments.saga_metrics()",
        &[],
    )
    .await
}

pub async fn list_stuck(pool: &Pool, ctx: &CallContext, page: &Page) -> Result<Vec<Row>> {
    query(
        pool,
        "payments.list_stuck",
        "select kind, payment_id, refund_id, order_id, order_status, amount_minor, currency, status, failure_code, attempts, \
         since, page_cursor from payments.list_stuck($1, $2, $3)",
        &[ctx, &page.cursor, &page.limit],
    )
    .await
}

pub async fn retry_payment(pool: &Pool, ctx: &CallContext, payment_id: Uuid) -> Result<ListedPayment> {
    let row = query_one(
        pool,
        "payments.retry_payment",
        "select payment_id, order_id, order_status, status, amount_minor, currency, refunded_minor, provider, \
         provider_reference, failure_code, version, created_at, updated_at, refunds from payments.retry_payment($1, $2)",
        &[ctx, &payment_id],
    )
    .await?;
    Ok(ListedPayment::try_from(&row)?)
}

/// Worker: what ended orders mean for their payments.
pub async fn react_to_orders(pool: &Pool, limit: i32) -> Result<usize> {
    let row =
        query_one(pool, "payments.react_to_orders", "select payments.react_to_orders($1) as done", &[&limit])
            .await?;
    usize::try_from(row.try_get::<_, i32>("done")?).map_err(Problem::internal)
}

/// Worker: refunds that are due.
pub async fn claim_refunds(pool: &Pool, limit: i32) -> Result<Vec<Repayment>> {
    let rows = query(
        pool,
        "payments.claim_refunds",
        "select refund_id, provider_reference, amount_minor, currency from payments.claim_refunds($1)",
        &[&limit],
    )
    .await?;
    rows.iter().map(|row| Ok(Repayment::try_from(row)?)).collect()
}

/// Worker: `outcome` is SUCCEEDED, FAILED or UNKNOWN.
pub async fn finish_refund(
    pool: &Pool,
    refund_id: Uuid,
    outcome: &str,
    reference: Option<&str>,
    failure_code: Option<&str>,
) -> Result<()> {
    execute(
        pool,
        "payments.finish_refund",
        "select payments.finish_refund($1, $2, $3, $4)",
        &[&refund_id, &outcome, &reference, &failure_code],
    )
    .await?;
    Ok(())
}

/// Worker: payments whose provider should be asked now.
pub async fn claim_unresolved(pool: &Pool, limit: i32) -> Result<Vec<Unresolved>> {
    let rows = query(
        pool,
        "payments.claim_unresolved",
        "select payment_id, order_id, status, failure_code, next_check_at, amount_minor, currency::text, method_token \
         from payments.claim_unresolved($1)",
        &[&limit],
    )
    .await?;
    rows.iter().map(|row| Ok(Unresolved::try_from(row)?)).collect()
}

/// Worker: what the providers said.
/// How many of them were about a payment of ours.
pub async fn settle_payments(pool: &Pool, findings: &[Finding]) -> Result<usize> {
    let rows = query(
        pool,
        "payments.settle_payments",
        "select request_no from payments.settle_payments($1)",
        &[&Json(findings)],
    )
    .await?;
    Ok(rows.len())
}
