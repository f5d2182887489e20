//! The floor of a GET: an axum route that answers the same bytes to everybody, served as the program serves.

use std::path::Path;

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use bytes::Bytes;
use tokio::net::TcpListener;

pub async fn serve(body: &Path) -> anyhow::Result<()> {
    let body = Bytes::from(std::fs::read(body)?);
    let answer = move || {
        let body = body.clone();
        async move { ([(CONTENT_TYPE, "application/json")], body) }
    };
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("http://{}", listener.local_addr()?);
    axum::serve(listener, Router::new().fallback(answer)).await?;
    Ok(())
}
