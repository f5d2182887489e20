//! The shortest way to a kept answer: in front of the router and its layers, from the connection to the bytes.
//!
//! What an answer wears when it leaves depends on its address and on what its client accepts: security headers, CORS, the
//! coding of the body. That is put on once, by the very layers that would do it behind the router, and kept with the answer. What
//! is new for each request remains: its id, its trace, its line in the log, its place in the metrics, whether the
//! client has the answer already. A request that says anything else goes the long way, to the same answer.

use std::convert::Infallible;
use std::sync::atomic::Ordering;
use std::sync::{Arc, OnceLock};

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use bytes::Bytes;
use http_body_util::BodyExt as _;
use metrics::Histogram;
use tower::{Layer as _, ServiceExt as _, service_fn};

use super::{Cache, Entry, layer};
use crate::app::App;
use crate::config::Config;
use crate::http::observe::Arrival;
use crate::http::{admission, conditional, layers, metrics as http_metrics};

/// Under which the answers are mounted.
const API: &str = "/api/v1";
/// A few, because there are few common browsers; others go the long way.
const DRESSES: usize = 4;
/// Longer headers are nobody's usual ones.
const WISH_BYTES_MAX: usize = 128;

/// Each filled once, from the first on.
#[derive(Debug, Default)]
pub(super) struct Wardrobe([OnceLock<Dress>; DRESSES]);

/// What a client wishes that changes how the answer looks: what `Vary` names, but for `Authorization`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Wish {
    accept_encoding: Option<HeaderValue>,
    /// Only if the answer may depend on it.
    origin: Option<HeaderValue>,
}

pub(super) struct Dress {
    wish: Wish,
    headers: HeaderMap,
    body: Bytes,
    whole: Histogram,
    not_modified: Histogram,
}

impl std::fmt::Debug for Dress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Dress").field("wish", &self.wish).finish_non_exhaustive()
    }
}

impl Wardrobe {
    fn find(&self, headers: &HeaderMap, has_origins: bool) -> Option<&Dress> {
        let origin = headers.get(header::ORIGIN).filter(|_| has_origins);
        let accept_encoding = headers.get(header::ACCEPT_ENCODING);
        self.0.iter().map_while(OnceLock::get).find(|dress| {
            dress.wish.accept_encoding.as_ref() == accept_encoding && dress.wish.origin.as_ref() == origin
        })
    }

    /// `None` when it is full.
    fn add(&self, mut dress: Dress) -> Option<&Dress> {
        for slot in &self.0 {
            match slot.set(dress) {
                Ok(()) => return slot.get(),
                Err(other) => dress = other,
            }
        }
        None
    }
}

/// A kept answer for a request that says nothing which only the router understands.
pub struct Found(Arc<Entry>);

impl Cache {
    pub fn find<B: http_body::Body>(&self, request: &Request<B>) -> Option<Found> {
        let headers = request.headers();
        let is_short = |name: &HeaderName| {
            let mut values = headers.get_all(name).iter();
            values.next().is_none_or(|value| value.len() <= WISH_BYTES_MAX) && values.next().is_none()
        };
        let is_plain = *request.method() == Method::GET
            && layer::may_share(request)
            && request.body().is_end_stream()
            && !admission::DEADLINE_HEADERS.iter().any(|name| headers.contains_key(*name))
            && is_short(&header::ACCEPT_ENCODING)
            && is_short(&header::ORIGIN);
        if !is_plain {
            return None;
        }
        // within the router the prefix of the API is taken off
        let address = request.uri().path_and_query()?.as_str().strip_prefix(API)?;
        self.look(address).and_then(|(entry, is_current)| is_current.then_some(Found(entry)))
    }
}

impl Found {
    /// `None` when it must go the long way after all.
    pub async fn answer(&self, app: &App, headers: &HeaderMap) -> Option<Response> {
        let arrival = Arrival::now(&Method::GET, headers);
        let Entry { route, dressed, .. } = &*self.0;
        let span = arrival.span(route);
        let dress = match dressed.find(headers, !app.config.cors_origins.is_empty()) {
            Some(dress) => dress,
            None => dressed.add(self.dress(&app.config, headers).await?)?,
        };
        let etag = dress.headers.get(header::ETAG);
        let is_same =
            etag.is_some_and(|etag| conditional::names(headers.get_all(header::IF_NONE_MATCH), etag));
        let body = if is_same { Body::empty() } else { Body::from(dress.body.clone()) };
        let mut response = Response::new(body);
        response.headers_mut().clone_from(&dress.headers);
        let times = if is_same {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            for name in [header::CONTENT_TYPE, header::CONTENT_ENCODING] {
                response.headers_mut().remove(name);
            }
            &dress.not_modified
        } else {
            &dress.whole
        };
        arrival.answered_in(&mut response, &span, route, times);
        for counter in [&app.cache.hits, &app.cache.short_hits] {
            counter.fetch_add(1, Ordering::Relaxed);
        }
        Some(response)
    }

    async fn dress(&self, config: &Config, headers: &HeaderMap) -> Option<Dress> {
        let origin = headers.get(header::ORIGIN).filter(|_| !config.cors_origins.is_empty());
        let wish =
            Wish { accept_encoding: headers.get(header::ACCEPT_ENCODING).cloned(), origin: origin.cloned() };
        let mut request = Request::new(Body::empty());
        for (name, value) in
            [(header::ACCEPT_ENCODING, &wish.accept_encoding), (header::ORIGIN, &wish.origin)]
        {
            if let Some(value) = value {
                request.headers_mut().insert(name, value.clone());
            }
        }
        let kept = self.0.answer.clone();
        let naked = service_fn(move |_: Request| {
            let mut response = Response::new(Body::from(kept.body.clone()));
            response.headers_mut().clone_from(&kept.headers);
            std::future::ready(Ok::<_, Infallible>(response))
        });
        let compressed = layers::compression().layer(naked);
        let answered = match layers::cors(config) {
            Some(cors) => cors.layer(compressed).oneshot(request).await,
            None => compressed.oneshot(request).await,
        };
        let Ok(answered) = answered;
        let (mut parts, body) = answered.into_parts();
        layers::secure(&mut parts.headers, config, false);
        // the length is that of the body, and not always there
        parts.headers.remove(header::CONTENT_LENGTH);
        let body = body.collect().await.ok()?.to_bytes();
        let times = |status| http_metrics::times(self.0.route, "GET", status);
        Some(Dress { wish, headers: parts.headers, body, whole: times(200), not_modified: times(304) })
    }
}
