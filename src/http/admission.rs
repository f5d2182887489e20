//! Who may begin, when more want to than there is room for.
//!
//! Every request of the API belongs to a class by its route, and each class has a budget of its own: so many may be present
//! at once, and so many of those at work in front of the connection pool. The others stand in line ([`Turns`]), unless the line
//! stands still, and what travels in a batch is asked for whether its queue takes anybody. Whoever finds no place is refused at
//! once (503 `core.overloaded`, `Retry-After: 1`), before anything was parsed, authenticated or asked of the database.
//!
//! Checkout comes before reads, reads before exports, exports before passwords. They share processors, so the lines are not
//! enough: while checkout is slow, fewer of the others work at once, and then less than one of each, with a rest after each
//! ([`Turns`]), down to a sixteenth of the time; step by step more when it is fast again (additive increase, multiplicative
//! decrease).
//!
//! The body is read before a place is taken, so that a client that sends one byte a second occupies nobody's place; what
//! large bodies take of the memory is bounded.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::body::Body;
use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderMap, Method, header};
use axum::response::{IntoResponse, Response};
use tokio::sync::Semaphore;

use super::metrics::InFlight;
use super::observe::Arrival;
use super::turns::Turns;
use super::{json, layers, turns};
use crate::app::App;
use crate::config::Config;
use crate::identity::password;
use crate::problem::Problem;
use crate::refusals::Refusals;

/// How long the client will wait, in milliseconds: `x-request-timeout-ms` as a client sends it, the other as Envoy and what is
/// built on it tell the services behind them.
pub const DEADLINE_HEADERS: [&str; 2] = ["x-request-timeout-ms", "x-envoy-expected-rq-timeout-ms"];

/// Bodies up to this size need no share of [`BODIES_KIB`].
const SMALL_BODY_BYTES: usize = 4 * 1024;
/// Memory for larger bodies that are being received or worked on.
const BODIES_KIB: usize = 32 * 1024;

/// From what is served first to what is served last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Holds, orders and their payments.
    Checkout,
    /// Reads, and what sellers and administrators change.
    Standard,
    /// Answers that take long: reports, simulations, exports.
    Export,
    /// Whatever hashes a password; [`crate::identity::password`] has a queue of its own.
    Login,
}

impl Class {
    /// By method and route, as in `/api/v1/orders/{orderId}`.
    pub fn of(method: &Method, route: &str) -> Self {
        let path = route.strip_prefix("/api/v1").unwrap_or(route);
        let is_post = method == Method::POST;
        match path {
            "/orders" | "/inventory/reserve" if is_post => Self::Checkout,
            "/orders/{orderId}/payment"
            | "/orders/{orderId}/confirm-payment"
            | "/orders/{orderId}/cancel"
            | "/orders/{orderId}/refunds"
            | "/inventory/confirm/{reservationId}"
            | "/inventory/release/{reservationId}" => Self::Checkout,
            "/auth/login" | "/auth/register" => Self::Login,
            _ if ["/export", "/report", "/simulate"].iter().any(|end| path.ends_with(end)) => Self::Export,
            _ => Self::Standard,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Checkout => "checkout",
            Self::Standard => "standard",
            Self::Export => "export",
            Self::Login => "login",
        }
    }
}

/// The budgets of all classes.
#[derive(Debug)]
pub struct Admission {
    checkout: Budget,
    standard: Budget,
    export: Budget,
    login: Budget,
    bodies: Semaphore,
    /// What checkout may take before others make room.
    checkout_goal: Duration,
}

#[derive(Debug)]
struct Budget {
    class: Class,
    present: AtomicUsize,
    present_max: usize,
    turns: Turns,
    refusals: Refusals,
}

/// How often budgets follow what checkout needs.
pub const BALANCE_EVERY: Duration = Duration::from_millis(100);
/// Nobody in line waits longer than so many times the wait that closes it.
const LINE_WAITS: u32 = 10;

impl Admission {
    pub fn new(config: &Config) -> Self {
        let pool = config.api_connections_max;
        let wait = Duration::from_millis(config.admission_wait_ms);
        let budget = |class, present_max, turns| Budget {
            class,
            present: AtomicUsize::new(0),
            present_max,
            turns,
            refusals: Refusals::default(),
        };
        let turns = |at_work_max| Turns::new(at_work_max, wait, wait * LINE_WAITS);
        Self {
            // what waits for a batch occupies no connection; the queues of the batches have limits of their own
            checkout: budget(Class::Checkout, config.checkouts_max, turns(config.checkouts_max)),
            standard: budget(Class::Standard, config.requests_max, turns(pool / 2)),
            export: budget(Class::Export, config.exports_max, turns(pool / 8)),
            // in line here and not behind a statement; a password takes long, so they are patient
            login: budget(
                Class::Login,
                config.logins_max,
                Turns::new(password::cores(), wait * LINE_WAITS, wait * LINE_WAITS),
            ),
            bodies: Semaphore::new(BODIES_KIB),
            checkout_goal: Duration::from_millis(config.checkout_goal_ms),
        }
    }

