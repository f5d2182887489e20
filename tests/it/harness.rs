//! The harness itself: what every other test relies on.

use crate::support::run;

#[test]
fn a_test_has_a_server_and_a_database_of_its_own() {
    run(async |t| {
        t.anybody().get("/health/live").await.expect(200);
        t.anybody().get("/no/such/thing").await.problem(404, "core.not_found");
        let name: String = t.one("select current_database()::text", &[]).await;
        assert_eq!(name, t.database().name);
    });
}

#[test]
fn the_clock_of_a_test_can_be_moved() {
    run(async |t| {
        t.advance(std::time::Duration::from_secs(3600)).await;
        let ahead: bool = t.one("select core.now() > clock_timestamp() + interval '59 minutes'", &[]).await;
        assert!(ahead);
    });
}

#[test]
#[should_panic(expected = "invariants are broken")]
fn a_broken_invariant_fails_the_test_that_broke_it() {
    run(async |t| {
        t.execute(
            "create or replace function core._check_invariants() returns setof core.invariant_violation
             language sql stable as $$ select row('test.broken', 'this one', 'On purpose.')::core.invariant_violation $$",
            &[],
        )
        .await;
    });
}
