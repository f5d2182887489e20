//! Large data: the generated marketplace is lawful, and a hot call reads a page of it and not the table.

use std::collections::BTreeSet;
use std::future::poll_fn;

use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio_postgres::error::DbError;
use tokio_postgres::{AsyncMessage, Client, NoTls};
use tradepost::embedded::DbRole;

use crate::support::{Test, Value, json, run, statements};

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
const ROWS_MAX: i32 = 300;

/// The database counts the rows that each call reads, by scans and by index; that shows a bad plan through any number of functions.
/// And of every statement inside them: no estimate is far from what was there.
#[test]
fn hot_calls_read_a_page_and_not_the_table() {
    run(async |t| {
        generate(&t, "0.1").await;
        let mut explained = Explained::connect(&t).await;
        explained.run(include_str!("growth_reads.sql")).await;
        let calls = explained
            .client
            .query("select name, call from pg_temp.calls order by no", &[])
            .await
            .expect("the calls");
        assert!(calls.len() >= 25);
        let mut greedy = Vec::new();
        for call in &calls {
            let (name, text): (String, String) = (call.get(0), call.get(1));
            // what earlier statements read is still counted until it is flushed, at most once a second unless asked for
            explained.run("select pg_stat_force_next_flush()").await;
            explained.run("begin").await;
            let (rows, ran) = explained.explain(&text).await;
            let read: Option<String> = explained
                .client
                .query_one(
                    "select string_agg(format('%s.%s: %s by scan, %s by index', s.schemaname, s.relname, s.seq_tup_read,
                                              s.idx_tup_fetch), '; ')
                       from pg_stat_xact_user_tables as s
                      where s.seq_tup_read > $1 or s.idx_tup_fetch > $1",
                    &[&i64::from(ROWS_MAX)],
                )
                .await
                .expect("what was read")
                .get(0);
            explained.run("rollback").await;
            println!("{name}: {rows} rows, {} statements", ran.len());
            assert!(!ran.is_empty(), "{name}: nothing is known of its statements");
            greedy.extend(read.map(|read| format!("{name} ({rows} rows): {read}")));
            let offences = offences(&explained, &ran, f64::from(ROWS_MAX), true).await;
            greedy.extend(offences.into_iter().map(|offence| format!("{name}: {offence}")));
        }
        // and what is badly planned is found: too many rows, a large table scanned whole, an estimate that is far off
        let bad = "select count(*) from orders.orders as o
                   where o.order_id > '00000000-0000-0000-0000-000000000000' and o.currency || '' = 'USD'";
        for (setting, rows_max, found) in [
            ("on", f64::from(ROWS_MAX), "Seq Scan of orders reads 10000 rows"),
            ("on", f64::INFINITY, "Seq Scan of orders reads all of a large table"),
            ("off", f64::INFINITY, "Index Scan of orders estimates 50 rows where there are 10000"),
        ] {
            explained
                .run(&format!("set enable_seqscan = {setting}; set enable_bitmapscan = {setting}"))
                .await;
            let (_, ran) = explained.explain(bad).await;
            let offences = offences(&explained, &ran, rows_max, true).await;
            assert!(offences.iter().any(|o| o.contains(found)), "{found}: {offences:?} {ran:?}");
        }
        assert!(
            greedy.is_empty(),
            "more than {ROWS_MAX} rows were read, or expected:\n{}",
            greedy.join("\n")
        );
    });
}

/// Requests in a measured batch, and how many rows of one table one statement may read for each: lines, parts, holds and events
/// of an order are a few each.
const BATCH: usize = 16;
const ROWS_PER_REQUEST: f64 = 10.0;

/// One round of all writers, each with what it is given.
async fn write(explained: &mut Explained, batch: usize) -> Vec<(String, i64, Vec<Ran>)> {
    let steps = explained
        .client
        .query("select name, given, call, answer, least from pg_temp.steps order by no", &[])
        .await
        .expect("the steps");
    let mut done = Vec::new();
    for step in &steps {
        let name: String = step.get("name");
        let [given, call, answer, least] = ["given", "call", "answer", "least"]
            .map(|column| step.get::<_, String>(column).replace("%s", &batch.to_string()));
        explained.run(&format!("truncate pg_temp.given; insert into pg_temp.given select {given}")).await;
        let text = format!(
            "select coalesce({answer}, 0)::bigint from pg_temp.given as g cross join lateral {call} as c"
        );
        let (did, ran) = explained.explain(&text).await;
        let least: i64 = least.parse().expect("a number");
        assert!(batch < BATCH || did >= least, "{name}: did {did} of {least}");
        done.push((name, did, ran));
    }
    done
}

