//! The built-in provider: takes no money, needs no network, and behaves as the payment method's token says.
//!
//! | Token | What happens |
//! | --- | --- |
//! | `tok_success` | authorised, settles |
//! | `tok_decline` | declined at once: `insufficient_funds` |
//! | `tok_confirm` | needs the payer's code, which is `123456` |
//! | `tok_fail_late` | authorised, then fails to settle: `card_expired` |
//! | `tok_slow` | the answer is lost, but the money was taken |
//! | `tok_unknown` | the request is lost: the provider never heard of the payment |
//! | `tok_callback` | no answer but by callback |
//! | `tok_refund_fails` | settles, and refuses every refund |
//!
//! It keeps nothing. A reference says everything about its payment and is signed with a key derived from the JWT key, so
//! any copy of the program can settle it and nobody can make one up. (So it cannot let go of a charge either: one that was
//! voided can still be settled, as with a provider that takes the money all the same.)
//!
//! `tradepost sandbox` serves the same as a process of its own ([`server`]), which the program calls over HTTP ([`remote`]) and
//! which can be told to hold, lose and repeat what it answers.

pub mod callback;
pub mod remote;
pub mod server;
mod wire;

use aws_lc_rs::hmac;
use axum::http::{HeaderMap, StatusCode};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use futures::FutureExt as _;
use futures::future::{BoxFuture, ready};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::provider::{
    Charge, Creation, Lookup, Provider, Repaid, Repayment, Settlement, Unknown, Unsettled,
};
use crate::identity::token::Tokens;
use crate::problem::{Problem, Result};

const TOKENS: [&str; 8] = [
    "tok_success",
    "tok_decline",
    "tok_confirm",
    "tok_fail_late",
    "tok_slow",
    "tok_unknown",
    "tok_callback",
    "tok_refund_fails",
];
const CONFIRMATION_CODE: &str = "123456";
const PREFIX: &str = "sbx_";
/// Far longer than any reference.
const REFERENCE_MAX_BYTES: usize = 1024;

/// See the module.
pub struct Sandbox {
    /// The current key, which signs, then the previous one.
    keys: Vec<hmac::Key>,
    /// The same for callbacks.
    callback_keys: Vec<hmac::Key>,
}

fn check_token(token: &str) -> Result<()> {
    if TOKENS.contains(&token) {
        return Ok(());
    }
    Err(Problem::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "payments.token_unknown",
        "The provider does not know this payment method.",
    )
    .hint(format!("The sandbox knows {}.", TOKENS.join(", ")))
    .field("/method/token"))
}

fn code_hint() -> String {
    format!("Send confirmationCode {CONFIRMATION_CODE}.")
}

/// What a reference says.
#[derive(Serialize, Deserialize)]
struct Claims {
    #[serde(rename = "p")]
    payment_id: Uuid,
    #[serde(rename = "a")]
    amount_minor: i64,
    #[serde(rename = "c")]
    currency: String,
    #[serde(rename = "t")]
    token: String,
}

impl Sandbox {
    pub fn new(tokens: &Tokens) -> Self {
        Self {
            keys: tokens.derive_keys("tradepost sandbox payment reference v1"),
            callback_keys: tokens.derive_keys("tradepost sandbox callback v1"),
        }
    }

