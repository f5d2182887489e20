//! Pools, calls and the LISTEN connection against a real server: what retries, what is thrown away, what is announced.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;
use tokio_postgres::Client;
use tokio_util::sync::CancellationToken;
use tradepost::db::listen::{Listener, Signal};
use tradepost::db::pool::{Pool, Settings};
use tradepost::db::{call, query, query_one};
use tradepost::embedded::DbRole;

use crate::support::database::{Database, Template};
use crate::support::{Reply, Test, basket, json, run};

const SOON: Duration = Duration::from_secs(10);

/// A pool of a role, reached through the superuser's URL as a program with one `DATABASE_URL` does.
fn pool(database: &Database, max_connections: usize) -> Pool {
    Pool::new(&Settings::api(database.url(DbRole::Superuser), max_connections)).expect("settings")
}

async fn eventually(admin: &Client, condition: &str) {
    for _ in 0..200 {
        if admin.query_one(&format!("select {condition}"), &[]).await.expect(condition).get(0) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("never became true: {condition}");
}

fn running(database: &Database, marker: &str) -> String {
    format!(
        "count(*) from pg_stat_activity where datname = '{}' and state = 'active'
           and query like '%{marker}%' and pid <> pg_backend_pid()",
        database.name
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pool_becomes_its_role_with_its_limits_and_nothing_more() {
    let database = Database::create(Template::Migrated).await;
    for url in [database.url(DbRole::Superuser), database.url(DbRole::Api)] {
        let pool = Pool::new(&Settings::api(url, 2)).unwrap();
        let row = query_one(
            &pool,
            "test.settings",
            "select current_user::text, current_setting('statement_timeout'), current_setting('lock_timeout'),
               current_setting('jit'), current_setting('idle_in_transaction_session_timeout'),
               current_setting('application_name'), current_setting('search_path')",
            &[],
        )
        .await
        .unwrap();
        let values: Vec<String> = (0..7).map(|i| row.get(i)).collect();
        let expected = ["tradepost_api", "5s", "2s", "off", "10s", "tradepost api", "pg_catalog,pg_temp"];
        assert_eq!(values, expected);
        assert_eq!(call::migration_version(&pool).await.unwrap(), tradepost::db::migrate::latest_version());
        let refused = query(&pool, "test.table", "select * from core.settings", &[]).await.unwrap_err();
        assert_eq!(refused.status().as_u16(), 500, "a missing right is our mistake, not the caller's");
        pool.close();
    }
    let worker = Pool::new(&Settings::worker(database.url(DbRole::Superuser), 1)).unwrap();
    let row = query_one(
        &worker,
        "test.settings",
        "select current_user::text, current_setting('statement_timeout')",
        &[],
    )
    .await
    .unwrap();
    assert_eq!((row.get(0), row.get(1)), ("tradepost_worker", "1min"));
    worker.close();
    database.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_pool_refuses_within_its_wait() {
    let database = Database::create(Template::Migrated).await;
    let pool = pool(&database, 1);
    let held = pool.get().await.unwrap();
    let refused = timeout(Duration::from_secs(2), query(&pool, "test.one", "select 1", &[]))
        .await
        .expect("refused in time")
        .unwrap_err();
    assert_eq!((refused.status().as_u16(), refused.code()), (503, "core.overloaded"));
    held.done();
    query(&pool, "test.one", "select 1", &[]).await.unwrap();
    pool.close();
    database.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_abandoned_call_is_cancelled_and_its_connection_not_used_again() {
    let database = Database::create(Template::Migrated).await;
    let admin = database.connect().await;
    let pool = pool(&database, 2);
    let calls: Vec<_> = (0..2)
        .map(|_| {
            let pool = pool.clone();
            tokio::spawn(
                async move { query(&pool, "test.sleep", "select pg_sleep(60), 'abandoned'", &[]).await },
            )
        })
        .collect();
    eventually(&admin, &format!("(select {}) = 2", running(&database, "abandoned"))).await;
    for call in calls {
        call.abort();
        assert!(call.await.unwrap_err().is_cancelled());
    }
    // a slot is free at once, on a fresh connection
    query(&pool, "test.one", "select 1", &[]).await.unwrap();
    eventually(&admin, &format!("(select {}) = 0", running(&database, "abandoned"))).await;
    for _ in 0..4 {
        query(&pool, "test.one", "select 1", &[]).await.unwrap();
    }
    assert!(pool.status().open <= 2);
    pool.close();
    database.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_does_not_answer_costs_a_503_and_the_connection() {
    let database = Database::create(Template::Migrated).await;
    let admin = database.connect().await;
    let pool = Pool::new(&Settings {
        // connecting counts too, and the machine may be busy
        call_timeout: Duration::from_secs(3),
        ..Settings::api(database.url(DbRole::Superuser), 1)
    })
    .unwrap();
    query(&pool, "test.one", "select 1", &[]).await.unwrap();
    let problem = query(&pool, "test.sleep", "select pg_sleep(60), 'silent'", &[]).await.unwrap_err();
    assert_eq!(problem.status().as_u16(), 503);
    eventually(&admin, &format!("(select {}) = 0", running(&database, "silent"))).await;
    query(&pool, "test.one", "select 1", &[]).await.unwrap();
    pool.close();
    database.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_statement_is_a_timeout_and_the_connection_stays() {
    let database = Database::create(Template::Migrated).await;
    let pool = Pool::new(&Settings {
        statement_timeout: Duration::from_secs(1),
        ..Settings::api(database.url(DbRole::Superuser), 1)
    })
    .unwrap();
    let pid = "select pg_backend_pid()";
    let before: i32 = query_one(&pool, "test.pid", pid, &[]).await.unwrap().get(0);
    let problem = query(&pool, "test.sleep", "select pg_sleep(60)", &[]).await.unwrap_err();
    assert_eq!((problem.status().as_u16(), problem.code()), (503, "core.timeout"));
    assert_eq!(query_one(&pool, "test.pid", pid, &[]).await.unwrap().get::<_, i32>(0), before);
    pool.close();
    database.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_the_server_closed_are_replaced_unnoticed() {
    let database = Database::create(Template::Migrated).await;
    let admin = database.connect().await;
    let pool = pool(&database, 3);
    for _ in 0..5 {
        query(&pool, "test.one", "select 1", &[]).await.unwrap();
        let held = [pool.get().await.unwrap(), pool.get().await.unwrap(), pool.get().await.unwrap()];
        admin
            .execute(
                "select pg_terminate_backend(pid, 5000) from pg_stat_activity
                 where datname = current_database() and application_name = 'tradepost api'",
                &[],
            )
            .await
            .unwrap();
        for connection in held {
            let news = async {
                while !connection.is_closed() {
                    tokio::task::yield_now().await; // it is on its way
                }
            };
            tokio::time::timeout(Duration::from_secs(30), news).await.expect("the connection is closed");
            connection.done();
        }
    }
    query(&pool, "test.one", "select 1", &[]).await.unwrap();
    pool.close();
    database.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_serialisation_failure_is_tried_again_and_given_up_after_three_times() {
    let database = Database::create(Template::Migrated).await;
    let admin = database.connect().await;
    admin
        .batch_execute(
            "create sequence core.attempts;
             create function core.flaky(p_failures bigint) returns bigint language plpgsql
             security definer set search_path = pg_catalog, pg_temp as $$
             declare v_attempt bigint := nextval('core.attempts');
             begin
               if v_attempt <= p_failures then
                 raise exception 'try again' using errcode = 'serialization_failure';
               end if;
               return v_attempt;
             end $$;
             grant execute on function core.flaky(bigint) to tradepost_api;",
        )
        .await
        .unwrap();
    let pool = pool(&database, 1);
    let sql = "select core.flaky($1)";
    assert_eq!(query_one(&pool, "core.flaky", sql, &[&3_i64]).await.unwrap().get::<_, i64>(0), 4);
    admin.batch_execute("alter sequence core.attempts restart").await.unwrap();
    let problem = query_one(&pool, "core.flaky", sql, &[&100_i64]).await.unwrap_err();
    assert_eq!(problem.status().as_u16(), 503);
    let attempts: i64 = admin.query_one("select last_value from core.attempts", &[]).await.unwrap().get(0);
    assert_eq!(attempts, 4, "one call and three retries");
    pool.close();
    database.drop().await;
}

/// Whoever closes a circle of waiting transactions is refused by the server (40P01). Here that is the program: it holds the first of
/// three rows and waits for the second; psql, who has the third, waits for the first and never looks for circles; then the second
/// comes free. The client hears nothing of it.
#[test]
fn a_deadlock_is_tried_again_unnoticed() {
    run(async |t| {
        let sam = t.seller("sam").await;
        let mut things = Vec::new();
        for _ in 0..3 {
            things.push(t.offer(&sam, 1000, 10).await);
        }
        things.sort_unstable();
        let ana = t.buyer("ana").await;
        let order = t.order(&ana, &[(things[0], 1), (things[1], 1), (things[2], 1)]).await.id("orderId");
        let (mut holder, mut rival) = (t.connect().await, t.connect().await);
        rival.batch_execute("set deadlock_timeout = '10min'").await.expect("set");
        let rival_pid: i32 = rival.query_one("select pg_backend_pid()", &[]).await.expect("a number").get(0);
        let row = "select from inventory.stock_levels where variant_id = $1 for update";
        let second = holder.transaction().await.expect("a transaction");
        second.execute(row, &[&things[1]]).await.expect("a lock");
        let third = rival.transaction().await.expect("a transaction");
        third.execute(row, &[&things[2]]).await.expect("a lock");

        let waits = "select exists (select from pg_stat_activity
                       where datname = current_database() and wait_event_type = 'Lock' and ";
        let cancel = ana.post(&format!("/orders/{order}/cancel"), json!({})).once();
        let cancel = tokio::spawn(async move { cancel.await });
        t.until("the program waits", &format!("{waits} query like '%orders.cancel_order%')")).await;
        let first = async { third.execute(row, &[&things[0]]).await };
        let free = async {
            t.until("the rival waits", &format!("{waits} pid = {rival_pid})")).await;
            second.rollback().await.expect("rolled back");
        };
        let (first, ()) = tokio::join!(first, free);
        first.expect("the program has let go: it was refused");
        third.rollback().await.expect("rolled back");
        assert_eq!(cancel.await.expect("an answer").expect(200)["status"], "CANCELLED");
        for thing in things {
            assert_eq!(t.stock(thing).await, "10/0");
        }
        drop((holder, rival));
        let refused = "select deadlocks = 1 from pg_stat_database where datname = current_database()";
        // a session hands in its counts when it ends, at the latest
        let end = "select count(pg_terminate_backend(pid, 10000)) from pg_stat_activity
                   where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'";
        t.int(end, &[]).await;
        t.until("the server counted one deadlock", refused).await;
    });
}

/// Makes each order's next step fail so many times as if others were in the way. The sequence counts the attempts: it forgets nothing when
/// they are rolled back.
async fn fail(t: &Test, action: &str, times: i64) {
    t.sql()
        .batch_execute(&format!(
            "create sequence if not exists test.attempts;
             alter sequence test.attempts restart;
             create or replace function test.fail() returns trigger language plpgsql
             security definer set search_path = pg_catalog, pg_temp as $$
             begin
               if nextval('test.attempts') <= {times} then
                 raise exception 'others are in the way' using errcode = 'serialization_failure';
               end if;
               return new;
             end $$;
             create or replace trigger fail before insert on orders.order_history
             for each row when (new.action = '{action}') execute function test.fail();"
        ))
        .await
        .expect("a trigger");
}

#[test]
fn over_http_a_serialisation_failure_is_tried_again_and_given_up_with_nothing_done() {
    run(async |t| {
        let sam = t.seller("sam").await;
        let lamp = t.offer(&sam, 1000, 100).await;
        let ana = t.buyer("ana").await;
        let attempts = "select case when is_called then last_value else 0 end from test.attempts";
        let given_up = |reply: Reply| {
            let reply = reply.problem(503, "core.overloaded");
            assert_eq!(reply.header("retry-after"), "1", "{}", reply.describe());
        };

        // a function called by itself: one call and three retries
        let order = t.order(&ana, &[(lamp, 1)]).await.id("orderId");
        let cancel = || ana.post(&format!("/orders/{order}/cancel"), json!({})).key("cancel");
        fail(&t, "cancel", 100).await;
        let before = t.traces().await;
        given_up(cancel().await);
        assert_eq!(t.int(attempts, &[]).await, 4);
        assert_eq!(t.traces().await, before);
        fail(&t, "cancel", 3).await;
        let reply = cancel().await.expect(200);
        assert_eq!((&reply["status"], reply.header("idempotency-replayed")), (&json!("CANCELLED"), ""));
        assert_eq!(t.int(attempts, &[]).await, 4);

        // a batch: the same, and once more among those set aside
        let place = || ana.post("/orders", basket(&[(lamp, 1)])).key("place");
        fail(&t, "place", 100).await;
        let before = t.traces().await;
        given_up(place().await);
        assert_eq!(t.int(attempts, &[]).await, 8);
        assert_eq!(t.traces().await, before);
        fail(&t, "place", 3).await;
        assert_eq!(place().await.expect(201).header("idempotency-replayed"), "", "a 503 is not stored");
        assert_eq!(t.int(attempts, &[]).await, 4);
        assert_eq!(t.stock(lamp).await, "100/1");
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_result_type_is_prepared_anew_on_every_connection() {
    let database = Database::create(Template::Migrated).await;
    let admin = database.connect().await;
    let define = |columns: &str| {
        format!(
            "drop view if exists core.shape; create view core.shape as select {columns};
             grant select on core.shape to tradepost_api"
        )
    };
    admin.batch_execute(&define("1 as a")).await.unwrap();
    let pool = pool(&database, 3);
    let all = async || {
        let held = [pool.get().await.unwrap(), pool.get().await.unwrap(), pool.get().await.unwrap()];
        for connection in held {
            connection.done();
        }
        for _ in 0..3 {
            query(&pool, "test.shape", "select * from core.shape", &[]).await.unwrap();
        }
    };
    all().await;
    admin.batch_execute(&define("1 as a, 2 as b")).await.unwrap();
    all().await;
    pool.close();
    database.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_coded_raise_becomes_its_problem() {
    let database = Database::create(Template::Migrated).await;
    let admin = database.connect().await;
    admin
        .batch_execute(
            "create function core.refuses() returns integer language plpgsql
             security definer set search_path = pg_catalog, pg_temp as $$
             begin perform core._assert_version(2, 1); return 1; end $$;
             grant execute on function core.refuses() to tradepost_api;",
        )
        .await
        .unwrap();
    let pool = pool(&database, 1);
    let problem = query_one(&pool, "core.refuses", "select core.refuses()", &[]).await.unwrap_err();
    assert_eq!((problem.status().as_u16(), problem.code()), (412, "core.version_stale"));
    pool.close();
    database.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listener_announces_itself_hears_and_comes_back() {
    let database = Database::create(Template::Migrated).await;
    let admin = database.connect().await;
    let config = Settings::worker(database.url(DbRole::Superuser), 1).config().unwrap();
    let shutdown = CancellationToken::new();
    let listener = Listener::start(config, &["events", "events_orders"], shutdown.clone());
    let mut hears = listener.subscribe();
    assert_eq!(timeout(SOON, hears.recv()).await.unwrap(), Some(Signal::Reconnected), "a new subscription");
    let listening = "exists (select from pg_stat_activity where datname = current_database()
         and application_name = 'tradepost listen' and state = 'idle' and query like 'listen%')";
    eventually(&admin, listening).await;

    let expect = async |hears: &mut tradepost::db::listen::Subscription, payload: &str| {
        loop {
            match timeout(SOON, hears.recv()).await.expect("a signal").expect("not shut down") {
                Signal::Reconnected => {}
                Signal::Notification { channel, payload: heard } => {
                    assert_eq!((channel, heard), (Arc::from("events_orders"), Arc::from(payload)));
                    return;
                }
            }
        }
    };
    admin.execute("select pg_notify('events_orders', '1'), pg_notify('elsewhere', 'x')", &[]).await.unwrap();
    expect(&mut hears, "1").await;

    admin
        .execute(
            "select pg_terminate_backend(pid, 5000) from pg_stat_activity
             where datname = current_database() and application_name = 'tradepost listen'",
            &[],
        )
        .await
        .unwrap();
    assert_eq!(timeout(SOON, hears.recv()).await.unwrap(), Some(Signal::Reconnected), "it is back");
    admin.execute("select pg_notify('events_orders', '2')", &[]).await.unwrap();
    expect(&mut hears, "2").await;

    shutdown.cancel();
    drop(listener);
    assert_eq!(timeout(SOON, hears.recv()).await.unwrap(), None);
    database.drop().await;
}

/// One claim and its answer in a transaction that stays open until the test says so.
const CLAIM: &str = "select core._claim_idempotency(
    ('01a203e7-8f72-7dec-8ec2-97d670551b7f', null, 'r', '127.0.0.1', 'key')::core.call_context,
    'POST /x', '{\"a\": 1}')::text";
const STORE: &str = "select core._store_response(
    ('01a203e7-8f72-7dec-8ec2-97d670551b7f', null, 'r', '127.0.0.1', 'key')::core.call_context,
    'POST /x', '{\"n\": 1}')";

#[tokio::test(flavor = "multi_thread")]
async fn a_claim_of_a_key_that_is_at_work_is_refused_at_once_and_answered_afterwards() {
    let database = Database::create(Template::Migrated).await;
    let (first, second) = (database.connect().await, database.connect().await);
    // a claim that waited would wait for ever
    second.batch_execute("set lock_timeout = 0").await.unwrap();
    first.batch_execute("begin").await.unwrap();
    assert_eq!(first.query_one(CLAIM, &[]).await.unwrap().get::<_, Option<String>>(0), None);
    first.execute(STORE, &[]).await.unwrap();
    let refused = timeout(SOON, second.query_one(CLAIM, &[])).await.unwrap().unwrap_err();
    let refused = refused.as_db_error().unwrap();
    assert_eq!((refused.code().code(), refused.message()), ("MK409", "core.idempotency_in_progress"));
    first.batch_execute("commit").await.unwrap();
    let stored: String = second.query_one(CLAIM, &[]).await.unwrap().get(0);
    assert_eq!(stored, r#"{"n": 1}"#);
    database.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claim_whose_holder_failed_is_fresh() {
    let database = Database::create(Template::Migrated).await;
    let (first, second) = (database.connect().await, database.connect().await);
    first.batch_execute("begin").await.unwrap();
    first.query_one(CLAIM, &[]).await.unwrap();
    assert!(second.query_one(CLAIM, &[]).await.is_err());
    first.batch_execute("rollback").await.unwrap();
    second.batch_execute("begin").await.unwrap();
    assert_eq!(second.query_one(CLAIM, &[]).await.unwrap().get::<_, Option<String>>(0), None);
    second.batch_execute("rollback").await.unwrap();
    database.drop().await;
}
