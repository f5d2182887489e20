//! Optimistic locking by `If-Match: "<version>"`.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use utoipa::IntoParams;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::{ObjectBuilder, Required, Type};

use crate::problem::Problem;

/// The version the client read: 428 `core.if_match_required` without one, 400 `core.if_match_invalid` when it is
/// not a version. Whether it is still the current one is checked in SQL (412 `core.version_stale`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IfMatch(pub i32);

impl<S: Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        from_headers(&parts.headers)
    }
}

fn from_headers(headers: &HeaderMap) -> Result<IfMatch, Problem> {
    let mut values = headers.get_all(header::IF_MATCH).iter();
    let Some(value) = values.next() else {
        return Err(Problem::new(
            StatusCode::PRECONDITION_REQUIRED,
            "core.if_match_required",
            "This request needs an If-Match header.",
        )
        .hint("Read the resource and send its ETag back as If-Match."));
    };
    value.to_str().ok().filter(|_| values.next().is_none()).and_then(version).map(IfMatch).ok_or_else(|| {
        Problem::new(
            StatusCode::BAD_REQUEST,
            "core.if_match_invalid",
            "If-Match must hold one ETag of this API, such as \"3\".",
        )
    })
}

/// `"3"`, or `3` from clients that drop the quotes. No list, no weak tag, no `*`: a blind overwrite is what
/// this header is there to prevent.
fn version(text: &str) -> Option<i32> {
    let text = text.trim();
    let digits = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(text);
    // what the clock moves carries a mark of its body behind the version
    let digits = match digits.split_once('-') {
        Some((version, mark)) if mark.len() == 8 && mark.bytes().all(|b| b.is_ascii_hexdigit()) => version,
        Some(_) => return None,
        None => digits,
    };
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|version| plain && *version >= 0)
}

impl IntoParams for IfMatch {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        vec![
            ParameterBuilder::new()
                .name("If-Match")
                .parameter_in(ParameterIn::Header)
                .required(Required::True)
                .description(Some("The ETag of the version this change is based on."))
                .schema(Some(
                    ObjectBuilder::new()
                        .schema_type(Type::String)
                        .max_length(Some(21))
                        .pattern(Some(r#"^"(0|[1-9][0-9]{0,8})(-[0-9a-f]{8})?"$"#)),
                ))
                .example(Some("\"1\"".into()))
                .build(),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn read(value: &'static str) -> Result<IfMatch, Problem> {
        let mut headers = HeaderMap::new();
        headers.insert(header::IF_MATCH, HeaderValue::from_static(value));
        from_headers(&headers)
    }

    #[test]
    fn one_strong_tag_with_a_version() {
        assert_eq!(read("\"3\"").unwrap(), IfMatch(3));
        assert_eq!(read("12").unwrap(), IfMatch(12));
        assert_eq!(read("\"0\"").unwrap(), IfMatch(0), "the version of what was never set");
        assert_eq!(
            read("\"3-00c0ffee\"").unwrap(),
            IfMatch(3),
            "with the mark of a body that the clock moves"
        );
        for bad in [
            "\"3-\"",
            "\"3-00c0ffeg\"",
            "\"-00c0ffee\"",
            "",
            "*",
            "W/\"3\"",
            "\"3\", \"4\"",
            "\"-1\"",
            "\"+1\"",
            "\"x\"",
            "\"99999999999\"",
            "\"3",
        ] {
            assert_eq!(read(bad).unwrap_err().code(), "core.if_match_invalid", "{bad}");
        }
        let missing = from_headers(&HeaderMap::new()).unwrap_err();
        assert_eq!((missing.status().as_u16(), missing.code()), (428, "core.if_match_required"));
    }
}