    /// A callback as this sandbox would send it: headers and body.
    pub fn callback(&self, settlement: &Settlement) -> (Vec<(&'static str, String)>, String) {
        callback::write(&self.callback_keys[0], settlement)
    }

    fn reference(&self, charge: &Charge) -> String {
        let claims = Claims {
            payment_id: charge.payment_id,
            amount_minor: charge.amount_minor,
            currency: charge.currency.clone(),
            token: charge.token.clone(),
        };
        let body = serde_json::to_vec(&claims).unwrap_or_default();
        let tag = hmac::sign(&self.keys[0], &body);
        format!("{PREFIX}{}.{}", BASE64.encode(&body), BASE64.encode(tag.as_ref()))
    }

    /// What a reference of ours says; `None` for anything else.
    fn read(&self, reference: &str) -> Option<Claims> {
        if reference.len() > REFERENCE_MAX_BYTES {
            return None;
        }
        let (body, tag) = reference.strip_prefix(PREFIX)?.split_once('.')?;
        let (body, tag) = (BASE64.decode(body).ok()?, BASE64.decode(tag).ok()?);
        self.keys.iter().any(|key| hmac::verify(key, &body, &tag).is_ok()).then_some(())?;
        serde_json::from_slice(&body).ok()
    }

    fn create_now(&self, charge: &Charge) -> Result<Creation, Unknown> {
        let reference = self.reference(charge);
        match charge.token.as_str() {
            "tok_decline" => Ok(Creation::Declined { code: "insufficient_funds".into() }),
            "tok_confirm" => Ok(Creation::RequiresConfirmation { reference, hint: code_hint() }),
            "tok_slow" | "tok_unknown" => Err(Unknown("the sandbox did not answer in time".into())),
            "tok_callback" => Err(Unknown("the outcome comes by callback".into())),
            _ => Ok(Creation::Authorized { reference }),
        }
    }

    fn settle_now(&self, reference: &str, code: Option<&str>) -> Result<Settlement, Unsettled> {
        let claims = self.read(reference).ok_or(Unsettled::ReferenceUnknown)?;
        if claims.token == "tok_confirm" && code != Some(CONFIRMATION_CODE) {
            return Err(Unsettled::CodeWrong);
        }
        Ok(Settlement {
            payment_id: claims.payment_id,
            amount_minor: claims.amount_minor,
            currency: claims.currency,
            reference: reference.to_owned(),
            failure_code: match claims.token.as_str() {
                "tok_fail_late" => Some("card_expired".into()),
                "tok_decline" => Some("insufficient_funds".into()),
                _ => None,
            },
        })
    }

    fn lookup_now(&self, charge: &Charge) -> Result<Lookup, Unknown> {
        let reference = self.reference(charge);
        Ok(match charge.token.as_str() {
            "tok_unknown" => Lookup::NotFound,
            "tok_slow" | "tok_decline" => match self.settle_now(&reference, None) {
                Ok(settlement) => Lookup::Settled(settlement),
                Err(_) => Lookup::NotFound,
            },
            "tok_callback" => return Err(Unknown("the outcome comes by callback".into())),
            _ => Lookup::Open { reference },
        })
    }

    fn void_now(&self, charge: &Charge) -> Result<Lookup, Unknown> {
        Ok(match self.lookup_now(charge)? {
            Lookup::Open { reference } => Lookup::Settled(Settlement {
                payment_id: charge.payment_id,
                amount_minor: charge.amount_minor,
                currency: charge.currency.clone(),
                reference,
                failure_code: Some("voided".into()),
            }),
            known => known,
        })
    }
}

impl Provider for Sandbox {
    fn name(&self) -> &'static str {
        "sandbox"
    }

    fn check_token(&self, token: &str) -> Result<()> {
        check_token(token)
    }

    fn create<'a>(&'a self, charge: &'a Charge) -> BoxFuture<'a, Result<Creation, Unknown>> {
        ready(self.create_now(charge)).boxed()
    }

    fn settle<'a>(
        &'a self,
        reference: &'a str,
        confirmation_code: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Settlement, Unsettled>> {
        ready(self.settle_now(reference, confirmation_code)).boxed()
    }

    fn lookup<'a>(&'a self, charge: &'a Charge) -> BoxFuture<'a, Result<Lookup, Unknown>> {
        ready(self.lookup_now(charge)).boxed()
    }

    fn void<'a>(&'a self, charge: &'a Charge) -> BoxFuture<'a, Result<Lookup, Unknown>> {
        ready(self.void_now(charge)).boxed()
    }

    fn refund<'a>(&'a self, repayment: &'a Repayment) -> BoxFuture<'a, Result<Repaid, Unknown>> {
        let refuses =
            self.read(&repayment.reference).is_some_and(|claims| claims.token == "tok_refund_fails");
        ready(Ok(if refuses {
            Repaid::Failed { code: "refund_refused".into() }
        } else {
            Repaid::Succeeded { reference: format!("sbx_refund_{}", repayment.refund_id) }
        }))
        .boxed()
    }