    /// Requests of this class that were let in and have no answer yet.
    pub fn present(&self, class: Class) -> usize {
        self.budget(class).present.load(Ordering::Relaxed)
    }

    /// Requests of this class that may be at work at once, as it is now; 0 when one of them rests in between.
    pub fn at_work_limit(&self, class: Class) -> usize {
        self.budget(class).turns.limit() / turns::PARTS
    }

    /// Makes room for checkout, or takes some back. `slowest`: the longest that an answer of a batch took since the last time, or
    /// that somebody has been waiting for one.
    #[allow(clippy::cast_precision_loss)] // far fewer than 2^52
    pub fn balance(&self, slowest: Duration) {
        for budget in [&self.standard, &self.export, &self.login] {
            if slowest > self.checkout_goal {
                budget.turns.halve();
            } else {
                budget.turns.grow();
            }
            let limit = budget.turns.limit() as f64 / turns::PARTS as f64;
            metrics::gauge!("tradepost_http_at_work_limit", "class" => budget.class.name()).set(limit);
        }
    }

    fn budget(&self, class: Class) -> &Budget {
        match class {
            Class::Checkout => &self.checkout,
            Class::Standard => &self.standard,
            Class::Export => &self.export,
            Class::Login => &self.login,
        }
    }
}

/// A place in a budget.
struct Present<'a>(&'a Budget);

impl Drop for Present<'_> {
    fn drop(&mut self) {
        let before = self.0.present.fetch_sub(1, Ordering::Relaxed);
        self.0.record(before - 1);
    }
}

impl Budget {
    fn enter(&self) -> Result<Present<'_>, Problem> {
        let before = self.present.fetch_add(1, Ordering::Relaxed);
        self.record(before + 1);
        let place = Present(self);
        if before < self.present_max { Ok(place) } else { Err(self.refuse("full")) }
    }

    #[allow(clippy::cast_precision_loss)] // far fewer than 2^52
    fn record(&self, present: usize) {
        metrics::gauge!("tradepost_http_admitted", "class" => self.class.name()).set(present as f64);
    }

    fn refuse(&self, reason: &'static str) -> Problem {
        let class = self.class.name();
        metrics::counter!("tradepost_http_shed_total", "class" => class, "reason" => reason).increment(1);
        self.refusals.overloaded(class, reason)
    }
}

/// Reads the body, takes a place, and holds it until the answer begins, so that an event stream does not occupy one.
pub async fn admit<F>(app: &App, request: Request, next: impl FnOnce(Request) -> F) -> Response
where
    F: Future<Output = Response>,
{
    let admission = &app.admission;
    let route = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
    let budget = admission.budget(Class::of(request.method(), route));
    let queue = if request.method() == Method::POST { app.batch.of_path(route) } else { None };
    let (mut parts, body) = request.into_parts();
    let size = http_body::Body::size_hint(&body);
    let limit = app.config.body_limit_bytes;
    let largest = size.upper().map_or(limit, |bytes| usize::try_from(bytes).unwrap_or(limit).min(limit));
    let mut _memory = None;
    if largest > SMALL_BODY_BYTES {
        let kib = u32::try_from(largest.div_ceil(1024)).unwrap_or(u32::MAX);
        let Ok(share) = admission.bodies.try_acquire_many(kib) else {
            return budget.refuse("bodies").into_response();
        };
        _memory = Some(share);
    }
    let body = if size.exact() == Some(0) {
        Body::empty()
    } else {
        match json::read(body, limit).await {
            Ok(bytes) => Body::from(bytes),
            Err(problem) => return problem.into_response(),
        }
    };
    if queue.is_some_and(|(_, queue)| queue.is_closed()) {
        return budget.refuse("batch").into_response();
    }
    let _place = match budget.enter() {
        Ok(place) => place,
        Err(problem) => return problem.into_response(),
    };
    let Ok(turn) = budget.turns.take().await else {
        return budget.refuse("wait").into_response();
    };
    let turn = Arc::new(turn);
    if budget.class == Class::Login {
        // it goes with the hash, which nobody stops when its client has gone
        parts.extensions.insert(Arc::clone(&turn));
    }
    next(Request::from_parts(parts, body)).await
}

/// The answer to a checkout whose queue takes nobody, in front of the router and its layers: in an overload there are thousands
/// a second of them, and what each costs is taken from those who are served. What else may be wrong with it is not looked at.
/// `None`: it may go on, or has to be looked at by the layers (a large body, a page of another origin).
pub async fn refuse_early(app: &App, request: &mut Request) -> Option<Response> {
    if request.method() != Method::POST {
        return None;
    }
    let (route, queue) = app.batch.of_path(request.uri().path())?;
    let budget = &app.admission.checkout;
    let reason = match queue.is_closed() {
        true => "batch",
        false if budget.present.load(Ordering::Relaxed) >= budget.present_max => "full",
        false => return None,
    };
    let size = http_body::Body::size_hint(request.body());
    if size.upper().is_none_or(|bytes| bytes > SMALL_BODY_BYTES as u64)
        || !app.config.cors_origins.is_empty() && request.headers().contains_key(header::ORIGIN)
    {
        return None;
    }
    let _in_flight = InFlight::start();
    let arrival = Arrival::now(request.method(), request.headers());
    // an answer before the end of the body would close the connection, and the client might not get to read it
    json::drain(std::mem::take(request.body_mut())).await;
    let mut response = budget.refuse(reason).answer(Some(&arrival.request_id));
    layers::secure(response.headers_mut(), &app.config, false);
    arrival.refused(&mut response, route);
    Some(response)
}

