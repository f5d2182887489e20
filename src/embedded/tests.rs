//! Real clusters, real kills. Other processes are this test binary again, running only [`holder`].

use std::{
    env, fs,
    io::{BufRead, BufReader, Read, Write},
    net::TcpListener,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::{Pid, Uid},
};
use tokio_postgres::{Client, NoTls, error::SqlState};

use super::{Cluster, DATABASE, DbRole, Options, Search, find_binaries};

/// Set in another process of these tests: the directory that it is to hold.
const HOLD: &str = "TRADEPOST_TEST_HOLD";
/// The test which that other process is started with.
const ATTACHES: &str = "a_second_process_attaches_and_leaves_the_server_alone";

/// A directory below the system's temporary one, gone at the end.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let dir = env::temp_dir().join(format!("tradepost-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&dir);
        Self(dir)
    }

    fn options(&self) -> Options {
        options(&self.0)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn options(dir: &Path) -> Options {
    let mut options = Options::new(dir);
    options.pg_major = env::var("TRADEPOST_TEST_PG").ok().and_then(|major| major.parse().ok());
    options.cache_dir = Some(Path::new(env!("CARGO_MANIFEST_DIR")).join("target/postgres"));
    options.extra_settings = vec![("shared_buffers".to_owned(), "16MB".to_owned())];
    options
}

async fn connect(url: &str) -> Result<Client, tokio_postgres::Error> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

async fn superuser(cluster: &Cluster) -> Client {
    connect(cluster.url(DbRole::Superuser, DATABASE).expose()).await.expect("the superuser connects")
}

async fn note(cluster: &Cluster, text: &str) {
    let client = superuser(cluster).await;
    client.batch_execute("create table if not exists notes (text text)").await.unwrap();
    client.execute("insert into notes values ($1)", &[&text]).await.unwrap();
}

async fn notes(cluster: &Cluster) -> Vec<String> {
    let rows = superuser(cluster).await.query("select text from notes order by text", &[]).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

/// Another process on the same directory.
struct Holder {
    child: Child,
    _stdout: BufReader<ChildStdout>,
    attached: bool,
    postmaster: u32,
}

impl Holder {
    fn spawn(dir: &Path) -> Child {
        let test = format!("{}::{ATTACHES}", module_path!().split_once("::").unwrap().1);
        Command::new(env::current_exe().unwrap())
            .args(["--exact", &test, "--nocapture"])
            .env(HOLD, dir)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap()
    }

    fn ready(mut child: Child) -> Self {
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut lines = stdout.by_ref().lines().map_while(Result::ok);
        let line = lines.find_map(|line| line.split_once("HELD ").map(|(_, rest)| rest.to_owned()));
        let line = line.expect("the holder says that it is ready");
        let (attached, postmaster) = line.split_once(' ').unwrap();
        Self { child, _stdout: stdout, attached: attached == "true", postmaster: postmaster.parse().unwrap() }
    }

    fn kill(mut self) -> u32 {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.postmaster
    }

    fn end(mut self) {
        drop(self.child.stdin.take());
        self.child.wait().unwrap();
    }
}

/// What the other process does.
async fn hold(dir: &Path) {
    let cluster = Cluster::start(&options(dir)).await.unwrap();
    println!("HELD {} {}", cluster.attached(), cluster.postmaster_pid());
    std::io::stdout().flush().unwrap();
    let _ = std::io::stdin().read(&mut [0]);
    cluster.stop().await;
}

#[tokio::test]
async fn a_cluster_keeps_its_data_its_port_and_its_passwords() {
    let scratch = Scratch::new("keeps");
    let cluster = Cluster::start(&scratch.options()).await.unwrap();
    assert!(!cluster.attached());
    let (url, pid) = (cluster.url(DbRole::Superuser, DATABASE), cluster.postmaster_pid());
    note(&cluster, "kept").await;
    cluster.stop().await;
    assert!(!super::server::is_alive(pid), "the server is gone when stop returns");
    assert!(!scratch.file("data/postmaster.pid").exists(), "and it ended cleanly");

    let began = Instant::now();
    let cluster = Cluster::start(&scratch.options()).await.unwrap();
    assert!(
        began.elapsed() < Duration::from_secs(5),
        "an existing cluster starts quickly: {:?}",
        began.elapsed()
    );
    assert_eq!(cluster.url(DbRole::Superuser, DATABASE), url);
    assert_eq!(notes(&cluster).await, ["kept"]);
    cluster.stop().await;
}

#[tokio::test]
async fn nobody_enters_without_a_password_and_nothing_is_weakened() {
    let scratch = Scratch::new("trust");
    let cluster = Cluster::start(&scratch.options()).await.unwrap();
    let port = cluster.port();
    let socket = scratch.file("run");
    for host in ["127.0.0.1", socket.to_str().unwrap()] {
        let target = format!("host={host} port={port} user=postgres dbname=postgres");
        assert!(connect(&target).await.is_err(), "no password on {host}");
        let refused =
            connect(&format!("{target} password=wrong")).await.expect_err("a wrong password is refused");
        assert_eq!(refused.code(), Some(&SqlState::INVALID_PASSWORD), "on {host}");
    }
    let hba = fs::read_to_string(scratch.file("data/pg_hba.conf")).unwrap();
    assert!(hba.lines().filter(|line| !line.starts_with('#')).all(|line| !line.contains("trust")));

    let client = superuser(&cluster).await;
    for (setting, wanted) in [
        ("listen_addresses", "127.0.0.1"),
        ("fsync", "on"),
        ("full_page_writes", "on"),
        ("synchronous_commit", "on"),
        ("data_checksums", "on"),
        ("wal_compression", "pglz"),
        ("min_wal_size", "1GB"),
        ("password_encryption", "scram-sha-256"),
        ("shared_buffers", "16MB"),
    ] {
        let value: String = client.query_one("select current_setting($1)", &[&setting]).await.unwrap().get(0);
        assert_eq!(value, wanted, "{setting}");
    }
    let mode = fs::metadata(scratch.file("secrets.json")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[tokio::test]
async fn role_passwords_follow_the_roles() {
    let scratch = Scratch::new("roles");
    let cluster = Cluster::start(&scratch.options()).await.unwrap();
    cluster.ensure_role_passwords().await.expect("roles that do not exist yet are no error");
    let client = superuser(&cluster).await;
    client
        .batch_execute("create role tradepost_owner nologin; create role tradepost_api login")
        .await
        .unwrap();
    let api = cluster.url(DbRole::Api, DATABASE);
    assert!(connect(api.expose()).await.is_err(), "no password set yet");

    cluster.ensure_role_passwords().await.unwrap();
    connect(api.expose()).await.expect("the api role connects");
    let stored = "select rolpassword from pg_authid where rolname = 'tradepost_api'";
    let before: String = client.query_one(stored, &[]).await.unwrap().get(0);
    cluster.ensure_role_passwords().await.unwrap();
    let after: String = client.query_one(stored, &[]).await.unwrap().get(0);
    assert_eq!(before, after, "a second call changes nothing");

    client.batch_execute("drop role tradepost_api; create role tradepost_api login").await.unwrap();
    cluster.ensure_role_passwords().await.unwrap();
    connect(api.expose()).await.expect("a role that was made anew gets its password again");

    let owner = connect(cluster.url(DbRole::Owner, DATABASE).expose()).await.unwrap();
    let user: String = owner.query_one("select current_user::text", &[]).await.unwrap().get(0);
    assert_eq!(user, "tradepost_owner");
    let log = fs::read_to_string(scratch.file("postgres.log")).unwrap();
    let secrets = fs::read_to_string(scratch.file("secrets.json")).unwrap();
    let secrets: std::collections::BTreeMap<String, String> = serde_json::from_str(&secrets).unwrap();
    assert!(secrets.values().all(|password| !log.contains(password)), "no password in the log");
}

#[tokio::test]
async fn a_second_process_attaches_and_leaves_the_server_alone() {
    if let Some(dir) = env::var_os(HOLD) {
        return hold(Path::new(&dir)).await;
    }
    let scratch = Scratch::new("attach");
    let cluster = Cluster::start(&scratch.options()).await.unwrap();
    let other = Holder::ready(Holder::spawn(&scratch.0));
    assert!(other.attached);
    assert_eq!(other.postmaster, cluster.postmaster_pid());
    other.end();
    note(&cluster, "still there").await;
    let third = Cluster::start(&scratch.options()).await.unwrap();
    assert!(third.attached());
    third.stop().await;
    assert_eq!(notes(&cluster).await, ["still there"]);
    let attached = Cluster::attach(&scratch.0).await.unwrap().expect("a running cluster can be attached to");
    cluster.stop().await;
    tokio::time::timeout(Duration::from_secs(5), attached.died()).await.expect("an attached process is told");
    assert!(Cluster::attach(&scratch.0).await.unwrap().is_none(), "nothing runs any more");
}

#[tokio::test]
async fn of_many_first_starts_one_owns_the_cluster() {
    let scratch = Scratch::new("many");
    let starting: Vec<Child> = (0..4).map(|_| Holder::spawn(&scratch.0)).collect();
    let holders: Vec<Holder> = starting.into_iter().map(Holder::ready).collect();
    assert_eq!(holders.iter().filter(|holder| !holder.attached).count(), 1);
    assert!(holders.iter().all(|holder| holder.postmaster == holders[0].postmaster));
    let (mut owners, others): (Vec<_>, Vec<_>) = holders.into_iter().partition(|holder| !holder.attached);
    let server = owners.pop().unwrap().kill();
    others.into_iter().for_each(Holder::end);
    let began = Instant::now();
    while cfg!(target_os = "linux") && super::server::is_alive(server) {
        assert!(
            began.elapsed() < Duration::from_secs(10),
            "the server ends by itself when its owner is killed"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_killed_program_takes_its_server_with_it_and_loses_nothing() {
    let scratch = Scratch::new("killed");
    let owner = Holder::ready(Holder::spawn(&scratch.0));
    let attached = Cluster::start(&scratch.options()).await.unwrap();
    note(&attached, "committed").await;
    let old = owner.kill();
    // At once: the old server may still be going down.
    let cluster = Cluster::start(&scratch.options()).await.unwrap();
    assert!(!cluster.attached());
    assert_ne!(cluster.postmaster_pid(), old);
    assert!(!super::server::is_alive(old));
    assert_eq!(notes(&cluster).await, ["committed"]);
}

#[tokio::test]
async fn a_killed_server_is_noticed_and_recovers() {
    let scratch = Scratch::new("crash");
    let cluster = Cluster::start(&scratch.options()).await.unwrap();
    note(&cluster, "committed").await;
    let pid = Pid::from_raw(cluster.postmaster_pid().try_into().unwrap());
    kill(pid, Signal::SIGKILL).unwrap();
    let said = tokio::time::timeout(Duration::from_secs(5), cluster.died()).await.expect("died() resolves");
    assert!(said.contains("SIGKILL"), "{said}");
    cluster.stop().await;
    assert!(scratch.file("data/postmaster.pid").exists(), "a stale pid file is there");
    let cluster = Cluster::start(&scratch.options()).await.unwrap();
    assert_eq!(notes(&cluster).await, ["committed"]);
    kill(Pid::from_raw(cluster.postmaster_pid().try_into().unwrap()), Signal::SIGKILL).unwrap();
    cluster.stop().await;

    // The number of the dead server now belongs to another process: this one.
    let pid_file = scratch.file("data/postmaster.pid");
    let text = fs::read_to_string(&pid_file).unwrap();
    let (_, rest) = text.split_once('\n').unwrap();
    fs::write(&pid_file, format!("{}\n{rest}", std::process::id())).unwrap();
    let cluster = Cluster::start(&scratch.options()).await.unwrap();
    assert_eq!(notes(&cluster).await, ["committed"]);
}

#[tokio::test]
async fn data_of_another_major_version_are_refused_and_left_alone() {
    let scratch = Scratch::new("major");
    let cluster = Cluster::start(&scratch.options()).await.unwrap();
    let major = cluster.major();
    note(&cluster, "old").await;
    let bin_dir = cluster.bin_dir().to_owned();
    cluster.stop().await;
    let version = scratch.file("data/PG_VERSION");
    fs::write(&version, "99\n").unwrap();
    for pg_bin in [None, Some(bin_dir)] {
        let options = Options { pg_bin, pg_major: None, ..scratch.options() };
        let refused = format!("{:#}", Cluster::start(&options).await.unwrap_err());
        assert!(refused.contains("holds data of PostgreSQL 99"), "{refused}");
        assert!(refused.contains("PG_BIN=/usr/lib/postgresql/99/bin"), "{refused}");
    }
    fs::write(&version, format!("{major}\n")).unwrap();
    let cluster = Cluster::start(&scratch.options()).await.unwrap();
    assert_eq!(notes(&cluster).await, ["old"]);
}

#[tokio::test]
async fn an_initdb_that_was_killed_is_done_again() {
    let scratch = Scratch::new("initdb");
    let mut child = Holder::spawn(&scratch.0);
    let began = Instant::now();
    let unfinished = || {
        let names = fs::read_dir(&scratch.0).into_iter().flatten().flatten().map(|entry| entry.path());
        names.into_iter().any(|path| path.join("base").is_dir() && !path.ends_with("data"))
    };
    while !unfinished() {
        assert!(began.elapsed() < Duration::from_secs(30), "initdb begins");
        std::thread::sleep(Duration::from_millis(1));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(!scratch.file("data").exists(), "killed in the middle");
    let cluster = Cluster::start(&scratch.options()).await.unwrap();
    note(&cluster, "works").await;
}

#[tokio::test]
async fn a_busy_port_is_refused_when_demanded_and_else_avoided() {
    let scratch = Scratch::new("port");
    let cluster = Cluster::start(&scratch.options()).await.unwrap();
    let port = cluster.port();
    cluster.stop().await;
    let squatter = TcpListener::bind(("127.0.0.1", port)).unwrap();
    let demanded = Options { port: Some(port), ..scratch.options() };
    let refused = Cluster::start(&demanded).await.unwrap_err().to_string();
    assert!(refused.contains(&format!("port {port} on 127.0.0.1 is in use")), "{refused}");
    let cluster = Cluster::start(&scratch.options()).await.unwrap();
    assert_ne!(cluster.port(), port);
    cluster.stop().await;
    drop(squatter);
    let cluster = Cluster::start(&demanded).await.unwrap();
    assert_eq!(cluster.port(), port);
}

#[tokio::test]
async fn lost_passwords_are_made_anew() {
    let scratch = Scratch::new("lost");
    let cluster = Cluster::start(&scratch.options()).await.unwrap();
    note(&cluster, "kept").await;
    let old = cluster.url(DbRole::Superuser, DATABASE);
    cluster.stop().await;
    fs::remove_file(scratch.file("secrets.json")).unwrap();
    let cluster = Cluster::start(&scratch.options()).await.unwrap();
    assert_eq!(notes(&cluster).await, ["kept"]);
    assert!(connect(old.expose()).await.is_err(), "the old password is void");
}

/// Unix sockets have short names only, and root's home is closed to the account that the server runs as.
#[tokio::test]
async fn long_and_closed_directories_work() {
    let scratch = Scratch::new("far");
    let dir = scratch.file(&"long".repeat(30)).join("er");
    fs::create_dir_all(&dir).unwrap();
    fs::set_permissions(&scratch.0, fs::Permissions::from_mode(0o700)).unwrap();
    let cluster = Cluster::start(&options(&dir)).await.unwrap();
    note(&cluster, "far").await;
    assert_eq!(
        cluster.data_dir() == fs::canonicalize(&dir).unwrap().join("data"),
        !Uid::effective().is_root()
    );
    let data = cluster.data_dir().to_owned();
    cluster.stop().await;
    let cluster = Cluster::start(&options(&dir)).await.unwrap();
    assert_eq!(notes(&cluster).await, ["far"]);
    let sockets: String = superuser(&cluster)
        .await
        .query_one("select current_setting('unix_socket_directories')", &[])
        .await
        .unwrap()
        .get(0);
    cluster.stop().await;
    let sockets = PathBuf::from(sockets.trim_matches('"'));
    assert!(sockets.is_dir() && sockets.as_os_str().len() <= 88, "{}", sockets.display());
    fs::remove_dir_all(sockets).unwrap();
    if Uid::effective().is_root() {
        fs::remove_dir_all(data.parent().unwrap()).unwrap();
    }
}

/// A fake installation in the cache: newer than any real one, yet chosen only when it is demanded.
#[test]
fn a_fetched_copy_does_not_displace_an_installation() {
    let scratch = Scratch::new("cache");
    let bin_dir = scratch.file("postgresql-98.1/bin");
    fs::create_dir_all(&bin_dir).unwrap();
    for name in ["initdb", "postgres"] {
        let program = bin_dir.join(name);
        fs::write(&program, format!("#!/bin/sh\necho '{name} (PostgreSQL) 98.1'\n")).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let search =
        Search { pg_bin: None, pg_major: Some(98), cache_dir: scratch.0.clone(), allow_fetch: false };
    let found = find_binaries(&search).unwrap();
    assert_eq!((found.major, found.version.as_str(), found.bin_dir), (98, "98.1", bin_dir.clone()));
    let any = find_binaries(&Search { pg_major: None, ..search }).unwrap();
    assert!(any.major < 98 || !Path::new("/usr/lib/postgresql").exists(), "{any}");
    let configured =
        Search { pg_bin: Some(bin_dir), pg_major: None, cache_dir: scratch.0.clone(), allow_fetch: false };
    assert_eq!(find_binaries(&configured).unwrap().major, 98, "a configured directory always wins");
}

#[test]
fn missing_binaries_name_what_to_install() {
    let search = Search {
        pg_bin: None,
        pg_major: Some(97),
        cache_dir: env::temp_dir().join("tradepost-no-cache"),
        allow_fetch: true,
    };
    let refused = format!("{:#}", find_binaries(&search).unwrap_err());
    assert!(refused.contains("apt-get install postgresql-97"), "{refused}");
    let configured = Search { pg_bin: Some(env::temp_dir()), pg_major: None, ..search };
    let refused = format!("{:#}", find_binaries(&configured).unwrap_err());
    assert!(refused.contains("the configured PostgreSQL directory"), "{refused}");
}