    fn read_callback(&self, headers: &HeaderMap, body: &[u8]) -> Option<Settlement> {
        callback::read(&self.callback_keys, headers, body)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::token::TokenSettings;

    fn sandbox() -> Sandbox {
        Sandbox::new(&Tokens::ephemeral(TokenSettings::default()).unwrap())
    }

    fn charge(token: &str) -> Charge {
        Charge {
            payment_id: Uuid::from_u128(7),
            amount_minor: 1999,
            currency: "USD".into(),
            token: token.into(),
        }
    }

    async fn reference(sandbox: &Sandbox, token: &str) -> String {
        match sandbox.create(&charge(token)).await.unwrap() {
            Creation::Authorized { reference } | Creation::RequiresConfirmation { reference, .. } => {
                reference
            }
            Creation::Declined { code } => panic!("declined: {code}"),
        }
    }

    #[tokio::test]
    async fn a_payment_is_created_and_settled_the_same_each_time() {
        let sandbox = sandbox();
        let first = reference(&sandbox, "tok_success").await;
        assert_eq!(first, reference(&sandbox, "tok_success").await);
        let settlement = sandbox.settle(&first, None).await.unwrap();
        assert_eq!((settlement.payment_id, settlement.amount_minor), (Uuid::from_u128(7), 1999));
        assert_eq!(settlement.failure_code, None);
        assert_eq!(settlement, sandbox.settle(&first, Some("x")).await.unwrap());
        assert_eq!(sandbox.lookup(&charge("tok_success")).await.unwrap(), Lookup::Open { reference: first });
    }

    #[tokio::test]
    async fn tokens_do_what_they_say() {
        let sandbox = sandbox();
        assert_eq!(
            sandbox.create(&charge("tok_decline")).await.unwrap(),
            Creation::Declined { code: "insufficient_funds".into() }
        );
        let confirm = reference(&sandbox, "tok_confirm").await;
        for wrong in [None, Some("123"), Some("1234567")] {
            assert!(matches!(sandbox.settle(&confirm, wrong).await, Err(Unsettled::CodeWrong)), "{wrong:?}");
        }
        assert_eq!(sandbox.settle(&confirm, Some("123456")).await.unwrap().failure_code, None);
        let late = reference(&sandbox, "tok_fail_late").await;
        let failure = sandbox.settle(&late, None).await.unwrap().failure_code;
        assert_eq!(failure.as_deref(), Some("card_expired"));
        assert!(sandbox.create(&charge("tok_slow")).await.is_err());
        assert!(matches!(
            sandbox.lookup(&charge("tok_slow")).await.unwrap(),
            Lookup::Settled(Settlement { failure_code: None, .. })
        ));
        assert!(sandbox.create(&charge("tok_unknown")).await.is_err());
        assert_eq!(sandbox.lookup(&charge("tok_unknown")).await.unwrap(), Lookup::NotFound);
        assert_eq!(sandbox.check_token("tok_x").unwrap_err().code(), "payments.token_unknown");
        for token in TOKENS {
            sandbox.check_token(token).unwrap();
        }
    }

    #[tokio::test]
    async fn nobody_makes_up_a_reference() {
        let ours = sandbox();
        let reference = reference(&ours, "tok_success").await;
        let foreign = self::reference(&sandbox(), "tok_success").await;
        let dear = charge("tok_success");
        let cheap = ours.reference(&Charge { amount_minor: 1, ..dear });
        let (body, _) = cheap.split_once('.').unwrap();
        let (_, tag) = reference.split_once('.').unwrap();
        for forged in [foreign, format!("{body}.{tag}"), String::new(), "sbx_".into(), "x".repeat(5000)] {
            assert!(
                matches!(ours.settle(&forged, None).await, Err(Unsettled::ReferenceUnknown)),
                "{forged:.60}"
            );
        }
    }
}
