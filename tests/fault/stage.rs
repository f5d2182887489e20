//! A run: a database, the real program on it (once or more often) behind proxies, people, and a history.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use std::{env, fs};

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::Mutex;
use tokio_postgres::Client;
use tokio_postgres::types::Type;
use tradepost::embedded::DbRole;
use tradepost::identity::token::{Role, TokenSettings, Tokens};

use crate::bugs::Bug;
use crate::ground::Ground;
use crate::history::{History, Kind, Operation, Outcome};
use crate::proxy::Proxy;
use crate::support::{Person, Reply, Uuid, Value, json, root};

const START_LIMIT: Duration = Duration::from_secs(60);
const ACCESS_TTL_S: u64 = 3_600;

/// How a run is set up.
#[derive(Clone)]
pub struct Setup {
    pub name: String,
    pub seed: u64,
    pub ground: &'static Ground,
    pub programs: usize,
    pub bug: Option<Bug>,
    /// Settings of the program, on top of those that give a slow machine time.
    pub env: Vec<(&'static str, String)>,
    /// How long a client waits for an answer.
    pub patience: Duration,
}

/// One run of the program on a database, and the proxy that clients reach it through.
pub struct Program {
    pub proxy: Proxy,
    child: Mutex<Option<Child>>,
}

pub struct Stage {
    pub setup: Setup,
    pub database: String,
    /// Between the program and Postgres.
    pub db_proxy: Proxy,
    pub programs: Vec<Program>,
    pub history: History,
    tokens: Tokens,
    folder: PathBuf,
    http: reqwest::Client,
    next_program: AtomicUsize,
}

impl Stage {
    pub async fn start(setup: Setup) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let database = format!("fault_{number}");
        let ground = setup.ground;
        ground.create_database(&database).await;
        let owner = ground.connect(&database, DbRole::Superuser).await;
        owner.batch_execute(include_str!("lab.sql")).await.expect("lab.sql");
        owner
            .batch_execute("update core.settings set value = 1 where name = 'payments.check_after_s'")
            .await
            .expect("a setting");
        if let Some(bug) = &setup.bug {
            bug.plant(&owner, &database).await;
        }
        drop(owner);
        // Not on a disk that is filled: a program whose log cannot be written is another matter.
        let folder = if ground.is_small() {
            env::temp_dir().join(format!("tradepost-fault-logs-{}-{database}", std::process::id()))
        } else {
            ground.dir().join(&database)
        };
        fs::create_dir_all(&folder).expect("a folder");
        let settings =
            TokenSettings { access_ttl: Duration::from_secs(ACCESS_TTL_S), ..TokenSettings::default() };
        let tokens = Tokens::load(&folder.join("jwt.pem"), true, None, settings).expect("a signing key");
        let postgres = SocketAddr::from(([127, 0, 0, 1], ground.port()));
        let db_proxy = Proxy::start_postgres(postgres, "orders.place_orders").await;
        let http = reqwest::Client::builder()
            .no_proxy()
            .timeout(setup.patience)
            .pool_max_idle_per_host(1024)
            .build()
            .expect("an HTTP client");
        let mut stage = Self {
            setup,
            database,
            db_proxy,
            programs: Vec::new(),
            history: History::default(),
            tokens,
            folder,
            http,
            next_program: AtomicUsize::new(0),
        };
        for n in 0..stage.setup.programs {
            let (child, address) = stage.spawn(n).await;
            let proxy = Proxy::start(address).await;
            stage.programs.push(Program { proxy, child: Mutex::new(Some(child)) });
        }
        stage
    }

