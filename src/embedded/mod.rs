//! Embedded Postgres: a private cluster that starts, lives and dies with the program.
//!
//! [`Cluster::start`] finds PostgreSQL (or fetches it), creates the cluster if there is none, and runs `postgres` as a
//! child. One process owns the cluster, through a lock on the directory; every other one on the same directory
//! attaches to it and never stops it. As root, all server processes run as an unprivileged account.
//!
//! In the directory: `lock`, `secrets.json` (mode 0600), `state.json` (port and pid), `postgres.log`, `data/`, `run/`
//! (socket), `postgres/` (a fetched copy), and `location` when the data had to be kept elsewhere.

mod account;
mod binaries;
mod directory;
mod fetch;
mod passwords;
mod server;
#[cfg(test)]
mod tests;

use std::{
    fmt::Write,
    fs::File,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use anyhow::{Context, bail};
use tokio_postgres::{Client, NoTls};

pub use self::binaries::{Binaries, OLDEST_MAJOR, Search, find_binaries};
use self::{
    directory::{Directory, State},
    passwords::Passwords,
    server::{Launch, Server},
};
use crate::secret::Secret;

/// The database that the program uses inside the cluster.
pub const DATABASE: &str = "tradepost";

/// How long a second process waits for the owner's cluster to come up.
const ATTACH_LIMIT: Duration = Duration::from_mins(1);
const CONNECT_LIMIT: Duration = Duration::from_secs(5);

/// How to run the private cluster.
#[derive(Clone, Debug)]
pub struct Options {
    /// The directory of everything, usually `./.tradepost`.
    pub dir: PathBuf,
    /// The `bin` directory to use, and no other.
    pub pg_bin: Option<PathBuf>,
    /// A major version to insist on.
    pub pg_major: Option<u32>,
    /// A port to insist on; else a free one that later starts keep.
    pub port: Option<u16>,
    /// Whether PostgreSQL may be fetched when the machine has none.
    pub allow_fetch: bool,
    /// Where a fetched copy is kept; `postgres/` beside the data when not given.
    pub cache_dir: Option<PathBuf>,
    /// False only for tests: what was committed may be lost when the machine stops.
    pub durable: bool,
    /// Further server settings, stronger than everything else.
    pub extra_settings: Vec<(String, String)>,
}

impl Options {
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self {
            dir: dir.into(),
            pg_bin: None,
            pg_major: None,
            port: None,
            allow_fetch: true,
            cache_dir: None,
            durable: true,
            extra_settings: Vec::new(),
        }
    }
}

/// As whom to connect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DbRole {
    Superuser,
    /// `tradepost_owner` cannot log in: this is the superuser, who becomes the owner at once.
    Owner,
    Api,
    Worker,
    Readonly,
}

impl DbRole {
    const LOGINS: [Self; 4] = [Self::Superuser, Self::Api, Self::Worker, Self::Readonly];

    /// The role that the password belongs to.
    fn login(self) -> &'static str {
        match self {
            Self::Superuser | Self::Owner => "postgres",
            Self::Api => "tradepost_api",
            Self::Worker => "tradepost_worker",
            Self::Readonly => "tradepost_readonly",
        }
    }
}

/// A running cluster. Dropping the owner's handle stops the server and waits for it; prefer [`Cluster::stop`].
#[derive(Debug)]
pub struct Cluster {
    /// Ours to stop; `None` when we are attached. Declared first: the server ends before the lock is given up.
    server: Option<Server>,
    _lock: Option<(File, directory::Store)>,
    state: State,
    passwords: Passwords,
}

