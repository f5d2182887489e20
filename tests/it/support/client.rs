//! HTTP as a named person sees it: `ana.post("/orders", json!({…})).await.expect(201)`.

#![allow(clippy::needless_pass_by_value)] // `post(path, json!({…}))` reads better than with a reference

use std::fmt::Write as _;
use std::future::{Future, IntoFuture};
use std::ops::Index;
use std::pin::Pin;

use reqwest::Method;
use reqwest::header::HeaderMap;
use serde_json::Value;
use uuid::Uuid;

/// Somebody who talks to the server under test; without a token, anybody.
#[derive(Clone, Debug)]
pub struct Person {
    http: reqwest::Client,
    base: String,
    pub name: String,
    pub email: String,
    pub password: String,
    pub user_id: Uuid,
    /// The seller this person acts for; nil for everybody else.
    pub seller_id: Uuid,
    pub access_token: Option<String>,
    pub refresh_token: Option<String>,
}

impl Person {
    pub fn anonymous(http: reqwest::Client, base: String) -> Self {
        Self {
            http,
            base,
            name: "anonymous".to_owned(),
            email: String::new(),
            password: String::new(),
            user_id: Uuid::nil(),
            seller_id: Uuid::nil(),
            access_token: None,
            refresh_token: None,
        }
    }

    /// The same person as a client of another instance of the program.
    pub fn at(&self, base: &str) -> Self {
        Self { base: base.to_owned(), ..self.clone() }
    }

    /// Acts with the session that a registration, a login or a refresh answered.
    #[track_caller]
    pub fn take_tokens(&mut self, reply: &Reply) {
        self.access_token = Some(reply.str("accessToken").to_owned());
        self.refresh_token = Some(reply.str("refreshToken").to_owned());
        let profile =
            ["user", "profile"].iter().map(|m| &reply[m]).find(|v| v.is_object()).unwrap_or(&reply.body);
        let id = |member: &str| profile[member].as_str().and_then(|id| id.parse().ok()).unwrap_or_default();
        self.user_id = id("userId");
        self.seller_id = id("sellerId");
    }

    pub fn get(&self, path: &str) -> Request {
        self.request(Method::GET, path)
    }

    pub fn post(&self, path: &str, body: Value) -> Request {
        self.request(Method::POST, path).json(&body)
    }

    pub fn put(&self, path: &str, body: Value) -> Request {
        self.request(Method::PUT, path).json(&body)
    }

    pub fn delete(&self, path: &str) -> Request {
        self.request(Method::DELETE, path)
    }

    /// Paths are below `/api/v1`, but for those the server serves beside it.
    pub fn request(&self, method: Method, path: &str) -> Request {
        assert!(path.starts_with('/'), "a path begins with a slash: {path}");
        let beside = ["/api/", "/health/", "/metrics", "/openapi.json", "/docs", "/.well-known/"];
        let prefix = if beside.iter().any(|p| path.starts_with(p)) { "" } else { "/api/v1" };
        let mut builder = self.http.request(method.clone(), format!("{}{prefix}{path}", self.base));
        if let Some(token) = &self.access_token {
            builder = builder.bearer_auth(token);
        }
        Request { builder, label: format!("{method} {prefix}{path} as {}", self.name) }
    }
}

/// A request that is sent when awaited.
#[derive(Debug)]
#[must_use = "a request is sent when it is awaited"]
pub struct Request {
    builder: reqwest::RequestBuilder,
    label: String,
}

impl Request {
    pub fn json(mut self, body: &Value) -> Self {
        self.builder = self.builder.json(body);
        self
    }

    /// A raw body, for what is not well-formed.
    pub fn body(mut self, content_type: &str, body: impl Into<reqwest::Body>) -> Self {
        self.builder = self.builder.header("content-type", content_type).body(body);
        self
    }

    pub fn query(mut self, pairs: &[(&str, &str)]) -> Self {
        self.builder = self.builder.query(pairs);
        self
    }

    pub fn header(mut self, name: &str, value: impl std::fmt::Display) -> Self {
        self.builder = self.builder.header(name, value.to_string());
        self
    }

    pub fn bearer(mut self, token: &str) -> Self {
        self.builder = self.builder.bearer_auth(token);
        self
    }

    /// Sends this idempotency key.
    pub fn key(self, key: &str) -> Self {
        self.header("idempotency-key", key)
    }

    /// Sends an idempotency key that nobody used before.
    pub fn once(self) -> Self {
        let key = Uuid::new_v4();
        self.header("idempotency-key", key)
    }

    pub fn if_match(self, version: i64) -> Self {
        self.header("if-match", format!("\"{version}\""))
    }