    /// Starts the program and waits until it says where it listens.
    async fn spawn(&self, n: usize) -> (Child, SocketAddr) {
        let ground = self.setup.ground;
        // Through the proxy, but for the deployment's own look at the migrations.
        let through_proxy = |role| {
            let url = ground.url(role, &self.database);
            url.replace(&format!(":{}/", ground.port()), &format!(":{}/", self.db_proxy.address.port()))
        };
        let log = self.folder.join(format!("program-{n}.log"));
        let log = fs::File::options().append(true).create(true).open(log).expect("a log");
        let program =
            env::var("FAULT_PROGRAM").unwrap_or_else(|_| env!("CARGO_BIN_EXE_tradepost").to_owned());
        let mut command = Command::new(program);
        command
            .args(["serve", "--no-migrate", "--listen", "127.0.0.1:0"])
            .env("DATABASE_URL", ground.url(DbRole::Superuser, &self.database))
            .env("API_DATABASE_URL", through_proxy(DbRole::Api))
            .env("WORKER_DATABASE_URL", through_proxy(DbRole::Worker))
            .env("TRADEPOST_JWT_KEY_FILE", self.folder.join("jwt.pem"))
            .env("TRADEPOST_ACCESS_TOKEN_S", ACCESS_TTL_S.to_string())
            .env("TRADEPOST_LOG", "warn")
            // Time for a slow machine; none of it is what is tested, unless a run says so.
            .env("TRADEPOST_POOL_WAIT_MS", "30000")
            .env("TRADEPOST_LOCK_TIMEOUT_MS", "25000")
            .env("TRADEPOST_BATCH_WAIT_MS", "25000")
            .env("TRADEPOST_DATABASE_SILENCE_MS", "30000")
            .env("TRADEPOST_STATEMENT_TIMEOUT_MS", "30000")
            .env("TRADEPOST_REQUEST_TIMEOUT_MS", "45000");
        for (name, value) in &self.setup.env {
            command.env(name, value);
        }
        if let Some(bug) = self.setup.bug.as_ref().filter(|bug| bug.is_of_the_program) {
            command.env("TRADEPOST_PLANTED", &bug.name);
        }
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .expect("the program");
        end_with_us(child.id().expect("it runs"));
        let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        let address = async {
            while let Ok(Some(line)) = lines.next_line().await {
                let address = line.trim().strip_prefix("API").map(str::trim);
                let address = address.and_then(|a| a.strip_prefix("http://")?.strip_suffix("/api/v1"));
                if let Some(address) = address {
                    return address.parse().ok();
                }
            }
            None
        };
        let address: Option<SocketAddr> =
            tokio::time::timeout(START_LIMIT, address).await.expect("the program starts in time");
        let address = address.unwrap_or_else(|| panic!("the program does not start:\n{}", self.logs()));
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        (child, address)
    }

    /// What the programs wrote to their logs, the end of it.
    pub fn logs(&self) -> String {
        let mut text = String::new();
        for n in 0..self.setup.programs {
            let log = fs::read_to_string(self.folder.join(format!("program-{n}.log"))).unwrap_or_default();
            let from = log.len().saturating_sub(2_000);
            text.push_str(log.get(from..).unwrap_or(&log));
        }
        text
    }

    /// `kill -9`, and another run of it in its place.
    pub async fn kill_program(&self, n: usize) {
        let program = &self.programs[n];
        let mut child = program.child.lock().await;
        if let Some(mut child) = child.take() {
            child.start_kill().expect("it runs");
            let _ = child.wait().await;
        }
        let (new, address) = self.spawn(n).await;
        program.proxy.set_upstream(address);
        *child = Some(new);
    }

    /// What the programs take of the memory together.
    pub async fn memory_kib(&self) -> u64 {
        let mut sum = 0;
        for program in &self.programs {
            let Some(pid) = program.child.lock().await.as_ref().and_then(Child::id) else { continue };
            let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
            let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
            sum += line.split_whitespace().next().and_then(|kib| kib.parse::<u64>().ok()).unwrap_or(0);
        }
        sum
    }

    /// Ends the programs and drops the database.
    pub async fn end(self) {
        for program in &self.programs {
            if let Some(mut child) = program.child.lock().await.take() {
                let _ = child.start_kill();
                let _ = child.wait().await;
            }
        }
        self.setup.ground.drop_database(&self.database).await;
        let _ = fs::remove_dir_all(&self.folder);
    }

    // --- the database ----------------------------------------------------------------------------------------------

    /// As the superuser, beside all proxies.
    pub async fn connect(&self) -> Client {
        self.setup.ground.connect(&self.database, DbRole::Superuser).await
    }

    /// Where it is, beside all proxies.
    pub fn url(&self, role: DbRole) -> String {
        self.setup.ground.url(role, &self.database)
    }

    /// As one of the program's roles, and as patient as the program.
    pub async fn connect_as(&self, role: DbRole) -> Client {
        let client = self.setup.ground.connect(&self.database, role).await;
        client
            .batch_execute("set lock_timeout = '25s'; set statement_timeout = '30s'")
            .await
            .expect("settings");
        client
    }

