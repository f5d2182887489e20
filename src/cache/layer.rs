//! Where requests meet the cache: anonymous reads are answered from it, writes void what they changed.

use std::sync::atomic::Ordering;

use axum::body::Body;
use axum::extract::{MatchedPath, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use http_body_util::BodyExt as _;

use super::{Answer, BODY_BYTES_MAX, Cache, Change, Flight, Shared};
use crate::app::App;
use crate::http::{conditional, idempotency};
use crate::problem::Problem;

/// A passenger whose pilots keep failing asks for itself in the end.
const FLIGHTS_MAX: usize = 3;

/// Answers what it has, keeps what may be kept ([`Shared`]), and counts what a write changed ([`Change`]).
pub async fn cached<F>(app: &App, request: Request, next: impl FnOnce(Request) -> F) -> Response
where
    F: Future<Output = Response>,
{
    if !app.cache.is_on() {
        return next(request).await;
    }
    if *request.method() == Method::GET {
        return if may_share(&request) { read(&app.cache, request, next).await } else { next(request).await };
    }
    let response = next(request).await;
    // Before the answer leaves. What was refused changed nothing; what failed may have.
    if (response.status().is_success() || response.status().is_server_error())
        && let Some(change) = response.extensions().get::<Change>()
    {
        app.cache.changed(*change);
    }
    response
}

/// Whether the answer depends on nothing but the address.
pub(super) fn may_share<B>(request: &Request<B>) -> bool {
    let headers = request.headers();
    !headers.contains_key(header::AUTHORIZATION) && !headers.contains_key(idempotency::HEADER)
}

async fn read<F>(cache: &Cache, request: Request, next: impl FnOnce(Request) -> F) -> Response
where
    F: Future<Output = Response>,
{
    let address = request.uri().path_and_query().map_or("/", |address| address.as_str());
    if let Some(entry) = cache.get(address) {
        return answer(&entry.answer, request.headers());
    }
    let route = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
    let Some(route) = crate::catalog::KEPT.iter().copied().find(|kept| *kept == route) else {
        return next(request).await;
    };
    let address: Box<str> = address.into();
    for _ in 0..FLIGHTS_MAX {
        let pilot = match cache.board(&address) {
            Flight::Pilot(pilot) => pilot,
            Flight::Passenger(mut landing) => {
                let _ = landing.changed().await;
                if *landing.borrow() {
                    break;
                }
                if let Some(entry) = cache.get(&address) {
                    return answer(&entry.answer, request.headers());
                }
                continue;
            }
        };
        // it may have landed between the look and the boarding
        if let Some(entry) = cache.get(&address) {
            return answer(&entry.answer, request.headers());
        }
        cache.misses.fetch_add(1, Ordering::Relaxed);
        let begun = cache.begin();
        let (parts, body) = request.into_parts();
        let conditions = parts.headers.clone();
        let response = next(Request::from_parts(unconditional(parts), body)).await;
        let Some(shared) = response.extensions().get::<Shared>().copied() else {
            pilot.is_alone();
            return response;
        };
        let found = match whole(response).await {
            Ok(found) => found,
            Err(problem) => return problem.into_response(),
        };
        if found.body.len() > BODY_BYTES_MAX {
            pilot.is_alone();
        } else {
            cache.put(address, route, begun, shared, found.clone());
        }
        return answer(&found, &conditions);
    }
    next(request).await
}

/// The request for the whole answer, whatever its client has already.
fn unconditional(mut parts: Parts) -> Parts {
    parts.headers.remove(header::IF_NONE_MATCH);
    parts
}

async fn whole(response: Response) -> Result<Answer, Problem> {
    let (parts, body) = response.into_parts();
    let body = body.collect().await.map_err(Problem::internal)?.to_bytes();
    Ok(Answer { headers: parts.headers, body })
}

fn answer(found: &Answer, wanted: &HeaderMap) -> Response {
    let mut response = Response::new(Body::from(found.body.clone()));
    response.headers_mut().clone_from(&found.headers);
    if let Some(etag) = found.headers.get(header::ETAG)
        && conditional::names(wanted.get_all(header::IF_NONE_MATCH), etag)
    {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        *response.body_mut() = Body::empty();
        response.headers_mut().remove(header::CONTENT_TYPE);
        response.headers_mut().remove(header::CONTENT_LENGTH);
    }
    response
}
