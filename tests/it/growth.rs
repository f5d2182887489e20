//! Large data: the generated marketplace is lawful, and a hot call reads a page of it and not the table.

use crate::support::{Test, run, statements};

/// What `make bench-data` writes.
async fn generate(t: &Test, scale: &str) {
    t.log_is_partial();
    let script = include_str!("../../benches/data/marketplace.sql");
    let script = format!("begin; set local bench.scale = '{scale}'; {script}; commit; vacuum analyze");
    for statement in statements::split(&script) {
        let text = &statement.text;
        t.sql()
            .batch_execute(text)
            .await
            .unwrap_or_else(|e| panic!("line {}: {text}: {e:?}", statement.line));
    }
}

/// The invariants, the chain of the log among them, are checked when the test ends.
#[test]
fn the_generated_marketplace_is_lawful() {
    run(async |t| {
        generate(&t, "0.01").await;
        assert_eq!(t.int("select count(*) from orders.orders", &[]).await, 1000);
        assert_eq!(t.int("select count(*) from catalog.offers", &[]).await, 100);
        assert_eq!(t.int("select count(*) from events.log", &[]).await, 2975);
        assert_eq!(t.int("select count(*) from core.check_invariants()", &[]).await, 0);
        // and a row that is wrong is found, though triggers did not see it written
        t.sql().batch_execute("begin; set local session_replication_role = replica; update orders.order_lines set quantity = 9 \
             , subtotal_minor = 9 * unit_price_minor, total_minor = 9 * unit_price_minor where line_no = 2").await.expect("an update");
        assert!(t.int("select count(*) from core.check_invariants()", &[]).await > 0);
        t.sql().batch_execute("rollback").await.expect("a rollback");
    });
}

/// Rows that a call may read of any one table, whatever that table holds: a page of 20, what belongs to each, some to spare.
const ROWS_MAX: i64 = 300;

/// The database counts the rows that each call reads, by scans and by index; that shows a bad plan through any number of functions.
#[test]
fn hot_calls_read_a_page_and_not_the_table() {
    run(async |t| {
        generate(&t, "0.1").await;
        let reads = include_str!("growth_reads.sql");
        t.sql().batch_execute(reads).await.expect("the calls");
        let calls =
            t.sql().query("select name, call from pg_temp.calls order by no", &[]).await.expect("the calls");
        assert!(calls.len() >= 25);
        let mut greedy = Vec::new();
        for call in &calls {
            let (name, text): (String, String) = (call.get(0), call.get(1));
            // what earlier statements read is still counted until it is flushed, at most once a second unless asked for
            t.sql().batch_execute("select pg_stat_force_next_flush()").await.expect("a flush");
            t.sql().batch_execute("begin").await.expect("a transaction");
            let rows = t.int(&text, &[]).await;
            let read: Option<String> = t
                .one(
                    "select string_agg(format('%s.%s: %s by scan, %s by index', s.schemaname, s.relname, s.seq_tup_read,
                                              s.idx_tup_fetch), '; ')
                       from pg_stat_xact_user_tables as s
                      where s.seq_tup_read > $1 or s.idx_tup_fetch > $1",
                    &[&ROWS_MAX],
                )
                .await;
            t.sql().batch_execute("rollback").await.expect("a rollback");
            println!("{name}: {rows} rows");
            greedy.extend(read.map(|read| format!("{name} ({rows} rows): {read}")));
        }
        assert!(greedy.is_empty(), "more than {ROWS_MAX} rows were read:\n{}", greedy.join("\n"));
    });
}
