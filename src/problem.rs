//! The one error type of the HTTP side: an RFC 9457 problem document.
//!
//! Rules raise `SQLSTATE MKxyz` with a stable code; [`From<tokio_postgres::Error>`] turns that into a [`Problem`].
//! Everything the kernel refuses itself (a bad body, an unknown route) is a problem of the `core.*` family.
//! A 5xx says nothing but its code and the request id; its cause goes to the log, once, in `http::observe`.

use std::borrow::Cow;
use std::fmt;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What every fallible step of a request returns.
pub type Result<T, E = Problem> = std::result::Result<T, E>;

pub const CONTENT_TYPE: HeaderValue = HeaderValue::from_static("application/problem+json");

/// A refused or failed request. Cheap to move: one pointer.
#[derive(Clone)]
pub struct Problem(Box<Inner>);

#[derive(Clone)]
struct Inner {
    status: StatusCode,
    code: Cow<'static, str>,
    detail: Option<Cow<'static, str>>,
    hint: Option<Cow<'static, str>>,
    errors: Vec<FieldError>,
    retry_after_s: Option<u32>,
    /// For the log only.
    cause: Option<String>,
    /// The cause was logged where it happened (a panic).
    logged: bool,
    /// What the database called it.
    sqlstate: Option<String>,
}

/// One wrong field of a request.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FieldError {
    /// RFC 6901 pointer into the request body, or `/name` of a query parameter.
    #[schema(example = "/lines/0/quantity", max_length = 512)]
    pub pointer: String,
    /// Why this field was refused.
    #[schema(example = "wrong_type", max_length = 100)]
    pub code: Cow<'static, str>,
    /// A sentence for people.
    #[schema(example = "expected an integer", max_length = 2000)]
    pub detail: Cow<'static, str>,
    /// Units that are left, when a line asked for more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub available: Option<i32>,
}

/// The document as it is sent (`application/problem+json`, RFC 9457).
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Problem)]
pub struct ProblemDocument<'a> {
    /// A URI reference that names the kind of problem; it leads to its description.
    #[serde(rename = "type")]
    #[schema(example = "/docs/problems#core.not_found", max_length = 200)]
    pub kind: String,
    /// The kind of problem in a few words; the same each time.
    #[schema(example = "Not found", max_length = 200)]
    pub title: String,
    /// The HTTP status, repeated.
    #[schema(example = 404, minimum = 400, maximum = 599)]
    pub status: u16,
    /// What went wrong this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "There is nothing at this address.", max_length = 2000)]
    pub detail: Option<&'a str>,
    /// The request id; quote it when asking for help.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "01980a3c-7f7e-7c3e-9d43-0d6d9d3f5a10", max_length = 128)]
    pub instance: Option<&'a str>,
    /// Stable code `domain.reason`, for programs.
    #[schema(example = "core.not_found", max_length = 100, pattern = r"^[a-z]+\.[a-z0-9_]+$")]
    pub code: &'a str,
    /// The next step to take.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 2000)]
    pub hint: Option<&'a str>,
    /// The wrong fields, when fields are to blame.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    #[schema(max_items = 100)]
    pub errors: &'a [FieldError],
}

impl Problem {
    pub fn new(
        status: StatusCode,
        code: impl Into<Cow<'static, str>>,
        detail: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self(Box::new(Inner {
            status,
            code: code.into(),
            detail: Some(detail.into()),
            hint: None,
            errors: Vec::new(),
            retry_after_s: None,
            cause: None,
            logged: false,
            sqlstate: None,
        }))
    }

