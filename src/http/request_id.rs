//! The id of a request: taken from `X-Request-Id` when it is a sane one, else new. And the W3C trace id beside it.

use axum::http::{HeaderMap, HeaderName};
use uuid::Uuid;

pub const HEADER: HeaderName = HeaderName::from_static("x-request-id");
pub const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const MAX_CHARS: usize = 64;

pub fn new() -> String {
    Uuid::now_v7().to_string()
}

/// The caller's id if it can safely be logged, stored and sent back, else a new one.
pub fn from_headers(headers: &HeaderMap) -> String {
    headers
        .get(HEADER)
        .and_then(|value| value.to_str().ok())
        .filter(|id| good(id))
        .map_or_else(new, str::to_owned)
}

fn good(id: &str) -> bool {
    (1..=MAX_CHARS).contains(&id.len())
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
}

/// The trace a request belongs to (<https://www.w3.org/TR/trace-context/>, version 00).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trace {
    pub trace_id: String,
    pub sampled: bool,
}

impl Trace {
    pub fn from_headers(headers: &HeaderMap) -> Option<Self> {
        Self::parse(headers.get(TRACEPARENT)?.to_str().ok()?)
    }

    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('-');
        let (version, trace, span, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let hex = |part: &str, length: usize| {
            part.len() == length && part.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
        };
        let some = |part: &str| part.bytes().any(|b| b != b'0');
        // Later versions may append parts; version 00 has exactly four, ff is forbidden.
        let shape = hex(version, 2) && version != "ff" && (version != "00" || parts.next().is_none());
        let good = shape && hex(trace, 32) && some(trace) && hex(span, 16) && some(span) && hex(flags, 2);
        let sampled = u8::from_str_radix(flags, 16).ok()? & 1 == 1;
        good.then(|| Self { trace_id: trace.to_owned(), sampled })
    }

    /// The header to answer with: the same trace, a span of our own.
    pub fn answer(&self) -> String {
        let span = Uuid::new_v4().as_u64_pair().0 | 1;
        format!("00-{}-{span:016x}-{:02x}", self.trace_id, u8::from(self.sampled))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_from_outside_are_kept_only_when_harmless() {
        for good_id in ["a", "01980a3c-7f7e-7c3e-9d43-0d6d9d3f5a10", "job_7.retry-2"] {
            assert!(good(good_id), "{good_id}");
        }
        for bad in ["", "a b", "a\nb", "<script>", "é", &"x".repeat(65)] {
            assert!(!good(bad), "{bad}");
        }
    }

    #[test]
    fn traceparent_follows_the_w3c_form() {
        let trace = Trace::parse("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01").unwrap();
        assert_eq!(trace.trace_id, "4bf92f3577b34da6a3ce929d0e0e4736");
        assert!(trace.answer().starts_with("00-4bf92f3577b34da6a3ce929d0e0e4736-"));
        assert_eq!(Trace::parse(&trace.answer()), Some(trace));
        for bad in [
            "",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
        ] {
            assert_eq!(Trace::parse(bad), None, "{bad}");
        }
    }
}
