//! The kernel through a real socket, without a database: what every route has in common.

use std::net::SocketAddr;
use std::time::Duration;

use axum::http::StatusCode;
use reqwest::{Client, Response};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::*;
use crate::app::App;
use crate::config::Config;
use crate::identity::token::{Role, TokenSettings, Tokens};

#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Thing {
    unit_price: i64,
    note: Option<String>,
}

impl HasVersion for Thing {
    fn version(&self) -> i32 {
        7
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
struct Filter {
    seller_id: Option<Uuid>,
}

#[utoipa::path(get, path = "/things", params(Page, Filter), responses((status = 200, description = "ok")))]
async fn list(page: Page, ApiQuery(filter): ApiQuery<Filter>) -> Json<Value> {
    Json(json!({"limit": page.limit, "cursor": page.cursor, "sellerId": filter.seller_id}))
}

#[utoipa::path(post, path = "/things", params(IdempotencyKey), request_body = Thing,
    responses((status = 201, description = "ok")), security(("bearer" = [])))]
async fn create(
    ctx: Ctx,
    actor: SellerActor,
    _key: IdempotencyKey,
    ApiJson(thing): ApiJson<Thing>,
) -> Replayable<Created<Versioned<Thing>>> {
    assert_eq!(ctx.call(&actor).actor_id, Some(actor.user_id));
    Replayable { is_replayed: true, answer: Created("/api/v1/things/1".into(), Versioned(thing)) }
}

#[utoipa::path(put, path = "/things/{id}", params(("id" = Uuid, Path), IfMatch), request_body = Thing,
    responses((status = 200, description = "ok")))]
async fn update(ApiPath(id): ApiPath<Uuid>, IfMatch(version): IfMatch, ctx: Ctx) -> Json<Value> {
    Json(json!({"id": id, "version": version, "ip": ctx.client_ip, "requestId": ctx.request_id}))
}

#[utoipa::path(get, path = "/panic", responses((status = 200, description = "never")))]
async fn panics() -> StatusCode {
    panic!("the words of a panic stay inside");
}

#[utoipa::path(get, path = "/slow", responses((status = 200, description = "late")))]
async fn slow() -> StatusCode {
    tokio::time::sleep(Duration::from_millis(600)).await;
    StatusCode::OK
}

#[utoipa::path(get, path = "/large", responses((status = 200, description = "ok")))]
async fn large() -> String {
    "compressible ".repeat(1000)
}

struct Server {
    app: App,
    address: SocketAddr,
    http: Client,
    stop: CancellationToken,
    done: tokio::task::JoinHandle<std::io::Result<()>>,
}

