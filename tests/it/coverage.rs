//! `make coverage-sql`: which branches of the PL/pgSQL functions of a domain its tests take, by the profiler of plpgsql_check.
//!
//! The profiler counts within one session, so all tests run over one connection, one after another.

use crate::pgtap::{run_file_on, sql_files};
use crate::support::database::{Database, Template};
use crate::support::{block_on, root};

/// Of all branches of the domain.
const BRANCHES_PERCENT_MIN: f64 = 95.0;
/// Domains whose tests call functions of the one that is measured; to its right, only the next use them directly.
const TESTS_OF: [&str; 4] = ["core", "pricing", "orders", "payments"];

/// One row a function. Its branches are its beginning, what stands below IF, CASE, a loop or an exception handler, and the ELSE that
/// an IF has though nobody wrote it; plpgsql_check tells how many of them were taken.
const COVERAGE: &str = "
  with functions as materialized (
    select f.name, f.oid::regprocedure as signature from test.functions as f where f.schema_name = $1 and f.language = 'plpgsql'
  ), statements as materialized (
    select f.name, s.stmtid, s.parent_stmtid, s.parent_note, s.lineno, s.exec_stmts, s.stmtname
    from functions as f cross join lateral plpgsql_check.plpgsql_profiler_function_statements_tb(f.signature) as s
  ), counted as (
    select s.name, count(*) as statements,
           1 + count(distinct (s.parent_stmtid, s.parent_note)) filter (where s.parent_note <> 'body')
             + count(*) filter (where s.stmtname = 'IF' and not exists (
                 select from statements as e where e.name = s.name and e.parent_stmtid = s.stmtid and e.parent_note like 'else%')) as branches,
           coalesce(string_agg(distinct s.lineno::text, ', ') filter (where s.exec_stmts = 0), '') as not_reached
    from statements as s
    group by s.name
  )
  select f.name, coalesce(c.statements, 0),
         100 * coalesce(plpgsql_check.plpgsql_coverage_statements(f.signature), 0) as statements_percent,
         coalesce(c.branches, 1),
         case when c.name is null then 0 else 100 * plpgsql_check.plpgsql_coverage_branches(f.signature) end as branches_percent,
         coalesce(c.not_reached, 'never called')
  from functions as f left join counted as c using (name)
  order by f.name";

#[test]
fn branches_of_sql() {
    let Ok(domain) = std::env::var("TRADEPOST_COVERAGE") else { return };
    block_on(async {
        let database = Database::create(Template::PgTap).await;
        let client = database.connect().await;
        client
            .batch_execute(
                "select plpgsql_check.plpgsql_profiler_reset_all(); set plpgsql_check.profiler = on",
            )
            .await
            .expect("plpgsql_check, which has a package for PostgreSQL 15");
        let mut files = 0;
        for tests in TESTS_OF {
            for file in sql_files(&root().join("pgtap").join(tests)) {
                let outcome = run_file_on(&client, &file).await;
                // A file that stopped half-way left its transaction open.
                client.batch_execute("rollback; reset role").await.expect("rollback");
                assert!(outcome.failures.is_empty(), "{}", outcome.failures.join("\n"));
                files += 1;
            }
        }
        println!("sql/{domain} under {files} pgTAP files of {}\n", TESTS_OF.join(", "));
        println!(
            "{:<46} {:>10} {:>6} {:>8} {:>6}  lines not reached",
            "function", "statements", "%", "branches", "%"
        );
        let (mut branches, mut taken) = (0.0, 0.0);
        for row in client.query(COVERAGE, &[&domain]).await.expect("coverage") {
            let (name, lines): (&str, &str) = (row.get(0), row.get(5));
            let (statements, of, percent): (i64, i64, f64) = (row.get(1), row.get(3), row.get(4));
            let reached: f64 = row.get(2);
            println!("{name:<46} {statements:>10} {reached:>6.1} {of:>8} {percent:>6.1}  {lines}");
            branches += of as f64;
            taken += of as f64 * percent / 100.0;
        }
        let percent = 100.0 * taken / branches;
        println!(
            "\n{taken:.0} of {branches:.0} branches: {percent:.1} % (at least {BRANCHES_PERCENT_MIN} %)"
        );
        assert!(percent >= BRANCHES_PERCENT_MIN, "{percent:.1} % of the branches of sql/{domain} are tested");
        drop(client);
        database.drop().await;
    });
}
