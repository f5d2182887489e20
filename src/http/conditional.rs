//! Conditional reads by `If-None-Match`: 304 without a body when the client has this version already.
//!
//! Only for routes whose version covers all that the body tells. Stock and promotions are not among them: their
//! counters move without it. Products and variants tell prices, which move by the clock: their tag carries a mark of the
//! body besides ([`super::respond::Moving`]).

use axum::extract::Request;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use utoipa::IntoParams;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::{ObjectBuilder, Required, Type};

/// Answers that carry an ETag may be kept and must be asked about again.
pub async fn conditional<F>(request: Request, next: impl FnOnce(Request) -> F) -> Response
where
    F: Future<Output = Response>,
{
    if request.method() != Method::GET && request.method() != Method::HEAD {
        return next(request).await;
    }
    let is_known = request.headers().contains_key(header::AUTHORIZATION);
    let wanted: Vec<_> = request.headers().get_all(header::IF_NONE_MATCH).iter().cloned().collect();
    let mut response = next(request).await;
    let Some(etag) = response.headers().get(header::ETAG).cloned() else {
        return response;
    };
    if response.status() != StatusCode::OK {
        return response;
    }
    // What a store sees of its own product is not for others.
    let cache = HeaderValue::from_static(if is_known { "private, no-cache" } else { "no-cache" });
    response.headers_mut().insert(header::CACHE_CONTROL, cache);
    response.headers_mut().append(header::VARY, HeaderValue::from_static("authorization"));
    if !names(&wanted, &etag) {
        return response;
    }
    let mut headers = std::mem::take(response.headers_mut());
    headers.remove(header::CONTENT_TYPE);
    headers.remove(header::CONTENT_LENGTH);
    (StatusCode::NOT_MODIFIED, headers).into_response()
}

/// Whether `If-None-Match` names the tag: a list, or `*`. Weak tags count, as RFC 9110 wants it here.
pub(crate) fn names<'a>(wanted: impl IntoIterator<Item = &'a HeaderValue>, etag: &HeaderValue) -> bool {
    let Ok(etag) = etag.to_str() else { return false };
    wanted
        .into_iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag)
}

/// Documents the header; the layer reads it.
#[derive(Debug)]
pub struct IfNoneMatch;

impl IntoParams for IfNoneMatch {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        vec![
            ParameterBuilder::new()
                .name("If-None-Match")
                .parameter_in(ParameterIn::Header)
                .required(Required::False)
                .description(Some("The ETag of what the client has: 304 when it is still that."))
                .schema(Some(ObjectBuilder::new().schema_type(Type::String)))
                .example(Some("\"1\"".into()))
                .build(),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_named_alone_in_a_list_or_by_the_star() {
        let etag = HeaderValue::from_static("\"3\"");
        let named = |value: &'static str| names(&[HeaderValue::from_static(value)], &etag);
        for value in ["\"3\"", "W/\"3\"", "\"2\", \"3\"", "*"] {
            assert!(named(value), "{value}");
        }
        for value in ["\"2\"", "3", "", "\"33\""] {
            assert!(!named(value), "{value}");
        }
        assert!(!names(&[], &etag));
    }
}
