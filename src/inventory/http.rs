//! Handlers: extract, call, convert, respond.

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use uuid::Uuid;

use super::sql;
use super::types::{LowStock, LowStockFilter, NewReservation, Reservation, Reserving, Stock, StockChange};
use crate::app::App;
use crate::http::actor::Actor;
use crate::http::context::Ctx;
use crate::http::idempotency::IdempotencyKey;
use crate::http::if_match::IfMatch;
use crate::http::json::ApiJson;
use crate::http::page::{Page, Paged};
use crate::http::path::ApiPath;
use crate::http::query::ApiQuery;
use crate::http::respond::{Created, Replayable, Versioned};
use crate::problem::{ProblemDocument, Result};

/// Get the stock of an offer
///
/// For its seller and administrators. Units under expired holds count as available.
#[utoipa::path(
    get, path = "/inventory/{variantId}/{sellerId}", tag = "inventory", operation_id = "getStock",
    security(("bearer" = [])),
    params(("variantId" = Uuid, Path, description = "The variant"), ("sellerId" = Uuid, Path, description = "Who offers it")),
    responses(
        (status = 200, description = "The stock; version 0 when it was never set", body = Stock,
            headers(("ETag" = String, description = "Its version, for If-Match"))),
        (status = 404, description = "inventory.stock_not_found", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn get_stock(
    State(app): State<App>,
    actor: Actor,
    ctx: Ctx,
    ApiPath((variant_id, seller_id)): ApiPath<(Uuid, Uuid)>,
) -> Result<Versioned<Stock>> {
    Ok(Versioned(sql::get_stock(&app.pool, &ctx.call(&actor), variant_id, seller_id).await?))
}

/// Set or adjust the stock of an offer
///
/// Each change is a movement with its reason. Never below what is reserved. `If-Match: "0"` when it was never set.
#[utoipa::path(
    put, path = "/inventory/{variantId}/{sellerId}/stock", tag = "inventory", operation_id = "setStock",
    security(("bearer" = [])),
    params(("variantId" = Uuid, Path, description = "The variant"), ("sellerId" = Uuid, Path, description = "Who offers it"), IfMatch),
    request_body = StockChange,
    responses(
        (status = 200, description = "The stock as it is now", body = Stock,
            headers(("ETag" = String, description = "Its version, for If-Match"))),
        (status = 409, description = "inventory.stock_reserved", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn set_stock(
    State(app): State<App>,
    actor: Actor,
    ctx: Ctx,
    ApiPath((variant_id, seller_id)): ApiPath<(Uuid, Uuid)>,
    IfMatch(version): IfMatch,
    ApiJson(change): ApiJson<StockChange>,
) -> Result<Versioned<Stock>> {
    let ctx = ctx.call(&actor);
    Ok(Versioned(sql::set_stock(&app.pool, &ctx, variant_id, seller_id, version, &change).await?))
}

/// List offers that run out
///
/// Those at or below their low-stock threshold: a seller's own; for administrators all, or those of one seller.
#[utoipa::path(
    get, path = "/inventory/low-stock", tag = "inventory", operation_id = "listLowStock",
    security(("bearer" = [])),
    params(LowStockFilter, Page),
    responses((status = 200, description = "A page of offers", body = Paged<LowStock>))
)]
pub async fn list_low_stock(
    State(app): State<App>,
    actor: Actor,
    ctx: Ctx,
    page: Page,
    ApiQuery(filter): ApiQuery<LowStockFilter>,
) -> Result<Json<Paged<LowStock>>> {
    let rows = sql::list_low_stock(&app.pool, &ctx.call(&actor), filter.seller_id, &page).await?;
    Ok(Json(Paged::from_rows(&rows, page.limit, |row| LowStock::try_from(row))?))
}

/// Reserve stock
///
/// All lines or none; a refusal lists every short line with what is available. The units are held until `expiresAt`.
#[utoipa::path(
    post, path = "/inventory/reserve", tag = "inventory", operation_id = "reserveStock",
    security(("bearer" = [])),
    params(IdempotencyKey),
    request_body = NewReservation,
    responses(
        (status = 201, description = "Held", body = Reservation,
            headers(("Location" = String, description = "Where the reservation is"), ("Idempotency-Replayed" = String, description = "true: the stored answer of an earlier request"))),
        (status = 409, description = "inventory.insufficient_stock, inventory.too_much_held", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn reserve_stock(
    State(app): State<App>,
    actor: Actor,
    ctx: Ctx,
    _key: IdempotencyKey,
    ApiJson(reservation): ApiJson<NewReservation>,
) -> Result<impl IntoResponse> {
    let reserved = app.batch.reserve_stock.call(Reserving::new(ctx.call(&actor), reservation)).await?;
    Ok(Replayable {
        is_replayed: reserved.is_replayed,
        answer: reserved.outcome.map(|reservation| {
            Created(
                format!("/api/v1/inventory/reservations/{}", reservation.reservation_id),
                Json(reservation),
            )
        }),
    })
}

/// Get an own reservation
#[utoipa::path(
    get, path = "/inventory/reservations/{reservationId}", tag = "inventory", operation_id = "getReservation",
    security(("bearer" = [])),
    params(("reservationId" = Uuid, Path, description = "The reservation")),
    responses((status = 200, description = "The reservation", body = Reservation))
)]
pub async fn get_reservation(
    State(app): State<App>,
    actor: Actor,
    ctx: Ctx,
    ApiPath(reservation_id): ApiPath<Uuid>,
) -> Result<Json<Reservation>> {
    Ok(Json(sql::get_reservation(&app.pool, &ctx.call(&actor), reservation_id).await?))
}

/// Confirm an own reservation
///
/// Its units are sold: they leave the stock.
#[utoipa::path(
    post, path = "/inventory/confirm/{reservationId}", tag = "inventory", operation_id = "confirmReservation",
    security(("bearer" = [])),
    params(("reservationId" = Uuid, Path, description = "The reservation"), IdempotencyKey),
    responses(
        (status = 200, description = "Confirmed", body = Reservation),
        (status = 409, description = "inventory.reservation_expired, inventory.reservation_already_confirmed, inventory.reservation_already_released",
            body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn confirm_reservation(
    State(app): State<App>,
    actor: Actor,
    ctx: Ctx,
    _key: IdempotencyKey,
    ApiPath(reservation_id): ApiPath<Uuid>,
) -> Result<impl IntoResponse> {
    let (reservation, is_replayed) =
        sql::confirm_reservation(&app.checkout_pool, &ctx.call(&actor), reservation_id).await?;
    Ok(Replayable { is_replayed, answer: Json(reservation) })
}

/// Release an own reservation
///
/// Its units are available again.
#[utoipa::path(
    post, path = "/inventory/release/{reservationId}", tag = "inventory", operation_id = "releaseReservation",
    security(("bearer" = [])),
    params(("reservationId" = Uuid, Path, description = "The reservation"), IdempotencyKey),
    responses(
        (status = 200, description = "Released", body = Reservation),
        (status = 409, description = "inventory.reservation_expired, inventory.reservation_already_confirmed, inventory.reservation_already_released",
            body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn release_reservation(
    State(app): State<App>,
    actor: Actor,
    ctx: Ctx,
    _key: IdempotencyKey,
    ApiPath(reservation_id): ApiPath<Uuid>,
) -> Result<impl IntoResponse> {
    let (reservation, is_replayed) =
        sql::release_reservation(&app.checkout_pool, &ctx.call(&actor), reservation_id).await?;
    Ok(Replayable { is_replayed, answer: Json(reservation) })
}
