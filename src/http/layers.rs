//! What is around the handlers, each a small function that takes the rest as a closure, and how they are put together.
//!
//! They are few layers of many functions and not many layers, because for each request axum clones, at each layer made by
//! `from_fn`, everything within: ten nested ones are fifty boxes for a request.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures::FutureExt as _;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{DefaultPredicate, SizeAbove};
use tower_http::cors::{AllowOrigin, CorsLayer};
use utoipa::openapi::OpenApi;
use utoipa::openapi::path::ParameterIn;

use super::{admission, idempotency, json, observe, query, request_id};
use crate::app::App;
use crate::config::Config;
use crate::problem::Problem;
use crate::{cache, events};

/// Outermost: observed, hardened.
pub async fn edge(State(app): State<App>, request: Request, next: Next) -> Response {
    let is_page = request.uri().path().starts_with("/docs");
    let mut response = observe::observe(&app, request, |request| next.run(request)).await;
    secure(response.headers_mut(), &app.config, is_page);
    response
}

/// Within compression: whatever fails in there becomes a problem.
pub async fn guard(
    State((app, known)): State<(App, KnownQueries)>,
    request: Request,
    next: Next,
) -> Response {
    let gated = |request| gate(&app, &known, request, |request| next.run(request));
    let timed = |request| admission::timeout(&app, request, gated);
    let caught = async |request| match AssertUnwindSafe(timed(request)).catch_unwind().await {
        Ok(response) => response,
        Err(_) => panicked(),
    };
    observe::problems(request, caught).await
}

/// Around the API alone: answered from memory, or let in.
pub async fn within(State(app): State<App>, request: Request, next: Next) -> Response {
    let woken = |request| events::wake(&app, request, |request| next.run(request));
    let admitted = |request| admission::admit(&app, request, woken);
    cache::layer::cached(&app, request, admitted).await
}

/// Security headers, for every answer. `/docs` is a page and may load its own scripts; everything else is data.
pub fn secure(headers: &mut HeaderMap, config: &Config, is_page: bool) {
    let mut set = |name: HeaderName, value: &'static str| {
        headers.insert(name, HeaderValue::from_static(value));
    };
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::X_FRAME_OPTIONS, "DENY");
    set(header::REFERRER_POLICY, "no-referrer");
    set(header::CONTENT_SECURITY_POLICY, if is_page { PAGE_CSP } else { DATA_CSP });
    if config.hsts {
        set(header::STRICT_TRANSPORT_SECURITY, "max-age=63072000; includeSubDomains");
    }
}

const DATA_CSP: &str = "default-src 'none'; frame-ancestors 'none'";
const PAGE_CSP: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
     img-src 'self' data:; font-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; \
     frame-ancestors 'none'";

/// Cross-origin requests of the configured origins; none by default.
pub fn cors(config: &Config) -> Option<CorsLayer> {
    if config.cors_origins.is_empty() {
        return None;
    }
    let origins = config.cors_origins.iter().filter_map(|origin| HeaderValue::try_from(origin).ok());
    let any = config.cors_origins.iter().any(|origin| origin == "*");
    Some(
        CorsLayer::new()
            .allow_origin(if any { AllowOrigin::any() } else { AllowOrigin::list(origins) })
            .allow_methods([Method::GET, Method::POST, Method::PUT, Method::DELETE])
            .allow_headers([
                header::AUTHORIZATION,
                header::CONTENT_TYPE,
                header::IF_MATCH,
                header::IF_NONE_MATCH,
                HeaderName::from_static(idempotency::HEADER),
                HeaderName::from_static("last-event-id"),
                HeaderName::from_static(admission::DEADLINE_HEADERS[0]),
                request_id::HEADER,
                request_id::TRACEPARENT,
            ])
            .expose_headers([
                header::ETAG,
                header::LOCATION,
                header::RETRY_AFTER,
                HeaderName::from_static("idempotency-replayed"),
                request_id::HEADER,
                request_id::TRACEPARENT,
            ])
            .max_age(std::time::Duration::from_hours(1)),
    )
}

/// gzip, br and zstd for answers worth it; never event streams (the default predicate knows them).
pub fn compression() -> CompressionLayer<impl tower_http::compression::Predicate> {
    use tower_http::compression::Predicate as _;
    CompressionLayer::new()
        .quality(tower_http::CompressionLevel::Fastest)
        .compress_when(DefaultPredicate::new().and(SizeAbove::new(1024)))
}

/// A panic becomes a 500. The panic hook has logged it, with its place.
fn panicked() -> Response {
    metrics::counter!("tradepost_panics_total").increment(1);
    Problem::internal("a handler panicked").already_logged().into_response()
}

/// The query parameters of every documented operation.
#[derive(Debug, Clone, Default)]
pub struct KnownQueries(Arc<HashMap<String, HashMap<Method, Vec<String>>>>);

impl KnownQueries {
    /// Reads them from the API description: what is not documented is not accepted.
    pub fn from_description(description: &OpenApi) -> Self {
        let mut known: HashMap<String, HashMap<Method, Vec<String>>> = HashMap::new();
        for (path, item) in &description.paths.paths {
            for (method, operation) in crate::openapi::operations(item) {
                let names = crate::openapi::parameters(operation)
                    .filter(|parameter| parameter.parameter_in == ParameterIn::Query);
                let names = names.map(|parameter| parameter.name.clone()).collect();
                known.entry(path.clone()).or_default().insert(method, names);
            }
        }
        Self(Arc::new(known))
    }

    fn of(&self, route: &str, method: &Method) -> Option<&[String]> {
        let method = if method == Method::HEAD { &Method::GET } else { method };
        self.0.get(route)?.get(method).map(Vec::as_slice)
    }
}

/// What can be refused before a handler is chosen to run: bodies announced as too large, NUL characters,
/// query parameters that the route does not document.
async fn gate<F>(
    app: &App,
    known: &KnownQueries,
    request: Request,
    next: impl FnOnce(Request) -> F,
) -> Response
where
    F: Future<Output = Response>,
{
    if let Some(length) = request.headers().get(header::CONTENT_LENGTH) {
        let length = length.to_str().ok().and_then(|text| text.parse::<u64>().ok());
        let limit = app.config.body_limit_bytes;
        if length.is_none_or(|length| length > limit as u64) {
            json::drain(request.into_body()).await;
            return json::too_large(limit).into_response();
        }
    }
    if request.uri().path().contains("%00") {
        return Problem::not_found().into_response();
    }
    if let Some(text) = request.uri().query().filter(|text| !text.is_empty())
        && let Some(route) = request.extensions().get::<MatchedPath>()
        && let Some(names) = known.of(route.as_str(), request.method())
    {
        for (name, value) in url::form_urlencoded::parse(text.as_bytes()) {
            if !names.iter().any(|known| *known == name) {
                return query::invalid(&name, "unknown_parameter", "is not known here").into_response();
            }
            if value.contains('\0') {
                return query::invalid(&name, "nul_character", "cannot hold the character U+0000")
                    .into_response();
            }
        }
    }
    next(request).await
}

/// No such route.
pub async fn not_found() -> Problem {
    Problem::not_found()
}

/// A route, but not with this method; axum adds `Allow`.
pub async fn method_not_allowed() -> Problem {
    Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "core.method_not_allowed",
        "This address does not know this method.",
    )
    .hint("The Allow header lists the methods it knows.")
}