/// What writers read depends on their batch and not on what is there: with plans from when the tables were nearly empty, which a
/// connection keeps until a table is analysed, and with plans made since.
#[test]
fn writers_read_a_batch_and_not_the_table() {
    run(async |t| {
        t.log_is_partial();
        let script = include_str!("growth_writes.sql");
        // nobody but this test analyses a table, which would have it all planned anew
        t.sql()
            .batch_execute(
                "do $$ declare v_table regclass; begin
                   for v_table in select c.oid from pg_class as c where c.relkind = 'r' and c.relnamespace::regnamespace::text = any (test.domains()) loop
                     execute format('alter table %s set (autovacuum_enabled = off)', v_table);
                   end loop;
                 end $$;
                 update core.settings set value = 3600 where name = 'orders.history_retention_s'",
            )
            .await
            .expect("no autovacuum");
        let mut old = Explained::connect(&t).await;
        old.run(script).await;
        old.run("select pg_temp.people(8), pg_temp.offers(2, 4)").await;
        old.run("vacuum analyze").await;
        for _ in 0..6 {
            write(&mut old, 2).await;
        }

        let mut other = Explained::connect(&t).await;
        other.run(script).await;
        other.run("select pg_temp.people(3000), pg_temp.offers(10, 60)").await;
        grow(&t, &other, 6).await;

        let mut greedy = Vec::new();
        for (which, explained) in [("old plans", &mut old), ("new plans", &mut other)] {
            if which == "new plans" {
                grow(&t, explained, 2).await;
                explained.run("vacuum analyze").await;
            }
            for (name, did, ran) in write(explained, BATCH).await {
                println!("{which}: {name}: {did}, {} statements", ran.len());
                let rows_max = ROWS_PER_REQUEST * BATCH as f64;
                let offences = offences(explained, &ran, rows_max, which == "new plans").await;
                greedy.extend(offences.into_iter().map(|offence| format!("{which}: {name}: {offence}")));
            }
        }
        assert!(greedy.is_empty(), "not in proportion to the batch:\n{}", greedy.join("\n"));
    });
}

/// What a round of growth does: orders that are paid, orders that stay unpaid, holds.
const GROWING: [(&str, &str); 6] = [
    ("pg_temp.placings(300)", "orders.place_orders(g.request)"),
    ("pg_temp.starts(300)", "payments.start_payments(g.request)"),
    ("pg_temp.confirmations(200)", "payments.confirm_payments(g.request)"),
    ("pg_temp.placings(300)", "orders.place_orders(g.request)"),
    ("pg_temp.reservings(300)", "inventory.reserve_stock(g.request)"),
    ("'{}'", "events.sequence()"),
];

async fn grow(t: &Test, explained: &Explained, rounds: usize) {
    for _ in 0..rounds {
        for (given, call) in GROWING {
            explained.run(&format!("truncate pg_temp.given; insert into pg_temp.given select {given}")).await;
            explained
                .run(&format!("select count(*) from pg_temp.given as g cross join lateral {call} as c"))
                .await;
        }
    }
    t.sequence().await;
    while t.int("select payments.react_to_orders(100)::bigint", &[]).await > 0 {}
    t.sequence().await;
}

// --- every statement inside the functions ------------------------------------------------------------------------------

/// What a scan of a table or an index did, added up over its loops.
#[derive(Debug)]
struct Scan {
    /// The table, or the index of a bitmap.
    of: String,
    kind: String,
    estimate: f64,
    actual: f64,
    /// With those that a filter or a recheck threw away.
    read: f64,
    /// Something above may have stopped it early, so that it was not to give all that was expected.
    is_cut: bool,
}

/// One statement that ran, at whatever depth, with its scans.
#[derive(Debug)]
struct Ran {
    text: String,
    /// The innermost function that ran it.
    function: String,
    scans: Vec<Scan>,
}

/// A connection that hears from auto_explain what each statement inside each function did.
struct Explained {
    client: Client,
    notices: UnboundedReceiver<DbError>,
}

impl Explained {
    async fn connect(t: &Test) -> Self {
        let url = t.database().url(DbRole::Superuser);
        let (client, mut connection) = tokio_postgres::connect(&url, NoTls).await.expect("a connection");
        let (sender, notices) = unbounded_channel();
        tokio::spawn(async move {
            while let Some(Ok(message)) = poll_fn(|cx| connection.poll_message(cx)).await {
                if let AsyncMessage::Notice(notice) = message {
                    let _ = sender.send(notice);
                }
            }
        });
        client
            .batch_execute(
                "load 'auto_explain';
                 set auto_explain.log_min_duration = -1; set auto_explain.log_nested_statements = on;
                 set auto_explain.log_analyze = on; set auto_explain.log_timing = off;
                 set auto_explain.log_format = json; set auto_explain.log_level = notice",
            )
            .await
            .expect("auto_explain, of the contrib modules");
        Self { client, notices }
    }

    async fn run(&self, sql: &str) {
        self.client.batch_execute(sql).await.unwrap_or_else(|e| panic!("{sql}: {e:?}"));
    }

