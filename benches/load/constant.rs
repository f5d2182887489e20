//! The floor of a GET: an axum route that answers the same bytes to everybody, headers included, served as axum serves.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::Context;
use axum::Router;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use bytes::Bytes;
use tokio::net::TcpListener;

/// `answer` is a file of header lines, an empty line, and the body.
pub async fn serve(answer: &Path) -> anyhow::Result<()> {
    let text = std::fs::read_to_string(answer)?;
    let (head, body) = text.split_once("\n\n").context("a head and a body")?;
    let mut headers = HeaderMap::new();
    for line in head.lines() {
        let (name, value) = line.split_once(": ").context("a header")?;
        headers.append(HeaderName::try_from(name)?, HeaderValue::try_from(value)?);
    }
    let body = Bytes::from(body.to_owned());
    let answer = move || {
        let (headers, body) = (headers.clone(), body.clone());
        async move { (headers, body) }
    };
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("http://{}", listener.local_addr()?);
    axum::serve(listener, Router::new().fallback(answer)).await?;
    Ok(())
}

/// Such a file. What the server adds to every answer is left out.
pub fn write(answer: &Path, headers: &HeaderMap, body: &[u8]) -> anyhow::Result<()> {
    let mut text = String::new();
    for (name, value) in
        headers.iter().filter(|(name, _)| !matches!(name.as_str(), "date" | "content-length"))
    {
        writeln!(text, "{name}: {}", value.to_str()?)?;
    }
    text += "\n";
    text += std::str::from_utf8(body)?;
    Ok(std::fs::write(answer, text)?)
}
