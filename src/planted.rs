//! Bugs that the fault laboratory plants in the program itself. What a function of `sql/` can have wrong is planted in the
//! database; this is for the rest. See docs/fault-laboratory.md.

/// Whether `TRADEPOST_PLANTED` names this bug. Without the feature `planted` the answer is no, and what depends on it is not
/// even compiled in.
pub fn is_planted(bug: &str) -> bool {
    cfg!(feature = "planted") && std::env::var_os("TRADEPOST_PLANTED").is_some_and(|planted| planted == bug)
}
