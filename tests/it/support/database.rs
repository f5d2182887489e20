//! One private cluster for this test process, one database for each test, cloned from a migrated template.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::{env, fs, thread};

use anyhow::Context as _;
use tokio_postgres::{Client, NoTls};
use tradepost::db::migrate;
use tradepost::embedded::{Cluster, DbRole, Options};

use super::root;

/// What a test's database begins as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Template {
    /// Nothing at all: for tests of the migration itself.
    Empty,
    /// Migrated, without a row that a migration or sql/ did not write; pgtap/helpers beside it, in schema `test`.
    Migrated,
    /// The same with pgTAP in `tap`, and plpgsql_check where there is one.
    PgTap,
}

impl Template {
    fn database(self) -> &'static str {
        match self {
            Self::Empty => "template0",
            Self::Migrated => "migrated",
            Self::PgTap => "pgtap",
        }
    }
}

/// The cluster of this process, started by the first test that asks.
pub fn cluster() -> &'static Cluster {
    static CLUSTER: OnceLock<Result<Cluster, String>> = OnceLock::new();
    let started =
        CLUSTER.get_or_init(|| on_own_thread(async { start().await.map_err(|e| format!("{e:#}")) }));
    started.as_ref().unwrap_or_else(|e| panic!("no test cluster: {e}"))
}

async fn start() -> anyhow::Result<Cluster> {
    let dir = env::temp_dir().join(format!("tradepost-test-{}", std::process::id()));
    let options = Options { durable: false, ..options(&dir) };
    let cluster = Cluster::start(&options).await?;
    remove_at_exit(&cluster, &dir);
    prepare_template(&cluster).await?;
    eprintln!("test cluster: PostgreSQL {} in {}", cluster.major(), dir.display());
    Ok(cluster)
}

