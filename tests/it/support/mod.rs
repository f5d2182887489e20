//! The test harness.
//!
//! [`run`] gives a test a database of its own (cloned from a migrated template, on a private cluster that this process
//! started), a real server on a free port, and persons who talk to it over HTTP. At the end it asserts that no invariant
//! of the database is broken, whatever the test was about.

#![allow(dead_code, unused_imports)] // a kit: not every tool is in use at every time

pub mod client;
pub mod database;
pub mod dice;
pub mod fixtures;
pub mod statements;

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use futures::FutureExt as _;
pub use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::Mutex;
use tokio::task::JoinHandle;
use tokio_postgres::Client;
use tokio_postgres::types::{FromSqlOwned, ToSql};
use tokio_util::sync::CancellationToken;
use tradepost::app::{self, App};
use tradepost::cache::Change;
use tradepost::config::Config;
use tradepost::embedded::DbRole;
use tradepost::identity::token::Tokens;
pub use uuid::Uuid;

pub use self::client::{Person, Reply};
use self::database::{Database, Template};
pub use self::fixtures::{address, basket, basket_with};

/// Everybody's, in tests.
pub const PASSWORD: &str = "correct horse battery staple";

/// The hash of [`PASSWORD`], for those who do not register over HTTP.
pub fn password_hash() -> String {
    use argon2::PasswordHasher as _;
    static HASH: OnceLock<String> = OnceLock::new();
    let hash = || argon2::Argon2::default().hash_password(PASSWORD.as_bytes()).expect("a hash").to_string();
    HASH.get_or_init(hash).clone()
}

/// The repository.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Runs a future on a runtime of its own.
pub fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("runtime")
        .block_on(future)
}

/// Runs `n` tasks that all begin at the same moment; their answers in the order of their numbers.
pub async fn together<T, F>(n: usize, task: impl Fn(usize) -> F) -> Vec<T>
where
    F: Future<Output = T> + Send + 'static,
    T: Send + 'static,
{
    let barrier = Arc::new(tokio::sync::Barrier::new(n));
    let tasks: Vec<_> = (0..n)
        .map(|i| {
            let (barrier, work) = (Arc::clone(&barrier), task(i));
            tokio::spawn(async move {
                barrier.wait().await;
                work.await
            })
        })
        .collect();
    let mut answers = Vec::with_capacity(n);
    for task in tasks {
        match task.await {
            Ok(answer) => answers.push(answer),
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        }
    }
    answers
}

/// Runs a test with a server and a database of its own, then asserts the invariants.
pub fn run(test: impl AsyncFnOnce(Test)) {
    run_with(|_| {}, test);
}

/// Like [`run`], with a configuration that differs from the tests' usual one.
pub fn run_with(adjust: impl FnOnce(&mut Config), test: impl AsyncFnOnce(Test)) {
    block_on(async {
        let t = Test::start(adjust).await;
        let outcome = AssertUnwindSafe(test(t.clone())).catch_unwind().await;
        let broken = match &outcome {
            Ok(()) => t.broken_invariants().await,
            Err(_) => Vec::new(),
        };
        t.stop().await;
        if let Err(panic) = outcome {
            std::panic::resume_unwind(panic);
        }
        assert!(broken.is_empty(), "invariants are broken after the test:\n  {}", broken.join("\n  "));
    });
}

/// A running server with its database. Cheap to clone.
#[derive(Clone)]
pub struct Test(Arc<Inner>);

struct Inner {
    database: Database,
    config: Config,
    /// Signs the tokens of all instances.
    key: String,
    first: Instance,
    others: Mutex<Vec<Instance>>,
    http: reqwest::Client,
    sql: Client,
    people: Mutex<HashMap<String, Person>>,
    log_is_partial: AtomicBool,
}

/// One running program.
struct Instance {
    app: App,
    base: String,
    shutdown: CancellationToken,
    server: Mutex<Option<JoinHandle<std::io::Result<()>>>>,
}

impl Instance {
    async fn start(config: Config, database: &Database, key: &str) -> Self {
        let tokens = Tokens::from_pem(key, None, config.token_settings()).expect("a signing key");
        let (api, worker) = (database.url(DbRole::Api), database.url(DbRole::Worker));
        let app = App::connect(config, &api, &worker, tokens)
            .unwrap_or_else(|e| panic!("the program does not start: {e:#}"));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let base = format!("http://{}", listener.local_addr().expect("bound"));
        let shutdown = CancellationToken::new();
        let server = Mutex::new(Some(tokio::spawn(app::serve(app.clone(), listener, shutdown.clone()))));
        Self { app, base, shutdown, server }
    }

    async fn stop(&self) {
        self.shutdown.cancel();
        if let Some(server) = self.server.lock().await.take() {
            server.await.expect("the server task").expect("the server");
        }
        self.app.close();
    }
}

