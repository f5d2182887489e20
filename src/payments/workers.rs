//! Background work of the payments: what orders' endings mean for them, refunds, and payments nobody confirmed.

use std::time::Duration;

use futures::StreamExt as _;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::in_time;
use super::provider::{Lookup, Repaid, Unknown};
use super::sql;
use super::types::{Finding, Unresolved};
use crate::app::App;
use crate::problem::Result;
use crate::worker::{self, Pace, Wake};

/// Most rows that one step takes.
const STEP_LIMIT: i32 = 50;
/// Most provider calls at once.
const CALLS_MAX: usize = 8;
const IDLE: Duration = Duration::from_secs(1);
/// Every order moves the head of the log, and few of them are cancelled.
const REST: Duration = Duration::from_millis(100);
const RECONCILE_IDLE: Duration = Duration::from_secs(5);

/// Runs all of them.
pub fn spawn(app: &App, tracker: &TaskTracker, stop: &CancellationToken) {
    let pace = Pace::every(IDLE).resting(REST);
    let (reacting, refunding, reconciling) = (app.clone(), app.clone(), app.clone());
    worker::spawn(tracker, stop, "payments.react", pace, Wake::Head(app.hub.head()), move || {
        let app = reacting.clone();
        async move { react(&app).await }
    });
    worker::spawn(tracker, stop, "payments.refund", pace, Wake::Head(app.hub.head()), move || {
        let app = refunding.clone();
        async move { refund(&app).await }
    });
    let pace = Pace::every(RECONCILE_IDLE);
    worker::spawn(tracker, stop, "payments.reconcile", pace, Wake::Timer, move || {
        let app = reconciling.clone();
        async move { reconcile(&app).await }
    });
}

/// Requests refunds for cancelled orders and abandons payments of ended ones.
pub async fn react(app: &App) -> Result<usize> {
    let done = sql::react_to_orders(&app.worker_pool, STEP_LIMIT).await?;
    wake_sequencer(app, done);
    Ok(done)
}

/// Gives money back: claim, ask the provider, report. The refund's id keeps the provider from paying twice.
pub async fn refund(app: &App) -> Result<usize> {
    let due = sql::claim_refunds(&app.worker_pool, STEP_LIMIT).await?;
    let done = due.len();
    let outcomes: Vec<Result<()>> = futures::stream::iter(due)
        .map(|repayment| async move {
            let answer = in_time(app, app.provider.refund(&repayment)).await;
            let (outcome, reference, code) = match answer {
                Ok(Repaid::Succeeded { reference }) => ("SUCCEEDED", Some(reference), None),
                Ok(Repaid::Failed { code }) => ("FAILED", None, Some(code)),
                Err(Unknown(cause)) => {
                    tracing::warn!(refund.id = %repayment.refund_id, error = cause, "the provider did not answer");
                    ("UNKNOWN", None, None)
                }
            };
            let (reference, code) = (reference.as_deref(), code.as_deref());
            sql::finish_refund(&app.worker_pool, repayment.refund_id, outcome, reference, code).await
        })
        .buffer_unordered(CALLS_MAX)
        .collect()
        .await;
    wake_sequencer(app, done);
    outcomes.into_iter().collect::<Result<Vec<()>>>()?;
    Ok(done)
}

/// Asks the provider about payments that are not resolved, and applies what it knows.
pub async fn reconcile(app: &App) -> Result<usize> {
    let unresolved = sql::claim_unresolved(&app.worker_pool, STEP_LIMIT).await?;
    let done = unresolved.len();
    let findings: Vec<Option<Finding>> = futures::stream::iter(unresolved)
        .map(|payment| async move { find_out(app, payment).await })
        .buffer_unordered(CALLS_MAX)
        .collect()
        .await;
    let findings: Vec<Finding> = findings.into_iter().flatten().collect();
    if !findings.is_empty() {
        sql::settle_payments(&app.worker_pool, &findings).await?;
        wake_sequencer(app, findings.len());
    }
    Ok(done)
}

/// `None` when the provider does not answer, or waits for the payer as we do. A charge that waits for nothing is voided.
async fn find_out(app: &App, payment: Unresolved) -> Option<Finding> {
    let Unresolved { charge, status, next_check_at, .. } = payment;
    let finding = |failure_code: Option<String>, provider_reference| Finding {
        payment_id: charge.payment_id,
        amount_minor: charge.amount_minor,
        currency: charge.currency.clone(),
        is_success: failure_code.is_none(),
        failure_code,
        provider_reference,
        asked_under: None,
    };
    let mut known = in_time(app, app.provider.lookup(&charge)).await;
    if status == "ABANDONED" && matches!(known, Ok(Lookup::Open { .. })) {
        // Its order has ended and nobody will settle it: the payer's money need not stay reserved.
        known = in_time(app, app.provider.void(&charge)).await;
    }
    match known {
        Ok(Lookup::NotFound) => {
            Some(Finding { asked_under: next_check_at, ..finding(Some("never_received".to_owned()), None) })
        }
        Ok(Lookup::Open { .. }) => None,
        Ok(Lookup::Settled(settlement))
            if (settlement.payment_id, settlement.amount_minor, &settlement.currency)
                == (charge.payment_id, charge.amount_minor, &charge.currency) =>
        {
            Some(finding(settlement.failure_code, Some(settlement.reference)))
        }
        Ok(Lookup::Settled(_)) => {
            tracing::error!(payment.id = %charge.payment_id, "the provider answered about another payment");
            None
        }
        Err(Unknown(cause)) => {
            tracing::warn!(payment.id = %charge.payment_id, error = cause, "the provider did not answer");
            None
        }
    }
}

fn wake_sequencer(app: &App, done: usize) {
    if done > 0 {
        app.events_wake.notify_one();
    }
}
