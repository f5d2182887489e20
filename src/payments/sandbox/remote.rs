//! A provider at the other end of a connection: the sandbox as its own process (`tradepost sandbox`), spoken to over HTTP.
//!
//! Everything that goes wrong with a real provider goes wrong here as well: no answer, an answer that is lost after the
//! provider acted, callbacks that come twice, late or out of order. Our id is the idempotency key of every call.

use aws_lc_rs::hmac;
use axum::http::{HeaderMap, Method, StatusCode};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use uuid::Uuid;

use super::super::provider::{
    Charge, Creation, Lookup, Provider, Repaid, Repayment, Settlement, Unknown, Unsettled,
};
use super::server::{Answer, State, payment_of};
use super::{callback, wire};
use crate::problem::Result;

/// See the module.
pub struct Remote {
    /// `host:port`
    authority: String,
    key: hmac::Key,
}

impl Remote {
    /// `url` is `http://host:port`; `secret` signs callbacks.
    pub fn new(url: &url::Url, secret: &str) -> Self {
        Self { authority: wire::target(url).0, key: callback::key(secret) }
    }

    /// Everything but an answer that can be read is [`Unknown`].
    async fn send<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        key: Uuid,
        body: Option<Value>,
    ) -> Result<(StatusCode, Option<T>), Unknown> {
        let lost = |error: &dyn std::fmt::Display| Unknown(format!("{path}: {error}"));
        let headers = vec![("idempotency-key", key.to_string())];
        let body = body.map(|body| body.to_string()).unwrap_or_default();
        let answer = wire::send(&self.authority, method, path, headers, body).await;
        let (status, body) = answer.map_err(|error| lost(&error))?;
        if status.is_server_error() {
            return Err(lost(&status));
        }
        if !status.is_success() {
            return Ok((status, None));
        }
        Ok((status, Some(serde_json::from_slice(&body).map_err(|error| lost(&error))?)))
    }

    async fn charge(
        &self,
        method: Method,
        path: &str,
        key: Uuid,
        body: Option<Value>,
    ) -> Result<(StatusCode, Option<Answer>), Unknown> {
        self.send(method, path, key, body).await
    }
}

fn unreadable(status: StatusCode) -> Unknown {
    Unknown(format!("the provider answered {status}"))
}

fn settlement(answer: Answer) -> Settlement {
    Settlement {
        payment_id: answer.payment_id,
        amount_minor: answer.amount_minor,
        currency: answer.currency,
        reference: answer.reference,
        failure_code: answer.failure_code,
    }
}

fn found(answer: Answer) -> Result<Lookup, Unknown> {
    match answer.state {
        State::Authorized | State::RequiresConfirmation => Ok(Lookup::Open { reference: answer.reference }),
        State::Processing => Err(Unknown("the outcome comes by callback".into())),
        State::Succeeded | State::Failed => Ok(Lookup::Settled(settlement(answer))),
    }
}

impl Provider for Remote {
    fn name(&self) -> &'static str {
        "sandbox"
    }

    fn check_token(&self, token: &str) -> Result<()> {
        super::check_token(token)
    }

    fn create<'a>(&'a self, charge: &'a Charge) -> BoxFuture<'a, Result<Creation, Unknown>> {
        async move {
            let body = json!({ "amountMinor": charge.amount_minor, "currency": charge.currency, "token": charge.token });
            let path = format!("/charges/{}", charge.payment_id);
            let (status, answer) =
                self.charge(Method::POST, &path, charge.payment_id, Some(body)).await?;
            let answer = answer.ok_or_else(|| unreadable(status))?;
            match answer.state {
                State::Authorized | State::Succeeded => {
                    Ok(Creation::Authorized { reference: answer.reference })
                }
                State::RequiresConfirmation => Ok(Creation::RequiresConfirmation {
                    reference: answer.reference,
                    hint: super::code_hint(),
                }),
                State::Failed => {
                    Ok(Creation::Declined { code: answer.failure_code.unwrap_or_else(|| "unknown".into()) })
                }
                State::Processing => Err(Unknown("the outcome comes by callback".into())),
            }
        }
        .boxed()
    }

    fn settle<'a>(
        &'a self,
        reference: &'a str,
        confirmation_code: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Settlement, Unsettled>> {
        async move {
            let Some(payment_id) = payment_of(reference) else {
                return Err(Unsettled::ReferenceUnknown);
            };
            let path = format!("/charges/{payment_id}/capture");
            let body = json!({ "reference": reference, "code": confirmation_code });
            match self.charge(Method::POST, &path, payment_id, Some(body)).await? {
                (_, Some(answer)) if matches!(answer.state, State::Succeeded | State::Failed) => {
                    Ok(settlement(answer))
                }
                (StatusCode::NOT_FOUND, _) => Err(Unsettled::ReferenceUnknown),
                (StatusCode::UNPROCESSABLE_ENTITY, _) => Err(Unsettled::CodeWrong),
                (status, _) => Err(unreadable(status).into()),
            }
        }
        .boxed()
    }

    fn lookup<'a>(&'a self, charge: &'a Charge) -> BoxFuture<'a, Result<Lookup, Unknown>> {
        async move {
            let path = format!("/charges/{}", charge.payment_id);
            match self.charge(Method::GET, &path, charge.payment_id, None).await? {
                (_, Some(answer)) => found(answer),
                (StatusCode::NOT_FOUND, _) => Ok(Lookup::NotFound),
                (status, _) => Err(unreadable(status)),
            }
        }
        .boxed()
    }

    fn void<'a>(&'a self, charge: &'a Charge) -> BoxFuture<'a, Result<Lookup, Unknown>> {
        async move {
            let path = format!("/charges/{}/void", charge.payment_id);
            match self.charge(Method::POST, &path, charge.payment_id, None).await? {
                (_, Some(answer)) => found(answer),
                (StatusCode::NOT_FOUND, _) => Ok(Lookup::NotFound),
                (status, _) => Err(unreadable(status)),
            }
        }
        .boxed()
    }

    fn refund<'a>(&'a self, repayment: &'a Repayment) -> BoxFuture<'a, Result<Repaid, Unknown>> {
        async move {
            let path = format!("/refunds/{}", repayment.refund_id);
            let body = json!({ "reference": repayment.reference, "amountMinor": repayment.amount_minor,
                               "currency": repayment.currency });
            let (status, answer): (_, Option<Value>) =
                self.send(Method::POST, &path, repayment.refund_id, Some(body)).await?;
            match answer.as_ref().and_then(|answer| answer["reference"].as_str()) {
                Some(reference) => Ok(Repaid::Succeeded { reference: reference.to_owned() }),
                None if status == StatusCode::CONFLICT => {
                    Ok(Repaid::Failed { code: "refund_refused".into() })
                }
                None => Err(unreadable(status)),
            }
        }
        .boxed()
    }

    fn read_callback(&self, headers: &HeaderMap, body: &[u8]) -> Option<Settlement> {
        callback::read(std::slice::from_ref(&self.key), headers, body)
    }
}