impl Test {
    async fn start(adjust: impl FnOnce(&mut Config)) -> Self {
        static LOG: OnceLock<()> = OnceLock::new();
        let database = Database::create(Template::Migrated).await;
        let mut config = config();
        adjust(&mut config);
        LOG.get_or_init(|| init_log(&config.log));
        let key = Tokens::generate_pem().expect("a signing key");
        let first = Instance::start(config.clone(), &database, &key).await;
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(Duration::from_secs(60))
            .build()
            .expect("HTTP client");
        let sql = database.connect().await;
        let (others, people) = (Mutex::default(), Mutex::default());
        let log_is_partial = AtomicBool::new(false);
        Self(Arc::new(Inner { database, config, key, first, others, http, sql, people, log_is_partial }))
    }

    async fn stop(&self) {
        for other in self.0.others.lock().await.drain(..) {
            other.stop().await;
        }
        self.0.first.stop().await;
        self.0.database.clone().drop().await;
    }

    /// Starts one more instance of the program on the same database; where it listens. See [`Person::at`].
    pub async fn another_server(&self) -> String {
        let instance = Instance::start(self.0.config.clone(), &self.0.database, &self.0.key).await;
        let base = instance.base.clone();
        self.0.others.lock().await.push(instance);
        base
    }

    /// The same, for its workers' steps.
    pub async fn another_program(&self) -> App {
        let instance = Instance::start(self.0.config.clone(), &self.0.database, &self.0.key).await;
        let app = instance.app.clone();
        self.0.others.lock().await.push(instance);
        app
    }

    /// The state that the server under test shares with its handlers.
    pub fn app(&self) -> &App {
        &self.0.first.app
    }

    pub fn database(&self) -> &Database {
        &self.0.database
    }

    /// The key (PEM) that signs the tokens of all instances.
    pub fn signing_key(&self) -> &str {
        &self.0.key
    }

    /// `http://127.0.0.1:…`
    pub fn base(&self) -> &str {
        &self.0.first.base
    }

    // --- persons -------------------------------------------------------------------------------------------------

    /// Anybody, without a token.
    pub fn anybody(&self) -> Person {
        Person::anonymous(self.0.http.clone(), self.0.first.base.clone())
    }

    /// The buyer of this name, registered over HTTP when first named.
    pub async fn buyer(&self, name: &str) -> Person {
        self.person(name, "BUYER").await
    }

    /// The seller of this name, whose store is called after them.
    pub async fn seller(&self, name: &str) -> Person {
        self.person(name, "SELLER").await
    }

    /// The administrator, made as `tradepost admin create` makes one and logged in over HTTP.
    pub async fn admin(&self) -> Person {
        self.person("admin", "ADMIN").await
    }

    async fn person(&self, name: &str, role: &str) -> Person {
        // The lock is not held over the registration, so that a hundred buyers can register at once.
        if let Some(known) = self.0.people.lock().await.get(name) {
            return known.clone();
        }
        let mut person = self.anybody();
        name.clone_into(&mut person.name);
        person.email = format!("{name}@example.test");
        PASSWORD.clone_into(&mut person.password);
        let reply = if role == "ADMIN" {
            self.execute(
                "select identity._create_admin($1, $2, $3)",
                &[&person.email, &password_hash(), &name],
            )
            .await;
            self.log_in(&person).await
        } else {
            let mut body =
                json!({ "email": person.email, "password": PASSWORD, "displayName": name, "role": role });
            if role == "SELLER" {
                body["storeName"] = json!(format!("{name}'s store"));
            }
            self.anybody().post("/auth/register", body).await.expect(201)
        };
        person.take_tokens(&reply);
        self.0.people.lock().await.insert(name.to_owned(), person.clone());
        person
    }

    /// Logs a person in once more: another session.
    pub async fn log_in(&self, person: &Person) -> Reply {
        let body = json!({ "email": person.email, "password": person.password });
        self.anybody().post("/auth/login", body).await.expect(200)
    }

    // --- things ----------------------------------------------------------------------------------------------------

    /// A variant on sale by this seller in USD, with this much stock. For tests that are not about the catalogue.
    pub async fn offer(&self, seller: &Person, price_minor: i64, stock: i32) -> Uuid {
        assert!(!seller.seller_id.is_nil(), "{} is no seller", seller.name);
        self.one("select test.offer($1, $2, $3)", &[&seller.seller_id, &price_minor, &stock]).await
    }

    // --- the database --------------------------------------------------------------------------------------------

    /// The test's own connection, as the superuser.
    pub fn sql(&self) -> &Client {
        &self.0.sql
    }

    /// A new connection as the superuser, for a second hand in a race.
    pub async fn connect(&self) -> Client {
        self.0.database.connect().await
    }

    pub async fn connect_as(&self, role: DbRole) -> Client {
        self.0.database.connect_as(role).await
    }