    /// 500 without a word about why; `cause` goes to the log.
    pub fn internal(cause: impl fmt::Display) -> Self {
        let mut problem = Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "core.internal",
            "The server failed to answer this request.",
        );
        problem.0.cause = Some(cause.to_string());
        problem
    }

    /// 503 `core.unavailable` with Retry-After; `cause` goes to the log.
    pub fn unavailable(cause: impl fmt::Display) -> Self {
        let mut problem = Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "core.unavailable",
            "The service cannot answer at the moment.",
        )
        .retry_after(1);
        problem.0.cause = Some(cause.to_string());
        problem
    }

    /// 503 `core.timeout`: the request took longer than the server allows.
    pub fn timeout(cause: impl fmt::Display) -> Self {
        let mut problem = Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "core.timeout",
            "The request took longer than the server allows.",
        )
        .retry_after(1);
        problem.0.cause = Some(cause.to_string());
        problem
    }

    /// 503 `core.overloaded`: refused before any work was done.
    pub fn overloaded(cause: impl fmt::Display) -> Self {
        let mut problem = Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "core.overloaded",
            "The server has more work than it can take.",
        )
        .retry_after(1);
        problem.0.cause = Some(cause.to_string());
        problem
    }

    /// 404 `core.not_found`: no such route, or an id that cannot exist.
    pub fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "core.not_found", "There is nothing at this address.")
    }

    /// 401 `identity.unauthenticated`.
    pub fn unauthenticated(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "identity.unauthenticated", detail)
            .hint("Send a valid access token: Authorization: Bearer <token>.")
    }

    /// The next step for the caller.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<Cow<'static, str>>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    /// Blames one field with this problem's own code and detail.
    #[must_use]
    pub fn field(mut self, pointer: impl Into<String>) -> Self {
        let code = self.0.code.clone();
        let detail = self.0.detail.clone().unwrap_or_default();
        self.0.errors.push(FieldError { pointer: pointer.into(), code, detail, available: None });
        self
    }

    /// Blames one field with a code and a sentence of its own.
    #[must_use]
    pub fn error(
        mut self,
        pointer: impl Into<String>,
        code: impl Into<Cow<'static, str>>,
        detail: impl Into<Cow<'static, str>>,
    ) -> Self {
        self.0.errors.push(FieldError {
            pointer: pointer.into(),
            code: code.into(),
            detail: detail.into(),
            available: None,
        });
        self
    }

    #[must_use]
    pub fn retry_after(mut self, seconds: u32) -> Self {
        self.0.retry_after_s = Some(seconds);
        self
    }

    /// What to log; never sent.
    #[must_use]
    pub fn cause(mut self, cause: impl fmt::Display) -> Self {
        self.0.cause = Some(cause.to_string());
        self
    }

    #[must_use]
    pub(crate) fn sqlstate(mut self, sqlstate: &str) -> Self {
        self.0.sqlstate = Some(sqlstate.to_owned());
        self
    }

    #[must_use]
    pub(crate) fn already_logged(mut self) -> Self {
        self.0.logged = true;
        self
    }

    pub fn status(&self) -> StatusCode {
        self.0.status
    }

    pub fn code(&self) -> &str {
        &self.0.code
    }

    /// A statement gave up because of others: a lock or its time ran out, or it was chosen to end a deadlock. Nothing of it
    /// was done.
    pub fn is_contention(&self) -> bool {
        matches!(self.0.sqlstate.as_deref(), Some("55P03" | "57014" | "40001" | "40P01"))
    }

    /// There is no database, or none that takes calls: whether the work was done is unknown.
    pub fn is_outage(&self) -> bool {
        self.0.status == StatusCode::SERVICE_UNAVAILABLE && !self.is_contention()
    }

    pub fn detail(&self) -> Option<&str> {
        self.0.detail.as_deref()
    }

    pub fn errors(&self) -> &[FieldError] {
        &self.0.errors
    }

    /// Writes a 5xx to the log. Called once per response, by `http::observe`.
    pub(crate) fn log(&self) {
        if self.0.status.is_server_error() && !self.0.logged {
            let cause = self.0.cause.as_deref().unwrap_or("");
            let (status, code) = (self.0.status.as_u16(), self.code());
            if self.0.status == StatusCode::INTERNAL_SERVER_ERROR {
                tracing::error!(http.status = status, problem.code = code, error = cause, "request failed");
            } else {
                tracing::warn!(http.status = status, problem.code = code, error = cause, "request refused");
            }
        }
    }

    /// The document for one request.
    pub(crate) fn document<'a>(&'a self, instance: Option<&'a str>) -> ProblemDocument<'a> {
        ProblemDocument {
            kind: format!("/docs/problems#{}", self.0.code),
            title: title(&self.0.code).into_owned(),
            status: self.0.status.as_u16(),
            detail: self.0.detail.as_deref(),
            instance,
            code: &self.0.code,
            hint: self.0.hint.as_deref(),
            errors: &self.0.errors,
        }
    }

    pub(crate) fn render(&self, instance: Option<&str>) -> Vec<u8> {
        serde_json::to_vec(&self.document(instance)).unwrap_or_default()
    }
}

/// The title of a code's row; else its reason in words: `catalog.product_not_found` → `Product not found`.
fn title(code: &str) -> Cow<'static, str> {
    if let Some(kind) = crate::docs::problem_types().iter().find(|kind| kind.code == code) {
        return Cow::Borrowed(&kind.title);
    }
    let reason = code.rsplit('.').next().unwrap_or(code).replace('_', " ");
    let mut letters = reason.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect()).into()
}

