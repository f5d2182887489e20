//! The test harness.
//!
//! [`run`] gives a test a database of its own (cloned from a migrated template, on a private cluster that this process
//! started), a real server on a free port, and persons who talk to it over HTTP. At the end it asserts that no invariant
//! of the database is broken, whatever the test was about.

pub mod database;
pub mod statements;

use std::path::Path;

/// The repository.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Runs a future on a runtime of its own.
pub fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("runtime")
        .block_on(future)
}
