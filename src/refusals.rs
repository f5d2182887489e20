//! Counting those who are turned away. In an overload there are thousands a second, and each must cost next to nothing:
//! one line a second in the log says as much as a thousand.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::problem::Problem;

/// Refusals of one place since its last line in the log, and the second of that line.
#[derive(Debug, Default)]
pub struct Refusals {
    count: AtomicU64,
    logged_s: AtomicU64,
}

impl Refusals {
    /// 503 `core.overloaded`. `place` and `reason` go to the log, now or with those that follow.
    pub fn overloaded(&self, place: &'static str, reason: &'static str) -> Problem {
        self.count.fetch_add(1, Ordering::Relaxed);
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        if self.logged_s.swap(now, Ordering::Relaxed) != now {
            let refused = self.count.swap(0, Ordering::Relaxed);
            tracing::warn!(place, reason, refused, "more requests than there is room for");
        }
        Problem::overloaded(format_args!("{place}: {reason}")).already_logged()
    }
}
