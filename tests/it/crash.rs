//! The real program with its embedded Postgres, both killed with SIGKILL under load: what was acknowledged is there afterwards,
//! once, and what was not can be retried with the same key.

use std::collections::{BTreeMap, HashMap};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;
use std::{env, fs};

use serde_json::Value;
use tokio::sync::{Mutex, Notify, watch};
use tokio_postgres::{Client, NoTls};
use tradepost::embedded::{Cluster, DATABASE, DbRole};
use uuid::Uuid;

use crate::support::{Person, basket, block_on, json, root};

const CLIENTS: usize = 8;
/// Orders acknowledged before each kill, and after the last one.
const STRETCH: usize = 60;
const SCARCE: i32 = 30;
const LIMIT: Duration = Duration::from_secs(240);

/// One run of the program on a folder.
struct Program {
    process: Child,
    base: String,
}

impl Program {
    /// Starts it and waits until it serves.
    async fn start(folder: &Path) -> Self {
        let log =
            fs::File::options().append(true).create(true).open(folder.join("program.log")).expect("a log");
        let mut process = Command::new(env!("CARGO_BIN_EXE_tradepost"))
            .args(["serve", "--listen", "127.0.0.1:0"])
            .current_dir(folder)
            .env_remove("DATABASE_URL")
            .env("TRADEPOST_DATA_DIR", folder.join(".tradepost"))
            .env("TRADEPOST_LOG", "info")
            // Patience for a slow machine; none of it is what is tested here.
            .env("TRADEPOST_POOL_WAIT_MS", "10000")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .expect("the program");
        let stdout = process.stdout.take().expect("piped");
        let base = tokio::task::spawn_blocking(move || {
            BufReader::new(stdout).lines().map_while(Result::ok).find_map(|line| {
                let address = line.trim().strip_prefix("API")?.trim().strip_suffix("/api/v1")?.to_owned();
                Some(address)
            })
        });
        let base = tokio::time::timeout(LIMIT, base).await.expect("it starts in time").expect("a reader");
        let base = base.unwrap_or_else(|| panic!("it does not serve:\n{}", log_of(folder)));
        Self { process, base }
    }

    fn signal(&self, signal: &str) {
        kill(self.process.id(), signal);
    }

    async fn ended(mut self) -> std::process::ExitStatus {
        tokio::task::spawn_blocking(move || self.process.wait().expect("the program's end"))
            .await
            .expect("a waiter")
    }
}

fn kill(pid: u32, signal: &str) {
    let status = Command::new("kill").args([signal, &pid.to_string()]).status().expect("kill");
    assert!(status.success(), "kill {signal} {pid}");
}

fn log_of(folder: &Path) -> String {
    fs::read_to_string(folder.join("program.log")).unwrap_or_default()
}

async fn cluster(folder: &Path) -> Cluster {
    Cluster::attach(&folder.join(".tradepost")).await.expect("the folder").expect("a running cluster")
}

async fn connect(folder: &Path) -> Client {
    let url = cluster(folder).await.url(DbRole::Superuser, DATABASE);
    let (client, connection) = tokio_postgres::connect(url.expose(), NoTls).await.expect("a connection");
    tokio::spawn(connection);
    client
}

/// Ends what still runs when a test fails in the middle: the program is its own process group's only member.
struct Guard {
    folder: PathBuf,
    pid: Arc<AtomicUsize>,
}

