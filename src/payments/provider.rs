//! What a payment provider must be able to do. Calls happen between two statements, never inside a transaction.
//!
//! Every call may be repeated: after a crash, a lost answer, a retry by the client. An implementation therefore hands
//! `payment_id` or `refund_id` to its provider as the idempotency key, and where that provider forgets keys after a
//! while, it looks the payment up before it creates one.

use std::fmt;

use axum::http::HeaderMap;
use futures::future::BoxFuture;
use uuid::Uuid;

use crate::problem::Result;

/// What to take from whom. The payment id is the idempotency key.
#[derive(Clone)]
pub struct Charge {
    pub payment_id: Uuid,
    pub amount_minor: i64,
    pub currency: String,
    /// The payment method, as the provider's own client made it for the payer.
    pub token: String,
}

impl fmt::Debug for Charge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Charge").field("payment_id", &self.payment_id).finish_non_exhaustive()
    }
}

/// The provider did not answer, or not understandably: whether it acted is not known.
#[derive(Debug, Clone)]
pub struct Unknown(pub String);

/// How a charge began.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Creation {
    /// The payer has agreed; `settle` takes the money.
    Authorized {
        reference: String,
    },
    /// The payer must prove something first; `hint` tells people what.
    RequiresConfirmation {
        reference: String,
        hint: String,
    },
    Declined {
        code: String,
    },
}

/// How a charge ended, and about what it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settlement {
    pub payment_id: Uuid,
    pub amount_minor: i64,
    pub currency: String,
    pub reference: String,
    /// The provider's code when it did not take the money.
    pub failure_code: Option<String>,
}

/// Why a charge could not be settled now.
#[derive(Debug, Clone)]
pub enum Unsettled {
    /// Not a reference of this provider.
    ReferenceUnknown,
    /// The payer's code is missing or wrong; another try is possible.
    CodeWrong,
    Unknown(Unknown),
}

/// What a provider knows about a payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lookup {
    /// It never heard of it, so nothing was taken.
    NotFound,
    /// It waits for `settle`.
    Open {
        reference: String,
    },
    Settled(Settlement),
}

/// What to give back. The refund id is the idempotency key.
#[derive(Debug, Clone)]
pub struct Repayment {
    pub refund_id: Uuid,
    pub reference: String,
    pub amount_minor: i64,
    pub currency: String,
}

/// How a refund ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Repaid {
    Succeeded {
        reference: String,
    },
    /// For good: another try would fail as well.
    Failed {
        code: String,
    },
}

/// A payment provider.
pub trait Provider: Send + Sync + 'static {
    /// How its payments are marked.
    fn name(&self) -> &'static str;

    /// Refuses a payment method that cannot be one, without asking anybody (422 `payments.token_unknown`).
    fn check_token(&self, token: &str) -> Result<()>;

    fn create<'a>(&'a self, charge: &'a Charge) -> BoxFuture<'a, Result<Creation, Unknown>>;

    /// Takes the money of an authorised charge. Settling again answers the same.
    fn settle<'a>(
        &'a self,
        reference: &'a str,
        confirmation_code: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Settlement, Unsettled>>;

    fn lookup<'a>(&'a self, charge: &'a Charge) -> BoxFuture<'a, Result<Lookup, Unknown>>;

    /// Lets go of a charge that nobody will settle any more. What was settled meanwhile stays so, and is the answer.
    fn void<'a>(&'a self, charge: &'a Charge) -> BoxFuture<'a, Result<Lookup, Unknown>>;

    fn refund<'a>(&'a self, repayment: &'a Repayment) -> BoxFuture<'a, Result<Repaid, Unknown>>;

    /// What a callback says, if this provider signed it, lately. It may come twice, late, or after a newer one.
    fn read_callback(&self, headers: &HeaderMap, body: &[u8]) -> Option<Settlement>;
}
