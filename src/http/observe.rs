//! The outermost layers: request id, span, metrics, access log, and the last word on every problem.

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderMap, HeaderValue, Method, header};
use axum::response::Response;
use tracing::{Instrument, Span};

use super::context::RequestMeta;
use super::metrics;
use super::request_id::{self, Trace};
use crate::app::App;
use crate::config::Cidr;
use crate::problem::Problem;

/// The other end of the connection; put there by `server`.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub SocketAddr);

/// A request that came in: its id, whence, when.
pub struct Arrival {
    at: Instant,
    pub request_id: String,
    trace: Option<Trace>,
    method: &'static str,
}

impl Arrival {
    pub fn now(method: &Method, headers: &HeaderMap) -> Self {
        Self {
            at: Instant::now(),
            request_id: request_id::from_headers(headers),
            trace: Trace::from_headers(headers),
            method: method_label(method),
        }
    }

    pub fn span(&self, route: &str) -> Span {
        tracing::info_span!(
            "request",
            http.request.id = self.request_id,
            http.method = self.method,
            http.route = route,
            http.status = tracing::field::Empty,
            actor.id = tracing::field::Empty,
            trace.id = self.trace.as_ref().map(|trace| trace.trace_id.as_str()),
        )
    }

    /// Names the answer, counts and logs it.
    pub fn answered(self, response: &mut Response, span: &Span, route: &str) {
        let status = response.status().as_u16();
        let elapsed = self.at.elapsed();
        metrics::request(route, self.method, status, elapsed);
        self.told(response, span, route, elapsed);
    }

    /// As [`Self::answered`], counted by who has looked the histogram up already.
    pub fn answered_in(
        self,
        response: &mut Response,
        span: &Span,
        route: &str,
        times: &::metrics::Histogram,
    ) {
        let elapsed = self.at.elapsed();
        times.record(elapsed.as_secs_f64());
        self.told(response, span, route, elapsed);
    }

    /// As [`Self::answered`] without a line of its own in the log: for refusals, which are many and logged together.
    pub fn refused(self, response: &mut Response, route: &str) {
        metrics::request(route, self.method, response.status().as_u16(), self.at.elapsed());
        self.name(response);
    }

    fn name(self, response: &mut Response) {
        if let Ok(value) = HeaderValue::try_from(self.request_id) {
            response.headers_mut().insert(request_id::HEADER, value);
        }
        if let Some(Ok(value)) = self.trace.map(|trace| HeaderValue::try_from(trace.answer())) {
            response.headers_mut().insert(request_id::TRACEPARENT, value);
        }
    }

    fn told(self, response: &mut Response, span: &Span, route: &str, elapsed: Duration) {
        self.name(response);
        span.record("http.status", response.status().as_u16());
        let code = response.extensions().get::<Problem>().map(Problem::code);
        let latency_ms = elapsed.as_secs_f64() * 1e3;
        // Probes and scrapes come every few seconds and say nothing.
        if matches!(route, "/health/live" | "/health/ready" | "/metrics") {
            tracing::debug!(parent: span, problem.code = code, latency_ms, "answered");
        } else {
            tracing::info!(parent: span, problem.code = code, latency_ms, "answered");
        }
    }
}

/// Outermost: gives the request its id and span, counts and logs it.
pub async fn observe<F>(app: &App, mut request: Request, next: impl FnOnce(Request) -> F) -> Response
where
    F: Future<Output = Response>,
{
    let arrival = Arrival::now(request.method(), request.headers());
    let peer = request.extensions().get::<Peer>().map(|Peer(address)| address.ip());
    let client_ip = client_ip(peer, request.headers(), &app.config.trusted_proxies);
    let route = request.extensions().get::<MatchedPath>().cloned();
    let route = route.as_ref().map_or("unmatched", MatchedPath::as_str);
    let span = arrival.span(route);
    request.extensions_mut().insert(RequestMeta { request_id: arrival.request_id.clone(), client_ip });

    let guard = metrics::InFlight::start();
    let mut response = next(request).instrument(span.clone()).await;
    drop(guard);

    arrival.answered(&mut response, &span, route);
    response
}

/// Gives problems their `instance` and logs the 5xx ones. Runs inside compression, around everything that can fail.
pub async fn problems<F>(request: Request, next: impl FnOnce(Request) -> F) -> Response
where
    F: Future<Output = Response>,
{
    let request_id = request.extensions().get::<RequestMeta>().map(|meta| meta.request_id.clone());
    let mut response = next(request).await;
    if let Some(problem) = response.extensions().get::<Problem>() {
        problem.log();
        let body = problem.render(request_id.as_deref());
        response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
        *response.body_mut() = Body::from(body);
    }
    response
}

/// Labels must be few: a client may send any method.
fn method_label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "OTHER",
    }
}

/// The client's address: the peer, or, when the peer is a proxy we trust, the last address in `X-Forwarded-For`
/// that is not one.
fn client_ip(peer: Option<IpAddr>, headers: &HeaderMap, trusted: &[Cidr]) -> Option<IpAddr> {
    let mut client = peer?.to_canonical();
    let is_trusted = |ip: IpAddr| trusted.iter().any(|range| range.contains(ip));
    let forwarded = headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
    let hops: Vec<&str> = forwarded.flat_map(|value| value.split(',')).map(str::trim).collect();
    for hop in hops.into_iter().rev() {
        if !is_trusted(client) {
            break;
        }
        let Ok(ip) = hop.parse::<IpAddr>() else { break };
        client = ip.to_canonical();
    }
    Some(client)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forwarded_addresses_count_only_behind_trusted_proxies() {
        let trusted = ["10.0.0.0/8".parse().unwrap(), "::1/128".parse().unwrap()];
        let ip = |peer: &str, forwarded: &str| {
            let mut headers = HeaderMap::new();
            headers.insert("x-forwarded-for", forwarded.parse().unwrap());
            client_ip(Some(peer.parse().unwrap()), &headers, &trusted).unwrap().to_string()
        };
        assert_eq!(ip("203.0.113.9", "1.2.3.4"), "203.0.113.9", "a stranger may claim what they like");
        assert_eq!(ip("10.0.0.1", "1.2.3.4"), "1.2.3.4");
        assert_eq!(ip("10.0.0.1", "6.6.6.6, 1.2.3.4"), "1.2.3.4", "what the client prepended is ignored");
        assert_eq!(ip("10.0.0.1", "1.2.3.4, 10.0.0.2"), "1.2.3.4");
        assert_eq!(ip("::1", "2001:db8::7"), "2001:db8::7");
        assert_eq!(ip("10.0.0.1", "unknown"), "10.0.0.1");
    }
}
