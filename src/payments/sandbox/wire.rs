//! One plain HTTP request on a connection of its own.

use axum::http::{HeaderName, Method, Request, StatusCode};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// Far more than any answer.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// `host:port` and path of a plain `http` URL.
pub fn target(url: &url::Url) -> (String, String) {
    let port = url.port_or_known_default().unwrap_or(80);
    (format!("{}:{port}", url.host_str().unwrap_or("127.0.0.1")), url.path().to_owned())
}

pub async fn send(
    authority: &str,
    method: Method,
    path: &str,
    headers: Vec<(&'static str, String)>,
    body: String,
) -> anyhow::Result<(StatusCode, Bytes)> {
    let stream = TcpStream::connect(authority).await?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let mut request = Request::builder()
        .method(method)
        .uri(path)
        .header("host", authority)
        .header("content-type", "application/json");
    for (name, value) in headers {
        request = request.header(HeaderName::from_static(name), value);
    }
    let request = request.body(Full::new(Bytes::from(body)))?;
    let exchange = async {
        let response = sender.send_request(request).await?;
        let status = response.status();
        let body = Limited::new(response.into_body(), ANSWER_BYTES_MAX).collect().await;
        Ok((status, body.map_err(|error| anyhow::anyhow!(error))?.to_bytes()))
    };
    // Both in one future: who stops waiting closes the connection.
    let connection = async {
        let _ = connection.await;
        std::future::pending::<()>().await;
    };
    tokio::select! {
        answer = exchange => answer,
        () = connection => anyhow::bail!("unreachable: it never ends"),
    }
}
