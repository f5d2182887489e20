//! The fault laboratory: seeded runs of the real program on durable clusters, with everything around them breaking, and
//! checkers that read only what the clients know and what the database holds. See docs/fault-laboratory.md.
//!
//! `FAULT_SEED=n` repeats a run, `FAULT_LONG=1` takes the long forms, `FAULT_PROGRAM=path` another build of the program.

mod bugs;
mod checks;
mod ground;
mod history;
mod nemesis;
mod proxy;
mod scenarios;
mod stage;
#[path = "../it/support/mod.rs"]
mod support;
mod workload;

use std::env;

use self::bugs::Bug;
use self::scenarios::{Run, Scenario};

fn is_long() -> bool {
    env::var("FAULT_LONG").is_ok_and(|long| !long.is_empty() && long != "0")
}

/// The same in each short run, so that a red one is red for everybody; another in each long run.
fn seed() -> u64 {
    match env::var("FAULT_SEED").ok().filter(|seed| !seed.is_empty()) {
        Some(seed) => seed.parse().expect("FAULT_SEED is a number"),
        None if is_long() => {
            std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970").as_secs()
        }
        None => 1,
    }
}

/// Runs a scenario on the product as it is: nothing may be found.
fn passes(scenario: Scenario) {
    finds_nothing(&Run { scenario, seed: seed(), is_long: is_long(), is_brief: false, bug: None });
}

/// The same in the form in which bugs are looked for: what is found without any says nothing about those that are planted.
fn is_silent(scenario: Scenario) {
    finds_nothing(&Run { scenario, seed: seed(), is_long: false, is_brief: true, bug: None });
}

fn finds_nothing(run: &Run) {
    let scenario = run.scenario;
    let report = run.go();
    println!("{report}");
    assert!(
        report.findings.is_empty(),
        "{scenario:?} with seed {} found:\n{}the programs said: {}\nhistory: {}\nrepeat: {}",
        run.seed,
        report.findings.text(),
        report.logs,
        report.history.display(),
        run.command()
    );
}

/// Runs the scenario of a planted bug: something must be found.
fn finds(bug: &str) {
    let bug = Bug::named(bug);
    assert!(
        cfg!(feature = "planted") || !bug.is_of_the_program,
        "{} is a bug of the program, whose build needs `--features planted`, as `make fault` has it",
        bug.name
    );
    let scenario = Scenario::named(&bug.scenario);
    let run = Run { scenario, seed: seed(), is_long: false, is_brief: true, bug: Some(bug.clone()) };
    let report = run.go();
    println!("{}: {report}\n{}", bug.name, report.findings.text());
    assert!(
        !report.findings.is_empty(),
        "{scenario:?} with seed {} did not find the planted bug {} ({})\nhistory: {}\nrepeat: {}",
        run.seed,
        bug.name,
        bug.title,
        report.history.display(),
        run.command()
    );
}

macro_rules! scenarios {
    ($($name:ident)*) => {
        /// The product as it is.
        mod runs {
            $(#[test] fn $name() { super::passes(super::Scenario::named(stringify!($name))); })*
        }

        #[test]
        fn every_scenario_is_run() {
            let run = [$(stringify!($name)),*];
            for scenario in Scenario::ALL {
                assert!(run.contains(&scenario.name()), "{} is never run", scenario.name());
            }
        }
    };
}

scenarios! {
    sell_out crash holds crossing log inversion stream long_transaction latency deaf same_key cuts neighbours coupons
    refunds trade full_disk frozen
}

macro_rules! unplanted {
    ($($name:ident)*) => {
        /// The control: the forms in which bugs are looked for, without one. A run serves all bugs of its scenario. Where bugs are looked for
        /// in the short form, `runs` has it.
        mod unplanted {
            $(#[test] fn $name() { super::is_silent(super::Scenario::named(stringify!($name))); })*
        }

        #[test]
        fn every_form_of_a_planted_bug_has_a_control() {
            let run = [$(stringify!($name)),*];
            for bug in Bug::all() {
                let has_control = run.contains(&bug.scenario.as_str());
                let scenario = Scenario::named(&bug.scenario);
                assert_eq!(has_control, scenario.has_brief_form(), "the control of {} with {}", bug.scenario, bug.name);
            }
        }
    };
}

unplanted! { crash crossing latency log sell_out stream trade }

macro_rules! planted {
    ($($name:ident)*) => {
        /// Each planted bug must be found.
        mod planted {
            $(#[test] fn $name() { super::finds(stringify!($name)); })*
        }

        #[test]
        fn every_planted_bug_is_looked_for() {
            let looked_for = [$(stringify!($name)),*];
            assert!(looked_for.len() >= 15);
            let documented = std::fs::read_to_string(support::root().join("docs/fault-laboratory.md"));
            let documented = documented.expect("the laboratory's page");
            for bug in Bug::all() {
                assert!(looked_for.contains(&bug.name.as_str()), "nobody looks for {}", bug.name);
                let row = format!("| `{}` | {} |", bug.name, bug.title);
                assert!(documented.contains(&row), "docs/fault-laboratory.md lacks the row: {row}");
                bug.script(); // its texts are still there
            }
        }
    };
}

planted! {
    answer_is_not_stored answer_to_the_wrong_waiter coupon_counter_unlocked cursor_before_listen duplicate_in_a_batch
    durability_off event_before_lock expiry_not_checked foreign_key_replayed head_read_late hold_counted_twice
    hold_never_swept keys_do_not_survive_a_crash no_fence_in_the_sequencer no_row_lock_on_stock
    nobody_is_notified notifications_trusted numbers_with_gaps order_lock_missing order_without_event other_request_replayed
    refund_without_cap refund_without_lock refused_request_eats_stock smallest_id_order
    stock_returned_twice two_ends_of_a_hold unsorted_locks xmin_reader
}
