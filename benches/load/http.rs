//! Clients of the HTTP interface, each on a connection of its own that it keeps.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::{Context, bail};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper::{HeaderMap, Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use uuid::Uuid;

use crate::drive::Worker;
use crate::market::{Buyer, Dice, Market};

pub struct Connection {
    sender: SendRequest<Full<Bytes>>,
    authority: String,
}

impl Connection {
    pub async fn open(address: SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Ok(Self { sender, authority: address.to_string() })
    }

    pub async fn get(&mut self, path: &str) -> anyhow::Result<Bytes> {
        Ok(self.whole(path).await?.1)
    }

    /// With its headers.
    pub async fn whole(&mut self, path: &str) -> anyhow::Result<(HeaderMap, Bytes)> {
        let request = Request::get(path).header("host", &self.authority).body(Full::default())?;
        self.sender.ready().await?;
        let (head, body) = self.sender.send_request(request).await?.into_parts();
        let body = body.collect().await?.to_bytes();
        expect(path, head.status, StatusCode::OK, &body)?;
        Ok((head.headers, body))
    }

    /// The answer to somebody, whatever it is.
    pub async fn get_as(&mut self, path: &str, token: &str) -> anyhow::Result<(StatusCode, Bytes)> {
        let request = Request::get(path).header("host", &self.authority).header("authorization", token);
        self.send(request.body(Full::default())?).await
    }

    /// The answer to a POST with a fresh idempotency key.
    pub async fn post(
        &mut self,
        path: &str,
        token: &str,
        body: &Value,
    ) -> anyhow::Result<(StatusCode, Bytes)> {
        let mut request = Request::builder().method(Method::POST).uri(path).header("host", &self.authority);
        if !token.is_empty() {
            request = request.header("authorization", token);
        }
        let request = request
            .header("content-type", "application/json")
            .header("idempotency-key", Uuid::now_v7().to_string())
            .body(Full::from(serde_json::to_vec(body)?))?;
        self.send(request).await
    }

    async fn send(&mut self, request: Request<Full<Bytes>>) -> anyhow::Result<(StatusCode, Bytes)> {
        self.sender.ready().await?;
        let response = self.sender.send_request(request).await?;
        let status = response.status();
        Ok((status, response.into_body().collect().await?.to_bytes()))
    }
}

fn expect(path: &str, status: StatusCode, wanted: StatusCode, body: &Bytes) -> anyhow::Result<()> {
    if status != wanted {
        bail!("{path} answered {status}: {}", String::from_utf8_lossy(body));
    }
    Ok(())
}

/// Which offers an order takes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Basket {
    /// Two lines of any two stores.
    Spread,
    /// One line, always the same.
    Single,
}

impl Basket {
    pub fn lines(self, market: &Market, dice: &mut Dice) -> Vec<usize> {
        if self == Self::Single {
            return vec![0];
        }
        let first = dice.below(market.offers.len());
        loop {
            let second = dice.below(market.offers.len());
            if market.offers[second].seller_id != market.offers[first].seller_id {
                return vec![first, second];
            }
        }
    }
}

pub struct PlaceOrders {
    pub connection: Connection,
    pub market: Arc<Market>,
    pub buyer: Buyer,
    pub basket: Basket,
    pub dice: Dice,
}

impl PlaceOrders {
    async fn place(&mut self) -> anyhow::Result<Bytes> {
        let lines = self.basket.lines(&self.market, &mut self.dice);
        let order = self.market.order(&lines);
        let (status, body) = self.connection.post("/api/v1/orders", &self.buyer.token, &order).await?;
        expect("/orders", status, StatusCode::CREATED, &body)?;
        Ok(body)
    }
}

impl Worker for PlaceOrders {
    async fn step(&mut self) -> anyhow::Result<u64> {
        self.place().await?;
        Ok(1)
    }
}

/// Place, pay, confirm.
pub struct CompleteOrders(pub PlaceOrders);

impl Worker for CompleteOrders {
    async fn step(&mut self) -> anyhow::Result<u64> {
        let order: Value = serde_json::from_slice(&self.0.place().await?)?;
        let order_id = order["orderId"].as_str().context("no orderId")?;
        let PlaceOrders { connection, buyer, .. } = &mut self.0;

        let path = format!("/api/v1/orders/{order_id}/payment");
        let method = json!({ "method": { "token": "tok_success" } });
        let (status, body) = connection.post(&path, &buyer.token, &method).await?;
        expect(&path, status, StatusCode::CREATED, &body)?;
        let payment: Value = serde_json::from_slice(&body)?;

        let path = format!("/api/v1/orders/{order_id}/confirm-payment");
        let word =
            json!({ "paymentId": payment["paymentId"], "providerReference": payment["providerReference"] });
        let (status, body) = connection.post(&path, &buyer.token, &word).await?;
        expect(&path, status, StatusCode::OK, &body)?;
        Ok(1)
    }
}

pub struct Get {
    pub connection: Connection,
    pub paths: Arc<Vec<String>>,
    pub dice: Dice,
}

impl Worker for Get {
    async fn step(&mut self) -> anyhow::Result<u64> {
        let path = &self.paths[self.dice.below(self.paths.len())];
        self.connection.get(path).await?;
        Ok(1)
    }
}
