//! `/openapi.json` and the interactive reference at `/docs`. All assets are compiled in.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::get;
use axum::{Json, Router};
use bytes::Bytes;
use utoipa::openapi::OpenApi;
use utoipa_swagger_ui::{Config, serve};

use crate::app::App;
use crate::problem::Problem;

/// The keys that access tokens are signed with.
///
/// For services that verify tokens themselves: RFC 7517, with the previous key while its tokens may be alive.
#[utoipa::path(get, path = "/.well-known/jwks.json", tag = "core", operation_id = "jwks", responses(
    (status = 200, description = "The key set.", body = serde_json::Value, example = json!({"keys": [{
        "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": "h7YLfpH_Zbm1AcVRXUivJfdD94T5TDWQ12HP59xxvZA",
        "x": "SAPd8qAYAQ_CfG8pjrs3aUdIKtC7uW3XvjPv2_qy1tk"}]}))
))]
pub async fn jwks(State(app): State<App>) -> impl IntoResponse {
    ([(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"))], Json(app.tokens.jwks()))
}

/// The routes, given the description they show.
pub fn routes(description: &OpenApi) -> Router<App> {
    let description = Bytes::from(description.to_json().expect("a description is JSON"));
    let config = Arc::new(
        Config::from("/openapi.json")
            .try_it_out_enabled(true)
            .display_request_duration(true)
            .doc_expansion("none")
            .filter(true)
            .validator_url("none"),
    );
    let index = Arc::clone(&config);
    Router::new()
        .route(
            "/openapi.json",
            get(move || async move {
                let json = HeaderValue::from_static("application/json");
                let cache = HeaderValue::from_static("no-cache");
                ([(header::CONTENT_TYPE, json), (header::CACHE_CONTROL, cache)], description)
            }),
        )
        .route("/docs", get(|| async { Redirect::permanent("/docs/") }))
        .route("/docs/", get(move || async move { file("index.html", index) }))
        .route("/docs/problems", get(|| async { Html(crate::docs::problems_html()) }))
        .route("/docs/{*file}", get(move |Path(path): Path<String>| async move { file(&path, config) }))
}

fn file(path: &str, config: Arc<Config<'static>>) -> Response {
    match serve(path, config) {
        Ok(Some(file)) => {
            let mut response = Body::from(file.bytes.into_owned()).into_response();
            if let Ok(value) = HeaderValue::try_from(file.content_type) {
                response.headers_mut().insert(header::CONTENT_TYPE, value);
            }
            if file.gzpipped {
                response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            }
            response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
            response
        }
        Ok(None) => Problem::not_found().into_response(),
        Err(error) => Problem::internal(error).into_response(),
    }
}
