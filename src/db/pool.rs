//! Connection pools. Every limit that tokio-postgres and Postgres leave unset is set here, for role and session alike.
//!
//! With one `DATABASE_URL` for the whole program, each pool becomes its role by a startup option (`-c role=…`), which
//! holds for the life of the connection. With a URL per role (production: separate logins) nothing needs to be switched.
//! The connection is not encrypted: use a socket, a loopback address or a private network; `sslmode=require` is refused.

use std::fmt::Write as _;
use std::ops::Deref;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use deadpool_postgres::{
    Hook, Manager, ManagerConfig, Object, PoolError, QueueMode, RecyclingMethod, Runtime, Timeouts,
};
use tokio_postgres::config::SslMode;
use tokio_postgres::{Config, NoTls};

use super::pulse::Pulse;
use crate::problem::Problem;
use crate::refusals::Refusals;

/// Everything tunable about a pool. Start from [`Settings::api`] or [`Settings::worker`].
#[derive(Clone)]
pub struct Settings {
    pub url: String,
    /// Role the sessions act as; skipped when the URL logs in as it.
    pub role: &'static str,
    /// How the connections introduce themselves in `pg_stat_activity`.
    pub application_name: String,
    pub max_connections: usize,
    /// A request that finds no free connection within this time is refused (503 `core.overloaded`).
    pub wait: Duration,
    pub connect_timeout: Duration,
    pub statement_timeout: Duration,
    pub lock_timeout: Duration,
    pub idle_in_transaction_timeout: Duration,
    /// Longest transaction, idle or not; servers before 17 do not know it.
    pub transaction_timeout: Duration,
    /// The program's own limit on a call, for a server that does not answer at all.
    pub call_timeout: Duration,
    /// Calls end when this says that nobody answers.
    pub pulse: Pulse,
}

impl Settings {
    /// Request handlers: role `tradepost_api`, statements of at most 5 s.
    pub fn api(url: impl Into<String>, max_connections: usize) -> Self {
        Self {
            url: url.into(),
            role: "tradepost_api",
            application_name: "tradepost api".to_owned(),
            max_connections,
            wait: Duration::from_millis(250),
            connect_timeout: Duration::from_secs(3),
            statement_timeout: Duration::from_secs(5),
            lock_timeout: Duration::from_secs(2),
            idle_in_transaction_timeout: Duration::from_secs(10),
            transaction_timeout: Duration::from_secs(10),
            call_timeout: Duration::from_secs(6),
            pulse: Pulse::default(),
        }
    }

    /// Background work: role `tradepost_worker`, statements of at most 60 s, patient with a busy pool.
    pub fn worker(url: impl Into<String>, max_connections: usize) -> Self {
        Self {
            role: "tradepost_worker",
            application_name: "tradepost worker".to_owned(),
            wait: Duration::from_secs(5),
            statement_timeout: Duration::from_mins(1),
            transaction_timeout: Duration::from_secs(65),
            call_timeout: Duration::from_secs(65),
            ..Self::api(url, max_connections)
        }
    }

    /// The driver's configuration: the URL's, with our limits.
    pub fn config(&self) -> anyhow::Result<Config> {
        let mut config = Config::from_str(&self.url).context("not a Postgres URL")?;
        if config.get_ssl_mode() == SslMode::Require {
            bail!("sslmode=require is not supported: connect through a socket, loopback or private network");
        }
        let mut options = config.get_options().unwrap_or_default().to_owned();
        for (name, limit) in [
            ("statement_timeout", self.statement_timeout),
            ("lock_timeout", self.lock_timeout),
            ("idle_in_transaction_session_timeout", self.idle_in_transaction_timeout),
        ] {
            let _ = write!(options, " -c {name}={}", limit.as_millis());
        }
        options.push_str(" -c jit=off -c timezone=UTC -c search_path=pg_catalog,pg_temp");
        if config.get_user() != Some(self.role) {
            let _ = write!(options, " -c role={}", self.role);
        }
        config
            .options(options.trim())
            .application_name(&self.application_name)
            .connect_timeout(self.connect_timeout)
            .tcp_user_timeout(Duration::from_secs(5))
            .keepalives(true)
            .keepalives_idle(Duration::from_secs(10))
            .keepalives_interval(Duration::from_secs(5))
            .keepalives_retries(3);
        Ok(config)
    }
}

/// Connections of one role. Cheap to clone.
#[derive(Clone)]
pub struct Pool {
    inner: deadpool_postgres::Pool,
    role: &'static str,
    call_timeout: Duration,
    pulse: Pulse,
    refusals: Arc<Refusals>,
}

