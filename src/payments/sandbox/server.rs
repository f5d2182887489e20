//! The sandbox as a process of its own: keeps what it was told, by our idempotency keys, and shows over HTTP whatever a provider
//! may do to us.
//!
//! | Route | What |
//! | --- | --- |
//! | `POST /charges/{paymentId}` | create, once however often |
//! | `GET /charges/{paymentId}` | what became of it |
//! | `POST /charges/{paymentId}/capture`, `…/void` | take the money, or let go of it: the first wins |
//! | `POST /refunds/{refundId}` | give back, once however often |
//! | `PUT /control/faults` | `[{"step": "CAPTURE", "when": "AFTER", "kind": "FAIL", "times": 1}]`: instead of the faults so far; those held go on |
//! | `POST /control/charges/{paymentId}/callbacks` | `{"outcome": "SUCCEEDED", "copies": 2}`: signed, sent now; answers what each was answered |
//! | `GET /control/calls` | every call so far: step and key |
//!
//! FAIL answers 503, HOLD answers when the faults are set anew; BEFORE the step nothing was done, AFTER it all was.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_lc_rs::hmac;
use axum::extract::{Path, State as Shared};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::watch;
use uuid::Uuid;

use super::super::provider::Settlement;
use super::{CONFIRMATION_CODE, callback, wire};

/// Most copies of one callback.
const COPIES_MAX: usize = 20;

/// Where a charge stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum State {
    Authorized,
    RequiresConfirmation,
    /// The outcome will come by callback.
    Processing,
    Succeeded,
    Failed,
}

/// A charge, as the sandbox answers it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    pub payment_id: Uuid,
    pub state: State,
    pub reference: String,
    pub amount_minor: i64,
    pub currency: String,
    pub failure_code: Option<String>,
    #[serde(default, skip_serializing)]
    token: String,
}

/// What we ask a provider for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Step {
    Create,
    Lookup,
    Capture,
    Void,
    Refund,
}