impl Drop for Guard {
    fn drop(&mut self) {
        let pid = self.pid.load(Ordering::Relaxed);
        if pid != 0 {
            let _ = Command::new("kill").args(["-INT", &pid.to_string()]).stderr(Stdio::null()).status();
        }
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// What the clients know: each key with the order that was acknowledged, or `None` for a refusal.
#[derive(Default)]
struct History {
    answers: Mutex<HashMap<(Uuid, String), Option<Uuid>>>,
    acknowledged: AtomicUsize,
    retried: AtomicUsize,
    progress: Notify,
    stop: AtomicBool,
}

impl History {
    /// Waits until this many orders were acknowledged.
    async fn reaches(&self, n: usize) {
        loop {
            let progress = self.progress.notified();
            if self.acknowledged.load(Ordering::SeqCst) >= n {
                return;
            }
            progress.await;
        }
    }
}

/// Orders one after another. An order without a clear answer is sent again, with its key, to the next run of the program.
async fn shop(buyer: Person, things: [Uuid; 4], history: Arc<History>, mut servers: watch::Receiver<String>) {
    let mut n = 0;
    while !history.stop.load(Ordering::SeqCst) {
        n += 1;
        let key = format!("{}-{n}", buyer.name);
        let lines: &[(Uuid, i64)] = match n % 4 {
            0 => &[(things[3], 1)],
            1 => &[(things[0], 2), (things[1], 1)],
            2 => &[(things[1], 1), (things[2], 1), (things[0], 1)],
            _ => &[(things[2], 3)],
        };
        let mut is_retry = false;
        let reply = loop {
            let base = servers.borrow_and_update().clone();
            let sent = buyer.at(&base).post("/orders", basket(lines)).key(&key).try_send().await;
            if let Some(reply) = sent.filter(|reply| reply.status < 500) {
                break reply;
            }
            is_retry = true;
            servers.changed().await.expect("another run of the program");
        };
        let order = match reply.status {
            201 => Some(reply.id("orderId")),
            409 => {
                let reply = reply.problem(409, "inventory.insufficient_stock");
                assert_eq!(lines[0].0, things[3], "only one thing is scarce\n{}", reply.describe());
                None
            }
            _ => panic!("{}", reply.describe()),
        };
        history.answers.lock().await.insert((buyer.user_id, key), order);
        history.retried.fetch_add(usize::from(is_retry), Ordering::SeqCst);
        history.acknowledged.fetch_add(usize::from(order.is_some()), Ordering::SeqCst);
        history.progress.notify_waiters();
    }
}

/// The log as far as it was numbered: its head and that entry's hash, which no crash may change.
async fn head(sql: &Client) -> (i64, Vec<u8>) {
    let row = sql.query_one("select seq, hash from events.head", &[]).await.expect("a head");
    (row.get(0), row.get(1))
}

#[test]
fn kill_minus_nine_loses_nothing_that_was_acknowledged() {
    block_on(async {
        tokio::time::timeout(LIMIT, survive()).await.expect("in time");
    });
}

async fn survive() {
    let folder = env::temp_dir().join(format!("tradepost-crash-{}", std::process::id()));
    fs::create_dir_all(&folder).expect("a folder");
    let guard = Guard { folder: folder.clone(), pid: Arc::default() };
    let run = async || {
        let program = Program::start(&folder).await;
        guard.pid.store(program.process.id() as usize, Ordering::Relaxed);
        program
    };
    let program = run().await;

    let sql = connect(&folder).await;
    let durable: String = sql.query_one("show fsync", &[]).await.expect("a setting").get(0);
    assert_eq!(durable, "on");
    sql.batch_execute("set check_function_bodies = off").await.expect("a setting");
    for helper in crate::pgtap::sql_files(&root().join("pgtap/helpers")) {
        sql.batch_execute(&fs::read_to_string(&helper).expect("readable")).await.expect("a helper");
    }
    let seller = "select test.seller_id(test.seller('sam'))";
    let seller: Uuid = sql.query_one(seller, &[]).await.expect("a seller").get(0);
    let mut things = [Uuid::nil(); 4];
    for (thing, stock) in things.iter_mut().zip([100_000, 100_000, 100_000, SCARCE]) {
        let offer =
            sql.query_one("select test.offer($1, 1000, $2)", &[&seller, &stock]).await.expect("an offer");
        *thing = offer.get(0);
    }
    let http =
        reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(30)).build().expect("a client");
    let mut buyers = Vec::new();
    for n in 0..CLIENTS {
        let mut buyer = Person::anonymous(http.clone(), program.base.clone());
        let body = json!({ "email": format!("buyer{n}@example.test"), "password": "correct horse battery staple",
                           "displayName": format!("Buyer {n}"), "role": "BUYER" });
        buyer.take_tokens(&buyer.post("/auth/register", body).await.expect(201));
        buyer.name = format!("buyer{n}");
        buyers.push(buyer);
    }
    drop(sql);

    let history = Arc::new(History::default());
    let (servers, watcher) = watch::channel(program.base.clone());
    let clients: Vec<_> = buyers
        .iter()
        .map(|buyer| tokio::spawn(shop(buyer.clone(), things, Arc::clone(&history), watcher.clone())))
        .collect();

    // Postgres is killed; the program sees it and ends; the next run recovers.
    history.reaches(STRETCH).await;
    let known = head(&connect(&folder).await).await;
    kill(cluster(&folder).await.postmaster_pid(), "-KILL");
    assert!(!program.ended().await.success(), "a program without its database says so");
    let program = run().await;
    assert_known(&folder, &known).await;
    servers.send_replace(program.base.clone());

    // The program is killed; its Postgres ends with it, or the next run ends what is left.
    history.reaches(2 * STRETCH).await;
    let known = head(&connect(&folder).await).await;
    program.signal("-KILL");
    assert!(!program.ended().await.success());
    let program = run().await;
    assert_known(&folder, &known).await;
    servers.send_replace(program.base.clone());

    history.reaches(3 * STRETCH).await;
    history.stop.store(true, Ordering::SeqCst);
    for client in clients {
        client.await.expect("a client");
    }

    // ready again, however busy the machine is: LIMIT ends the test if it never is
    while buyers[0].at(&program.base).get("/health/ready").await.status != 200 {}
    let sql = connect(&folder).await;
    check(&sql, &history, things[3]).await;
    println!(
        "{} orders acknowledged, {} of them after a retry",
        history.acknowledged.load(Ordering::SeqCst),
        history.retried.load(Ordering::SeqCst)
    );
    drop(sql);

    program.signal("-INT");
    assert!(program.ended().await.success(), "it ends cleanly\n{}", log_of(&folder));
    guard.pid.store(0, Ordering::Relaxed);
}

/// What was numbered before the crash is still there, under its number.
async fn assert_known(folder: &Path, (seq, hash): &(i64, Vec<u8>)) {
    let sql = connect(folder).await;
    let row = sql.query_opt("select hash from events.log where seq = $1", &[seq]).await.expect("the log");
    let found: Vec<u8> = row.unwrap_or_else(|| panic!("event {seq} is gone")).get(0);
    assert_eq!(found, *hash, "event {seq} is another one now");
}

async fn check(sql: &Client, history: &History, scarce: Uuid) {
    let answers = history.answers.lock().await;
    assert!(history.retried.load(Ordering::SeqCst) >= 1, "the kills hit orders under way");

    // Every acknowledged order is there, with its buyer; and there is no other, not even of a retried key.
    let rows = sql.query("select order_id, buyer_id from orders.orders", &[]).await.expect("orders");
    let orders: HashMap<Uuid, Uuid> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    let acknowledged: HashMap<Uuid, Uuid> =
        answers.iter().filter_map(|((buyer, _), order)| order.map(|order| (order, *buyer))).collect();
    let lost: Vec<&Uuid> = acknowledged.keys().filter(|order| !orders.contains_key(order)).collect();
    assert!(lost.is_empty(), "acknowledged and lost: {lost:?}");
    assert_eq!(orders, acknowledged, "one order for each key that was told 201");
    assert_eq!(acknowledged.len(), answers.values().flatten().count(), "no order serves two keys");

    // The stored answers say the same.
    let rows = sql
        .query("select account_id, idempotency_key, response from core.idempotency_keys where route = 'POST /orders'", &[])
        .await
        .expect("keys");
    let stored: BTreeMap<(Uuid, String), Option<Uuid>> = rows
        .iter()
        .map(|row| {
            let order = row.get::<_, Value>(2)["orderId"].as_str().map(|id| id.parse().expect("an id"));
            ((row.get(0), row.get(1)), order)
        })
        .collect();
    assert_eq!(stored, answers.iter().map(|(key, order)| (key.clone(), *order)).collect());

    // The log: everything numbered, densely, and each order told once.
    let int = async |query: &str| -> i64 { sql.query_one(query, &[]).await.expect("a row").get(0) };
    while int("select count(*) from events.staging").await > 0 {
        sql.query("select events.sequence()", &[]).await.expect("events.sequence()");
    }
    let (head, _) = head(sql).await;
    assert_eq!(int("select count(*) from events.log").await, head);
    assert_eq!(int("select max(seq) from events.log").await, head);
    let told =
        int("select count(distinct aggregate_id) from events.log where type = 'orders.order_placed'").await;
    let tellings = int("select count(*) from events.log where type = 'orders.order_placed'").await;
    assert_eq!((told, tellings), (i64::try_from(orders.len()).expect("few"), told));

    let sold = "select reserved from inventory.stock_levels where variant_id = $1";
    let sold: i32 = sql.query_one(sold, &[&scarce]).await.expect("stock").get(0);
    assert!(sold <= SCARCE, "{sold} of {SCARCE} sold");
    let checks = "select i::text from core.check_invariants() as i
                  union all select d::text from events.replay_check(null) as d";
    let rows = sql.query(checks, &[]).await.expect("invariants");
    let broken: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    assert!(broken.is_empty(), "{broken:#?}");
}
