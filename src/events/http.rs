//! `/events`: the log for administrators, and the live stream for everybody.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::IntoResponse;
use axum::response::sse::{KeepAlive, Sse};

use super::sql;
use super::stream::{self, KEEP_ALIVE};
use super::types::{Event, EventFilter, StreamFilter};
use crate::app::App;
use crate::http::{Actor, AdminActor, ApiQuery, Ctx, Page, Paged};
use crate::problem::{Problem, Result};

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// The event log, oldest first.
///
/// For administrators. To follow the log, use the stream, or read on from `nextCursor` or the last `seq`.
#[utoipa::path(get, path = "/events", tag = "events", operation_id = "listEvents",
    security(("bearer" = [])), params(EventFilter, Page),
    responses((status = 200, description = "Events in the order of their numbers.", body = Paged<Event>))
)]
pub async fn list_events(
    State(app): State<App>,
    ctx: Ctx,
    AdminActor(actor): AdminActor,
    ApiQuery(filter): ApiQuery<EventFilter>,
    page: Page,
) -> Result<Json<Paged<Event>>> {
    let event_type = filter.event_type.as_deref();
    let rows =
        sql::list_events(&app.pool, &ctx.call(&actor), event_type, filter.aggregate_id, filter.after, &page)
            .await?;
    Paged::from_rows(&rows, page.limit, |row| Event::try_from(row)).map(Json)
}

/// Events as they happen (server-sent events).
///
/// Administrators see all; sellers what concerns their store; buyers what concerns them. `id` is the number of the event,
/// `event` its type, `data` the event as JSON. After a break, send the last `id` as `Last-Event-ID` (an `EventSource`
/// does) and nothing is missed. The stream ends with the session; a comment every 15 s keeps it open.
#[utoipa::path(get, path = "/events/stream", tag = "events", operation_id = "streamEvents",
    security(("bearer" = [])),
    params(
        StreamFilter,
        ("Last-Event-ID" = Option<String>, Header, description = "Go on after this number; goes before `after`.",
            max_length = 18, pattern = "^[0-9]{1,18}$"),
    ),
    responses((status = 200, description = "The stream.", body = String, content_type = "text/event-stream",
        example = "id: 42\nevent: orders.order_paid\ndata: {\"seq\":42, …}\n\n"))
)]
pub async fn stream_events(
    State(app): State<App>,
    ctx: Ctx,
    actor: Actor,
    ApiQuery(filter): ApiQuery<StreamFilter>,
    headers: HeaderMap,
) -> Result<impl IntoResponse> {
    let after = last_event_id(&headers)?.or(filter.after);
    let events = stream::open(&app, ctx.call(&actor), after, filter.types).await?;
    let unbuffered = [(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"))];
    Ok((unbuffered, Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE))))
}

fn last_event_id(headers: &HeaderMap) -> Result<Option<i64>> {
    let Some(value) = headers.get(LAST_EVENT_ID).filter(|value| !value.is_empty()) else { return Ok(None) };
    let digits = |text: &&str| text.len() <= 18 && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = value.to_str().ok().filter(digits).and_then(|text| text.parse().ok());
    number.map(Some).ok_or_else(|| {
        Problem::new(
            StatusCode::BAD_REQUEST,
            "events.last_event_id_invalid",
            "Last-Event-ID is not the number of an event.",
        )
        .hint("Send the id of the last event that arrived, unchanged.")
    })
}
