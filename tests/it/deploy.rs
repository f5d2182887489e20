//! `tradepost migrate`: what a deploy does to a database while the previous release still runs on it.

use std::borrow::Cow;
use std::time::Duration;

use tokio_postgres::Client;
use tradepost::db::migrate::{self, Options, RELEASE};
use tradepost::db::replay::{Bundle, SourceFile};
use tradepost::embedded::DbRole;

use crate::support::database::{Database, Template};

/// The program's own bundle, changed: files by path (`core/x`) with a text, or none to take the file away.
fn bundle(changes: &[(&'static str, Option<&str>)]) -> Bundle {
    let mut files = Bundle::embedded().files().to_vec();
    for (path, text) in changes {
        let (domain, name) = path.split_once('/').expect("domain/name");
        files.retain(|f| f.domain != domain || f.name != name);
        if let Some(text) = text {
            files.push(SourceFile {
                domain: Cow::Borrowed(domain),
                name: Cow::Borrowed(name),
                text: Cow::Owned((*text).to_owned()),
            });
        }
    }
    Bundle::new(files)
}

fn public(name: &str, signature: &str, returns: &str, body: &str) -> String {
    let types = signature
        .split(", ")
        .filter_map(|p| p.split_once(' '))
        .map(|(_, t)| t)
        .collect::<Vec<_>>()
        .join(", ");
    format!(
        "create or replace function {name}({signature}) returns {returns} language sql stable
           security definer set search_path = pg_catalog, pg_temp as $$ {body} $$;
         comment on function {name}({types}) is 'For a test.';
         grant execute on function {name}({types}) to tradepost_api;"
    )
}

async fn deploy(client: &mut Client, bundle: &Bundle) -> anyhow::Result<migrate::Report> {
    migrate::run_on(client, bundle, RELEASE, Options::default()).await
}

async fn database() -> (Database, Client) {
    let database = Database::create(Template::Migrated).await;
    let client = migrate::connect(&database.url(DbRole::Superuser)).await.expect("connect");
    (database, client)
}

async fn answers(database: &Database, sql: &str) -> bool {
    database.connect_as(DbRole::Api).await.simple_query(sql).await.is_ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removed_function_is_retired_first_and_dropped_by_the_next_bundle() {
    let (database, mut client) = database().await;
    let with = public("core.answer", "p_of text", "integer", "select 42");
    let first = bundle(&[("core/answer", Some(&with))]);
    deploy(&mut client, &first).await.unwrap();
    assert!(answers(&database, "select core.answer('life')").await);

    let second = bundle(&[]);
    let check = migrate::check_on(&client, &second, RELEASE).await.unwrap();
    assert_eq!(check.plan.retired, ["core.answer(text)"]);
    assert!(!check.is_up_to_date());
    let replay = deploy(&mut client, &second).await.unwrap().replay.unwrap();
    assert_eq!(replay.retired, ["core.answer(text)"]);
    assert!(answers(&database, "select core.answer('life')").await, "the previous release still runs");
    assert!(deploy(&mut client, &second).await.unwrap().replay.is_none(), "nothing left to do");
    let forced =
        migrate::run_on(&mut client, &second, RELEASE, Options { force_replay: true }).await.unwrap();
    assert_eq!(forced.replay.unwrap().dropped, Vec::<String>::new(), "the same bundle again drops nothing");

    let third = bundle(&[("core/another", Some(&public("core.another", "", "integer", "select 1")))]);
    let check = migrate::check_on(&client, &third, RELEASE).await.unwrap();
    assert_eq!(
        (check.plan.added, check.plan.dropped),
        (vec!["sql/core/another.sql".to_owned()], vec!["core.answer(text)".to_owned()])
    );
    let replay = deploy(&mut client, &third).await.unwrap().replay.unwrap();
    assert_eq!(replay.dropped, ["core.answer(text)"]);
    assert!(!answers(&database, "select core.answer('life')").await);
    database.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_that_comes_back_is_not_retired_any_more() {
    let (database, mut client) = database().await;
    let with = bundle(&[("core/answer", Some(&public("core.answer", "", "integer", "select 42")))]);
    for bundle in [&with, &bundle(&[]), &with] {
        deploy(&mut client, bundle).await.unwrap();
    }
    let other = bundle(&[("core/answer", Some(&public("core.answer", "", "integer", "select 43")))]);
    let check = migrate::check_on(&client, &other, RELEASE).await.unwrap();
    assert_eq!((check.plan.replaced, check.plan.dropped), (vec!["core.answer()".to_owned()], vec![]));
    deploy(&mut client, &other).await.unwrap();
    assert!(answers(&database, "select core.answer()").await);
    database.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_parameter_leaves_the_old_shape_to_the_previous_release() {
    let (database, mut client) = database().await;
    let old = bundle(&[("core/answer", Some(&public("core.answer", "p_a integer", "integer", "select 1")))]);
    deploy(&mut client, &old).await.unwrap();
    let new = public("core.answer", "p_a integer, p_b integer", "integer", "select 2");
    let replay = deploy(&mut client, &bundle(&[("core/answer", Some(&new))])).await.unwrap().replay.unwrap();
    assert_eq!(replay.retired, ["core.answer(integer)"]);
    assert!(answers(&database, "select core.answer(1), core.answer(1, 2)").await);
    database.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_postgres_cannot_replace_is_refused_with_file_and_rule_and_changes_nothing() {
    let (database, mut client) = database().await;
    let view = "create or replace view core.shape as select 1 as a, 2 as b;";
    let first = bundle(&[
        ("core/answer", Some(&public("core.answer", "p_a integer", "integer", "select 1"))),
        ("core/view_shape", Some(view)),
    ]);
    deploy(&mut client, &first).await.unwrap();
    let narrower = "create or replace view core.shape as select 1 as a;";
    for (path, text, expected) in [
        ("core/answer", public("core.answer", "p_a integer", "text", "select '1'"), "a new function name"),
        ("core/answer", public("core.answer", "p_x integer", "integer", "select 1"), "a new function name"),
        ("core/view_shape", narrower.to_owned(), "a new view name"),
    ] {
        let error = deploy(&mut client, &bundle(&[(path, Some(&text))])).await.unwrap_err();
        let message = format!("{error:#}");
        assert!(message.contains(&format!("sql/{path}.sql")) && message.contains(expected), "{message}");
    }
    assert!(deploy(&mut client, &first).await.unwrap().replay.is_none(), "still the first bundle");
    database.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mistake_is_reported_with_its_file_and_line() {
    let (database, mut client) = database().await;
    let cases = [
        ("core/answer", "-- a comment\nselect 1 frm x;".to_owned(), "sql/core/answer.sql:2: syntax error"),
        ("core/answer", public("core.other", "", "integer", "select 1"), "must define function core.answer"),
        ("core/answer", public("core.answer", "", "integer", "select missing.f()"), "sql/core/answer.sql"),
        (
            "core/answer",
            public("core.answer", "", "integer", "select 1").replace("security definer", ""),
            "SECURITY DEFINER",
        ),
        (
            "core/answer",
            public("core.answer", "", "integer", "select 1").replace("to tradepost_api", "to public"),
            "executable by PUBLIC",
        ),
        ("core/_answer", public("core._answer", "", "integer", "select 1"), "must not be granted"),
        (
            "core/answer",
            public("core.answer", "", "integer", "select 1").replace("pg_catalog, pg_temp", "public"),
            "search_path",
        ),
        ("core/view_shape", "select 1".to_owned(), "must define view core.shape"),
    ];
    for (path, text, expected) in cases {
        let error = deploy(&mut client, &bundle(&[(path, Some(&text))])).await.unwrap_err();
        let message = format!("{error:#}");
        assert!(message.contains(expected), "expected {expected:?} in: {message}");
    }
    database.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn files_may_need_each_other_in_any_order() {
    let (database, mut client) = database().await;
    // a view of a domain to the right, read by a function that returns its rows, used by a view again
    let bundle = bundle(&[
        ("core/view_aaa", Some("create or replace view core.aaa as select core._three() as three;")),
        (
            "core/_three",
            Some(
                "create or replace function core._three() returns integer language sql stable
                 as $$ select zzz.n + 1 from core._two() as zzz $$;",
            ),
        ),
        (
            "core/_two",
            Some(
                "create or replace function core._two() returns setof core.zzz language sql stable
                 as $$ select z.n from core.zzz as z $$;",
            ),
        ),
        ("core/view_zzz", Some("create or replace view core.zzz as select 2 as n;")),
    ]);
    deploy(&mut client, &bundle).await.unwrap();
    let row = client.query_one("select three from core.aaa", &[]).await.unwrap();
    assert_eq!(row.get::<_, i32>(0), 3);
    // all of it goes again: functions before the views they return
    deploy(&mut client, &self::bundle(&[])).await.unwrap();
    let other = self::bundle(&[("core/answer", Some(&public("core.answer", "", "integer", "select 1")))]);
    let mut dropped = deploy(&mut client, &other).await.unwrap().replay.unwrap().dropped;
    for _ in 0..3 {
        // what a dependency kept goes with a later bundle
        let next = self::bundle(&[(
            "core/answer",
            Some(&public("core.answer", "", "integer", &format!("select {}", dropped.len()))),
        )]);
        if let Some(replay) = deploy(&mut client, &next).await.unwrap().replay {
            dropped.extend(replay.dropped);
        }
    }
    dropped.sort();
    assert_eq!(dropped, ["core._three()", "core._two()", "core.aaa", "core.zzz"]);
    database.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn triggers_are_replayed_and_retired_like_functions() {
    let (database, mut client) = database().await;
    let trigger = "create or replace function core.trigger_refuse() returns trigger language plpgsql
         as $$ begin raise exception 'refused'; end $$;
         create or replace trigger currencies_refuse before delete on core.currencies
         for each row execute function core.trigger_refuse();";
    deploy(&mut client, &bundle(&[("core/trigger_refuse", Some(trigger))])).await.unwrap();
    let delete = "delete from core.currencies where currency = 'KWD'";
    assert!(client.execute(delete, &[]).await.is_err());
    let replay = deploy(&mut client, &bundle(&[])).await.unwrap().replay.unwrap();
    assert_eq!(replay.retired, ["core.trigger_refuse()", "currencies_refuse on core.currencies"]);
    assert!(client.execute(delete, &[]).await.is_err(), "retired, not gone");
    let other = bundle(&[("core/answer", Some(&public("core.answer", "", "integer", "select 1")))]);
    let replay = deploy(&mut client, &other).await.unwrap().replay.unwrap();
    assert_eq!(replay.dropped, ["currencies_refuse on core.currencies", "core.trigger_refuse()"]);
    assert!(client.execute(delete, &[]).await.is_ok());
    database.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_elses_function_is_reported_and_left_alone() {
    let (database, mut client) = database().await;
    client
        .batch_execute("create function core.by_hand() returns integer language sql as 'select 1'")
        .await
        .unwrap();
    let forced =
        migrate::run_on(&mut client, &Bundle::embedded(), RELEASE, Options { force_replay: true }).await;
    assert_eq!(forced.unwrap().replay.unwrap().foreign, ["core.by_hand()"]);
    assert!(client.execute("select core.by_hand()", &[]).await.is_ok());
    database.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_object_is_noticed_and_restored() {
    let (database, mut client) = database().await;
    client.batch_execute("drop function identity.purge_sessions(integer)").await.unwrap();
    let embedded = Bundle::embedded();
    let check = migrate::check_on(&client, &embedded, RELEASE).await.unwrap();
    assert_eq!(check.missing, ["identity.purge_sessions(integer)"]);
    assert!(!check.is_up_to_date());
    assert!(deploy(&mut client, &embedded).await.unwrap().replay.is_some());
    assert!(migrate::check_on(&client, &embedded, RELEASE).await.unwrap().is_up_to_date());
    database.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_program_leaves_a_newer_database_alone() {
    let (database, mut client) = database().await;
    let newer = bundle(&[("core/answer", Some(&public("core.answer", "", "integer", "select 42")))]);
    migrate::run_on(&mut client, &newer, "999.0.0", Options::default()).await.unwrap();

    let old = Bundle::embedded();
    let report = deploy(&mut client, &old).await.unwrap();
    assert!(report.newer.as_ref().is_some_and(|m| m.contains("999.0.0")), "{report}");
    assert!(migrate::check_on(&client, &old, RELEASE).await.unwrap().newer.is_some());
    assert!(answers(&database, "select core.answer()").await);

    let forced = migrate::run_on(&mut client, &old, RELEASE, Options { force_replay: true }).await.unwrap();
    assert_eq!(forced.replay.unwrap().retired, ["core.answer()"]);

    client
        .batch_execute(
            "insert into core.refinery_schema_history (version, name, applied_on, checksum)
             values (9999, 'core_future', '2030-01-01T00:00:00Z', '1')",
        )
        .await
        .unwrap();
    let report = deploy(&mut client, &old).await.unwrap();
    assert!(report.newer.as_ref().is_some_and(|m| m.contains("9999")), "{report}");
    database.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_gives_way_to_a_reader_and_comes_back() {
    let (database, mut client) = database().await;
    let first = bundle(&[("core/view_shape", Some("create or replace view core.shape as select 1 as a;"))]);
    deploy(&mut client, &first).await.unwrap();
    let reader = database.connect().await;
    reader.batch_execute("begin; select * from core.shape").await.unwrap();
    let second = bundle(&[("core/view_shape", Some("create or replace view core.shape as select 2 as a;"))]);
    let deploying = tokio::spawn(async move { deploy(&mut client, &second).await });
    // longer than one lock timeout of the replay, so that at least one attempt has given way
    tokio::time::sleep(Duration::from_millis(800)).await;
    assert!(!deploying.is_finished());
    reader.batch_execute("commit").await.unwrap();
    deploying.await.unwrap().unwrap();
    assert_eq!(reader.query_one("select a from core.shape", &[]).await.unwrap().get::<_, i32>(0), 2);
    database.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn several_databases_of_a_cluster_may_be_prepared_at_once() {
    let mut databases = Vec::new();
    for _ in 0..4 {
        databases.push(Database::create(Template::Empty).await);
    }
    let deploys: Vec<_> = databases
        .iter()
        .map(|d| d.url(DbRole::Superuser))
        .map(|url| tokio::spawn(async move { migrate::run(&url, Options::default()).await }))
        .collect();
    for deploy in deploys {
        deploy.await.unwrap().unwrap();
    }
    for database in databases {
        database.drop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_without_superuser_that_owns_its_database_can_deploy() {
    let database = Database::create(Template::Empty).await;
    let name = &database.name;
    let login = format!("deployer_{name}");
    let admin = database.connect().await;
    admin
        .batch_execute(&format!(
            "create role {login} login createrole password 'deploy';
             alter database {name} owner to {login};"
        ))
        .await
        .unwrap();
    // the roles were made by the template's superuser, as on a cluster prepared by somebody else
    let url = database.url(DbRole::Superuser);
    let mut url = url::Url::parse(&url).unwrap();
    url.set_username(&login).unwrap();
    url.set_password(Some("deploy")).unwrap();
    if let Err(refused) = migrate::run(url.as_str(), Options::default()).await {
        let message = format!("{refused:#}");
        assert!(message.contains("may not act as tradepost_owner"), "{message}");
        admin
            .batch_execute(&format!(
                "grant tradepost_owner, tradepost_api, tradepost_worker, tradepost_readonly to {login}"
            ))
            .await
            .unwrap();
        migrate::run(url.as_str(), Options::default()).await.unwrap();
    }
    let report = migrate::run(url.as_str(), Options::default()).await.unwrap();
    assert!(report.replay.is_none() && report.applied.is_empty());
    let owners: Vec<String> = admin
        .query(
            "select distinct pg_get_userbyid(c.relowner)::text from pg_class c
             join pg_namespace n on n.oid = c.relnamespace where n.nspname in ('core', 'orders')",
            &[],
        )
        .await
        .unwrap()
        .iter()
        .map(|r| r.get(0))
        .collect();
    assert_eq!(owners, ["tradepost_owner"]);
    database.drop().await;
}
