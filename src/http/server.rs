//! Accepting connections, and letting go of them.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::response::Response;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

use super::admission;
use super::observe::Peer;
use crate::app::App;
use crate::config::Config;

/// Serves HTTP/1.1 and h2c until `shutdown`, then drains: readiness turns false, no new connections, idle ones
/// close, requests in flight get `drain_timeout_ms` to finish, streams are told to end through `app.shutdown`.
pub async fn serve(app: App, listener: TcpListener, shutdown: CancellationToken) -> std::io::Result<()> {
    let router = crate::app::router(app.clone());
    serve_router(app, router, listener, shutdown).await
}

pub(crate) async fn serve_router(
    app: App,
    router: Router,
    listener: TcpListener,
    shutdown: CancellationToken,
) -> std::io::Result<()> {
    let builder = Arc::new(builder(&app.config));
    let slots = Arc::new(Semaphore::new(app.config.connections_max));
    let connections = TaskTracker::new();
    let abort = CancellationToken::new();

    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = shutdown.cancelled() => break,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) if is_of_one_connection(&error) => continue,
            Err(error) => {
                // Out of file descriptors or memory: others must finish first.
                tracing::error!(error = %error, "cannot accept connections");
                tokio::time::sleep(Duration::from_millis(200)).await;
                continue;
            }
        };
        let Ok(slot) = Arc::clone(&slots).try_acquire_owned() else {
            metrics::counter!("tradepost_http_connections_refused_total").increment(1);
            turn_away(&stream);
            continue;
        };
        let _ = stream.set_nodelay(true);
        let (app, router) = (app.clone(), router.clone());
        let service = service_fn(move |request| answer(app.clone(), router.clone(), request, peer));
        let (builder, shutdown, abort) = (Arc::clone(&builder), shutdown.clone(), abort.clone());
        connections.spawn(async move {
            let _slot = slot;
            let connection = builder.serve_connection(TokioIo::new(stream), service);
            tokio::pin!(connection);
            // Errors here are the client's: it went away, or never spoke HTTP.
            tokio::select! {
                _ = connection.as_mut() => return,
                () = shutdown.cancelled() => connection.as_mut().graceful_shutdown(),
            }
            tokio::select! {
                _ = connection => {}
                () = abort.cancelled() => {}
            }
        });
    }

    app.ready.drain();
    app.shutdown.cancel();
    drop(listener);
    connections.close();
    let drain = Duration::from_millis(app.config.drain_timeout_ms);
    if tokio::time::timeout(drain, connections.wait()).await.is_err() {
        tracing::warn!(connections = connections.len(), "the drain deadline has passed, closing connections");
        abort.cancel();
        connections.wait().await;
    }
    Ok(())
}

/// From memory or with a refusal when that is all there is to it, else by the router.
async fn answer(
    app: App,
    router: Router,
    request: hyper::Request<Incoming>,
    peer: SocketAddr,
) -> Result<Response, Infallible> {
    if let Some(found) = app.cache.find(&request)
        && let Some(response) = found.answer(&app, request.headers()).await
    {
        return Ok(response);
    }
    let mut request = request.map(Body::new);
    if let Some(refused) = admission::refuse_early(&app, &mut request).await {
        return Ok(refused);
    }
    request.extensions_mut().insert(Peer(peer));
    router.oneshot(request).await
}

fn builder(config: &Config) -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(Duration::from_millis(config.header_timeout_ms))
        .max_headers(config.headers_max)
        .max_buf_size(config.header_limit_bytes);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_header_list_size(u32::try_from(config.header_limit_bytes).unwrap_or(u32::MAX))
        .max_concurrent_streams(config.http2_streams_max)
        .keep_alive_interval(Duration::from_secs(30))
        .keep_alive_timeout(Duration::from_secs(20));
    builder
}

fn is_of_one_connection(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

/// An answer that needs no parser, no task and no waiting.
fn turn_away(stream: &TcpStream) {
    const BODY: &str = r#"{"type":"/docs/problems#core.overloaded","title":"Overloaded","status":503,"detail":"The server has more connections than it can take.","code":"core.overloaded"}"#;
    let answer = format!(
        "HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/problem+json\r\ncontent-length: {}\r\n\
         retry-after: 1\r\nconnection: close\r\n\r\n{BODY}",
        BODY.len()
    );
    let _ = stream.try_write(answer.as_bytes());
}
