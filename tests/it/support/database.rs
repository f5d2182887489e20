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
    let mut options = Options::new(&dir);
    options.durable = false;
    options.pg_major = env::var("TRADEPOST_TEST_PG")
        .ok()
        .filter(|v| !v.is_empty())
        .map(|v| v.parse().expect("a major version"));
    options.pg_bin = env::var_os("PG_BIN").map(PathBuf::from);
    options.cache_dir = Some(fetched_servers());
    options.extra_settings =
        [("max_connections", "400"), ("shared_buffers", "128MB"), ("max_locks_per_transaction", "256")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .to_vec();
    let cluster = Cluster::start(&options).await?;
    remove_at_exit(&cluster, &dir);
    let template = Template::Migrated.database();
    cluster.ensure_database(template).await?;
    let url = cluster.url(DbRole::Superuser, template);
    migrate::run(url.expose(), migrate::Options::default()).await.context("migrating the template")?;
    cluster.ensure_role_passwords().await?;
    load_helpers(url.expose()).await?;
    eprintln!("test cluster: PostgreSQL {} in {}", cluster.major(), dir.display());
    Ok(cluster)
}

/// The fixtures of the pgTAP tests serve the others too.
async fn load_helpers(url: &str) -> anyhow::Result<()> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    let connection = tokio::spawn(connection);
    // A helper may call pgTAP, which this database has not.
    client.batch_execute("set check_function_bodies = off").await?;
    for helper in crate::pgtap::sql_files(&root().join("pgtap/helpers")) {
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
fn remove_at_exit(cluster: &Cluster, dir: &Path) {
    use std::os::unix::process::CommandExt;
    let script = r#"read -r _; kill -INT "$1" 2>/dev/null
        i=0; while kill -0 "$1" 2>/dev/null && [ $i -lt 100 ]; do sleep 0.1; i=$((i+1)); done
        rm -rf "$2" "$3""#;
    let data = cluster.data_dir().parent().unwrap_or(dir);
    let data = if data.starts_with(env::temp_dir()) && data != env::temp_dir() { data } else { dir };
    let mut shell = Command::new("/bin/sh")
        .args(["-c", script, "sh", &cluster.postmaster_pid().to_string()])
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
        let admin = connect_to("postgres", DbRole::Superuser).await;
        admin
            .batch_execute(&format!(
                "create database {name} template {} strategy file_copy",
                template.database()
            ))
            .await
            .unwrap_or_else(|e| panic!("create database {name}: {e:?}"));
        let database = Self { name };
        if template != Template::Empty {
            // Rights and settings of a database are not copied with it.
            let rights = fs::read_to_string(root().join("sql/bootstrap.sql")).expect("sql/bootstrap.sql");
            database.connect().await.batch_execute(&rights).await.expect("rights of the database");
        }
        database
    }

    pub fn url(&self, role: DbRole) -> String {
        cluster().url(role, &self.name).expose().to_owned()
    }

    /// A new connection as the superuser.
    pub async fn connect(&self) -> Client {
        connect_to(&self.name, DbRole::Superuser).await
    }

    pub async fn connect_as(&self, role: DbRole) -> Client {
        connect_to(&self.name, role).await
    }

    pub async fn drop(self) {
        let admin = connect_to("postgres", DbRole::Superuser).await;
        admin
            .batch_execute(&format!("drop database {} with (force)", self.name))
            .await
            .unwrap_or_else(|e| panic!("drop database {}: {e:?}", self.name));
    }
}

async fn connect_to(database: &str, role: DbRole) -> Client {
    let url = cluster().url(role, database);
    let (client, connection) = tokio_postgres::connect(url.expose(), NoTls)
        .await
        .unwrap_or_else(|e| panic!("connecting to {database} as {role:?}: {e:?}"));
    tokio::spawn(connection);
    client
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
    let admin = connect_to("postgres", DbRole::Superuser).await;
    admin
        .batch_execute(&format!(
            "create database {building} template {} strategy file_copy",
            Template::Migrated.database()
        ))
        .await
        .expect("create database");
    let client = connect_to(building, DbRole::Superuser).await;
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
