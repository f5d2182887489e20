//! What a run stands on: durable private clusters, one for runs that leave the server alone and one for those that kill it.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};
use std::{env, fs};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio_postgres::Client;
use tradepost::embedded::{Cluster, DbRole, Options};

use crate::support::database::{Template, clone_template, options, prepare_template, remove_at_exit};

/// For runs that fill the disk: a file system of its own, if we may mount one.
pub fn small() -> &'static Ground {
    static GROUND: OnceLock<Ground> = OnceLock::new();
    GROUND.get_or_init(|| {
        let dir = env::temp_dir().join(format!("tradepost-fault-small-{}", std::process::id()));
        fs::create_dir_all(&dir).expect("a folder");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=640m,mode=755", "tmpfs"])
            .arg(&dir)
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success());
        if mounted {
            unmount_at_exit(&dir);
        }
        // The log of a private cluster may otherwise take more than there is.
        let settings = [("min_wal_size", "64MB"), ("max_wal_size", "96MB")];
        Ground { is_small: mounted, ..Ground::start("small", &settings) }
    })
}

/// Before the folder is removed, see `remove_at_exit`: what that shell cannot remove, this one unmounts.
#[allow(clippy::zombie_processes)] // it ends after us
fn unmount_at_exit(dir: &Path) {
    use std::os::unix::process::CommandExt as _;
    let script = r#"read -r _; sleep 12; umount -l "$1"; rmdir "$1""#;
    let mut shell = Command::new("/bin/sh")
        .args(["-c", script, "sh"])
        .arg(dir)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
        .expect("a shell");
    std::mem::forget(shell.stdin.take());
}

/// A cluster with fsync on. The handle goes when the server is killed and comes back when it is started again.
pub struct Ground {
    options: Options,
    cluster: Mutex<Option<Arc<Cluster>>>,
    /// Held by a run that may kill the server.
    turn: Mutex<()>,
    /// On a file system of its own.
    is_small: bool,
}

/// For runs that do nothing to the server, side by side.
pub fn steady() -> &'static Ground {
    static GROUND: OnceLock<Ground> = OnceLock::new();
    GROUND.get_or_init(|| Ground::start("steady", &[]))
}

/// For runs that kill or stop the server, one after another: take its [`Ground::turn`].
pub fn shaky() -> &'static Ground {
    static GROUND: OnceLock<Ground> = OnceLock::new();
    // What was not flushed at a commit is not flushed by accident either: a run without durable commits must lose some. And a
    // recovery has one file system to sync, not every file of every database.
    let settings = [
        ("wal_writer_delay", "10s"),
        ("wal_writer_flush_after", "1GB"),
        ("recovery_init_sync_method", "syncfs"),
    ];
    GROUND.get_or_init(|| Ground::start("shaky", &settings))
}