/// How busy a pool is, for `/metrics`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Status {
    pub max_connections: usize,
    pub open: usize,
    pub idle: usize,
    pub waiting: usize,
}

impl std::ops::Add for Status {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            max_connections: self.max_connections + other.max_connections,
            open: self.open + other.open,
            idle: self.idle + other.idle,
            waiting: self.waiting + other.waiting,
        }
    }
}

impl Pool {
    /// Opens no connection yet: the first call does.
    pub fn new(settings: &Settings) -> anyhow::Result<Self> {
        let manager = Manager::from_config(
            settings.config()?,
            NoTls,
            ManagerConfig { recycling_method: RecyclingMethod::Fast },
        );
        // not an option of the connection: a server that does not know it would refuse it
        let limit = format!(
            "select set_config('transaction_timeout', '{}', false)
             where current_setting('server_version_num')::integer >= 170000",
            settings.transaction_timeout.max(settings.statement_timeout + Duration::from_secs(1)).as_millis()
        );
        let limit_transactions = Hook::async_fn(move |client: &mut deadpool_postgres::ClientWrapper, _| {
            let limit = limit.clone();
            Box::pin(async move {
                client.batch_execute(&limit).await.map_err(deadpool_postgres::HookError::Backend)
            })
        });
        let inner = deadpool_postgres::Pool::builder(manager)
            .post_create(limit_transactions)
            .max_size(settings.max_connections)
            // the connection that was used last: its process is warm, while the others, taken in turns, all stay cold
            .queue_mode(QueueMode::Lifo)
            .timeouts(Timeouts {
                wait: Some(settings.wait),
                create: Some(settings.connect_timeout + Duration::from_secs(1)),
                recycle: Some(Duration::from_secs(1)),
            })
            .runtime(Runtime::Tokio1)
            .build()
            .context("building the connection pool")?;
        Ok(Self {
            inner,
            role: settings.role,
            call_timeout: settings.call_timeout,
            pulse: settings.pulse.clone(),
            refusals: Arc::default(),
        })
    }

    /// A connection that leaves the pool for good when the caller is dropped while it is in use: its statement is
    /// cancelled and the connection closed, so the next request never waits behind an abandoned one. Call
    /// [`Connection::done`] when the last answer has arrived.
    pub async fn get(&self) -> Result<Connection, Problem> {
        match self.inner.get().await {
            Ok(object) => Ok(Connection { object: Some(object), is_done: false }),
            Err(PoolError::Timeout(deadpool_postgres::TimeoutType::Wait)) => {
                metrics::counter!("tradepost_db_pool_refused_total", "pool" => self.role).increment(1);
                Err(self.refusals.overloaded(self.role, "no database connection became free in time"))
            }
            Err(e) => Err(Problem::unavailable(format_args!("no database connection: {e}"))),
        }
    }

    pub fn pulse(&self) -> &Pulse {
        &self.pulse
    }

    pub fn call_timeout(&self) -> Duration {
        self.call_timeout
    }

    pub fn role(&self) -> &'static str {
        self.role
    }

    pub fn status(&self) -> Status {
        let status = self.inner.status();
        Status {
            max_connections: status.max_size,
            open: status.size,
            idle: status.available,
            waiting: status.waiting,
        }
    }

    /// No more connections are handed out; those in use close when they come back.
    pub fn close(&self) {
        self.inner.close();
    }
}

/// A connection out of a [`Pool`].
pub struct Connection {
    object: Option<Object>,
    is_done: bool,
}

impl Connection {
    /// All answers have arrived: the connection may serve others.
    pub fn done(mut self) {
        self.is_done = true;
    }
}

impl Deref for Connection {
    type Target = deadpool_postgres::ClientWrapper;

    fn deref(&self) -> &Self::Target {
        self.object.as_ref().expect("taken only by drop")
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        let Some(object) = self.object.take() else { return };
        if self.is_done {
            return;
        }
        let client = Object::take(object);
        metrics::counter!("tradepost_db_connections_discarded_total").increment(1);
        if client.is_closed() {
            return;
        }
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                let cancelled =
                    tokio::time::timeout(Duration::from_secs(3), client.cancel_token().cancel_query(NoTls))
                        .await;
                if let Ok(Err(e)) = cancelled {
                    tracing::debug!("could not cancel an abandoned statement: {e}");
                }
                drop(client);
            });
        }
    }
}