/// On which side of the step something goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum When {
    Before,
    After,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Kind {
    Fail,
    Hold,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Fault {
    pub step: Step,
    pub when: When,
    pub kind: Kind,
    pub times: usize,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Call {
    pub step: Step,
    pub key: Uuid,
}

/// Looks on at both sides of every step; `true` ends it there. For tests that kill the caller at just that moment.
pub type Hook = Box<dyn Fn(Step, When) -> bool + Send + Sync>;

/// The sandbox's whole state.
pub struct Sandbox {
    key: hmac::Key,
    /// Where callbacks go.
    callbacks: Option<url::Url>,
    charges: Mutex<HashMap<Uuid, Answer>>,
    refunds: Mutex<HashMap<Uuid, i64>>,
    calls: Mutex<Vec<Call>>,
    faults: watch::Sender<Vec<Fault>>,
    hook: Option<Hook>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The payment that a reference of this sandbox is about.
pub fn payment_of(reference: &str) -> Option<Uuid> {
    reference.strip_prefix("sbx_")?.parse().ok()
}

impl Sandbox {
    pub fn new(secret: &str, callbacks: Option<url::Url>, hook: Option<Hook>) -> Arc<Self> {
        Arc::new(Self {
            key: callback::key(secret),
            callbacks,
            charges: Mutex::default(),
            refunds: Mutex::default(),
            calls: Mutex::default(),
            faults: watch::Sender::default(),
            hook,
        })
    }

    pub fn router(self: &Arc<Self>) -> Router {
        Router::new()
            .route("/charges/{payment_id}", post(create).get(look_up))
            .route("/charges/{payment_id}/capture", post(capture))
            .route("/charges/{payment_id}/void", post(void))
            .route("/refunds/{refund_id}", post(refund))
            .route("/control/faults", put(set_faults))
            .route("/control/charges/{payment_id}/callbacks", post(call_back))
            .route("/control/calls", get(calls))
            .with_state(Arc::clone(self))
    }

    /// Every call so far.
    pub fn calls(&self) -> Vec<Call> {
        lock(&self.calls).clone()
    }

    /// The money that this provider took and did not give back.
    pub fn balance_minor(&self) -> i64 {
        let taken: i64 = lock(&self.charges)
            .values()
            .filter(|c| c.state == State::Succeeded)
            .map(|c| c.amount_minor)
            .sum();
        taken - lock(&self.refunds).values().sum::<i64>()
    }

    /// Replaces the faults; what is held goes on.
    pub fn set_faults(&self, faults: Vec<Fault>) {
        self.faults.send_replace(faults);
    }

    /// One side of a step, with what goes wrong there.
    async fn pass(&self, step: Step, when: When) -> Result<(), StatusCode> {
        if self.hook.as_ref().is_some_and(|hook| hook(step, when)) {
            return Err(StatusCode::SERVICE_UNAVAILABLE);
        }
        let mut kind = None;
        self.faults.send_if_modified(|faults| {
            let fault = faults.iter_mut().find(|f| (f.step, f.when) == (step, when) && f.times > 0);
            kind = fault.map(|fault| {
                fault.times -= 1;
                fault.kind
            });
            false // nobody who is held hears of it
        });
        match kind {
            None => Ok(()),
            Some(Kind::Fail) => Err(StatusCode::SERVICE_UNAVAILABLE),
            Some(Kind::Hold) => {
                let _ = self.faults.subscribe().changed().await;
                Ok(())
            }
        }
    }

    /// A step of ours between its two sides.
    async fn run(&self, step: Step, key: Uuid, act: impl FnOnce(&Self) -> Response + Send) -> Response {
        lock(&self.calls).push(Call { step, key });
        if let Err(status) = self.pass(step, When::Before).await {
            return status.into_response();
        }
        let answer = act(self);
        match self.pass(step, When::After).await {
            Ok(()) => answer,
            Err(status) => status.into_response(),
        }
    }

    /// A change of one charge, and the charge after it.
    fn change(&self, payment_id: Uuid, change: impl FnOnce(&mut Answer)) -> Option<Answer> {
        let mut charges = lock(&self.charges);
        let charge = charges.get_mut(&payment_id)?;
        change(charge);
        Some(charge.clone())
    }
}

fn answer(charge: Option<Answer>) -> Response {
    charge.map_or_else(|| StatusCode::NOT_FOUND.into_response(), |charge| Json(charge).into_response())
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct NewCharge {
    amount_minor: i64,
    currency: String,
    token: String,
}

async fn create(
    Shared(sandbox): Shared<Arc<Sandbox>>,
    Path(payment_id): Path<Uuid>,
    Json(new): Json<NewCharge>,
) -> Response {
    let is_lost = new.token == "tok_slow" || new.token == "tok_unknown";
    let create = move |sandbox: &Sandbox| {
        if new.token == "tok_unknown" {
            return StatusCode::SERVICE_UNAVAILABLE.into_response();
        }
        let mut charges = lock(&sandbox.charges);
        let charge = charges.entry(payment_id).or_insert_with(|| {
            let (state, failure_code) = match new.token.as_str() {
                "tok_decline" => (State::Failed, Some("insufficient_funds")),
                "tok_confirm" => (State::RequiresConfirmation, None),
                "tok_callback" => (State::Processing, None),
                "tok_slow" => (State::Succeeded, None),
                _ => (State::Authorized, None),
            };
            Answer {
                payment_id,
                state,
                reference: format!("sbx_{payment_id}"),
                amount_minor: new.amount_minor,
                currency: new.currency,
                failure_code: failure_code.map(str::to_owned),
                token: new.token,
            }
        });
        answer(Some(charge.clone()))
    };
    let response = sandbox.run(Step::Create, payment_id, create).await;
    if is_lost { StatusCode::SERVICE_UNAVAILABLE.into_response() } else { response }
}

async fn look_up(Shared(sandbox): Shared<Arc<Sandbox>>, Path(payment_id): Path<Uuid>) -> Response {
    let look = |sandbox: &Sandbox| answer(lock(&sandbox.charges).get(&payment_id).cloned());
    sandbox.run(Step::Lookup, payment_id, look).await
}

#[derive(Deserialize)]
struct Capture {
    code: Option<String>,
}

async fn capture(
    Shared(sandbox): Shared<Arc<Sandbox>>,
    Path(payment_id): Path<Uuid>,
    Json(Capture { code }): Json<Capture>,
) -> Response {
    let take = move |sandbox: &Sandbox| {
        let charge = sandbox.change(payment_id, |charge| {
            let is_proven = code.as_deref() == Some(CONFIRMATION_CODE);
            match charge.state {
                State::Authorized if charge.token == "tok_fail_late" => {
                    charge.state = State::Failed;
                    charge.failure_code = Some("card_expired".into());
                }
                State::Authorized => charge.state = State::Succeeded,
                State::RequiresConfirmation if is_proven => charge.state = State::Succeeded,
                _ => {}
            }
        });
        match charge {
            Some(charge) if charge.state == State::RequiresConfirmation => {
                StatusCode::UNPROCESSABLE_ENTITY.into_response()
            }
            charge => answer(charge),
        }
    };
    sandbox.run(Step::Capture, payment_id, take).await
}

async fn void(Shared(sandbox): Shared<Arc<Sandbox>>, Path(payment_id): Path<Uuid>) -> Response {
    let let_go = |sandbox: &Sandbox| {
        answer(sandbox.change(payment_id, |charge| {
            if matches!(charge.state, State::Authorized | State::RequiresConfirmation) {
                charge.state = State::Failed;
                charge.failure_code = Some("voided".into());
            }
        }))
    };
    sandbox.run(Step::Void, payment_id, let_go).await
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct NewRefund {
    reference: String,
    amount_minor: i64,
}

async fn refund(
    Shared(sandbox): Shared<Arc<Sandbox>>,
    Path(refund_id): Path<Uuid>,
    Json(new): Json<NewRefund>,
) -> Response {
    let give_back = move |sandbox: &Sandbox| {
        let charge = payment_of(&new.reference).and_then(|id| lock(&sandbox.charges).get(&id).cloned());
        if charge.is_none_or(|charge| charge.state != State::Succeeded || charge.token == "tok_refund_fails")
        {
            return StatusCode::CONFLICT.into_response();
        }
        lock(&sandbox.refunds).entry(refund_id).or_insert(new.amount_minor);
        Json(json!({ "reference": format!("sbx_refund_{refund_id}") })).into_response()
    };
    sandbox.run(Step::Refund, refund_id, give_back).await
}

async fn set_faults(Shared(sandbox): Shared<Arc<Sandbox>>, Json(faults): Json<Vec<Fault>>) -> StatusCode {
    sandbox.set_faults(faults);
    StatusCode::NO_CONTENT
}

async fn calls(Shared(sandbox): Shared<Arc<Sandbox>>) -> Json<Vec<Call>> {
    Json(sandbox.calls())
}

#[derive(Deserialize)]
struct Callback {
    outcome: State,
    #[serde(default = "once")]
    copies: usize,
}

const fn once() -> usize {
    1
}

/// The word is sent as it is asked for, also when it contradicts an earlier one; what the sandbox keeps is the first outcome.
async fn call_back(
    Shared(sandbox): Shared<Arc<Sandbox>>,
    Path(payment_id): Path<Uuid>,
    Json(Callback { outcome, copies }): Json<Callback>,
) -> Response {
    let failure_code = (outcome == State::Failed).then(|| "insufficient_funds".to_owned());
    let charge = sandbox.change(payment_id, |charge| {
        if !matches!(charge.state, State::Succeeded | State::Failed) {
            charge.state = outcome;
            charge.failure_code.clone_from(&failure_code);
        }
    });
    let (Some(charge), Some(url)) = (charge, &sandbox.callbacks) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let settlement = Settlement {
        payment_id,
        amount_minor: charge.amount_minor,
        currency: charge.currency,
        reference: charge.reference,
        failure_code,
    };
    let (authority, path) = wire::target(url);
    let (headers, body) = callback::write(&sandbox.key, &settlement);
    let mut answers: Vec<Value> = Vec::new();
    for _ in 0..copies.min(COPIES_MAX) {
        let sent = wire::send(&authority, Method::POST, &path, headers.clone(), body.clone()).await;
        answers.push(sent.map_or(Value::Null, |(status, _)| json!(status.as_u16())));
    }
    Json(json!({ "answers": answers })).into_response()
}