/// A private cluster as the tests want it: of the version that was asked for, with many connections, durable.
pub fn options(dir: &Path) -> Options {
    Options {
        pg_major: env::var("TRADEPOST_TEST_PG")
            .ok()
            .filter(|v| !v.is_empty())
            .map(|v| v.parse().expect("a major version")),
        pg_bin: env::var_os("PG_BIN").map(PathBuf::from),
        cache_dir: Some(fetched_servers()),
        extra_settings: [
            ("max_connections", "400"),
            ("shared_buffers", "128MB"),
            ("max_locks_per_transaction", "256"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec(),
        ..Options::new(dir)
    }
}

/// What [`Template::Migrated`] is a copy of, in a new cluster.
pub async fn prepare_template(cluster: &Cluster) -> anyhow::Result<()> {
    let template = Template::Migrated.database();
    cluster.ensure_database(template).await?;
    let url = cluster.url(DbRole::Superuser, template);
    migrate::run(url.expose(), migrate::Options::default()).await.context("migrating the template")?;
    cluster.ensure_role_passwords().await?;
    cheapen_logins(cluster).await?;
    load_helpers(url.expose()).await
}

/// A login costs the client 4,096 hashes, which is 50 ms in a build without optimisation. The passwords are 256 random bits,
/// so one hash does for tests.
async fn cheapen_logins(cluster: &Cluster) -> anyhow::Result<()> {
    use aws_lc_rs::{digest, hmac, pbkdf2};
    use base64::Engine as _;
    let (client, connection) =
        tokio_postgres::connect(cluster.url(DbRole::Superuser, "postgres").expose(), NoTls).await?;
    let connection = tokio::spawn(connection);
    let base64 = |bytes: &[u8]| base64::engine::general_purpose::STANDARD.encode(bytes);
    for role in [DbRole::Superuser, DbRole::Api, DbRole::Worker, DbRole::Readonly] {
        let url = url::Url::parse(cluster.url(role, "postgres").expose())?;
        let mut salted = [0_u8; 32];
        let password = url.password().unwrap_or_default().as_bytes();
        pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, std::num::NonZeroU32::MIN, b"salt", password, &mut salted);
        let key = hmac::Key::new(hmac::HMAC_SHA256, &salted);
        let stored = digest::digest(&digest::SHA256, hmac::sign(&key, b"Client Key").as_ref());
        let server = hmac::sign(&key, b"Server Key");
        let verifier = format!(
            "SCRAM-SHA-256$1:{}${}:{}",
            base64(b"salt"),
            base64(stored.as_ref()),
            base64(server.as_ref())
        );
        client.batch_execute(&format!("alter role {} password '{verifier}'", url.username())).await?;
    }
    drop(client);
    let _ = connection.await;
    Ok(())
}

/// Copies the template.
pub async fn clone_template(
    cluster: &Cluster,
    template: Template,
    name: &str,
) -> Result<(), tokio_postgres::Error> {
    let admin = connect_to(cluster, "postgres", DbRole::Superuser).await?;
    let copy = format!("create database {name} template {} strategy file_copy", template.database());
    admin.batch_execute(&copy).await?;
    if template != Template::Empty {
        // Rights and settings of a database are not copied with it.
        let rights = fs::read_to_string(root().join("sql/bootstrap.sql")).expect("sql/bootstrap.sql");
        connect_to(cluster, name, DbRole::Superuser).await?.batch_execute(&rights).await?;
    }
    Ok(())
}

pub async fn connect_to(
    cluster: &Cluster,
    database: &str,
    role: DbRole,
) -> Result<Client, tokio_postgres::Error> {
    let (client, connection) = tokio_postgres::connect(cluster.url(role, database).expose(), NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

/// The SQL files of a folder, in the order of their names.
pub fn sql_files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut files: Vec<PathBuf> = entries
        .map(|e| e.expect("entry").path())
        .filter(|p| p.extension().is_some_and(|e| e == "sql"))
        .collect();
    files.sort();
    files
}

/// The fixtures of the pgTAP tests serve the others too.
async fn load_helpers(url: &str) -> anyhow::Result<()> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    let connection = tokio::spawn(connection);
    // A helper may call pgTAP, which this database has not.
    client.batch_execute("set check_function_bodies = off").await?;
    for helper in sql_files(&root().join("pgtap/helpers")) {
        let name = helper.display().to_string();
        client.batch_execute(&fs::read_to_string(helper)?).await.with_context(|| name)?;
    }
    drop(client);
    let _ = connection.await;
    Ok(())
}

/// A fetched server is kept between runs, where the account that runs it can reach it: not below a closed home.
fn fetched_servers() -> PathBuf {
    use std::os::unix::fs::MetadataExt;
    let ours = root().join("target/tools/postgres");
    let open = root().ancestors().all(|dir| fs::metadata(dir).is_ok_and(|m| m.mode() & 0o001 != 0));
    let uid = fs::metadata("/proc/self").map_or(1, |m| m.uid());
    if uid != 0 || open { ours } else { PathBuf::from("/var/cache/tradepost/postgres") }
}

/// Statics are not dropped at the end of a process, and a killed one drops nothing. A shell that waits for its
/// standard input to close outlives us by just enough to stop the server and to remove the files.
#[allow(clippy::zombie_processes)] // it ends after us
pub fn remove_at_exit(cluster: &Cluster, dir: &Path) {
    use std::os::unix::process::CommandExt;
    let script = r#"read -r _; pid=$(head -n 1 "$1/postmaster.pid" 2>/dev/null) && kill -INT "$pid" 2>/dev/null
        i=0; while [ -n "$pid" ] && kill -0 "$pid" 2>/dev/null && [ $i -lt 100 ]; do sleep 0.1; i=$((i+1)); done
        rm -rf "$2" "$3""#;
    let data = cluster.data_dir().parent().unwrap_or(dir);
    let data = if data.starts_with(env::temp_dir()) && data != env::temp_dir() { data } else { dir };
    let mut shell = Command::new("/bin/sh")
        .args(["-c", script, "sh"])
        .arg(cluster.data_dir())
        .arg(dir)
        .arg(data)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
        .expect("a shell");
    std::mem::forget(shell.stdin.take());
}

/// A database of a test's own.
#[derive(Clone, Debug)]
pub struct Database {
    pub name: String,
}

impl Database {
    pub async fn create(template: Template) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let name = format!("test_{}", NEXT.fetch_add(1, Ordering::Relaxed));
        tokio::task::spawn_blocking(move || prepare(template)).await.expect("template");
        clone_template(cluster(), template, &name)
            .await
            .unwrap_or_else(|e| panic!("create database {name}: {e:?}"));
        Self { name }
    }

    pub fn url(&self, role: DbRole) -> String {
        cluster().url(role, &self.name).expose().to_owned()
    }

    /// A new connection as the superuser.
    pub async fn connect(&self) -> Client {
        connect_as(&self.name, DbRole::Superuser).await
    }

    pub async fn connect_as(&self, role: DbRole) -> Client {
        connect_as(&self.name, role).await
    }

    pub async fn drop(self) {
        let admin = connect_as("postgres", DbRole::Superuser).await;
        admin
            .batch_execute(&format!("drop database {} with (force)", self.name))
            .await
            .unwrap_or_else(|e| panic!("drop database {}: {e:?}", self.name));
    }
}