    /// Runs a statement; the number of rows it touched.
    #[track_caller]
    pub fn execute<'a>(
        &'a self,
        sql: &'a str,
        params: &'a [&'a (dyn ToSql + Sync)],
    ) -> impl Future<Output = u64> + 'a {
        let place = std::panic::Location::caller();
        async move { self.0.sql.execute(sql, params).await.unwrap_or_else(|e| panic!("{place}: {sql}: {e:?}")) }
    }

    /// The one value that a query answers.
    #[track_caller]
    pub fn one<'a, T: FromSqlOwned>(
        &'a self,
        sql: &'a str,
        params: &'a [&'a (dyn ToSql + Sync)],
    ) -> impl Future<Output = T> + 'a {
        let place = std::panic::Location::caller();
        async move {
            let row =
                self.0.sql.query_one(sql, params).await.unwrap_or_else(|e| panic!("{place}: {sql}: {e:?}"));
            row.try_get(0).unwrap_or_else(|e| panic!("{place}: {sql}: {e:?}"))
        }
    }

    /// The one `bigint` that a query answers: counts, sums.
    #[track_caller]
    pub fn int<'a>(
        &'a self,
        sql: &'a str,
        params: &'a [&'a (dyn ToSql + Sync)],
    ) -> impl Future<Output = i64> + 'a {
        self.one(sql, params)
    }

    /// Moves the database's clock, at once for everybody: a clock that jumps is nothing a cache must know of at once.
    pub async fn advance(&self, by: Duration) {
        self.advance_unnoticed(by).await;
        self.0.first.app.cache.changed(Change::Everything);
        for other in self.0.others.lock().await.iter() {
            other.app.cache.changed(Change::Everything);
        }
    }

    /// Moves the database's clock and leaves it to the programs to find out.
    pub async fn advance_unnoticed(&self, by: Duration) {
        let seconds = by.as_secs_f64();
        self.execute(
            "update core.clock set clock_offset = clock_offset + make_interval(secs => $1)",
            &[&seconds],
        )
        .await;
    }

    /// Numbers every committed event, as the sequencer does, and tells the head of the log.
    pub async fn sequence(&self) -> i64 {
        while self.int("select count(*) from events.staging", &[]).await > 0 {
            self.0.sql.query("select events.sequence()", &[]).await.expect("events.sequence()");
        }
        self.int("select seq from events.head", &[]).await
    }

    /// The types of all events so far, in their order.
    pub async fn events(&self) -> Vec<String> {
        self.sequence().await;
        let rows =
            self.0.sql.query("select type from events.log order by seq", &[]).await.expect("events.log");
        rows.iter().map(|row| row.get(0)).collect()
    }

    /// Payloads of the events of one type, in their order.
    pub async fn payloads(&self, event_type: &str) -> Vec<Value> {
        self.sequence().await;
        let query = "select payload from events.log where type = $1 order by seq";
        let rows = self.0.sql.query(query, &[&event_type]).await.expect("events.log");
        rows.iter().map(|row| row.get(0)).collect()
    }

    /// Says that rows were written for which the log has no events: it is not folded when the test ends.
    pub fn log_is_partial(&self) {
        self.0.log_is_partial.store(true, Ordering::Relaxed);
    }

    /// Waits until a query (of one boolean) is true.
    pub async fn until(&self, what: &str, query: &str) {
        let limit = std::time::Instant::now() + Duration::from_secs(60);
        while !self.one::<bool>(query, &[]).await {
            assert!(std::time::Instant::now() < limit, "never: {what}");
            tokio::task::yield_now().await;
        }
    }

    /// What `core.check_invariants()` says, and where the log does not tell what the tables hold, a line each.
    pub async fn broken_invariants(&self) -> Vec<String> {
        let query = if self.0.log_is_partial.load(Ordering::Relaxed) {
            "select i::text from core.check_invariants() as i"
        } else {
            "select i::text from core.check_invariants() as i
             union all
             select 'not as the log tells: ' || d::text from events.replay_check(null) as d"
        };
        self.sequence().await;
        let rows = self.0.sql.query(query, &[]).await.expect("core.check_invariants()");
        rows.iter().map(|row| row.get(0)).collect()
    }
}

/// The server's log, captured with the test's own output.
fn init_log(filter: &str) {
    let filter = tracing_subscriber::EnvFilter::new(filter);
    let _ = tracing_subscriber::fmt().with_env_filter(filter).with_test_writer().try_init();
}

/// The tests' usual configuration: the defaults, with fewer connections and with more patience for a slow machine.
fn config() -> Config {
    Config {
        api_connections_max: 12,
        worker_connections_max: 2,
        pool_wait_ms: 20_000,
        admission_wait_ms: 20_000,
        requests_max: 2_000,
        exports_max: 2_000,
        database_silence_ms: 30_000,
        statement_timeout_ms: 20_000,
        lock_timeout_ms: 15_000,
        batch_wait_ms: 20_000,
        checkout_goal_ms: 20_000,
        request_timeout_ms: 45_000,
        drain_timeout_ms: 2_000,
        log: std::env::var("TRADEPOST_TEST_LOG").unwrap_or_else(|_| "error".to_owned()),
        ..Config::default()
    }
}
