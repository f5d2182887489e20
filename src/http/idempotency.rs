//! The `Idempotency-Key` header. What it protects is decided in SQL; here it is only read.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use utoipa::IntoParams;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::{ObjectBuilder, Required, Type};

use crate::problem::Problem;

pub const HEADER: &str = "idempotency-key";
pub const MAX_CHARS: usize = 255;

/// A required idempotency key: 400 `core.idempotency_key_required` without one. The key itself travels in `Ctx`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey(pub String);

impl<S: Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        from_headers(&parts.headers)?.map(Self).ok_or_else(|| {
            Problem::new(
                StatusCode::BAD_REQUEST,
                "core.idempotency_key_required",
                "This request needs an Idempotency-Key header.",
            )
            .hint("Send a new random key (a UUID) per intent, and the same key when you retry.")
        })
    }
}

/// 1 to 255 visible ASCII characters; `None` when the header is absent.
pub fn from_headers(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let mut values = headers.get_all(HEADER).iter();
    let Some(value) = values.next() else { return Ok(None) };
    let bytes = value.as_bytes();
    let good = (1..=MAX_CHARS).contains(&bytes.len())
        && bytes.iter().all(u8::is_ascii_graphic)
        && values.next().is_none();
    let text = std::str::from_utf8(bytes).ok().filter(|_| good);
    text.map(|text| Some(text.to_owned())).ok_or_else(|| {
        Problem::new(
            StatusCode::BAD_REQUEST,
            "core.idempotency_key_invalid",
            "An Idempotency-Key has 1 to 255 visible ASCII characters and is sent once.",
        )
    })
}

impl IntoParams for IdempotencyKey {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        vec![
            ParameterBuilder::new()
                .name("Idempotency-Key")
                .parameter_in(ParameterIn::Header)
                .required(Required::True)
                .description(Some(
                    "Names the intent. Repeating a request with the same key gives the stored answer.",
                ))
                .schema(Some(
                    ObjectBuilder::new()
                        .schema_type(Type::String)
                        .min_length(Some(1))
                        .max_length(Some(MAX_CHARS))
                        .pattern(Some("^[!-~]+$")),
                ))
                .example(Some("5f0c6f0e-2a44-4a53-b6f8-0e0c2f8b7d11".into()))
                .build(),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn read(value: &[u8]) -> Result<Option<String>, Problem> {
        let mut headers = HeaderMap::new();
        headers.insert(HEADER, HeaderValue::from_bytes(value).unwrap());
        from_headers(&headers)
    }

    #[test]
    fn keys_are_visible_ascii_of_bounded_length() {
        assert_eq!(from_headers(&HeaderMap::new()).unwrap(), None);
        assert_eq!(read(b"a-1").unwrap().as_deref(), Some("a-1"));
        assert!(read(&[b'x'; 255]).is_ok());
        for bad in [&b""[..], b"a b", b"a\tb", b"caf\xc3\xa9", &[b'x'; 256]] {
            assert_eq!(read(bad).unwrap_err().code(), "core.idempotency_key_invalid", "{bad:?}");
        }
    }
}