impl fmt::Debug for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Problem")
            .field("status", &self.0.status.as_u16())
            .field("code", &self.0.code)
            .field("detail", &self.0.detail)
            .field("errors", &self.0.errors)
            .field("cause", &self.0.cause)
            .finish()
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.0.status.as_u16(), self.0.code)?;
        self.0.detail.as_ref().map_or(Ok(()), |detail| write!(f, ": {detail}"))?;
        self.0.cause.as_ref().map_or(Ok(()), |cause| write!(f, " ({cause})"))
    }
}

impl std::error::Error for Problem {}

impl IntoResponse for Problem {
    /// The body is complete but for `instance`, which `http::observe` adds: it knows the request id.
    fn into_response(self) -> Response {
        self.answer(None)
    }
}

impl Problem {
    /// The whole answer to a request.
    pub(crate) fn answer(self, instance: Option<&str>) -> Response {
        let mut response = (self.0.status, self.render(instance)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, CONTENT_TYPE);
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if self.0.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = self.0.retry_after_s {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response.extensions_mut().insert(self);
        response
    }
}

/// What a database error carries that matters here.
struct Raised<'a> {
    sqlstate: &'a str,
    message: &'a str,
    detail: Option<&'a str>,
    hint: Option<&'a str>,
    column: Option<&'a str>,
    place: String,
}

impl From<tokio_postgres::Error> for Problem {
    fn from(error: tokio_postgres::Error) -> Self {
        let Some(db) = error.as_db_error() else {
            // Either the connection broke, or our own code misread a row: only the first may be retried.
            return if error.is_closed() || is_io(&error) {
                Self::unavailable(error)
            } else {
                Self::internal(error)
            };
        };
        let place =
            [db.schema(), db.table(), db.constraint()].into_iter().flatten().collect::<Vec<_>>().join(".");
        Self::from_raised(&Raised {
            sqlstate: db.code().code(),
            message: db.message(),
            detail: db.detail(),
            hint: db.hint(),
            column: db.column(),
            place,
        })
        .sqlstate(db.code().code())
    }
}

fn is_io(error: &tokio_postgres::Error) -> bool {
    let mut source = std::error::Error::source(error);
    while let Some(inner) = source {
        if inner.is::<std::io::Error>() {
            return true;
        }
        source = inner.source();
    }
    false
}

impl Problem {
    fn from_raised(raised: &Raised<'_>) -> Self {
        let sqlstate = raised.sqlstate;
        let cause = format!("SQLSTATE {sqlstate} {} {}", raised.place, raised.message);
        if let Some(status) = coded_status(sqlstate)
            && is_code(raised.message)
        {
            return Self::from_coded(
                status,
                raised.message.to_owned(),
                raised.detail,
                raised.hint,
                raised.column,
            );
        }
        match sqlstate {
            "23505" | "23503" => {
                tracing::warn!(
                    db.sqlstate = sqlstate,
                    db.constraint = raised.place,
                    "a constraint caught what a guard should have"
                );
                Self::new(
                    StatusCode::CONFLICT,
                    "core.conflict",
                    "The request conflicts with the current state.",
                )
            }
            "23514" | "23502" => {
                tracing::warn!(
                    db.sqlstate = sqlstate,
                    db.constraint = raised.place,
                    "a constraint caught what a guard should have"
                );
                Self::invalid_value()
            }
            // A value that its type cannot hold. The message may quote the value, so it is not logged.
            _ if sqlstate.starts_with("22") => Self::invalid_value(),
            "57014" => Self::timeout(cause),
            "40001" | "40P01" | "55P03" => Self::overloaded(cause),
            _ if sqlstate.starts_with("08") || sqlstate.starts_with("53") || sqlstate.starts_with("57P") => {
                Self::unavailable(cause)
            }
            _ => Self::internal(cause),
        }
    }

    /// The refusal in a row of a batch function (columns `problem_status`, `_code`, `_detail`, `_hint`, `_errors`); `None`
    /// when the request was granted.
    pub fn from_refusal(row: &tokio_postgres::Row) -> Result<Option<Self>, tokio_postgres::Error> {
        let Some(code) = row.try_get::<_, Option<String>>("problem_code")? else { return Ok(None) };
        let status = row.try_get::<_, Option<i32>>("problem_status")?;
        let status = status.and_then(|status| StatusCode::from_u16(u16::try_from(status).ok()?).ok());
        let detail: Option<String> = row.try_get("problem_detail")?;
        let hint: Option<String> = row.try_get("problem_hint")?;
        let errors: Option<postgres_types::Json<Vec<FieldError>>> = row.try_get("problem_errors")?;
        let status = status.unwrap_or(StatusCode::UNPROCESSABLE_ENTITY);
        let mut problem = Self::from_coded(status, code, detail.as_deref(), hint.as_deref(), None);
        problem.0.errors = errors.map(|errors| errors.0).unwrap_or_default();
        Ok(Some(problem))
    }

