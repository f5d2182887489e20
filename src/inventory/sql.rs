//! The statements of this domain, one function each.

use postgres_types::Json;
use tokio_postgres::Row;
use uuid::Uuid;

use super::types::{Reservation, Reserved, Reserving, Stock, StockChange};
use crate::app::Pool;
use crate::db::batch::Answers;
use crate::db::call::{query, query_one};
use crate::http::context::CallContext;
use crate::http::page::Page;
use crate::problem::{Problem, Result};

pub async fn get_stock(pool: &Pool, ctx: &CallContext, variant_id: Uuid, seller_id: Uuid) -> Result<Stock> {
    let row = query_one(
        pool,
        "inventory.get_stock",
        "select variant_id, seller_id, on_hand, reserved, available, low_stock_threshold, is_low, version, \
             updated_at from \
         inventory.get_stock($1, $2, $3)",
        &[ctx, &variant_id, &seller_id],
    )
    .await?;
    Ok(Stock::try_from(&row)?)
}

pub async fn set_stock(
    pool: &Pool,
    ctx: &CallContext,
    variant_id: Uuid,
    seller_id: Uuid,
    version: i32,
    change: &StockChange,
) -> Result<Stock> {
    let row = query_one(
        pool,
        "inventory.set_stock",
        "select variant_id, seller_id, on_hand, reserved, available, low_stock_threshold, is_low, version, \
             updated_at from \
         inventory.set_stock($1, $2, $3, $4, $5, $6, $7, $8)",
        &[
            ctx,
            &variant_id,
            &seller_id,
            &version,
            &change.mode.as_str(),
            &change.quantity,
            &change.reason,
            &change.low_stock_threshold,
        ],
    )
    .await?;
    Ok(Stock::try_from(&row)?)
}

pub async fn list_low_stock(
    pool: &Pool,
    ctx: &CallContext,
    seller_id: Option<Uuid>,
    page: &Page,
) -> Result<Vec<Row>> {
    query(
        pool,
        "inventory.list_low_stock",
        "select variant_id, seller_id, on_hand, reserved, available, low_stock_threshold, is_low, version, \
         updated_at, sku, title, page_cursor from inventory.list_low_stock($1, $2, $3, $4)",
        &[ctx, &seller_id, &page.cursor, &page.limit],
    )
    .await
}

pub async fn reserve_stock(pool: &Pool, requests: &[Reserving]) -> Result<Answers<Reserved>> {
    let rows = query(
        pool,
        "inventory.reserve_stock",
        "select request_no, is_replayed, problem_status, problem_code, problem_detail, problem_hint, \
         problem_errors, reservation_id, status, reference, expires_at, created_at, resolved_at, lines \
         from inventory.reserve_stock($1)",
        &[&Json(requests)],
    )
    .await?;
    rows.iter().map(|row| Ok((request_index(row)?, Ok(Reserved::try_from(row)?)))).collect()
}

/// SQL counts the requests of a batch from 1.
fn request_index(row: &Row) -> Result<usize> {
    let number: i32 = row.try_get("request_no")?;
    usize::try_from(number - 1).map_err(Problem::internal)
}

pub async fn get_reservation(pool: &Pool, ctx: &CallContext, reservation_id: Uuid) -> Result<Reservation> {
    let row = query_one(
        pool,
        "inventory.get_reservation",
        "select reservation_id, status, reference, expires_at, created_at, resolved_at, lines, is_replayed from \
         inventory.get_reservation($1, $2)",
        &[ctx, &reservation_id],
    )
    .await?;
    Ok(Reservation::try_from(&row)?)
}

/// The second value tells whether the answer is a stored one.
pub async fn confirm_reservation(
    pool: &Pool,
    ctx: &CallContext,
    reservation_id: Uuid,
) -> Result<(Reservation, bool)> {
    let row = query_one(
        pool,
        "inventory.confirm_reservation",
        "select reservation_id, status, reference, expires_at, created_at, resolved_at, lines, is_replayed from \
         inventory.confirm_reservation($1, $2)",
        &[ctx, &reservation_id],
    )
    .await?;
    Ok((Reservation::try_from(&row)?, row.try_get("is_replayed")?))
}

/// The second value tells whether the answer is a stored one.
pub async fn release_reservation(
    pool: &Pool,
    ctx: &CallContext,
    reservation_id: Uuid,
) -> Result<(Reservation, bool)> {
    let row = query_one(
        pool,
        "inventory.release_reservation",
        "select reservation_id, status, reference, expires_at, created_at, resolved_at, lines, is_replayed from \
         inventory.release_reservation($1, $2)",
        &[ctx, &reservation_id],
    )
    .await?;
    Ok((Reservation::try_from(&row)?, row.try_get("is_replayed")?))
}