    // --- people ----------------------------------------------------------------------------------------------------

    /// Where the programs are reached, in turn.
    pub fn base(&self) -> String {
        let n = self.next_program.fetch_add(1, Ordering::Relaxed) % self.programs.len();
        self.base_of(n)
    }

    pub fn base_of(&self, n: usize) -> String {
        format!("http://{}", self.programs[n].proxy.address)
    }

    /// People with open sessions, made without HTTP: hashing thousands of passwords takes a while.
    pub async fn people(&self, sql: &Client, prefix: &str, n: usize, role: Role) -> Vec<Person> {
        let make = match role {
            Role::Buyer => "test.buyer",
            Role::Seller => "test.seller",
            Role::Admin => "test.admin",
        };
        let rows = sql
            .query(
                &format!(
                    "with people as materialized (
                       select n, {make}($1 || n) as user_id from generate_series(1, $2::integer) as n
                     ), opened as (
                       insert into identity.sessions (session_id, user_id, token_hash, created_at, expires_at)
                       select core.new_id(), p.user_id, sha256(p.user_id::text::bytea), core.now(), core.now() + interval '2 days'
                       from people as p
                       returning user_id, session_id
                     )
                     select p.user_id, o.session_id, test.seller_id(p.user_id)
                     from people as p join opened as o using (user_id) order by p.n"
                ),
                &[&prefix, &i32::try_from(n).expect("a crowd of people")],
            )
            .await
            .expect("people with sessions");
        let people = rows.iter().enumerate().map(|(i, row)| {
            let mut person = Person::anonymous(self.http.clone(), self.base());
            person.name = format!("{prefix}{}", i + 1);
            person.user_id = row.get(0);
            person.seller_id = row.get::<_, Option<Uuid>>(2).unwrap_or_default();
            let access = self.tokens.sign_access(person.user_id, row.get(1), role).expect("a token");
            person.access_token = Some(access.token);
            person
        });
        people.collect()
    }

    // --- operations ------------------------------------------------------------------------------------------------

    /// One attempt, written down.
    pub async fn attempt(&self, person: &Person, wish: &Wish) -> Outcome {
        let number = self.history.begin(wish.operation(person));
        let sent = person.post(&wish.path, wish.body.clone()).key(&wish.key).try_send().await;
        let outcome = judge(wish.kind, sent);
        self.history.end(number, outcome.clone());
        outcome
    }

    /// Places an order as somebody does who has a connection of the API's role, past the program and its queue.
    pub async fn place_by_hand(&self, client: &Client, person: &Person, wish: &Wish) -> Outcome {
        let mut request = wish.body.clone();
        request["actorId"] = json!(person.user_id);
        request["requestId"] = json!("by hand");
        request["idempotencyKey"] = json!(wish.key);
        let number = self.history.begin(wish.operation(person));
        let answer = client
            .query_one(
                "select problem_status, problem_code, order_id from orders.place_orders($1)",
                &[&json!([request])],
            )
            .await;
        let outcome = match answer {
            Err(error) => {
                let code = error.code().map_or("", |code| code.code());
                Outcome::Unknown { why: format!("{code} {error}") }
            }
            Ok(row) => match row.get::<_, Option<Uuid>>(2) {
                Some(id) => Outcome::Ok { id: Some(id), text: String::new() },
                None => Outcome::Refused {
                    status: u16::try_from(row.get::<_, i32>(0)).unwrap_or(0),
                    code: row.get::<_, Option<String>>(1).unwrap_or_default(),
                },
            },
        };
        self.history.end(number, outcome.clone());
        outcome
    }

    /// Ends a hold or cancels an order as somebody does who has a connection of the API's role.
    pub async fn end_by_hand(&self, client: &Client, person: &Person, wish: &Wish) -> Outcome {
        let call = match wish.kind {
            Kind::ConfirmHold => {
                "inventory.confirm_reservation(row($1, null, 'by hand', null, $2)::core.call_context, $3)"
            }
            Kind::ReleaseHold => {
                "inventory.release_reservation(row($1, null, 'by hand', null, $2)::core.call_context, $3)"
            }
            _ => "orders.cancel_order(row($1, null, 'by hand', null, $2)::core.call_context, $3, null)",
        };
        let number = self.history.begin(wish.operation(person));
        let id = wish.subject.expect("about something");
        let statement = format!("select 1 from {call}");
        let types = [Type::UUID, Type::TEXT, Type::UUID];
        let answer = match client.prepare_typed(&statement, &types).await {
            Ok(statement) => client.query_one(&statement, &[&person.user_id, &wish.key, &id]).await,
            Err(error) => Err(error),
        };
        let outcome = match answer {
            Ok(_) => Outcome::Ok { id: Some(id), text: String::new() },
            Err(error) => {
                let said = error.as_db_error().map_or("", |e| e.message()).to_owned();
                match error.code().and_then(|code| code.code().strip_prefix("MK")?.parse().ok()) {
                    Some(status) => Outcome::Refused { status, code: said },
                    None => Outcome::Unknown { why: format!("500 by hand: {said}") },
                }
            }
        };
        self.history.end(number, outcome.clone());
        outcome
    }

    /// Attempts until the outcome is known or the time is up, always with the same key; a client whose answer was lost asks
    /// the next program.
    pub async fn settle(&self, person: &Person, wish: &Wish, until: Instant) -> Outcome {
        let mut person = person.clone();
        loop {
            let outcome = self.attempt(&person, wish).await;
            if !outcome.is_unknown() || Instant::now() >= until {
                return outcome;
            }
            person = person.at(&self.base());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

/// What an answer means for the one who asked.
fn judge(kind: Kind, reply: Option<Reply>) -> Outcome {
    let Some(reply) = reply else { return Outcome::Unknown { why: "no answer".to_owned() } };
    let code = reply["code"].as_str().unwrap_or_default().to_owned();
    match reply.status {
        200..300 => {
            let member = match kind {
                Kind::Place | Kind::Cancel => "orderId",
                Kind::Pay | Kind::Confirm => "paymentId",
                Kind::Reserve | Kind::ConfirmHold | Kind::ReleaseHold => "reservationId",
                Kind::Refund => "refundId",
                Kind::Accept | Kind::Ship | Kind::Deliver => "",
            };
            let id = reply[member].as_str().and_then(|id| id.parse().ok());
            let is_whole = !reply.body.is_null() && (member.is_empty() || id.is_some());
            if is_whole {
                Outcome::Ok { id, text: reply.text }
            } else {
                Outcome::Unknown { why: "half an answer".to_owned() }
            }
        }
        400..500 if code != "core.idempotency_in_progress" && !matches!(reply.status, 408 | 429) => {
            Outcome::Refused { status: reply.status, code }
        }
        status => Outcome::Unknown {
            why: format!("{status} {code} {}", reply["detail"].as_str().unwrap_or_default()),
        },
    }
}

/// Something to ask for, with the key that all its attempts share.
#[derive(Clone, Debug)]
pub struct Wish {
    pub kind: Kind,
    pub path: String,
    pub body: Value,
    pub key: String,
    pub subject: Option<Uuid>,
    pub lines: Vec<(Uuid, i64)>,
    pub coupon: Option<String>,
    pub amount_minor: i64,
}

impl Wish {
    pub fn new(
        kind: Kind,
        path: impl Into<String>,
        body: Value,
        key: impl Into<String>,
        subject: Option<Uuid>,
    ) -> Self {
        let (path, key) = (path.into(), key.into());
        Self { kind, path, body, key, subject, lines: Vec::new(), coupon: None, amount_minor: 0 }
    }

    fn operation(&self, person: &Person) -> Operation {
        Operation {
            kind: self.kind,
            actor: person.user_id,
            key: self.key.clone(),
            subject: self.subject,
            lines: self.lines.clone(),
            coupon: self.coupon.clone(),
            amount_minor: self.amount_minor,
            began_us: 0,
            ended_us: None,
            outcome: Outcome::Unknown { why: String::new() },
        }
    }

    /// An order. The key is in the address too, so that the database shows which wish an order came from, whatever happened to
    /// the row of the key.
    pub fn order(lines: &[(Uuid, i64)], coupon: Option<&str>, key: &str) -> Self {
        let mut body = crate::support::basket(lines);
        body["shippingAddress"]["line2"] = json!(key);
        if let Some(coupon) = coupon {
            body["couponCodes"] = json!([coupon]);
        }
        let mut wish = Self::new(Kind::Place, "/orders", body, key, None);
        wish.lines = lines.to_vec();
        wish.coupon = coupon.map(str::to_owned);
        wish
    }

    pub fn pay(order_id: Uuid, token: &str, key: &str) -> Self {
        let body = json!({ "method": { "token": token } });
        Self::new(
            Kind::Pay,
            format!("/orders/{order_id}/payment"),
            body,
            format!("pay-{key}"),
            Some(order_id),
        )
    }

    /// Confirms what [`Wish::pay`] was answered.
    pub fn confirm(order_id: Uuid, payment: &str, key: &str) -> Self {
        let payment: Value = serde_json::from_str(payment).unwrap_or_default();
        let mut body = json!({ "paymentId": payment["paymentId"] });
        if payment["providerReference"].is_string() {
            body["providerReference"] = payment["providerReference"].clone();
        }
        let path = format!("/orders/{order_id}/confirm-payment");
        Self::new(Kind::Confirm, path, body, format!("confirm-{key}"), Some(order_id))
    }

    pub fn cancel(order_id: Uuid, key: &str) -> Self {
        let path = format!("/orders/{order_id}/cancel");
        Self::new(
            Kind::Cancel,
            path,
            json!({ "reason": "changed my mind" }),
            format!("cancel-{key}"),
            Some(order_id),
        )
    }

    pub fn fulfil(kind: Kind, order_id: Uuid, seller_id: Uuid, key: &str) -> Self {
        let (step, body) = match kind {
            Kind::Accept => ("accept", json!({})),
            Kind::Ship => ("ship", json!({ "carrier": "Post", "trackingNumber": "X1" })),
            _ => ("deliver", json!({})),
        };
        let path = format!("/orders/{order_id}/fulfilments/{seller_id}/{step}");
        Self::new(kind, path, body, format!("{step}-{key}"), Some(order_id))
    }

    pub fn refund(order_id: Uuid, amount_minor: i64, key: &str) -> Self {
        let body =
            json!({ "amount": { "amountMinor": amount_minor, "currency": "USD" }, "reason": "a fault" });
        let path = format!("/orders/{order_id}/refunds");
        let wish = Self::new(Kind::Refund, path, body, format!("refund-{key}"), Some(order_id));
        Self { amount_minor, ..wish }
    }

    pub fn reserve(seller_id: Uuid, lines: &[(Uuid, i64)], ttl_s: u32, key: &str) -> Self {
        let items: Vec<Value> = lines
            .iter()
            .map(|(variant, quantity)| json!({ "variantId": variant, "sellerId": seller_id, "quantity": quantity }))
            .collect();
        let body = json!({ "lines": items, "ttlSeconds": ttl_s, "reference": key });
        let wish = Self::new(Kind::Reserve, "/inventory/reserve", body, key, None);
        Self { lines: lines.to_vec(), ..wish }
    }

    pub fn hold(kind: Kind, reservation_id: Uuid, key: &str) -> Self {
        let step = if kind == Kind::ConfirmHold { "confirm" } else { "release" };
        let path = format!("/inventory/{step}/{reservation_id}");
        Self::new(kind, path, json!({}), format!("{step}-{key}"), Some(reservation_id))
    }
}

/// A shell outlives us by as much as it takes to end the programs that a killed test run leaves behind.
#[allow(clippy::zombie_processes)] // it ends after us
fn end_with_us(pid: u32) {
    use std::io::Write as _;
    use std::os::unix::process::CommandExt as _;
    static SHELL: std::sync::Mutex<Option<std::process::ChildStdin>> = std::sync::Mutex::new(None);
    let mut shell = SHELL.lock().expect("not poisoned");
    let stdin = shell.get_or_insert_with(|| {
        let script = r#"while read -r pid exe; do pids="$pids $pid:$exe"; done
            for p in $pids; do [ "$(readlink "/proc/${p%%:*}/exe")" = "${p#*:}" ] && kill -9 "${p%%:*}"; done"#;
        let mut shell = std::process::Command::new("/bin/sh")
            .args(["-c", script])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .expect("a shell");
        shell.stdin.take().expect("piped")
    });
    let exe = fs::read_link(format!("/proc/{pid}/exe")).unwrap_or_default();
    let _ = writeln!(stdin, "{pid} {}", exe.display());
}

/// Where histories are kept.
pub fn histories() -> PathBuf {
    root().join("target/fault")
}