async fn connect_as(database: &str, role: DbRole) -> Client {
    connect_to(cluster(), database, role)
        .await
        .unwrap_or_else(|e| panic!("connecting to {database} as {role:?}: {e:?}"))
}

/// Blocks until the template is there.
fn prepare(template: Template) {
    static PGTAP: OnceLock<()> = OnceLock::new();
    cluster();
    if template == Template::PgTap {
        PGTAP.get_or_init(|| on_own_thread(prepare_pgtap()));
    }
}

async fn prepare_pgtap() {
    let major = cluster().major();
    let status =
        Command::new(root().join("scripts/tools")).arg(major.to_string()).status().expect("scripts/tools");
    assert!(status.success(), "scripts/tools {major} failed: {status}");
    let tools = root().join("target/tools");
    let read = |path: &Path| fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));

    let building = "pgtap_building";
    let admin = connect_as("postgres", DbRole::Superuser).await;
    admin
        .batch_execute(&format!(
            "create database {building} template {} strategy file_copy",
            Template::Migrated.database()
        ))
        .await
        .expect("create database");
    let client = connect_as(building, DbRole::Superuser).await;
    let load = async |what: &str, script: String| {
        client.batch_execute(&script).await.unwrap_or_else(|e| panic!("{what}: {e:?}"));
    };
    load(
        "pgTAP",
        format!("create schema tap; set search_path = tap, public; {}", read(&tools.join("pgtap.sql"))),
    )
    .await;
    let checker = tools.join(format!("plpgsql_check/{major}"));
    if checker.join("plpgsql_check.so").exists() {
        let library = cluster().data_dir().join("plpgsql_check.so");
        fs::copy(checker.join("plpgsql_check.so"), &library).expect("copying plpgsql_check.so");
        make_readable(&library);
        let script = read(&checker.join("plpgsql_check.sql"))
            .replace("MODULE_PATHNAME", &library.display().to_string());
        // Its functions refer to hooks that exist once the library is loaded.
        load(
            "plpgsql_check",
            format!("create schema plpgsql_check; set search_path = plpgsql_check, pg_catalog; {script}"),
        )
        .await;
    }
    drop(client);
    // A template must have no connection left; the server notices ours is gone a moment after we do.
    admin
        .batch_execute(&format!(
            "select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = '{building}';
             alter database {building} rename to {}",
            Template::PgTap.database()
        ))
        .await
        .expect("rename database");
}

fn make_readable(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("permissions");
}

/// Runs to its end on a thread and a runtime of its own: tests have runtimes that end before the cluster does.
fn on_own_thread<T: Send + 'static>(future: impl Future<Output = T> + Send + 'static) -> T {
    let thread = thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("runtime");
        let value = runtime.block_on(future);
        // Its connection tasks must go on; the runtime stays for the life of the process.
        std::mem::forget(runtime);
        value
    });
    thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}