/// When the client stops waiting; `None` when it does not say.
pub fn deadline(headers: &HeaderMap) -> Result<Option<Duration>, Problem> {
    let mut shortest: Option<u64> = None;
    for name in DEADLINE_HEADERS {
        for value in headers.get_all(name) {
            let ms = value.to_str().ok().and_then(|text| text.parse::<u64>().ok()).filter(|ms| *ms > 0);
            let Some(ms) = ms else {
                return Err(Problem::new(
                    axum::http::StatusCode::BAD_REQUEST,
                    "core.header_invalid",
                    format!("{name} is a whole number of milliseconds, 1 or more."),
                ));
            };
            shortest = Some(shortest.map_or(ms, |other| other.min(ms)));
        }
    }
    Ok(shortest.map(Duration::from_millis))
}

/// An answer must begin within the request timeout, or sooner when the client will not wait as long. What has not been sent
/// to the database by then never is, and what runs there is cancelled. Streams may go on for longer.
pub async fn timeout<F>(app: &App, request: Request, next: impl FnOnce(Request) -> F) -> Response
where
    F: Future<Output = Response>,
{
    let limit = app.config.request_timeout();
    let limit = match deadline(request.headers()) {
        Ok(client) => client.map_or(limit, |client| client.min(limit)),
        Err(problem) => return problem.into_response(),
    };
    match tokio::time::timeout(limit, next(request)).await {
        Ok(response) => response,
        Err(_) => Problem::timeout(format_args!("no answer within {} ms", limit.as_millis())).into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_by_route() {
        let of = |method: Method, route: &str| Class::of(&method, &format!("/api/v1{route}"));
        for path in ["/orders", "/inventory/reserve", "/orders/{orderId}/payment", "/orders/{orderId}/cancel"]
        {
            assert_eq!(of(Method::POST, path), Class::Checkout, "{path}");
        }
        assert_eq!(of(Method::GET, "/orders"), Class::Standard);
        assert_eq!(of(Method::GET, "/products/{productId}"), Class::Standard);
        assert_eq!(of(Method::GET, "/promotions/{promotionId}/report"), Class::Export);
        assert_eq!(of(Method::POST, "/pricing/commission-rules/simulate"), Class::Export);
        assert_eq!(of(Method::POST, "/auth/login"), Class::Login);
        assert_eq!(of(Method::POST, "/auth/refresh"), Class::Standard);
    }

    #[test]
    fn others_make_room_for_checkout_and_come_back() {
        let config = Config::default();
        let admission = Admission::new(&config);
        let limits = || [&admission.standard, &admission.export, &admission.login].map(|b| b.turns.limit());
        let cores = password::cores() * turns::PARTS;
        let slow = Duration::from_millis(config.checkout_goal_ms + 1);
        assert_eq!(limits(), [128, 32, cores], "in sixteenths");
        admission.balance(slow);
        assert_eq!(limits(), [64, 16, cores / 2]);
        (0..9).for_each(|_| admission.balance(slow));
        assert_eq!(limits(), [1, 1, 1], "somebody always works");
        admission.balance(Duration::ZERO);
        assert_eq!(limits(), [2, 2, 2]);
        (0..14 + 7).for_each(|_| admission.balance(Duration::ZERO));
        assert_eq!(limits()[..2], [128, 32], "after two seconds and a bit");
        assert_eq!(admission.checkout.turns.limit(), config.checkouts_max * turns::PARTS);
    }

    #[test]
    fn the_shortest_deadline_counts() {
        let read = |pairs: &[(&'static str, &'static str)]| {
            let mut headers = HeaderMap::new();
            for (name, value) in pairs {
                headers.append(*name, value.parse().unwrap());
            }
            deadline(&headers)
        };
        let [own, envoy] = DEADLINE_HEADERS;
        assert_eq!(read(&[]).unwrap(), None);
        assert_eq!(read(&[(own, "1500")]).unwrap(), Some(Duration::from_millis(1500)));
        assert_eq!(read(&[(own, "1500"), (envoy, "15")]).unwrap(), Some(Duration::from_millis(15)));
        for bad in ["0", "-1", "1.5", "1s", ""] {
            assert_eq!(read(&[(own, bad)]).unwrap_err().code(), "core.header_invalid", "{bad}");
        }
    }
}