impl Cluster {
    /// Starts the directory's cluster, or attaches to it when another process has it running.
    pub async fn start(options: &Options) -> anyhow::Result<Self> {
        let directory = Directory::create(&options.dir)?;
        let began = Instant::now();
        loop {
            if let Some(lock) = directory.lock()? {
                return Self::own(options.clone(), directory, lock).await;
            }
            if let Some(cluster) = Self::attach_to(&directory).await? {
                return Ok(cluster);
            }
            if began.elapsed() > ATTACH_LIMIT {
                bail!(
                    "{} is in use by another tradepost (pid {}), but its database cannot be reached",
                    directory.path().display(),
                    directory.lock_holder()
                );
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Attaches to the cluster of another process; `None` when none is running on this directory.
    pub async fn attach(dir: &Path) -> anyhow::Result<Option<Self>> {
        if !dir.exists() {
            return Ok(None);
        }
        Self::attach_to(&Directory::existing(dir)?).await
    }

    async fn attach_to(directory: &Directory) -> anyhow::Result<Option<Self>> {
        let running =
            |state: &State| state.data_dir == directory.data_dir() && server::is_alive(state.postmaster_pid);
        let Some(state) = directory.state().filter(running) else { return Ok(None) };
        let Some(passwords) = passwords::read(&directory.secrets())? else { return Ok(None) };
        let cluster = Self { server: None, _lock: None, state, passwords };
        let Ok(client) = cluster.connect("postgres").await else { return Ok(None) };
        // Our password was accepted; a copied directory has the same one, so the data directory must be ours too.
        let data: String = client.query_one("select current_setting('data_directory')", &[]).await?.get(0);
        Ok((Path::new(&data) == cluster.state.data_dir).then_some(cluster))
    }

    async fn own(options: Options, directory: Directory, lock: File) -> anyhow::Result<Self> {
        let cluster = tokio::task::spawn_blocking(move || Self::launch(&options, &directory, lock)).await??;
        cluster.ensure_database(DATABASE).await?;
        Ok(cluster)
    }

    /// Everything up to a server that accepts connections. Blocks.
    fn launch(options: &Options, directory: &Directory, lock: File) -> anyhow::Result<Self> {
        let store = directory.store()?;
        server::sweep(&store)?;
        let data_major = store.data_major()?;
        let binaries = Self::find(options, &store, data_major)?;
        let (passwords, is_new_superuser) = passwords::read_or_make(&directory.secrets())?;
        let superuser = passwords.get(DbRole::Superuser.login()).context("no superuser password")?;
        if data_major.is_some() {
            server::end_leftover(&store)?;
            if is_new_superuser {
                server::reset_superuser(&store, &binaries, superuser)?;
            }
        } else {
            tracing::info!(data = %store.data().display(), "creating a database cluster with {binaries}");
            server::create(&store, &binaries, superuser, options.durable)?;
        }
        let launch = Launch {
            directory,
            store: &store,
            binaries: &binaries,
            fixed_port: options.port,
            durable: options.durable,
            extra_settings: &options.extra_settings,
        };
        let (server, port) = launch.run()?;
        let state = State {
            port,
            postmaster_pid: server.pid(),
            major: binaries.major,
            bin_dir: binaries.bin_dir,
            data_dir: store.data(),
        };
        directory.remember(&state)?;
        Ok(Self { server: Some(server), _lock: Some((lock, store)), state, passwords })
    }

    /// Existing data decide the major version: a newer installation on the machine must not make them unreadable.
    fn find(
        options: &Options,
        store: &directory::Store,
        data_major: Option<u32>,
    ) -> anyhow::Result<Binaries> {
        let search = Search {
            pg_bin: options.pg_bin.clone(),
            pg_major: options.pg_major.or(data_major.filter(|_| options.pg_bin.is_none())),
            cache_dir: options.cache_dir.clone().unwrap_or_else(|| store.path.join("postgres")),
            allow_fetch: options.allow_fetch
                && options.pg_major.is_none_or(|wanted| data_major.is_none_or(|m| m == wanted)),
        };
        let found = binaries::find_for(&search, &store.run_as);
        let Some(major) = data_major else { return found };
        let advice = || {
            format!(
                "{} holds data of PostgreSQL {major}, which no other major version can open. Set PG_BIN to the bin \
                 directory of PostgreSQL {major} (Debian: `apt-get install postgresql-{major}`, then \
                 PG_BIN=/usr/lib/postgresql/{major}/bin), or bring the data over with pg_dump or pg_upgrade",
                store.data().display()
            )
        };
        let found = found.with_context(advice)?;
        if found.major != major {
            bail!("{}; {found} was chosen", advice());
        }
        Ok(found)
    }

    /// A connection URL over TCP, for this program's pools and for `psql`.
    pub fn url(&self, role: DbRole, database: &str) -> Secret {
        let password = self.passwords.get(role.login()).map_or("", Secret::expose);
        let mut url =
            format!("postgres://{}:{password}@127.0.0.1:{}/{database}", role.login(), self.state.port);
        if role == DbRole::Owner {
            url.push_str("?options=-c%20role%3Dtradepost_owner");
        }
        Secret::new(url)
    }

    pub fn port(&self) -> u16 {
        self.state.port
    }

    pub fn major(&self) -> u32 {
        self.state.major
    }

    pub fn bin_dir(&self) -> &Path {
        &self.state.bin_dir
    }

    pub fn data_dir(&self) -> &Path {
        &self.state.data_dir
    }

    pub fn postmaster_pid(&self) -> u32 {
        self.state.postmaster_pid
    }

    /// True when another process owns the cluster.
    pub fn attached(&self) -> bool {
        self.server.is_none()
    }

    /// Resolves when the server is gone, with a sentence for the log.
    pub async fn died(&self) -> String {
        let pid = self.state.postmaster_pid;
        if let Some(server) = &self.server {
            return format!("postgres (pid {pid}) ended unexpectedly: {}", server.exit().await);
        }
        while server::is_alive(pid) {
            tokio::time::sleep(Duration::from_millis(250)).await;
        }
        format!("postgres (pid {pid}) was stopped by the tradepost that owns it")
    }

    /// Stops the server cleanly if it is ours; an attached handle just goes.
    pub async fn stop(self) {
        let stopped = tokio::task::spawn_blocking(move || drop(self)).await;
        if let Err(error) = stopped {
            tracing::error!("stopping postgres: {error}");
        }
    }

    /// Creates a database if it is not there.
    pub async fn ensure_database(&self, name: &str) -> anyhow::Result<()> {
        let client =
            self.connect("postgres").await.context("cannot connect to the cluster that was just started")?;
        if client.query_opt("select from pg_database where datname = $1", &[&name]).await?.is_none() {
            client.batch_execute(&format!("create database \"{}\"", name.replace('"', "\"\""))).await?;
        }
        Ok(())
    }

    /// Gives the login roles that exist the passwords of this directory. Call it after migrating; it asks the server
    /// what it has and changes only what differs.
    pub async fn ensure_role_passwords(&self) -> anyhow::Result<()> {
        let client = self.connect("postgres").await?;
        let roles: Vec<&str> = DbRole::LOGINS.iter().map(|role| role.login()).collect();
        let rows = client
            .query(
                "select rolname::text, rolpassword from pg_authid where rolname::text = any($1)",
                &[&roles],
            )
            .await?;
        let mut statements = String::new();
        for row in rows {
            let (role, stored): (String, Option<String>) = (row.get(0), row.get(1));
            let password = self.passwords.get(&role).with_context(|| format!("no password for {role}"))?;
            if !stored.is_some_and(|stored| passwords::matches(password, &stored)) {
                writeln!(statements, "alter role {role} password '{}';", passwords::verifier(password)?)?;
            }
        }
        if !statements.is_empty() {
            client.batch_execute(&statements).await?;
        }
        Ok(())
    }

    async fn connect(&self, database: &str) -> anyhow::Result<Client> {
        let mut config: tokio_postgres::Config = self.url(DbRole::Superuser, database).expose().parse()?;
        config.connect_timeout(CONNECT_LIMIT).application_name("tradepost launcher");
        let (client, connection) = config.connect(NoTls).await?;
        tokio::spawn(connection);
        Ok(client)
    }
}

/// Lower-case hexadecimal.
fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
