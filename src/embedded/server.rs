//! The server processes: initdb, the postmaster as our child, and a postmaster that an earlier program left behind.

use std::{
    fs::{self, File},
    io::{Read, Seek, SeekFrom, Write},
    os::unix::{fs::DirBuilderExt, process::CommandExt},
    path::{Path, PathBuf},
    process::{Command, ExitStatus, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, bail};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use tokio::sync::watch;

use super::{
    account::RunAs,
    binaries::Binaries,
    directory::{self, Directory, Store},
    passwords,
};
use crate::secret::Secret;

/// A fast shutdown writes a checkpoint first; past this limit the server is told to stop without one.
const FAST_STOP_LIMIT: Duration = Duration::from_mins(1);
/// Backends of a killed postmaster need a moment to notice; until then the data are in use.
const LEFTOVERS_LIMIT: Duration = Duration::from_secs(20);
/// Crash recovery replays at most a few GB of log; a start that takes longer is reported as failed.
const START_LIMIT: Duration = Duration::from_mins(10);
const POLL: Duration = Duration::from_millis(10);
/// `postgres.log` beyond this size is moved to `postgres.log.1` at the next start.
const LOG_MAX_BYTES: u64 = 64 << 20;
const PORT_ATTEMPTS: u16 = 200;

/// How the names of a cluster under construction begin.
const UNFINISHED: &str = "initdb-";

/// Settings of every private cluster, in `tradepost.conf` inside the data directory; `ALTER SYSTEM` overrides them.
/// Errors are logged tersely: refusals are the program's daily business, and details can hold personal data.
const CONFIGURATION: &str = "\
# Written by tradepost at every start. Use ALTER SYSTEM for changes of your own.
max_connections = 200
shared_buffers = '256MB'
work_mem = '16MB'
maintenance_work_mem = '128MB'
wal_compression = on
min_wal_size = '1GB'
max_wal_size = '2GB'
checkpoint_timeout = '15min'
autovacuum_naptime = '10s'
random_page_cost = 1.1
jit = off
track_io_timing = on
timezone = 'UTC'
log_timezone = 'UTC'
log_line_prefix = '%m [%p] %q%u@%d '
log_error_verbosity = terse
log_min_error_statement = fatal
password_encryption = 'scram-sha-256'
";

/// The postmaster as our child. Dropping it stops the server cleanly and waits for that.
#[derive(Debug)]
pub struct Server {
    pid: u32,
    exit: watch::Receiver<Option<ExitStatus>>,
}

impl Server {
    /// Starts the child from a thread that waits for it, and so lives as long: on Linux the death signal of a child
    /// follows the *thread* that started it.
    fn spawn(mut command: Command) -> anyhow::Result<Self> {
        die_with_us(&mut command, Signal::SIGINT);
        let (tell_exit, exit) = watch::channel(None);
        let (tell_pid, pid) = mpsc::channel();
        thread::Builder::new().name("postgres".to_owned()).spawn(move || match command.spawn() {
            Ok(mut child) => {
                let _ = tell_pid.send(Ok(child.id()));
                let status = child.wait().unwrap_or_else(|_| ExitStatus::default());
                tell_exit.send_replace(Some(status));
            }
            Err(error) => {
                let _ = tell_pid.send(Err(error));
            }
        })?;
        let pid = pid.recv()?.context("cannot start postgres")?;
        Ok(Self { pid, exit })
    }

    pub fn pid(&self) -> u32 {
        self.pid
    }

    fn exited(&self) -> Option<ExitStatus> {
        *self.exit.borrow()
    }

    /// Resolves when the child has ended, for whatever reason.
    pub async fn exit(&self) -> ExitStatus {
        let mut exit = self.exit.clone();
        let status = exit.wait_for(Option::is_some).await.map(|status| *status);
        status.ok().flatten().unwrap_or_default()
    }

    /// Fast shutdown: sessions are ended, open transactions rolled back, a checkpoint written. Blocks.
    pub fn stop(&self) {
        for (signal, limit) in [(Signal::SIGINT, FAST_STOP_LIMIT), (Signal::SIGQUIT, Duration::from_secs(10))]
        {
            if self.exited().is_some() {
                return;
            }
            let _ = kill(pid(self.pid), signal);
            if wait_until(limit, || self.exited().is_some()) {
                return;
            }
        }
        tracing::error!(pid = self.pid, "postgres does not stop");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

/// `kill -9` of this program ends the child too, cleanly. Other systems have no such signal: there the next start
/// finds the orphan and stops it.
#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "the only way to set a child's death signal; see SAFETY")]
fn die_with_us(command: &mut Command, signal: Signal) {
    let us = nix::unistd::getpid();
    let in_child = move || {
        nix::sys::prctl::set_pdeathsig(signal)?;
        if nix::unistd::getppid() == us { Ok(()) } else { Err(nix::errno::Errno::ECHILD.into()) }
    };
    // SAFETY: runs between fork and exec, where only async-signal-safe calls are allowed: it makes two system calls
    // (prctl, getppid), allocates nothing and takes no lock. The standard library runs it after the change of user,
    // which would reset the signal.
    unsafe {
        command.pre_exec(in_child);
    }
}

#[cfg(not(target_os = "linux"))]
fn die_with_us(_command: &mut Command, _signal: Signal) {}

/// Removes what a killed initdb left. It may still be dying: then this is for the next start, as no name is used twice.
pub fn sweep(store: &Store) -> anyhow::Result<()> {
    for left in fs::read_dir(&store.path)?.flatten() {
        if left.file_name().to_string_lossy().starts_with(UNFINISHED) {
            let path = left.path();
            tracing::warn!(path = %path.display(), "removing what an unfinished initdb left");
            let removed = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
            if let Err(error) = removed {
                tracing::warn!(path = %path.display(), "not removed yet: {error}");
            }
        }
    }
    Ok(())
}

/// Creates the cluster under a temporary name and renames it, so that `data` is always complete.
pub fn create(store: &Store, binaries: &Binaries, superuser: &Secret, durable: bool) -> anyhow::Result<()> {
    let name = format!("{UNFINISHED}{}", uuid::Uuid::new_v4().simple());
    let (new, password) = (store.path.join(&name), store.path.join(format!("{name}.password")));
    fs::DirBuilder::new().mode(0o700).create(&new)?;
    store.run_as.give(&new)?;
    passwords::write_private(&password, superuser.expose().as_bytes())?;
    store.run_as.give(&password)?;

    let mut output = initdb(&store.run_as, binaries, &new, &password, "C.UTF-8", durable)?;
    if !output.status.success() && String::from_utf8_lossy(&output.stderr).contains("locale") {
        output = initdb(&store.run_as, binaries, &new, &password, "C", durable)?;
    }
    fs::remove_file(&password)?;
    if !output.status.success() {
        let _ = fs::remove_dir_all(&new);
        bail!("initdb failed: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    store.run_as.append(&new.join("postgresql.conf"), "\ninclude_if_exists = 'tradepost.conf'\n")?;
    fs::rename(&new, store.data())?;
    directory::sync_dir(&store.path)
}

fn initdb(
    run_as: &RunAs,
    binaries: &Binaries,
    data: &Path,
    password: &Path,
    locale: &str,
    durable: bool,
) -> anyhow::Result<std::process::Output> {
    let mut command = run_as.command(&binaries.bin_dir.join("initdb"));
    command.arg("-D").arg(data).args(["-U", "postgres", "-E", "UTF8", "--data-checksums"]);
    command.arg(format!("--locale={locale}")).arg(format!("--pwfile={}", password.display()));
    command.args(["--auth-local=scram-sha-256", "--auth-host=scram-sha-256"]);
    if !durable {
        command.arg("--no-sync");
    }
    die_with_us(&mut command, Signal::SIGTERM);
    command.output().context("cannot run initdb")
}

/// How the postmaster is to be started.
pub struct Launch<'a> {
    pub directory: &'a Directory,
    pub store: &'a Store,
    pub binaries: &'a Binaries,
    /// Demanded by the user: no other will do.
    pub fixed_port: Option<u16>,
    pub durable: bool,
    pub extra_settings: &'a [(String, String)],
}

impl Launch<'_> {
    /// Starts the postmaster and waits until it accepts connections, through crash recovery if need be.
    pub fn run(&self) -> anyhow::Result<(Server, u16)> {
        let conf = self.store.data().join("tradepost.conf");
        if fs::read_to_string(&conf).ok().as_deref() != Some(CONFIGURATION) {
            self.store.run_as.write(&conf, CONFIGURATION)?;
        }
        let socket_dir = self.store.socket_dir(self.directory)?;
        let began = Instant::now();
        let mut not_before = 0;
        loop {
            let port = self.port(not_before)?;
            let (mut log, log_start) = open_log(&self.directory.log())?;
            let server = Server::spawn(self.command(port, socket_dir.as_deref(), &log)?)?;
            let Some(status) = self.wait_ready(&server)? else { return Ok((server, port)) };
            let mut said = String::new();
            log.seek(SeekFrom::Start(log_start))?;
            log.take(8192).read_to_string(&mut said)?;
            let in_use =
                said.contains("pre-existing shared memory block") || said.contains("is still in use");
            if in_use && began.elapsed() < LEFTOVERS_LIMIT {
                thread::sleep(Duration::from_millis(100));
            } else if self.fixed_port.is_none()
                && said.contains("could not bind")
                && not_before < PORT_ATTEMPTS
            {
                not_before += 1; // somebody took the port between our look and the server's
            } else {
                bail!(
                    "postgres did not start ({status}):\n{}\n(log: {})",
                    said.trim(),
                    self.directory.log().display()
                );
            }
        }
    }

    fn command(&self, port: u16, socket_dir: Option<&Path>, log: &File) -> anyhow::Result<Command> {
        let mut command = self.store.run_as.command(&self.binaries.bin_dir.join("postgres"));
        command.arg("-D").arg(self.store.data());
        let sockets = socket_dir.map_or_else(String::new, |dir| format!("\"{}\"", dir.display()));
        let on = if self.durable { "on" } else { "off" };
        let mut set = |name: &str, value: &str| {
            command.arg("-c").arg(format!("{name}={value}"));
        };
        set("listen_addresses", "127.0.0.1");
        set("port", &port.to_string());
        set("unix_socket_directories", &sockets);
        set("unix_socket_permissions", "0700");
        set("fsync", on);
        set("full_page_writes", on);
        if !self.durable {
            set("synchronous_commit", "off");
        }
        for (name, value) in self.extra_settings {
            set(name, value);
        }
        command.stdout(log.try_clone()?).stderr(log.try_clone()?);
        Ok(command)
    }

    /// The fixed port, else the remembered one, else the first free one of this directory's own series.
    fn port(&self, skip: u16) -> anyhow::Result<u16> {
        let free = |port: u16| std::net::TcpListener::bind(("127.0.0.1", port)).is_ok();
        if let Some(port) = self.fixed_port {
            if !free(port) {
                bail!(
                    "port {port} on 127.0.0.1 is in use: choose another, or none to have a free one picked"
                );
            }
            return Ok(port);
        }
        let remembered = self.directory.state().map(|state| state.port);
        let first = self.directory.first_port();
        let series = (0..PORT_ATTEMPTS).map(|step| first + step);
        let mut candidates =
            remembered.into_iter().chain(series).filter(|port| free(*port)).skip(skip.into());
        candidates.next().context("no free port on 127.0.0.1")
    }

    /// `None` when the server is ready, else how it ended.
    fn wait_ready(&self, server: &Server) -> anyhow::Result<Option<ExitStatus>> {
        let began = Instant::now();
        let mut told = 0;
        while began.elapsed() < START_LIMIT {
            if let Some(status) = server.exited() {
                return Ok(Some(status));
            }
            if let Some(file) = PidFile::read(&self.store.data())
                && file.pid == server.pid
                && file.status == "ready"
            {
                return Ok(None);
            }
            if began.elapsed().as_secs() / 5 > told {
                told += 1;
                tracing::info!(
                    seconds = began.elapsed().as_secs(),
                    "waiting for postgres (recovering after a crash?)"
                );
            }
            thread::sleep(POLL);
        }
        bail!(
            "postgres is not ready after {} s, see {}",
            START_LIMIT.as_secs(),
            self.directory.log().display()
        )
    }
}

/// Gives the superuser a new password when `secrets.json` was lost: in single-user mode, which asks for none.
pub fn reset_superuser(store: &Store, binaries: &Binaries, password: &Secret) -> anyhow::Result<()> {
    tracing::warn!("secrets.json was missing: the cluster's passwords are made anew");
    let mut command = store.run_as.command(&binaries.bin_dir.join("postgres"));
    command.arg("--single").arg("-D").arg(store.data()).arg("postgres");
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn()?;
    let statement = format!("alter role postgres password '{}'\n", passwords::verifier(password)?);
    child.stdin.take().map_or(Ok(()), |mut input| input.write_all(statement.as_bytes()))?;
    let output = child.wait_with_output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() || said.contains("ERROR") {
        bail!("cannot set a new superuser password: {}", said.trim());
    }
    Ok(())
}

/// Stops a postmaster that an earlier program left behind on these data, so that the new one is our own child.
/// A pid file whose process is somebody else's (numbers are reused) is made harmless.
pub fn end_leftover(store: &Store) -> anyhow::Result<()> {
    let data = store.data();
    let Some(file) = PidFile::read(&data) else { return Ok(()) };
    if file.pid == 0 || kill(pid(file.pid), None).is_err() {
        return Ok(()); // gone: Postgres itself recognises the stale file
    }
    if !is_postmaster_of(file.pid, &data) {
        // Only the number is replaced, by one that no system gives out. The line that names the shared memory stays,
        // so that Postgres still refuses to start beside surviving backends.
        let text = fs::read_to_string(PidFile::path(&data))?;
        let rest = text.split_once('\n').map_or("", |(_, rest)| rest);
        return store.run_as.write(&PidFile::path(&data), &format!("{}\n{rest}", i32::MAX - 1));
    }
    tracing::warn!(pid = file.pid, "stopping a postgres that an earlier tradepost left behind");
    for (signal, limit) in [(Signal::SIGINT, FAST_STOP_LIMIT), (Signal::SIGQUIT, Duration::from_secs(10))] {
        let _ = kill(pid(file.pid), signal);
        if wait_until(limit, || !is_postmaster_of(file.pid, &data)) {
            return Ok(());
        }
    }
    bail!("an earlier postgres (pid {}) still runs on {} and does not stop", file.pid, data.display())
}

/// What a postmaster writes into its data directory.
struct PidFile {
    pid: u32,
    status: String,
}

impl PidFile {
    fn path(data: &Path) -> PathBuf {
        data.join("postmaster.pid")
    }

    fn read(data: &Path) -> Option<Self> {
        let text = fs::read_to_string(Self::path(data)).ok()?;
        let mut lines = text.lines();
        let pid = lines.next()?.trim().parse().ok()?;
        Some(Self { pid, status: lines.nth(6).unwrap_or_default().trim().to_owned() })
    }
}

/// A postmaster's working directory is its data directory; where that cannot be seen, its command line names it.
fn is_postmaster_of(process: u32, data: &Path) -> bool {
    if Path::new("/proc/self/cwd").exists() {
        return fs::read_link(format!("/proc/{process}/cwd")).is_ok_and(|cwd| cwd == data);
    }
    let output = Command::new("ps").args(["-o", "args=", "-p", &process.to_string()]).output();
    output.is_ok_and(|output| {
        let line = String::from_utf8_lossy(&output.stdout).into_owned();
        line.contains("postgres") && line.contains(&*data.to_string_lossy())
    })
}

/// Whether a process runs, ours or not. One that has ended but was not yet collected by its parent does not run:
/// the first process of a container may never collect its adopted children.
pub fn is_alive(process: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    let is_zombie = stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with(['Z', 'X']));
    !is_zombie && !matches!(kill(pid(process), None), Err(nix::errno::Errno::ESRCH))
}

fn pid(number: u32) -> Pid {
    Pid::from_raw(i32::try_from(number).unwrap_or(i32::MAX))
}

fn wait_until(limit: Duration, mut done: impl FnMut() -> bool) -> bool {
    let began = Instant::now();
    while began.elapsed() < limit {
        if done() {
            return true;
        }
        thread::sleep(POLL);
    }
    done()
}

fn open_log(path: &Path) -> anyhow::Result<(File, u64)> {
    if fs::metadata(path).is_ok_and(|meta| meta.len() > LOG_MAX_BYTES) {
        fs::rename(path, path.with_extension("log.1"))?;
    }
    let file = directory::open_private(path, fs::OpenOptions::new().create(true).append(true).read(true))?;
    let length = file.metadata()?.len();
    Ok((file, length))
}
