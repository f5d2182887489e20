//! Everything between the program and Postgres.
//!
//! * [`migrate`] and [`replay`]: `tradepost migrate`; see `migrations/README.md` and `sql/README.md`.

use std::time::Duration;

pub mod migrate;
pub mod replay;

/// Between half of `base` and one and a half of it, so that those who failed together do not come back together.
pub(crate) fn jittered(base: Duration) -> Duration {
    let random = (uuid::Uuid::new_v4().as_u128() & 0xffff) as f64 / f64::from(0xffff);
    base.mul_f64(0.5 + random)
}
