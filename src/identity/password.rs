//! Hashing and checking passwords.
//!
//! A password is a resource: each hash takes tens of milliseconds of one core and megabytes of memory. So at most half of the
//! cores work on them, and a short queue waits; whoever does not fit is told to come back. The threads that hash are of low
//! priority (on Linux): they take what nobody else wants, and little of the rest. A flood of logins then cannot starve
//! anything else.

use std::collections::HashSet;
use std::fmt;
use std::sync::{Arc, LazyLock};

use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use axum::http::StatusCode;
use tokio::runtime::Runtime;
use tokio::sync::Semaphore;

use crate::problem::{Problem, Result};
use crate::secret::Secret;

/// Shortest and longest password, in characters. Nothing is cut off.
pub const MIN_CHARS: usize = 8;
pub const MAX_CHARS: usize = 128;
/// Passwords that may wait for a core.
const QUEUE_MAX: usize = 32;

/// Each line is a common password in lower case, of a length that would be allowed.
static COMMON: LazyLock<HashSet<&str>> =
    LazyLock::new(|| include_str!("common_passwords.txt").lines().collect());

/// The work that one hash costs.
#[derive(Debug, Clone, Copy)]
pub struct Cost {
    pub memory_kib: u32,
    pub passes: u32,
    pub lanes: u32,
}

/// One per process, shared.
pub struct Passwords {
    argon2: Argon2<'static>,
    /// Checked in place of the hash of an account that is not there, at the same cost.
    dummy: String,
    /// Those being worked on and those waiting.
    places: Arc<Semaphore>,
    cores: Arc<Semaphore>,
    /// Its blocking threads hash. Only dropping takes it.
    hashers: Option<Runtime>,
}

impl Drop for Passwords {
    fn drop(&mut self) {
        if let Some(hashers) = self.hashers.take() {
            hashers.shutdown_background();
        }
    }
}

/// The nice value of threads that hash: a tenth of the share of others, so that nobody who logs in waits for ever either.
#[cfg(target_os = "linux")]
const NICE: i32 = 10;

/// How many passwords are worked on at once.
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from).div_ceil(2)
}

fn step_back() {
    #[cfg(target_os = "linux")] // elsewhere this would be about the whole process
    if let Err(error) = rustix::process::setpriority_process(None, NICE) {
        tracing::debug!(%error, "passwords are hashed with the usual priority");
    }
}

impl fmt::Debug for Passwords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Passwords").finish_non_exhaustive()
    }
}

impl Passwords {
    /// Panics when the cost is outside of what Argon2 knows; the ranges of the configuration are inside.
    pub fn new(cost: Cost) -> Self {
        let params = Params::new(cost.memory_kib, cost.passes, cost.lanes, None).expect("a cost of Argon2");
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let dummy = hash(&argon2, "nobody has this password").expect("a hash");
        let cores = cores();
        Self {
            argon2,
            dummy,
            places: Arc::new(Semaphore::new(cores + QUEUE_MAX)),
            cores: Arc::new(Semaphore::new(cores)),
            hashers: Some(
                tokio::runtime::Builder::new_current_thread()
                    .thread_name("password")
                    .max_blocking_threads(cores)
                    .on_thread_start(step_back)
                    .build()
                    .expect("a runtime without drivers"),
            ),
        }
    }

    /// The Argon2id hash of a new password, after its length and the list of common ones were looked at. `turn` is given back when
    /// the work is done, even if the caller has gone.
    pub async fn hash(&self, password: Secret, turn: impl Send + 'static) -> Result<String> {
        check(password.expose())?;
        let argon2 = self.argon2.clone();
        self.work(turn, move || hash(&argon2, password.expose())).await?.map_err(Problem::internal)
    }

    /// Whether this is the password of `hash`. Without a hash the answer is no, after the same work.
    pub async fn verify(
        &self,
        password: Secret,
        hash: Option<String>,
        turn: impl Send + 'static,
    ) -> Result<bool> {
        // An over-long one is nobody's. The length is the caller's own, so this tells nothing.
        if password.expose().chars().count() > MAX_CHARS {
            return Ok(false);
        }
        let argon2 = self.argon2.clone();
        let is_known = hash.is_some();
        let hash = hash.unwrap_or_else(|| self.dummy.clone());
        let fits = self
            .work(turn, move || argon2.verify_password(password.expose().as_bytes(), hash.as_str()).is_ok())
            .await?;
        Ok(fits && is_known)
    }