    /// The response itself, unread: for streams.
    pub async fn open(self) -> reqwest::Response {
        self.builder.send().await.unwrap_or_else(|e| panic!("{}: {e:?}", self.label))
    }
}

impl Request {
    /// The answer, or nothing when the connection broke before it had arrived whole.
    pub async fn try_send(self) -> Option<Reply> {
        let response = self.builder.send().await.ok()?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.ok()?;
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        Some(Reply { label: self.label, status, headers, text, body })
    }
}

impl IntoFuture for Request {
    type Output = Reply;
    type IntoFuture = Pin<Box<dyn Future<Output = Reply> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let label = self.label;
            let response = self.builder.send().await.unwrap_or_else(|e| panic!("{label}: {e:?}"));
            let (status, headers) = (response.status().as_u16(), response.headers().clone());
            let text = response.text().await.unwrap_or_else(|e| panic!("{label}: reading the body: {e:?}"));
            let body = serde_json::from_str(&text).unwrap_or(Value::Null);
            Reply { label, status, headers, text, body }
        })
    }
}

/// An answer, read to its end. Its members are reached by index: `reply["items"][0]["orderId"]`.
#[derive(Clone, Debug)]
pub struct Reply {
    label: String,
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
    pub body: Value,
}

impl Reply {
    /// Asserts the status and that the content type belongs to it.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "\n{}", self.describe());
        if !self.text.is_empty() {
            let media = self.header("content-type").split(';').next().unwrap_or("").trim().to_owned();
            let wanted = if status < 400 { "application/json" } else { "application/problem+json" };
            let is_document = self.label.contains(" /api/v1/");
            assert!(
                media == wanted || !is_document,
                "content type is {media:?}, not {wanted:?}\n{}",
                self.describe()
            );
            assert!(
                media != wanted || !self.body.is_null() || self.text.trim() == "null",
                "not JSON\n{}",
                self.describe()
            );
        }
        self
    }

    /// Asserts a refusal with this status and this stable code, in the whole form of a problem.
    #[track_caller]
    pub fn problem(self, status: u16, code: &str) -> Self {
        let reply = self.expect(status);
        assert_eq!(reply.body["code"], code, "\n{}", reply.describe());
        assert_eq!(reply.body["status"], status, "\n{}", reply.describe());
        for member in ["type", "title", "detail", "instance"] {
            assert!(reply.body[member].is_string(), "problem without {member}\n{}", reply.describe());
        }
        // What the caller can do about it: every rule of a domain says so.
        let has_hint = reply.body["hint"].as_str().is_some_and(|hint| !hint.is_empty());
        assert!(has_hint || code.starts_with("core."), "problem without hint\n{}", reply.describe());
        reply
    }

    /// Asserts a refusal that names this field, as a JSON pointer into the request.
    #[track_caller]
    pub fn problem_at(self, status: u16, code: &str, pointer: &str) -> Self {
        let reply = self.problem(status, code);
        let names_it =
            reply.body["errors"].as_array().is_some_and(|e| e.iter().any(|e| e["pointer"] == pointer));
        assert!(names_it, "no error at {pointer}\n{}", reply.describe());
        reply
    }

    #[track_caller]
    pub fn id(&self, member: &str) -> Uuid {
        self.str(member).parse().unwrap_or_else(|_| panic!("{member} is no UUID\n{}", self.describe()))
    }

    #[track_caller]
    pub fn str(&self, member: &str) -> &str {
        self.body[member].as_str().unwrap_or_else(|| panic!("no text {member}\n{}", self.describe()))
    }

    #[track_caller]
    pub fn int(&self, member: &str) -> i64 {
        self.body[member].as_i64().unwrap_or_else(|| panic!("no number {member}\n{}", self.describe()))
    }

    #[track_caller]
    pub fn items(&self) -> &[Value] {
        self.body["items"].as_array().unwrap_or_else(|| panic!("no items\n{}", self.describe()))
    }

    /// A header's value; empty when there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or("")
    }

    pub fn describe(&self) -> String {
        let mut out = format!("{} answered {}\n", self.label, self.status);
        for (name, value) in &self.headers {
            let _ = writeln!(out, "  {name}: {}", value.to_str().unwrap_or("?"));
        }
        match serde_json::to_string_pretty(&self.body) {
            Ok(pretty) if !self.body.is_null() => out.push_str(&pretty),
            _ => out.push_str(&self.text),
        }
        out
    }
}

impl Index<&str> for Reply {
    type Output = Value;

    fn index(&self, member: &str) -> &Value {
        &self.body[member]
    }
}