impl Server {
    async fn start(change: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config { request_timeout_ms: 5_000, ..Config::default() };
        change(&mut config);
        crate::telemetry::metrics();
        let tokens = Tokens::ephemeral(TokenSettings::default()).unwrap();
        // Nobody listens there: the pools stay empty.
        let nowhere = "postgres://nobody@127.0.0.1:1/none";
        let app = App::connect(config, nowhere, nowhere, tokens).unwrap();
        let api = OpenApiRouter::new()
            .routes(routes!(list, create))
            .routes(routes!(update))
            .routes(routes!(panics))
            .routes(routes!(slow))
            .routes(routes!(large));
        let router = crate::app::service(app.clone(), api);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let stop = CancellationToken::new();
        let done = tokio::spawn(server::serve_router(app.clone(), router, listener, stop.clone()));
        Self { app, address, http: Client::new(), stop, done }
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    async fn get(&self, path: &str) -> Response {
        self.http.get(self.url(path)).send().await.unwrap()
    }

    fn token(&self, role: Role) -> String {
        self.app.tokens.sign_access(Uuid::now_v7(), Uuid::now_v7(), role).unwrap().token
    }

    fn create(&self) -> reqwest::RequestBuilder {
        let request = self.http.post(self.url("/api/v1/things")).bearer_auth(self.token(Role::Seller));
        request.header("idempotency-key", "k1").header("content-type", "application/json")
    }

    /// What the server says to raw bytes.
    async fn raw(&self, bytes: &[u8]) -> String {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        let mut answer = Vec::new();
        let _ = tokio::time::timeout(Duration::from_secs(3), stream.read_to_end(&mut answer)).await;
        String::from_utf8_lossy(&answer).into_owned()
    }
}

async fn problem(response: Response) -> (u16, String, Value) {
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    let status = response.status().as_u16();
    let request_id = response.headers()["x-request-id"].to_str().unwrap().to_owned();
    let body: Value = response.json().await.unwrap();
    assert_eq!(body["status"], status);
    assert_eq!(body["instance"], request_id);
    (status, body["code"].as_str().unwrap().to_owned(), body)
}

async fn refused(response: Response, status: u16, code: &str) -> Value {
    let (got, got_code, body) = problem(response).await;
    assert_eq!((got, got_code.as_str()), (status, code), "{body}");
    body
}

#[tokio::test]
async fn routes_methods_and_paths_that_do_not_exist() {
    let server = Server::start(|_| {}).await;
    refused(server.get("/nowhere").await, 404, "core.not_found").await;
    refused(server.get("/api/v1/nowhere").await, 404, "core.not_found").await;
    refused(server.get("/docs/nowhere.js").await, 404, "core.not_found").await;
    let put =
        |id: &str| server.http.put(server.url(&format!("/api/v1/things/{id}"))).header("if-match", "\"1\"");
    for id in ["1", "%00", "%ff", "x%00y"] {
        refused(put(id).send().await.unwrap(), 404, "core.not_found").await;
    }
    let response = server.http.delete(server.url("/api/v1/things")).send().await.unwrap();
    let allow = response.headers()["allow"].to_str().unwrap().to_owned();
    assert!(allow.contains("GET") && allow.contains("POST"), "{allow}");
    refused(response, 405, "core.method_not_allowed").await;
}

#[tokio::test]
async fn queries_are_exactly_the_documented_ones() {
    let server = Server::start(|_| {}).await;
    let id = Uuid::now_v7();
    let good = server.get(&format!("/api/v1/things?limit=5&sellerId={id}&cursor=abc")).await;
    let body: Value = good.json().await.unwrap();
    assert_eq!(body, json!({"limit": 5, "cursor": "abc", "sellerId": id}));
    for (query, pointer) in [
        ("colour=red", "/colour"),
        ("limit=0", "/limit"),
        ("limit=x", "/limit"),
        ("sellerId=1", "/sellerId"),
        ("sellerId=%00", "/sellerId"),
        ("limit=1&limit=2", "/limit"),
    ] {
        let body =
            refused(server.get(&format!("/api/v1/things?{query}")).await, 400, "core.query_invalid").await;
        assert_eq!(body["errors"][0]["pointer"], pointer, "{query}");
    }
    refused(server.get("/api/v1/things?cursor=a%20b").await, 400, "core.cursor_invalid").await;
    refused(server.get("/api/v1/slow?x=1").await, 400, "core.query_invalid").await;
}

#[tokio::test]
async fn bodies_are_typed_bounded_and_pointed_at() {
    let server = Server::start(|_| {}).await;
    let good = server.create().body(r#"{"unitPrice": 5}"#).send().await.unwrap();
    assert_eq!(good.status(), 201);
    assert_eq!(good.headers()["location"], "/api/v1/things/1");
    assert_eq!(good.headers()["etag"], "\"7\"");
    assert_eq!(good.headers()["idempotency-replayed"], "true");

    for (body, pointer) in [
        (r#"{"unitPrice": "5"}"#, "/unitPrice"),
        (r#"{"unitPrice": 5, "colour": 1}"#, "/colour"),
        (r#"{"unitPrice": 5, "note": "a\u0000"}"#, "/note"),
        ("{", ""),
    ] {
        let body = refused(server.create().body(body).send().await.unwrap(), 400, "core.body_invalid").await;
        assert_eq!(body["errors"][0]["pointer"], pointer);
    }
    let text = server.http.post(server.url("/api/v1/things")).bearer_auth(server.token(Role::Seller));
    let text = text.header("idempotency-key", "k1").body("{}");
    let untyped = text.try_clone().unwrap().send().await.unwrap();
    refused(untyped, 415, "core.media_type_unsupported").await;
    let form = text.header("content-type", "application/x-www-form-urlencoded");
    refused(form.send().await.unwrap(), 415, "core.media_type_unsupported").await;

    let ten_megabytes = format!(r#"{{"unitPrice": 1, "note": "{}"}}"#, "x".repeat(10 << 20));
    refused(server.create().body(ten_megabytes.clone()).send().await.unwrap(), 413, "core.body_too_large")
        .await;
    let pieces = ten_megabytes
        .into_bytes()
        .chunks(64 << 10)
        .map(|c| Ok::<_, std::io::Error>(c.to_vec()))
        .collect::<Vec<_>>();
    let stream = reqwest::Body::wrap_stream(futures::stream::iter(pieces));
    refused(server.create().body(stream).send().await.unwrap(), 413, "core.body_too_large").await;
}

#[tokio::test]
async fn who_and_with_which_headers() {
    let server = Server::start(|_| {}).await;
    let post = || server.http.post(server.url("/api/v1/things")).json(&json!({"unitPrice": 1}));
    let response = post().send().await.unwrap();
    assert_eq!(response.headers()["www-authenticate"], "Bearer");
    refused(response, 401, "identity.unauthenticated").await;
    for bad in ["Bearer nonsense", "Basic abc", "Bearer"] {
        let request = post().header("authorization", bad);
        refused(request.send().await.unwrap(), 401, "identity.unauthenticated").await;
    }
    let twice = post().bearer_auth(server.token(Role::Seller)).bearer_auth(server.token(Role::Seller));
    refused(twice.send().await.unwrap(), 400, "core.header_invalid").await;
    let buyer = post().bearer_auth(server.token(Role::Buyer)).header("idempotency-key", "k");
    refused(buyer.send().await.unwrap(), 403, "identity.role_required").await;
    let seller = || post().bearer_auth(server.token(Role::Seller));
    refused(seller().send().await.unwrap(), 400, "core.idempotency_key_required").await;
    let spaces = seller().header("idempotency-key", "a b");
    refused(spaces.send().await.unwrap(), 400, "core.idempotency_key_invalid").await;

    let put = || server.http.put(server.url(&format!("/api/v1/things/{}", Uuid::nil())));
    refused(put().send().await.unwrap(), 428, "core.if_match_required").await;
    refused(put().header("if-match", "*").send().await.unwrap(), 400, "core.if_match_invalid").await;
    let good = put()
        .header("if-match", "\"3\"")
        .header("x-request-id", "mine-1")
        .header("x-forwarded-for", "1.2.3.4");
    let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let response = good.header("traceparent", trace).send().await.unwrap();
    assert_eq!(response.headers()["x-request-id"], "mine-1");
    assert!(response.headers()["traceparent"].to_str().unwrap().contains("4bf92f3577b34da6a3ce929d0e0e4736"));
    let body: Value = response.json().await.unwrap();
    assert_eq!(
        (&body["version"], &body["ip"], &body["requestId"]),
        (&json!(3), &json!("127.0.0.1"), &json!("mine-1"))
    );
}

#[tokio::test]
async fn panics_and_slowness_become_problems() {
    let server = Server::start(|config| config.request_timeout_ms = 200).await;
    let body = refused(server.get("/api/v1/panic").await, 500, "core.internal").await;
    assert!(!body.to_string().contains("words of a panic"));
    let response = server.get("/api/v1/slow").await;
    assert_eq!(response.headers()["retry-after"], "1");
    refused(response, 503, "core.timeout").await;
}

#[tokio::test]
async fn too_many_requests_at_once_are_turned_away() {
    let server = Server::start(|config| {
        config.requests_max = 1;
        config.admission_wait_ms = 20;
    })
    .await;
    let slow = tokio::spawn(server.http.get(server.url("/api/v1/slow")).send());
    tokio::time::sleep(Duration::from_millis(200)).await;
    refused(server.get("/api/v1/large").await, 503, "core.overloaded").await;
    assert_eq!(server.get("/health/live").await.status(), 200, "probes are not shed");
    assert_eq!(slow.await.unwrap().unwrap().status(), 200);
    assert_eq!(server.get("/api/v1/large").await.status(), 200);
}

/// The router of these tests has no such routes: whatever is refused was refused in front of it, and what was not is not found.
#[tokio::test]
async fn a_checkout_whose_queue_is_closed_is_refused_before_the_router() {
    const TRACE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let server = Server::start(|config| {
        config.batch_queue_max = 0;
        config.cors_origins = vec!["https://shop.example".to_owned()];
    })
    .await;
    let post = |path: &str| {
        let request = server.http.post(server.url(path)).header("content-type", "application/json");
        request.header("x-request-id", "mine").header("traceparent", TRACE)
    };
    let (_, documented) = crate::app::documented();
    let order = Uuid::now_v7();
    for path in [
        "/api/v1/orders".to_owned(),
        "/api/v1/inventory/reserve".to_owned(),
        format!("/api/v1/orders/{order}/payment"),
        format!("/api/v1/orders/{order}/confirm-payment"),
    ] {
        let (route, _) = server.app.batch.of_path(&path).unwrap();
        assert!(documented.paths.paths[route].post.is_some(), "{route} is a route");
        let response = post(&path).body("{}").send().await.unwrap();
        let header = |name: &str| response.headers()[name].to_str().unwrap();
        assert_eq!((header("retry-after"), header("cache-control")), ("1", "no-store"), "{path}");
        assert_eq!((header("x-request-id"), header("x-content-type-options")), ("mine", "nosniff"));
        assert!(header("traceparent").starts_with(&TRACE[..36]) && header("traceparent") != TRACE);
        let body = refused(response, 503, "core.overloaded").await;
        assert_eq!(body["title"], "Overloaded");
        for request in [
            server.http.get(server.url(&path)),
            post(&path).body("x".repeat(5_000)), // its share of the memory is asked for first
            post(&path).header("origin", "https://shop.example").body("{}"), // the page is to be able to read it
            post(&format!("{path}/more")).body("{}"),
            post(&path.replace("/api/v1", "/api/v2")).body("{}"),
            post("/api/v1/orders//payment").body("{}"),
        ] {
            refused(request.send().await.unwrap(), 404, "core.not_found").await;
        }
    }
    let metrics = server.get("/metrics").await.text().await.unwrap();
    for what in [
        "http_shed_total{class=\"checkout\",reason=\"batch\"} ", // another test is refused as well
        "http_request_duration_seconds_count{route=\"/api/v1/orders/{orderId}/payment\",method=\"POST\",status=\"503\"} 1\n",
    ] {
        assert!(metrics.contains(&format!("tradepost_{what}")), "{what}: {metrics}");
    }
}

/// The body is read to its end, so that the connection can carry the next request.
#[tokio::test]
async fn a_refused_checkout_keeps_its_connection() {
    let server = Server::start(|config| config.batch_queue_max = 0).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let head =
        "POST /api/v1/orders HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 11\r\n\r\n";
    for (sent, answer) in [
        (head, "HTTP/1.1 100"), // it is told to go on because somebody reads
        (r#"{"a": true}"#, "HTTP/1.1 503"),
        ("GET /health/live HTTP/1.1\r\nhost: x\r\n\r\n", "HTTP/1.1 200"),
    ] {
        stream.write_all(sent.as_bytes()).await.unwrap();
        let mut text = String::new();
        // a head, and a body where there is one
        while !text.contains("\r\n\r\n") || (text.contains("json\r\n") && !text.ends_with('}')) {
            let mut buffer = [0; 4096];
            let read = stream.read(&mut buffer).await.unwrap();
            assert!(read > 0, "closed after {text}");
            text.push_str(&String::from_utf8_lossy(&buffer[..read]));
        }
        assert!(text.starts_with(answer), "{sent}: {text}");
    }
}

#[tokio::test]
async fn connections_beyond_the_cap_are_told_so() {
    let server = Server::start(|config| config.connections_max = 1).await;
    let _first = TcpStream::connect(server.address).await.unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    let answer = server.raw(b"").await;
    assert!(answer.starts_with("HTTP/1.1 503") && answer.contains("core.overloaded"), "{answer}");
}

#[tokio::test]
async fn heads_are_bounded() {
    let server = Server::start(|config| {
        config.header_limit_bytes = 8192;
        config.headers_max = 10;
        config.header_timeout_ms = 300;
    })
    .await;
    let many = "x-many: 1\r\n".repeat(20);
    let answer = server.raw(format!("GET /health/live HTTP/1.1\r\nhost: x\r\n{many}\r\n").as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
    let long = "y".repeat(20_000);
    let answer =
        server.raw(format!("GET /health/live HTTP/1.1\r\nhost: x\r\nx: {long}\r\n\r\n").as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
    let started = std::time::Instant::now();
    server.raw(b"GET /health/live HTTP/1.1\r\nhost").await;
    assert!(started.elapsed() < Duration::from_secs(2), "a head that never ends ends the connection");
}

#[tokio::test]
async fn answers_are_hardened_and_compressed() {
    let server = Server::start(|config| config.hsts = true).await;
    for path in ["/api/v1/large", "/nowhere", "/docs/", "/metrics"] {
        let response = server.get(path).await;
        let header = |name: &str| response.headers()[name].to_str().unwrap().to_owned();
        assert_eq!(header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(header("x-frame-options"), "DENY", "{path}");
        assert_eq!(header("referrer-policy"), "no-referrer", "{path}");
        assert!(header("content-security-policy").starts_with("default-src 'none'"), "{path}");
        assert!(header("strict-transport-security").starts_with("max-age="), "{path}");
        assert!(!response.headers().contains_key("access-control-allow-origin"), "{path}");
    }
    for coding in ["gzip", "br", "zstd"] {
        let request = server.http.get(server.url("/api/v1/large")).header("accept-encoding", coding);
        assert_eq!(request.send().await.unwrap().headers()["content-encoding"], coding);
    }
}

#[tokio::test]
async fn cors_is_for_the_configured_origins() {
    let server = Server::start(|config| config.cors_origins = vec!["https://shop.example".into()]).await;
    let preflight = |origin: &str| {
        let request = server.http.request(reqwest::Method::OPTIONS, server.url("/api/v1/things"));
        request.header("origin", origin).header("access-control-request-method", "POST").send()
    };
    let response = preflight("https://shop.example").await.unwrap();
    assert_eq!(response.headers()["access-control-allow-origin"], "https://shop.example");
    let response = preflight("https://evil.example").await.unwrap();
    assert!(!response.headers().contains_key("access-control-allow-origin"));
}

#[tokio::test]
async fn health_metrics_keys_and_docs() {
    let server = Server::start(|_| {}).await;
    assert_eq!(server.get("/health/live").await.status(), 200);
    let response = server.get("/health/ready").await;
    assert_eq!(response.status(), 503, "there is no database");
    let body: Value = response.json().await.unwrap();
    assert_eq!((&body["checks"][0]["name"], &body["checks"][0]["ok"]), (&json!("database"), &json!(false)));

    let keys: Value = server.get("/.well-known/jwks.json").await.json().await.unwrap();
    assert_eq!(keys["keys"][0]["kid"], server.app.tokens.kid());

    let text = server.get("/metrics").await.text().await.unwrap();
    assert!(
        text.contains(
            r#"tradepost_http_request_duration_seconds_bucket{route="/health/live",method="GET",status="200""#
        ),
        "{text}"
    );

    for name in text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next()) {
        assert!(text.contains(&format!("# HELP {name} ")), "{name} says what it is");
    }

    let description: Value = server.get("/openapi.json").await.json().await.unwrap();
    assert!(description["openapi"].as_str().unwrap().starts_with("3.1"));
    let create = &description["paths"]["/api/v1/things"]["post"];
    for status in ["201", "400", "401", "403", "409", "413", "415", "422", "500", "503"] {
        assert!(create["responses"][status].is_object(), "{status}");
    }
    assert!(description["components"]["securitySchemes"]["bearer"].is_object());
    for path in ["/health/live", "/health/ready", "/metrics", "/.well-known/jwks.json"] {
        assert!(description["paths"][path]["get"]["responses"]["200"].is_object(), "{path}");
    }

    let page = server.get("/docs").await.text().await.unwrap();
    assert!(page.contains("swagger-ui") && !page.contains("https://"), "nothing from elsewhere: {page}");
    assert!(server.get("/docs/swagger-initializer.js").await.text().await.unwrap().contains("/openapi.json"));
    assert!(server.get("/docs/problems").await.text().await.unwrap().contains(r#"id="core.not_found""#));
}

#[tokio::test]
async fn http_2_without_tls() {
    let server = Server::start(|_| {}).await;
    let client = Client::builder().http2_prior_knowledge().build().unwrap();
    let response = client.get(server.url("/health/live")).send().await.unwrap();
    assert_eq!((response.version(), response.status()), (reqwest::Version::HTTP_2, reqwest::StatusCode::OK));
}

#[tokio::test]
async fn shutting_down_finishes_what_was_begun() {
    let server = Server::start(|_| {}).await;
    let slow = tokio::spawn(server.http.get(server.url("/api/v1/slow")).send());
    let _idle = TcpStream::connect(server.address).await.unwrap();
    tokio::time::sleep(Duration::from_millis(150)).await;
    server.stop.cancel();
    assert_eq!(slow.await.unwrap().unwrap().status(), 200);
    assert!(server.app.ready.is_draining() && server.app.shutdown.is_cancelled());
    tokio::time::timeout(Duration::from_secs(2), server.done).await.unwrap().unwrap().unwrap();
    assert!(TcpStream::connect(server.address).await.is_err(), "nobody listens any more");
}
