//! Everything between the program and Postgres.
//!
//! * [`pool`]: connections for the roles `tradepost_api` and `tradepost_worker`, with every timeout set.
//! * [`call`]: the one way to run a statement; retries, spans, metrics and the conversion of errors live there.
//! * [`batch`]: gathers concurrent requests into one call of a batch function.
//! * [`pulse`]: whether the database answers at all; calls end at once when it does not.
//! * [`listen`]: the one LISTEN connection of the process, fanned out in memory.
//! * [`migrate`] and [`replay`]: `tradepost migrate`; see `migrations/README.md` and `sql/README.md`.

use std::time::Duration;

pub mod batch;
pub mod call;
pub mod listen;
pub mod migrate;
pub mod pool;
pub mod pulse;
pub mod replay;

pub use batch::Batcher;
pub use call::{execute, query, query_one, query_opt};
pub use listen::Listener;
pub use pool::Pool;

/// Between half of `base` and one and a half of it, so that those who failed together do not come back together.
pub(crate) fn jittered(base: Duration) -> Duration {
    let random = uuid::Uuid::new_v4().as_bytes()[0];
    base.mul_f64(0.5 + f64::from(random) / f64::from(u8::MAX))
}