    fn invalid_value() -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "core.invalid_value", "A value is outside its limits.")
    }

    /// A refusal in the form rules raise it: also what a batch function returns as a row.
    pub fn from_coded(
        status: StatusCode,
        code: String,
        detail: Option<&str>,
        hint: Option<&str>,
        field: Option<&str>,
    ) -> Self {
        let mut problem = Self::new(status, code, detail.unwrap_or_default().to_owned());
        if detail.is_none() {
            problem.0.detail = None;
        }
        if let Some(hint) = hint {
            problem = problem.hint(hint.to_owned());
        }
        if let Some(field) = field.filter(|field| !field.is_empty()) {
            problem = problem.field(format!("/{}", field.trim_start_matches('/')));
        }
        let passes = status == StatusCode::SERVICE_UNAVAILABLE || status == StatusCode::TOO_MANY_REQUESTS;
        if passes || problem.code() == "core.idempotency_in_progress" {
            problem = problem.retry_after(1);
        }
        problem
    }
}

/// `MK409` → 409.
fn coded_status(sqlstate: &str) -> Option<StatusCode> {
    let number: u16 = sqlstate.strip_prefix("MK")?.parse().ok()?;
    StatusCode::from_u16(number).ok().filter(|status| status.is_client_error() || status.is_server_error())
}

/// `domain.reason`, both in lower case.
fn is_code(message: &str) -> bool {
    let word = |part: &str| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
    };
    message.split_once('.').is_some_and(|(domain, reason)| word(domain) && word(reason))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raised<'a>(sqlstate: &'a str, message: &'a str) -> Raised<'a> {
        Raised { sqlstate, message, detail: None, hint: None, column: None, place: String::new() }
    }

    #[test]
    fn a_coded_raise_keeps_code_detail_hint_and_field() {
        let problem = Problem::from_raised(&Raised {
            detail: Some("Only 2 left."),
            hint: Some("Order fewer."),
            column: Some("lines/0/quantity"),
            ..raised("MK409", "inventory.made_up")
        });
        let document = serde_json::to_value(problem.document(Some("req-1"))).unwrap();
        assert_eq!(
            document,
            serde_json::json!({
                "type": "/docs/problems#inventory.made_up", "title": "Made up", "status": 409,
                "detail": "Only 2 left.", "instance": "req-1", "code": "inventory.made_up",
                "hint": "Order fewer.",
                "errors": [{"pointer": "/lines/0/quantity", "code": "inventory.made_up", "detail": "Only 2 left."}],
            })
        );
    }

    #[test]
    fn sqlstates_map_as_the_table_says() {
        let cases = [
            ("23505", 409, "core.conflict"),
            ("23503", 409, "core.conflict"),
            ("23514", 422, "core.invalid_value"),
            ("23502", 422, "core.invalid_value"),
            ("22003", 422, "core.invalid_value"),
            ("40001", 503, "core.overloaded"),
            ("40P01", 503, "core.overloaded"),
            ("55P03", 503, "core.overloaded"),
            ("57014", 503, "core.timeout"),
            ("57P01", 503, "core.unavailable"),
            ("53300", 503, "core.unavailable"),
            ("08006", 503, "core.unavailable"),
            ("42501", 500, "core.internal"),
            ("P0001", 500, "core.internal"),
        ];
        for (sqlstate, status, code) in cases {
            let problem = Problem::from_raised(&raised(sqlstate, "secret text"));
            assert_eq!((problem.status().as_u16(), problem.code()), (status, code), "{sqlstate}");
            let body = String::from_utf8(problem.render(None)).unwrap();
            assert!(!body.contains("secret"), "{sqlstate} leaks the database's words: {body}");
            if status == 503 {
                assert!(problem.into_response().headers().contains_key(header::RETRY_AFTER), "{sqlstate}");
            }
        }
    }

    #[test]
    fn a_raise_without_a_proper_code_is_a_bug_of_ours() {
        assert_eq!(Problem::from_raised(&raised("MK409", "Out of stock")).status().as_u16(), 500);
        assert_eq!(Problem::from_raised(&raised("MK200", "core.fine")).status().as_u16(), 500);
        assert_eq!(Problem::from_raised(&raised("MKabc", "core.fine")).status().as_u16(), 500);
    }
}
