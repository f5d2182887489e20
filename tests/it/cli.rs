//! The real program: what its subcommands print, and how they end.

use std::process::{Command, Output, Stdio};
use std::{env, fs};

use tokio_postgres::NoTls;
use tokio_postgres::error::SqlState;
use tradepost::embedded::{DATABASE, DbRole};

use crate::support::database::{Database, Template};
use crate::support::{block_on, run};

/// Its exit status and what it printed.
fn tradepost(arguments: &[&str], variables: &[(&str, &str)]) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tradepost"));
    command.args(arguments).current_dir(env::temp_dir()).env_remove("DATABASE_URL").stdin(Stdio::null());
    for (name, value) in variables {
        command.env(name, value);
    }
    let Output { status, stdout, stderr } = command.output().expect("the program");
    let said = String::from_utf8_lossy(&stdout) + String::from_utf8_lossy(&stderr);
    (status.code(), said.into_owned())
}

#[test]
fn migrate_check_tells_by_its_exit_status_whether_there_is_something_to_do() {
    block_on(async {
        let database = Database::create(Template::Empty).await;
        let url = database.url(DbRole::Superuser);
        let on_it = |arguments: &[&str]| tradepost(arguments, &[("DATABASE_URL", &url)]);
        let (status, said) = on_it(&["migrate", "--check"]);
        assert_eq!(status, Some(1), "{said}");
        let tables = database.connect().await;
        let tables =
            tables.query_one("select to_regclass('core.settings') is null", &[]).await.expect("a row");
        assert!(tables.get::<_, bool>(0), "a check changes nothing");
        let (status, said) = on_it(&["migrate"]);
        assert_eq!(status, Some(0), "{said}");
        let (status, said) = on_it(&["migrate", "--check"]);
        assert_eq!(status, Some(0), "{said}");
        database.drop().await;
    });
}

#[test]
fn db_url_opens_the_functions_and_not_the_tables_to_the_api() {
    run(async |t| {
        let folder = env::temp_dir().join(format!("tradepost-test-{}", std::process::id()));
        let folder = folder.to_str().expect("text");
        let (status, url) = tradepost(&["db-url", "--role", "api", "--data-dir", folder], &[]);
        assert_eq!(status, Some(0), "{url}");
        // The server that it found is the one of the tests, where each test has a database of its own.
        let server = url.trim().strip_suffix(DATABASE).expect("its own database");
        let url = format!("{server}{}", t.database().name);
        let (client, connection) = tokio_postgres::connect(&url, NoTls).await.expect("a connection");
        let connection = tokio::spawn(connection);
        client.query("select * from catalog.get_category_tree(null, 1)", &[]).await.expect("a function");
        let refused = client.query("select from catalog.categories", &[]).await.expect_err("a table");
        assert_eq!(refused.code(), Some(&SqlState::INSUFFICIENT_PRIVILEGE));
        drop(client);
        connection.await.expect("ended").expect("closed");
    });
}

#[test]
fn doctor_fails_until_the_database_is_right() {
    let folder = env::temp_dir().join(format!("tradepost-doctor-{}", std::process::id()));
    let on_it =
        |arguments: &[&str]| tradepost(arguments, &[("TRADEPOST_DATA_DIR", folder.to_str().expect("text"))]);
    let (status, said) = on_it(&["doctor"]);
    assert_eq!(status, Some(1), "{said}");
    assert!(said.contains("FAIL  the database is not up to date: run `tradepost migrate`"), "{said}");
    let (status, said) = on_it(&["migrate"]);
    assert_eq!(status, Some(0), "{said}");
    let (status, said) = on_it(&["doctor"]);
    assert_eq!(status, Some(0), "{said}");
    assert!(said.contains("ok    all invariants hold") && !said.contains("FAIL"), "{said}");
    let (status, said) = on_it(&["doctor", "--replay"]);
    assert_eq!(status, Some(0), "{said}");
    assert!(said.contains("ok    the log of 0 events tells what the tables hold"), "{said}");
    let (status, said) = on_it(&["doctor", "--upto", "1"]);
    assert_eq!(status, Some(2), "{said}");
    fs::remove_dir_all(&folder).expect("nobody is left in the folder");
}
