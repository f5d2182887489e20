//! What a provider tells us by itself, signed as Standard Webhooks asks: id, time and body under one HMAC-SHA256.

use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::hmac;
use axum::http::HeaderMap;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD as BASE64;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::super::provider::Settlement;

/// How old or early a signature may be.
const TOLERANCE_S: u64 = 300;

/// What the sandbox says about a payment.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({"paymentId": "0192f0c1-2b7a-7c3e-9d1f-5a4b3c2d1e0f", "amountMinor": 1999, "currency": "USD", "reference": "sbx_0192f0c1-2b7a-7c3e-9d1f-5a4b3c2d1e0f", "failureCode": null}))]
pub struct Notice {
    payment_id: Uuid,
    #[schema(minimum = 1)]
    amount_minor: i64,
    #[schema(min_length = 3, max_length = 3)]
    currency: String,
    #[schema(max_length = 1024)]
    reference: String,
    /// Null: the money was taken.
    #[schema(required = true, max_length = 100)]
    failure_code: Option<String>,
}

/// The key that both sides make of their common secret.
pub fn key(secret: &str) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes())
}

/// Headers and body of a callback about this settlement.
pub fn write(key: &hmac::Key, settlement: &Settlement) -> (Vec<(&'static str, String)>, String) {
    let notice = Notice {
        payment_id: settlement.payment_id,
        amount_minor: settlement.amount_minor,
        currency: settlement.currency.clone(),
        reference: settlement.reference.clone(),
        failure_code: settlement.failure_code.clone(),
    };
    let body = serde_json::to_string(&notice).unwrap_or_default();
    let (id, at) = (format!("msg_{}", Uuid::now_v7().simple()), now_s().to_string());
    let tag = hmac::sign(key, format!("{id}.{at}.{body}").as_bytes());
    let signature = format!("v1,{}", BASE64.encode(tag));
    (vec![("webhook-id", id), ("webhook-timestamp", at), ("webhook-signature", signature)], body)
}

/// What the callback says, when one of these keys signed it, lately.
pub fn read(keys: &[hmac::Key], headers: &HeaderMap, body: &[u8]) -> Option<Settlement> {
    let header = |name: &str| headers.get(name)?.to_str().ok();
    let (id, at) = (header("webhook-id")?, header("webhook-timestamp")?);
    if at.parse::<u64>().ok()?.abs_diff(now_s()) > TOLERANCE_S {
        return None;
    }
    let signed = [id.as_bytes(), b".", at.as_bytes(), b".", body].concat();
    let is_signed = header("webhook-signature")?.split(' ').any(|signature| {
        let Some(tag) = signature.strip_prefix("v1,").and_then(|tag| BASE64.decode(tag).ok()) else {
            return false;
        };
        keys.iter().any(|key| hmac::verify(key, &signed, &tag).is_ok())
    });
    if !is_signed {
        return None;
    }
    let notice: Notice = serde_json::from_slice(body).ok()?;
    Some(Settlement {
        payment_id: notice.payment_id,
        amount_minor: notice.amount_minor,
        currency: notice.currency,
        reference: notice.reference,
        failure_code: notice.failure_code,
    })
}

fn now_s() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_secs())
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};

    use super::*;

    fn headers(pairs: &[(&'static str, String)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap()))
            .collect()
    }

    #[test]
    fn only_what_was_signed_lately_is_read() {
        let settlement = Settlement {
            payment_id: Uuid::from_u128(7),
            amount_minor: 1999,
            currency: "USD".into(),
            reference: "r".into(),
            failure_code: None,
        };
        let (ours, theirs) = (key("a secret"), key("another"));
        let (sent, body) = write(&ours, &settlement);
        assert_eq!(read(&[theirs.clone(), ours.clone()], &headers(&sent), body.as_bytes()), Some(settlement));
        assert_eq!(read(&[theirs], &headers(&sent), body.as_bytes()), None, "another secret");
        let dearer = body.replace("1999", "9999");
        assert_eq!(
            read(std::slice::from_ref(&ours), &headers(&sent), dearer.as_bytes()),
            None,
            "another body"
        );
        for n in 0..3 {
            let mut less = sent.clone();
            less.remove(n);
            assert_eq!(read(std::slice::from_ref(&ours), &headers(&less), body.as_bytes()), None, "{less:?}");
        }
        let mut late = sent.clone();
        late[1].1 = (now_s() - TOLERANCE_S - 1).to_string();
        let signed = format!("{}.{}.{body}", late[0].1, late[1].1);
        late[2].1 = format!("v1,{}", BASE64.encode(hmac::sign(&ours, signed.as_bytes())));
        assert_eq!(read(&[ours], &headers(&late), body.as_bytes()), None, "an old one, sent again");
    }
}