    /// The number that a statement answers, and everything that ran for it.
    async fn explain(&mut self, sql: &str) -> (i64, Vec<Ran>) {
        while self.notices.try_recv().is_ok() {}
        self.run("set auto_explain.log_min_duration = 0").await;
        let answer = self.client.query_one(sql, &[]).await.unwrap_or_else(|e| panic!("{sql}: {e:?}")).get(0);
        self.run("set auto_explain.log_min_duration = -1").await;
        // notices come before the answers of the statements that they belong to
        let mut all = Vec::new();
        while let Ok(notice) = self.notices.try_recv() {
            if let Some((_, plan)) = notice.message().split_once("plan:\n") {
                let plan: Value = serde_json::from_str(plan).expect("a plan");
                let mut scans = Vec::new();
                scans_of(&plan["Plan"], false, &mut scans);
                let function = notice.where_().unwrap_or("").split(['"', '(']).collect::<Vec<_>>();
                let function = function.iter().find(|part| part.contains("function")).unwrap_or(&"").trim();
                let function = function.rsplit(' ').next().unwrap_or("").to_owned();
                let text = plan["Query Text"].as_str().unwrap_or("").to_owned();
                all.push(Ran { text, function, scans });
            }
        }
        (answer, all)
    }
}

fn scans_of(plan: &Value, is_cut: bool, scans: &mut Vec<Scan>) {
    let (text, number) = (|key| plan[key].as_str().unwrap_or(""), |key| plan[key].as_f64().unwrap_or(0.0));
    let (kind, loops) = (text("Node Type"), number("Actual Loops"));
    let of = if kind == "Bitmap Index Scan" { text("Index Name") } else { text("Relation Name") };
    if kind.contains("Scan") && !of.is_empty() && loops > 0.0 {
        let removed = number("Rows Removed by Filter") + number("Rows Removed by Index Recheck");
        scans.push(Scan {
            of: of.to_owned(),
            kind: kind.to_owned(),
            estimate: number("Plan Rows"),
            actual: number("Actual Rows"),
            read: (number("Actual Rows") + removed) * loops,
            is_cut,
        });
    }
    let cuts = kind == "Limit"
        || matches!(text("Join Type"), "Semi" | "Anti")
        || kind == "Merge Join"
        || plan["Inner Unique"] == json!(true);
    for child in plan["Plans"].as_array().into_iter().flatten() {
        let is_asked = matches!(child["Parent Relationship"].as_str(), Some("SubPlan" | "InitPlan"));
        scans_of(child, is_cut || cuts || is_asked, scans);
    }
}

/// A table of so many pages is not scanned whole.
const PAGES_MAX: i64 = 20;
/// How far from the truth an estimate may be: by this factor, once it is off by this many rows.
const ESTIMATE_FACTOR: f64 = 100.0;
const ESTIMATE_SLACK: f64 = 200.0;

/// Tables that do not grow with the marketplace, and what this test gives.
fn is_fixed(table: &str) -> bool {
    table.ends_with("_transitions")
        || ["problem_types", "event_types", "settings", "currencies", "given", "calls", "steps"]
            .contains(&table)
}

/// What is wrong with these statements: more rows read of a table than `rows_max`, a large table scanned whole, and, if asked for, an
/// estimate that is far off.
async fn offences(
    explained: &Explained,
    ran: &[Ran],
    rows_max: f64,
    with_estimates: bool,
) -> BTreeSet<String> {
    let mut offences = BTreeSet::new();
    let large = explained
        .client
        .query(
            "select c.relname from pg_class as c where c.relkind = 'r' and pg_relation_size(c.oid) > $1 * current_setting('block_size')::bigint",
            &[&PAGES_MAX],
        )
        .await
        .expect("the large tables");
    let large: BTreeSet<String> = large.iter().map(|row| row.get(0)).collect();
    for statement in ran {
        for scan in statement.scans.iter().filter(|scan| !is_fixed(&scan.of)) {
            let (low, high) = (scan.actual.min(scan.estimate), scan.actual.max(scan.estimate));
            let is_off = high - low > ESTIMATE_SLACK && high > ESTIMATE_FACTOR * low.max(1.0);
            let what = if scan.read > rows_max {
                format!("reads {} rows", scan.read)
            } else if scan.kind == "Seq Scan" && large.contains(&scan.of) {
                "reads all of a large table".to_owned()
            } else if with_estimates && is_off && (scan.actual > scan.estimate || !scan.is_cut) {
                format!("estimates {} rows where there are {}", scan.estimate, scan.actual)
            } else {
                continue;
            };
            let text = statement.text.split_whitespace().collect::<Vec<_>>().join(" ");
            let text: String = text.chars().take(160).collect();
            offences
                .insert(format!("{}: {} of {} {what} in: {text}", statement.function, scan.kind, scan.of));
        }
    }
    offences
}