    async fn work<T: Send + 'static>(
        &self,
        turn: impl Send + 'static,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T> {
        let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else {
            metrics::counter!("tradepost_password_refused_total").increment(1);
            return Err(Problem::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "identity.password_hashing_busy",
                "Too many passwords are being checked at the moment.",
            )
            .hint("Try again in a moment.")
            .retry_after(1));
        };
        let core = Arc::clone(&self.cores).acquire_owned().await.map_err(Problem::internal)?;
        let hashers = self.hashers.as_ref().expect("taken only by drop");
        // The permits go with the work: a caller that went away frees them only when its hash is done.
        let work = hashers.spawn_blocking(move || {
            let done = work();
            drop((core, place, turn));
            done
        });
        work.await.map_err(Problem::internal)
    }
}

fn hash(argon2: &Argon2<'_>, password: &str) -> Result<String, argon2::password_hash::Error> {
    argon2.hash_password(password.as_bytes()).map(|hash| hash.to_string())
}

/// What only the plain text can tell. Everything else about an account is decided in SQL.
fn check(password: &str) -> Result<()> {
    let refused = |code: &'static str, detail: String, hint: &'static str| {
        Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, code, detail).hint(hint).field("/password"))
    };
    if !(MIN_CHARS..=MAX_CHARS).contains(&password.chars().count()) {
        return refused(
            "identity.password_length",
            format!("A password has {MIN_CHARS} to {MAX_CHARS} characters."),
            "A few unrelated words make a good one.",
        );
    }
    if COMMON.contains(password.to_lowercase().as_str()) {
        return refused(
            "identity.password_common",
            "This password is one of the most common ones.".to_owned(),
            "A few unrelated words make a good one.",
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHEAP: Cost = Cost { memory_kib: 64, passes: 1, lanes: 1 };

    #[test]
    fn the_list_of_common_passwords_holds_what_would_be_allowed() {
        assert!(COMMON.len() > 200);
        for password in COMMON.iter() {
            assert!(
                (MIN_CHARS..=MAX_CHARS).contains(&password.len()),
                "{password} is refused for its length"
            );
            assert_eq!(password.to_lowercase(), **password);
        }
    }

    #[test]
    fn length_counts_characters_and_common_ones_are_refused() {
        assert_eq!(check("short").unwrap_err().code(), "identity.password_length");
        assert_eq!(check(&"x".repeat(129)).unwrap_err().code(), "identity.password_length");
        assert_eq!(check("PassWord123").unwrap_err().code(), "identity.password_common");
        check(&"ä".repeat(128)).unwrap();
        check("acht Zei").unwrap();
    }

    #[tokio::test]
    async fn hashes_verify_and_nobody_is_nobody() {
        let passwords = Passwords::new(CHEAP);
        let hash = passwords.hash(Secret::new("correct horse"), ()).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=64,t=1,p=1$"), "{hash}");
        assert!(passwords.verify(Secret::new("correct horse"), Some(hash.clone()), ()).await.unwrap());
        assert!(!passwords.verify(Secret::new("correct horsf"), Some(hash), ()).await.unwrap());
        assert!(!passwords.verify(Secret::new("nobody has this password"), None, ()).await.unwrap());
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn whoever_hashes_steps_back() {
        let nice = || rustix::process::getpriority_process(None).unwrap();
        let before = nice();
        let passwords = Passwords::new(CHEAP);
        assert!(passwords.work((), nice).await.unwrap() >= NICE);
        assert_eq!(nice(), before, "nobody else does");
    }

    #[tokio::test]
    async fn a_turn_lasts_as_long_as_the_work() {
        use futures::FutureExt as _;
        let passwords = Passwords::new(CHEAP);
        let turn = Arc::new(());
        let (go, wait) = std::sync::mpsc::channel::<()>();
        let work = passwords.work(Arc::clone(&turn), move || wait.recv());
        assert!(work.now_or_never().is_none(), "its caller goes");
        assert_eq!(Arc::strong_count(&turn), 2);
        go.send(()).unwrap();
        while Arc::strong_count(&turn) > 1 {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn a_full_queue_refuses_at_once() {
        let passwords = Passwords::new(CHEAP);
        let all = u32::try_from(passwords.places.available_permits()).unwrap();
        let taken = Arc::clone(&passwords.places).acquire_many_owned(all).await.unwrap();
        let refused = passwords.verify(Secret::new("correct horse"), None, ()).await.unwrap_err();
        assert_eq!((refused.status().as_u16(), refused.code()), (503, "identity.password_hashing_busy"));
        drop(taken);
        assert!(!passwords.verify(Secret::new("correct horse"), None, ()).await.unwrap());
    }
}
