//! Answers with a status or header of their own. They nest: `Created(location, Versioned(product))`.

use axum::Json;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::problem::Problem;

/// 201 with `Location`. The body is any answer: `Json(order)`, `Versioned(product)`, `Replayable(..)`.
#[derive(Debug)]
pub struct Created<R>(pub String, pub R);

impl<R: IntoResponse> IntoResponse for Created<R> {
    fn into_response(self) -> Response {
        let mut response = self.1.into_response();
        *response.status_mut() = StatusCode::CREATED;
        if let Ok(location) = HeaderValue::try_from(self.0) {
            response.headers_mut().insert(header::LOCATION, location);
        }
        response
    }
}

/// Implemented by every resource that carries `version`.
pub trait HasVersion {
    fn version(&self) -> i32;
}

/// 200 with the body as JSON and its version as `ETag`.
#[derive(Debug)]
pub struct Versioned<T>(pub T);

impl<T: Serialize + HasVersion> IntoResponse for Versioned<T> {
    fn into_response(self) -> Response {
        let etag = HeaderValue::try_from(format!("\"{}\"", self.0.version()));
        let mut response = Json(self.0).into_response();
        if let Ok(etag) = etag {
            response.headers_mut().insert(header::ETAG, etag);
        }
        response
    }
}

/// 200 with the body as JSON and, as `ETag`, its version and a mark of the body: for what the clock moves without a new version,
/// such as a price when a sale begins. `If-Match` takes it and looks at the version alone.
#[derive(Debug)]
pub struct Moving<T>(pub T);

impl<T: Serialize + HasVersion> IntoResponse for Moving<T> {
    fn into_response(self) -> Response {
        let version = self.0.version();
        marked(&self.0, |body| {
            // FNV-1a: the same in every copy of the program
            let mark = body
                .iter()
                .fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193));
            format!("\"{version}-{mark:08x}\"")
        })
    }
}

/// 200 with the body as JSON and a mark of it as `ETag`: for lists, which have no version.
#[derive(Debug)]
pub struct Marked<T>(pub T);

impl<T: Serialize> IntoResponse for Marked<T> {
    fn into_response(self) -> Response {
        marked(&self.0, |body| {
            let mark = body.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
                (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
            });
            format!("\"{mark:016x}\"")
        })
    }
}

fn marked(body: &impl Serialize, etag: impl FnOnce(&[u8]) -> String) -> Response {
    let body = match serde_json::to_vec(body) {
        Ok(body) => body,
        Err(error) => return Problem::internal(error).into_response(),
    };
    let etag = HeaderValue::try_from(etag(&body));
    let json = HeaderValue::from_static("application/json");
    let mut response = ([(header::CONTENT_TYPE, json)], body).into_response();
    if let Ok(etag) = etag {
        response.headers_mut().insert(header::ETAG, etag);
    }
    response
}

/// Adds `Idempotency-Replayed: true` when the answer is the stored one of an earlier request.
#[derive(Debug)]
pub struct Replayable<R> {
    pub is_replayed: bool,
    pub answer: R,
}

impl<R: IntoResponse> IntoResponse for Replayable<R> {
    fn into_response(self) -> Response {
        let mut response = self.answer.into_response();
        if self.is_replayed {
            let name = HeaderName::from_static("idempotency-replayed");
            response.headers_mut().insert(name, HeaderValue::from_static("true"));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Serialize)]
    struct Thing {
        version: i32,
    }

    impl HasVersion for Thing {
        fn version(&self) -> i32 {
            self.version
        }
    }

    #[test]
    fn answers_nest() {
        let answer = Versioned(Thing { version: 3 });
        let response = Replayable { is_replayed: true, answer: Created("/api/v1/things/1".into(), answer) }
            .into_response();
        assert_eq!(response.status(), StatusCode::CREATED);
        assert_eq!(response.headers()[header::LOCATION], "/api/v1/things/1");
        assert_eq!(response.headers()[header::ETAG], "\"3\"");
        assert_eq!(response.headers()["idempotency-replayed"], "true");
    }
}
