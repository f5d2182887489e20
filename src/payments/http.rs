//! Handlers: extract, ask the provider, call, convert, respond.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use uuid::Uuid;

use super::provider::{Creation, Lookup, Settlement, Unknown, Unsettled};
use super::sandbox::callback::Notice;
use super::types::{
    Confirming, HistoryMoment, ListedPayment, NewPayment, NewRefund, OrderHistory, Payment,
    PaymentConfirmation, Pending, Refund, StartedPayment, Starting, StuckItem,
};
use super::{in_time, sql};
use crate::app::App;
use crate::http::actor::{Actor, AdminActor};
use crate::http::context::{CallContext, Ctx};
use crate::http::idempotency::IdempotencyKey;
use crate::http::json::ApiJson;
use crate::http::page::{Page, Paged};
use crate::http::path::ApiPath;
use crate::http::query::{self, ApiQuery};
use crate::http::respond::{Created, Replayable, Versioned};
use crate::problem::{Problem, ProblemDocument, Result};

/// Begin to pay an order
///
/// For the order's buyer, while its payment window is open. `nextAction` says how to go on; 202 means that the provider has not
/// answered yet: nothing is lost, repeat the request with the same key or wait for the order's status. After a decline,
/// begin another payment with another key.
#[utoipa::path(
    post, path = "/orders/{orderId}/payment", tag = "payments", operation_id = "startPayment",
    security(("bearer" = [])),
    params(("orderId" = Uuid, Path, description = "The order"), IdempotencyKey),
    request_body = NewPayment,
    responses(
        (status = 201, description = "Begun", body = StartedPayment,
            headers(("Location" = String, description = "The payments of the order"), ("ETag" = String, description = "The payment's version"), ("Idempotency-Replayed" = String, description = "true: the stored answer of an earlier request"))),
        (status = 202, description = "Begun; the provider has not answered yet", body = StartedPayment,
            headers(("Location" = String, description = "The payments of the order"), ("ETag" = String, description = "The payment's version"), ("Idempotency-Replayed" = String, description = "true: the stored answer of an earlier request"))),
        (status = 404, description = "orders.order_not_found", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 409, description = "payments.payment_declined, payments.payment_in_progress, payments.order_already_paid, payments.order_not_payable, orders.payment_window_over", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "payments.token_unknown, core.idempotency_key_reused", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn start_payment(
    State(app): State<App>,
    actor: Actor,
    ctx: Ctx,
    _key: IdempotencyKey,
    ApiPath(order_id): ApiPath<Uuid>,
    ApiJson(NewPayment { method }): ApiJson<NewPayment>,
) -> Result<Response> {
    let call = ctx.call(&actor);
    app.provider.check_token(&method.token)?;
    let request = Starting::new(call.clone(), order_id, app.provider.name(), method.token.clone());
    let pending = app.batch.start_payments.call(request).await?.outcome?;
    if pending.status != "PENDING" {
        return resolved(&app, &call, pending).await;
    }
    let (is_replayed, charge) = (pending.is_replayed, pending.charge(method));
    let created = in_time(&app, app.provider.create(&charge)).await;
    let (status, started) = match created {
        Ok(Creation::Authorized { reference }) => (
            StatusCode::CREATED,
            pending.started(Some(reference), "CONFIRM", "Confirm the payment.".to_owned()),
        ),
        Ok(Creation::RequiresConfirmation { reference, hint }) => {
            (StatusCode::CREATED, pending.started(Some(reference), "CONFIRM_WITH_CODE", hint))
        }
        Ok(Creation::Declined { code }) => {
            let failed = sql::fail_payment(&app.checkout_pool, &call, pending.payment_id, &code).await?;
            return Ok(Replayable { is_replayed, answer: failed.outcome.map(Versioned) }.into_response());
        }
        Err(Unknown(cause)) => {
            tracing::warn!(payment.id = %pending.payment_id, error = cause, "the provider did not answer");
            let hint = "The provider has not answered. GET /orders/{orderId}/status will tell.".to_owned();
            (StatusCode::ACCEPTED, pending.started(None, "WAIT", hint))
        }
    };
    Ok(begun(is_replayed, status, started))
}

/// A repeated start of a payment that is over: the provider must not hear of it again.
async fn resolved(app: &App, call: &CallContext, payment: Pending) -> Result<Response> {
    let is_replayed = payment.is_replayed;
    if payment.status == "FAILED" {
        let failed = sql::fail_payment(&app.checkout_pool, call, payment.payment_id, "unknown").await?;
        return Ok(Replayable { is_replayed, answer: failed.outcome.map(Versioned) }.into_response());
    }
    let started =
        payment.started(None, "NONE", "Nothing is left to do: see the order's payments.".to_owned());
    Ok(begun(is_replayed, StatusCode::CREATED, started))
}

fn begun(is_replayed: bool, status: StatusCode, started: StartedPayment) -> Response {
    let location = format!("/api/v1/orders/{}/payments", started.order_id);
    let mut response =
        Replayable { is_replayed, answer: Created(location, Versioned(started)) }.into_response();
    *response.status_mut() = status;
    response
}

/// Confirm a payment
///
/// Takes the money and, in one step, deducts the stock and moves the order to PAID. When the hold had ended, the units are sold
/// again if they are there; else the whole amount is refunded by itself (409 `payments.stock_gone_refunded`).
#[utoipa::path(
    post, path = "/orders/{orderId}/confirm-payment", tag = "payments", operation_id = "confirmPayment",
    security(("bearer" = [])),
    params(("orderId" = Uuid, Path, description = "The order"), IdempotencyKey),
    request_body = PaymentConfirmation,
    responses(
        (status = 200, description = "Paid", body = Payment),
        (status = 404, description = "orders.order_not_found", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 409, description = "payments.payment_declined, payments.stock_gone_refunded, payments.order_cancelled_refunded, payments.order_already_paid", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "payments.payment_unknown, payments.reference_unknown, payments.confirmation_code_wrong, core.idempotency_key_reused", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, description = "payments.provider_unavailable", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn confirm_payment(
    State(app): State<App>,
    actor: Actor,
    ctx: Ctx,
    _key: IdempotencyKey,
    ApiPath(order_id): ApiPath<Uuid>,
    ApiJson(confirmation): ApiJson<PaymentConfirmation>,
) -> Result<impl IntoResponse> {
    let call = ctx.call(&actor);
    let settlement = settle(&app, &call, order_id, &confirmation).await?;
    let stock = app.order_rows.get(&order_id).unwrap_or_default();
    let request = Confirming::new(call, order_id, confirmation, settlement, &stock);
    let confirmed = app.batch.confirm_payments.call(request).await?;
    Ok(Replayable { is_replayed: confirmed.is_replayed, answer: confirmed.outcome.map(Versioned) })
}

/// The provider's word about a payment. With a reference it is asked at once; without one it is looked up first.
async fn settle(
    app: &App,
    call: &CallContext,
    order_id: Uuid,
    confirmation: &PaymentConfirmation,
) -> Result<Settlement> {
    let reference = if let Some(reference) = &confirmation.provider_reference {
        reference.clone()
    } else {
        let found = sql::find_payment(&app.checkout_pool, call, order_id, confirmation.payment_id).await?;
        match in_time(app, app.provider.lookup(&found.charge)).await {
            // the payment was given up: what was not taken yet is not taken any more
            Ok(Lookup::Open { .. }) if found.status == "FAILED" => return Err(declined(found.failure_code)),
            Ok(Lookup::Open { reference }) => reference,
            Ok(Lookup::Settled(settlement)) => return Ok(settlement),
            Ok(Lookup::NotFound) => return Err(refused(Unsettled::ReferenceUnknown)),
            Err(unknown) => return Err(refused(unknown.into())),
        }
    };
    let code = confirmation.confirmation_code.as_deref();
    in_time(app, app.provider.settle(&reference, code)).await.map_err(refused)
}

fn declined(failure_code: Option<String>) -> Problem {
    let code = failure_code.unwrap_or_default();
    Problem::new(
        StatusCode::CONFLICT,
        "payments.payment_declined",
        format!("The provider declined the payment: {code}."),
    )
    .hint("Start another payment with another method.")
}

fn refused(unsettled: Unsettled) -> Problem {
    match unsettled {
        Unsettled::ReferenceUnknown => Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "payments.reference_unknown",
            "The provider does not know this payment.",
        )
        .hint("Take providerReference from the answer that started the payment.")
        .field("/providerReference"),
        Unsettled::CodeWrong => Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "payments.confirmation_code_wrong",
            "The payer's code is missing or wrong.",
        )
        .hint("Ask the payer again; the payment stays open.")
        .field("/confirmationCode"),
        Unsettled::Unknown(Unknown(cause)) => Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "payments.provider_unavailable",
            "The payment provider did not answer.",
        )
        .hint("Repeat the request with the same key.")
        .retry_after(1)
        .cause(cause),
    }
}

/// List an order's payments
///
/// With their refunds, oldest first. For the order's buyer and for administrators.
#[utoipa::path(
    get, path = "/orders/{orderId}/payments", tag = "payments", operation_id = "listPayments",
    security(("bearer" = [])),
    params(("orderId" = Uuid, Path, description = "The order"), Page),
    responses(
        (status = 200, description = "A page of payments", body = Paged<ListedPayment>),
        (status = 404, description = "orders.order_not_found", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn list_payments(
    State(app): State<App>,
    actor: Actor,
    ctx: Ctx,
    ApiPath(order_id): ApiPath<Uuid>,
    page: Page,
) -> Result<Json<Paged<ListedPayment>>> {
    let rows = sql::list_payments(&app.pool, &ctx.call(&actor), order_id, &page).await?;
    Ok(Json(Paged::from_rows(&rows, page.limit, |row| ListedPayment::try_from(row))?))
}

/// Refund a part or all of an order
///
/// For orders that were delivered, and for cancelled or expired ones whose refund had failed. Refunds never add up to more than
/// was paid. The money goes back in the background; the order becomes PARTIALLY_REFUNDED or REFUNDED then.
#[utoipa::path(
    post, path = "/orders/{orderId}/refunds", tag = "payments", operation_id = "requestRefund",
    security(("bearer" = [])),
    params(("orderId" = Uuid, Path, description = "The order"), IdempotencyKey),
    request_body = NewRefund,
    responses(
        (status = 201, description = "On its way", body = Refund,
            headers(("Location" = String, description = "The payments and refunds of the order"), ("Idempotency-Replayed" = String, description = "true: the stored answer of an earlier request"))),
        (status = 404, description = "orders.order_not_found", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 409, description = "payments.refund_not_allowed, payments.refund_exceeds_paid", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "payments.refund_amount_invalid, payments.refund_reason_invalid, payments.refund_currency_mismatch, core.idempotency_key_reused", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn request_refund(
    State(app): State<App>,
    actor: AdminActor,
    ctx: Ctx,
    _key: IdempotencyKey,
    ApiPath(order_id): ApiPath<Uuid>,
    ApiJson(NewRefund { amount, reason }): ApiJson<NewRefund>,
) -> Result<impl IntoResponse> {
    let (refund, is_replayed) =
        sql::request_refund(&app.checkout_pool, &ctx.call(&actor), order_id, &amount, &reason).await?;
    let location = format!("/api/v1/orders/{order_id}/payments");
    Ok::<_, Problem>(Replayable { is_replayed, answer: Created(location, Json(refund)) })
}

/// Take a provider's callback
///
/// For the payment provider, which signs it (Standard Webhooks: `webhook-id`, `webhook-timestamp`, `webhook-signature`). It may come
/// twice, late, or after a newer word: what is settled stays settled, and money that nothing can be sold for goes back. Anything
/// but 204 asks the provider to send it again.
#[utoipa::path(
    post, path = "/payments/callbacks/{provider}", tag = "payments", operation_id = "takeCallback",
    params(
        ("provider" = String, Path, description = "Who sends it", example = "sandbox"),
        ("webhook-id" = String, Header, description = "The message; the same at every try"),
        ("webhook-timestamp" = String, Header, description = "Seconds since 1970; at most five minutes old"),
        ("webhook-signature" = String, Header, description = "`v1,` and the Base64 HMAC-SHA256 of id, timestamp and body, joined by dots"),
    ),
    request_body(content = Notice, description = "The provider's own words; these are the sandbox's"),
    responses(
        (status = 204, description = "Taken"),
        (status = 401, description = "payments.callback_unsigned", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 404, description = "core.not_found", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "payments.callback_refused", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn take_callback(
    State(app): State<App>,
    ApiPath(provider): ApiPath<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<StatusCode> {
    if provider != app.provider.name() {
        return Err(Problem::not_found());
    }
    let settlement = app.provider.read_callback(&headers, &body).ok_or_else(|| {
        Problem::new(
            StatusCode::UNAUTHORIZED,
            "payments.callback_unsigned",
            "The signature is missing, wrong or old.",
        )
        .hint("Sign the body as it is sent, at the time it is sent.")
    })?;
    if sql::settle_payments(&app.worker_pool, &[settlement.into()]).await? == 0 {
        return Err(Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "payments.callback_refused",
            "There is no such payment, or it is of another amount.",
        )
        .hint("Look at the payment with its own id."));
    }
    Ok(StatusCode::NO_CONTENT)
}

/// List payments that wait for a person
///
/// Payments whose provider never said what became of them, refunds that it does not answer, refunds that it refused.
#[utoipa::path(
    get, path = "/payments/stuck", tag = "payments", operation_id = "listStuckPayments",
    security(("bearer" = [])), params(Page),
    responses((status = 200, description = "A page of them", body = Paged<StuckItem>))
)]
pub async fn list_stuck(
    State(app): State<App>,
    actor: AdminActor,
    ctx: Ctx,
    page: Page,
) -> Result<Json<Paged<StuckItem>>> {
    let rows = sql::list_stuck(&app.pool, &ctx.call(&actor), &page).await?;
    Ok(Json(Paged::from_rows(&rows, page.limit, |row| StuckItem::try_from(row))?))
}

/// Take up a payment again
///
/// For administrators, after they have looked: its provider is asked anew, its stuck refunds are tried now, and refused ones are
/// repeated as new refunds. Done twice, the second finds nothing.
#[utoipa::path(
    post, path = "/payments/{paymentId}/retry", tag = "payments", operation_id = "retryPayment",
    security(("bearer" = [])),
    params(("paymentId" = Uuid, Path, description = "The payment")),
    responses(
        (status = 200, description = "Under way", body = ListedPayment),
        (status = 404, description = "payments.payment_not_found", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 409, description = "payments.nothing_to_retry", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn retry_payment(
    State(app): State<App>,
    actor: AdminActor,
    ctx: Ctx,
    ApiPath(payment_id): ApiPath<Uuid>,
) -> Result<Json<ListedPayment>> {
    Ok(Json(sql::retry_payment(&app.pool, &ctx.call(&actor), payment_id).await?))
}

/// An order at a point in time
///
/// What the event log tells of an order up to an event or a moment: the order with its parts, lines, payments and refunds as they
/// were then, and the events that led there, oldest first. Without `at` and `upto`, up to its newest event. An order that was
/// placed later is not found; of one whose first events are archived the past is gone.
#[utoipa::path(
    get, path = "/orders/{orderId}/history", tag = "orders", operation_id = "getOrderHistory",
    security(("bearer" = [])),
    params(("orderId" = Uuid, Path, description = "The order"), HistoryMoment, Page),
    responses(
        (status = 200, description = "The order as it was, with a page of its events", body = OrderHistory),
        (status = 404, description = "orders.order_not_found", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 410, description = "payments.history_archived", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn get_order_history(
    State(app): State<App>,
    actor: AdminActor,
    ctx: Ctx,
    ApiPath(order_id): ApiPath<Uuid>,
    ApiQuery(moment): ApiQuery<HistoryMoment>,
    page: Page,
) -> Result<Json<OrderHistory>> {
    if moment.at.is_some() && moment.upto.is_some() {
        return Err(query::invalid("upto", "ambiguous", "is not sent together with at"));
    }
    Ok(Json(sql::get_order_history(&app.pool, &ctx.call(&actor), order_id, &moment, &page).await?))
}