impl Ground {
    fn start(name: &str, settings: &[(&str, &str)]) -> Self {
        let dir = env::temp_dir().join(format!("tradepost-fault-{name}-{}", std::process::id()));
        let mut options = options(&dir);
        options.extra_settings.extend(settings.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())));
        let starting = options.clone();
        let cluster = on_own_thread(async move {
            let cluster = Cluster::start(&starting).await.expect("a cluster");
            remove_at_exit(&cluster, &starting.dir);
            prepare_template(&cluster).await.expect("the template");
            cluster
        });
        eprintln!("{name} ground: PostgreSQL {} in {}", cluster.major(), dir.display());
        Self { options, cluster: Mutex::new(Some(Arc::new(cluster))), turn: Mutex::new(()), is_small: false }
    }

    pub fn turn(&self) -> MutexGuard<'_, ()> {
        self.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn dir(&self) -> &Path {
        &self.options.dir
    }

    fn with<T>(&self, read: impl FnOnce(&Arc<Cluster>) -> T) -> T {
        let cluster = self.cluster.lock().unwrap_or_else(PoisonError::into_inner);
        read(cluster.as_ref().expect("the server runs"))
    }

    pub fn url(&self, role: DbRole, database: &str) -> String {
        self.with(|cluster| cluster.url(role, database).expose().to_owned())
    }

    pub fn port(&self) -> u16 {
        self.with(|cluster| cluster.port())
    }

    pub fn major(&self) -> u32 {
        self.with(|cluster| cluster.major())
    }

    pub async fn connect(&self, database: &str, role: DbRole) -> Client {
        self.try_connect(database, role)
            .await
            .unwrap_or_else(|e| panic!("connecting to {database} as {role:?}: {e:?}"))
    }

    pub async fn try_connect(&self, database: &str, role: DbRole) -> Result<Client, tokio_postgres::Error> {
        let config: tokio_postgres::Config = self.url(role, database).parse().expect("a URL");
        let (client, connection) = config.connect(tokio_postgres::NoTls).await?;
        tokio::spawn(connection);
        Ok(client)
    }

    /// A database of a run's own, migrated.
    pub async fn create_database(&self, name: &str) {
        // Copies of one template wait for each other, and for nobody else.
        static COPYING: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
        let _alone = COPYING.lock().await;
        let cluster = self.with(Arc::clone);
        let made = clone_template(&cluster, Template::Migrated, name).await;
        made.unwrap_or_else(|e| panic!("create database {name}: {e:?}"));
    }

    pub async fn drop_database(&self, name: &str) {
        let admin = self.connect("postgres", DbRole::Superuser).await;
        let _ = admin.batch_execute(&format!("drop database if exists {name} with (force)")).await;
    }

    /// `kill -9` of every process of the server at the same moment, as when the machine stops: what no file holds is gone.
    pub fn kill(&self) {
        let cluster =
            self.cluster.lock().unwrap_or_else(PoisonError::into_inner).take().expect("the server runs");
        let postmaster = cluster.postmaster_pid();
        send(postmaster, Signal::SIGSTOP);
        for child in children(postmaster) {
            send(child, Signal::SIGKILL);
        }
        send(postmaster, Signal::SIGKILL);
        drop(cluster);
    }

    /// Starts the server again, through its recovery; how long that took.
    pub async fn restart(&self) -> Duration {
        let began = Instant::now();
        let cluster = Cluster::start(&self.options).await.expect("the cluster after a crash");
        *self.cluster.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(cluster));
        began.elapsed()
    }

    pub fn is_small(&self) -> bool {
        self.is_small
    }

    /// Takes all the space there is.
    pub fn fill(&self) {
        use std::io::Write as _;
        let mut ballast = fs::File::create(self.dir().join("ballast")).expect("a file");
        let piece = vec![0; 64 * 1024];
        while ballast.write_all(&piece).is_ok() {}
        while ballast.write_all(&piece[..512]).is_ok() {}
    }

    /// Gives it back.
    pub fn empty(&self) {
        fs::remove_file(self.dir().join("ballast")).expect("the ballast");
    }

    /// Whether the server runs.
    pub fn is_alive(&self) -> bool {
        let postmaster = self.with(|cluster| cluster.postmaster_pid());
        fs::read_to_string(format!("/proc/{postmaster}/stat")).is_ok_and(|stat| {
            !stat.rsplit_once(')').is_some_and(|(_, rest)| rest.trim_start().starts_with('Z'))
        })
    }

    /// Stops or continues every process of the server.
    pub fn freeze(&self, freezes: bool) {
        let postmaster = self.with(|cluster| cluster.postmaster_pid());
        let signal = if freezes { Signal::SIGSTOP } else { Signal::SIGCONT };
        send(postmaster, signal);
        for child in children(postmaster) {
            send(child, signal);
        }
    }
}

fn send(pid: u32, signal: Signal) {
    let _ = kill(Pid::from_raw(i32::try_from(pid).expect("a pid")), signal);
}

/// Processes that this one started and that still run.
fn children(parent: u32) -> Vec<u32> {
    let pids = fs::read_dir("/proc").into_iter().flatten().flatten();
    pids.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(|pid: &u32| {
            let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields);
            fields.split_whitespace().nth(1) == Some(parent.to_string().as_str())
        })
        .collect()
}

/// Runs have runtimes that end before the cluster does.
fn on_own_thread<T: Send + 'static>(future: impl Future<Output = T> + Send + 'static) -> T {
    std::thread::spawn(move || crate::support::block_on(future))
        .join()
        .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}
