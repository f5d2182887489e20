//! Runs `pgtap/<domain>/*.sql` on a migrated database of each domain's own and reads their TAP.
//! `PGTAP_FILE=orders/place_orders` runs that file alone (`make pgtap FILE=…`).

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use tokio_postgres::{Client, SimpleQueryMessage};
use tradepost::embedded::DbRole;
use tradepost::seed;

pub use crate::support::database::sql_files;
use crate::support::database::{self, Database};
use crate::support::statements::split;
use crate::support::{block_on, password_hash, root};

macro_rules! domains {
    ($($domain:ident)*) => {
        $(#[test] fn $domain() { run_domain(stringify!($domain)); })*

        #[test]
        fn every_folder_is_a_domain() {
            let known = [$(stringify!($domain)),*];
            for folder in fs::read_dir(root().join("pgtap")).expect("pgtap/").map(|e| e.expect("entry").path()) {
                let name = folder.file_name().expect("name").to_string_lossy().into_owned();
                assert!(!folder.is_dir() || name == "helpers" || known.contains(&name.as_str()), "pgtap/{name}");
            }
        }
    };
}

domains! { core identity catalog inventory pricing orders payments events }

fn run_domain(domain: &str) {
    let only = std::env::var("PGTAP_FILE").unwrap_or_default();
    let files: Vec<PathBuf> = sql_files(&root().join("pgtap").join(domain))
        .into_iter()
        .filter(|f| only.is_empty() || f.ends_with(format!("{only}.sql")))
        .collect();
    if files.is_empty() {
        return;
    }
    block_on(async {
        let database = Database::create(database::Template::PgTap).await;
        let (mut ok, mut skipped, mut failures) = (0, 0, String::new());
        for file in &files {
            let result = run_file(&database, file).await;
            ok += result.ok;
            skipped += result.skipped;
            for failure in result.failures {
                let _ = writeln!(failures, "{failure}");
            }
        }
        database.drop().await;
        println!("{domain}: {} files, {ok} assertions ok, {skipped} skipped", files.len());
        assert!(failures.is_empty(), "\n{failures}");
    });
}

/// `make pgtap DATABASE_URL=…` on a marketplace at work: the tests do not see what is there, and leave it there.
#[test]
fn a_filled_database_is_hidden_and_kept() {
    block_on(async {
        let database = Database::create(database::Template::PgTap).await;
        let client = database.connect().await;
        seed::run(&database.url(DbRole::Superuser), &password_hash()).await.expect("the demo").expect("made");
        let count = "select events.sequence() + (select count(*) from orders.orders) + (select count(*) from core.idempotency_keys)";
        client.query_one(count, &[]).await.expect("numbered");
        let before: i64 = client.query_one(count, &[]).await.expect("counted").get(0);
        for file in ["catalog/create_product", "orders/place_orders", "events/read_after"] {
            let outcome = run_file(&database, &root().join("pgtap").join(file).with_extension("sql")).await;
            assert!(outcome.ok > 0 && outcome.failures.is_empty(), "{file}: {}", outcome.failures.join("\n"));
        }
        let after: i64 = client.query_one(count, &[]).await.expect("counted").get(0);
        assert_eq!(after, before);
        drop(client);
        database.drop().await;
    });
}

#[derive(Default)]
pub struct Outcome {
    pub ok: usize,
    pub skipped: usize,
    pub failures: Vec<String>,
}

/// Each file has a connection of its own, as under `pg_prove`.
async fn run_file(database: &Database, path: &Path) -> Outcome {
    run_file_on(&database.connect().await, path).await
}

pub async fn run_file_on(client: &Client, path: &Path) -> Outcome {
    let name = path.strip_prefix(root()).unwrap_or(path).display().to_string();
    let script = fs::read_to_string(path).expect("readable");
    let statements = split(&script);
    let mut outcome = Outcome::default();
    let first_and_last =
        (statements.first().map(|s| s.text.as_str()), statements.last().map(|s| s.text.as_str()));
    if first_and_last != (Some("begin"), Some("rollback")) {
        outcome.failures.push(format!("{name}:1: must begin with `begin;` and end with `rollback;`"));
        return outcome;
    }

    client
        .batch_execute("set search_path = public, test, tap; set client_min_messages = warning")
        .await
        .expect("settings");
    let (mut planned, mut ran) = (None, 0);
    for statement in &statements {
        let messages = match client.simple_query(&statement.text).await {
            Ok(messages) => messages,
            Err(error) => {
                let what = error.as_db_error().map_or_else(
                    || error.to_string(),
                    |e| {
                        let more =
                            [e.detail(), e.hint(), e.where_()].into_iter().flatten().collect::<Vec<_>>();
                        format!("{} {}\n    {}", e.code().code(), e.message(), more.join("\n    "))
                    },
                );
                outcome.failures.push(format!("{name}:{}: {what}", statement.line));
                return outcome;
            }
        };
        let output: Vec<&str> = messages
            .iter()
            .filter_map(|m| match m {
                SimpleQueryMessage::Row(row) => row.get(0),
                _ => None,
            })
            .collect();
        for text in output {
            let (mut lines, mut failed) = (text.lines(), false);
            let first = lines.next().unwrap_or("");
            if let Some(count) = first.strip_prefix("1..") {
                planned = count.split_whitespace().next().and_then(|c| c.parse::<usize>().ok());
            } else if first.starts_with("ok ") {
                ran += 1;
                if first.contains("# SKIP") || first.contains("# skip") {
                    outcome.skipped += 1;
                    println!("{name}:{}: {first}", statement.line);
                } else {
                    outcome.ok += 1;
                }
            } else if first.starts_with("not ok ") {
                ran += 1;
                failed = !first.contains("# TODO");
            } else if first.starts_with("Bail out!") {
                failed = true;
            }
            // One call may answer with several lines of its own (a helper that wraps two assertions).
            let rest: Vec<&str> = lines.collect();
            ran += rest.iter().filter(|l| l.starts_with("ok ") || l.starts_with("not ok ")).count();
            failed |= rest.iter().any(|l| l.starts_with("not ok "));
            if failed {
                let mut message = format!("{name}:{}: {first}", statement.line);
                for line in rest {
                    let _ = write!(message, "\n    {line}");
                }
                outcome.failures.push(message);
            }
        }
    }
    match planned {
        _ if ran == 0 => outcome.failures.push(format!("{name}: no assertion ran")),
        None => outcome.failures.push(format!("{name}: no plan")),
        Some(count) if count != ran => {
            outcome.failures.push(format!("{name}: planned {count} assertions, {ran} ran"));
        }
        Some(_) => {}
    }
    outcome
}
