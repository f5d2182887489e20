//! The command line: what each subcommand does, in the order it does it.

use std::ffi::OsString;
use std::future::Future;
use std::io::Write as _;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::app::{self, App};
use crate::config::Config;
use crate::db::migrate;
use crate::embedded::{self, Cluster, DbRole};
use crate::identity::password::Passwords;
use crate::identity::token::Tokens;
use crate::secret::Secret;
use crate::{doctor, greeting, seed, shutdown, telemetry};

#[derive(Debug, Parser)]
#[command(name = "tradepost", version, about, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    config: Config,
}

#[derive(Debug, Subcommand)]
#[allow(clippy::doc_markdown)] // the texts of --help
enum Command {
    /// Serve the API and run the workers; without DATABASE_URL on an embedded Postgres
    Serve(Serve),
    /// Bring the database to what this program needs
    Migrate(Migrate),
    /// Look whether everything is right: server, roles, logins, migrations, invariants
    Doctor(Doctor),
    /// Print the API description (OpenAPI 3.1)
    Openapi,
    /// Print a document that is generated from the program
    Docs(Docs),
    /// Print a connection URL for psql
    DbUrl(DbUrl),
    /// Fill an empty marketplace with demo stores, products, promotions and orders
    Seed,
    /// A payment provider to try things with: `serve` calls it with TRADEPOST_PROVIDER_URL
    Sandbox(SandboxServer),
    /// Administrators
    #[command(subcommand)]
    Admin(Admin),
}

#[derive(Debug, Args)]
struct SandboxServer {
    /// Where it listens
    #[arg(long, default_value = "127.0.0.1:9090", value_name = "ADDRESS:PORT")]
    at: std::net::SocketAddr,
    /// Where its callbacks go
    #[arg(
        long,
        default_value = "http://127.0.0.1:8080/api/v1/payments/callbacks/sandbox",
        value_name = "URL"
    )]
    #[arg(value_parser = crate::config::http_url)]
    callbacks: url::Url,
}

#[derive(Debug, Args)]
#[allow(clippy::struct_excessive_bools)] // flags
struct Serve {
    /// Only the API
    #[arg(long, conflicts_with = "workers_only")]
    no_workers: bool,
    /// Only the workers
    #[arg(long)]
    workers_only: bool,
    /// Fill the marketplace with demo data first, when it is empty; its accounts have a known password
    #[arg(long)]
    demo: bool,
    /// Do not migrate; refuse to start when migrations are missing
    #[arg(long)]
    no_migrate: bool,
}

#[derive(Debug, Subcommand)]
enum Admin {
    /// Make an administrator
    Create(AdminCreate),
}

#[derive(Debug, Args)]
struct AdminCreate {
    /// What the administrator logs in with
    #[arg(long)]
    email: String,
    /// How the administrator is called
    #[arg(long, default_value = "Administrator")]
    display_name: String,
    /// Read the password from standard input, one line
    #[arg(long, required = true)]
    password_stdin: bool,
}

#[derive(Debug, Args)]
struct Migrate {
    /// Only tell what would be done; exit status 1 when there is something
    #[arg(long)]
    check: bool,
    /// Load sql/ even when the database already holds it
    #[arg(long, conflicts_with = "check")]
    force_replay: bool,
}

#[derive(Debug, Args)]
struct Doctor {
    /// Fold the event log too and compare the outcome with the tables, row for row; takes seconds per 100,000 events
    #[arg(long)]
    replay: bool,
    /// With --replay: the state as of this event, instead of all events
    #[arg(long, value_name = "SEQ", requires = "replay", value_parser = clap::value_parser!(i64).range(0..))]
    upto: Option<i64>,
}

#[derive(Debug, Args)]
struct Docs {
    /// docs/problems.md or docs/events.md
    #[arg(value_enum)]
    document: Document,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Document {
    Problems,
    Events,
}

#[derive(Debug, Args)]
struct DbUrl {
    /// As whom to connect
    #[arg(long, value_enum, default_value = "owner")]
    role: UrlRole,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum UrlRole {
    Owner,
    Api,
    Worker,
    Readonly,
}

/// Parses, runs, and turns the outcome into an exit status: 0 well, 1 failed, 2 used wrongly.
pub fn main() -> ExitCode {
    let cli = match parse(&std::env::args_os().collect::<Vec<_>>()) {
        Ok(cli) => cli,
        Err(mistakes) => {
            for mistake in mistakes {
                eprintln!("{mistake}");
            }
            return ExitCode::from(2);
        }
    };
    telemetry::init(&cli.config);
    match run(cli) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    let Cli { command, config } = cli;
    match command {
        Command::Serve(options) => block_on(serve(config, options)),
        Command::Migrate(options) => block_on(migrate(config, options)),
        Command::Doctor(options) => block_on(doctor(config, options)),
        Command::Openapi => {
            let mut document = crate::openapi::document().to_pretty_json()?;
            document.push('\n');
            print(&document)
        }
        Command::Docs(options) => print(&match options.document {
            Document::Problems => crate::docs::problems_markdown(),
            Document::Events => crate::docs::events_markdown(),
        }),
        Command::DbUrl(options) => block_on(db_url(config, options)),
        Command::Seed => block_on(seed(config)),
        Command::Sandbox(options) => block_on(sandbox(config, options)),
        Command::Admin(Admin::Create(options)) => block_on(create_admin(config, options)),
    }
}

fn block_on(work: impl Future<Output = anyhow::Result<ExitCode>>) -> anyhow::Result<ExitCode> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(work)
}

/// To standard output; a reader that went away is no failure.
fn print(text: &str) -> anyhow::Result<ExitCode> {
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(ExitCode::SUCCESS),
    }
}

/// Runs until it is interrupted; what it keeps is gone then.
async fn sandbox(config: Config, options: SandboxServer) -> anyhow::Result<ExitCode> {
    let secret =
        config.provider_secret.context("--provider-secret (TRADEPOST_PROVIDER_SECRET) is required")?;
    let listener =
        TcpListener::bind(options.at).await.with_context(|| format!("cannot listen on {}", options.at))?;
    print(&format!("Sandbox   http://{}\n", listener.local_addr()?))?;
    let sandbox =
        crate::payments::sandbox::server::Sandbox::new(secret.expose(), Some(options.callbacks), None);
    let interrupted = async {
        let _ = tokio::signal::ctrl_c().await;
    };
    axum::serve(listener, sandbox.router()).with_graceful_shutdown(interrupted).await?;
    Ok(ExitCode::SUCCESS)
}

/// Like `Cli::parse`, but goes on after a value that is not valid, so that all mistakes are told at once: those of single
/// values, and those of the configuration as a whole.
fn parse(arguments: &[OsString]) -> Result<Cli, Vec<String>> {
    // The configuration may be given before or after the subcommand.
    let mut command = Cli::command().mut_args(|arg| arg.global(true));
    let mut arguments = arguments.to_vec();
    let (mut mistakes, mut without) = (Vec::new(), Vec::new());
    loop {
        let matches = command.clone().try_get_matches_from(&arguments);
        let error = match matches.and_then(|matches| Cli::from_arg_matches(&matches)) {
            Ok(cli) => {
                let whole = cli.config.mistakes(matches!(cli.command, Command::Serve(_)));
                // What a default stands in for was not said by anybody.
                let is_said = |text: &String| !without.iter().any(|flag| text.contains(flag));
                mistakes.extend(whole.into_iter().filter(is_said).map(|text| format!("error: {text}")));
                return if mistakes.is_empty() { Ok(cli) } else { Err(mistakes) };
            }
            Err(error) => error.format(&mut command),
        };
        let bad_value = matches!(error.kind(), ErrorKind::ValueValidation | ErrorKind::InvalidValue);
        let flag = argument_of(&command, &error).filter(|flag| bad_value && !without.contains(flag));
        if flag.is_none() && mistakes.is_empty() {
            error.exit();
        }
        let text = error.render().to_string();
        let lines = text.lines().take_while(|line| !line.starts_with("For more information"));
        mistakes.push(lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n"));
        let Some(flag) = flag else { return Err(mistakes) };
        // Forget the value and look for the next mistake.
        let given = format!("{flag}=");
        while let Some(at) = arguments.iter().position(|argument| *argument == *flag) {
            arguments.drain(at..arguments.len().min(at + 2));
        }
        arguments.retain(|argument| !argument.to_string_lossy().starts_with(&given));
        command = command.mut_args(|arg| if long(&arg) == flag { arg.env(None) } else { arg });
        without.push(flag);
    }
}

/// A flag as it is typed.
fn long(argument: &clap::Arg) -> String {
    format!("--{}", argument.get_long().unwrap_or_default())
}

/// Which of our flags an error is about.
fn argument_of(command: &clap::Command, error: &clap::Error) -> Option<String> {
    let Some(ContextValue::String(shown)) = error.get(ContextKind::InvalidArg) else { return None };
    let flag = shown.split([' ', '=']).next()?;
    command.get_arguments().map(long).find(|known| known == flag)
}

/// Where the database is: somebody else's, or our own child.
enum Database {
    External { owner: Secret, api: Secret, worker: Secret },
    Embedded(Cluster),
}

impl Database {
    async fn open(config: &Config) -> anyhow::Result<Self> {
        if let Some(owner) = &config.database_url {
            let or_owner = |url: &Option<Secret>| url.clone().unwrap_or_else(|| owner.clone());
            return Ok(Self::External {
                owner: owner.clone(),
                api: or_owner(&config.api_database_url),
                worker: or_owner(&config.worker_database_url),
            });
        }
        let cluster = Cluster::start(&embedded_options(config)).await?;
        Ok(Self::Embedded(cluster))
    }

    fn url(&self, role: DbRole) -> Secret {
        match (self, role) {
            (Self::Embedded(cluster), role) => cluster.url(role, embedded::DATABASE),
            (Self::External { api, .. }, DbRole::Api) => api.clone(),
            (Self::External { worker, .. }, DbRole::Worker) => worker.clone(),
            (Self::External { owner, .. }, _) => owner.clone(),
        }
    }

    /// For whoever makes the roles: it cannot be one of them yet.
    fn deploy_url(&self) -> Secret {
        match self {
            Self::Embedded(_) => self.url(DbRole::Superuser),
            Self::External { owner, .. } => owner.clone(),
        }
    }

    async fn migrate(&self, options: migrate::Options) -> anyhow::Result<migrate::Report> {
        let report = migrate::run(self.deploy_url().expose(), options).await?;
        if let Self::Embedded(cluster) = self {
            cluster.ensure_role_passwords().await?;
        }
        Ok(report)
    }

    async fn close(self) {
        if let Self::Embedded(cluster) = self {
            cluster.stop().await;
        }
    }

    /// Never, unless the embedded server ends by itself.
    async fn died(&self) -> String {
        match self {
            Self::Embedded(cluster) => cluster.died().await,
            Self::External { .. } => std::future::pending().await,
        }
    }
}

fn embedded_options(config: &Config) -> embedded::Options {
    embedded::Options {
        pg_bin: config.pg_bin.clone(),
        pg_major: config.pg_major,
        port: config.pg_port,
        allow_fetch: !config.pg_no_fetch,
        ..embedded::Options::new(&config.data_dir)
    }
}

async fn serve(config: Config, options: Serve) -> anyhow::Result<ExitCode> {
    let started = Instant::now();
    // Taken first: a second server on the same port should not touch the database.
    let listener = if options.workers_only {
        None
    } else {
        let bound = TcpListener::bind(config.listen).await;
        Some(bound.with_context(|| format!("cannot listen on {}", config.listen))?)
    };
    let database = Database::open(&config).await?;
    let outcome = serve_on(&config, &database, listener, &options, started).await;
    database.close().await;
    outcome.map(|()| ExitCode::SUCCESS)
}

/// Signals, the end of the embedded server or of a worker: whatever comes first ends the rest, in order.
async fn serve_on(
    config: &Config,
    database: &Database,
    listener: Option<TcpListener>,
    options: &Serve,
    started: Instant,
) -> anyhow::Result<()> {
    if options.no_migrate {
        let check = migrate::check(database.deploy_url().expose()).await?;
        if !check.pending.is_empty() {
            bail!("the database lacks migrations ({}): run tradepost migrate", check.pending.join(", "));
        }
    } else {
        let report = database.migrate(migrate::Options::default()).await?;
        let took_ms = report.took.as_millis();
        tracing::info!(migrations = report.applied.len(), took_ms, "the database is up to date");
    }
    if options.demo {
        seed_demo(config, database).await?;
    }
    let (key, may_create) = config.jwt_key();
    let tokens =
        Tokens::load(&key, may_create, config.jwt_previous_key_file.as_deref(), config.token_settings())?;
    let app = App::connect(
        config.clone(),
        database.url(DbRole::Api).expose(),
        database.url(DbRole::Worker).expose(),
        tokens,
    )?;

    let stop = CancellationToken::new();
    tokio::spawn(upkeep(stop.clone()));
    let workers = tokio_util::task::TaskTracker::new();
    let workers_stop = CancellationToken::new();
    if !options.no_workers {
        app::spawn_workers(&app, &workers, &workers_stop);
    }
    workers.close();

    if let Some(listener) = &listener {
        announce(config, options, listener, database, started).await?;
    }
    let serving = async {
        if let Some(listener) = listener {
            app::serve(app.clone(), listener, stop.clone()).await.map_err(anyhow::Error::from)
        } else {
            stop.cancelled().await;
            app.shutdown.cancel();
            Ok(())
        }
    };
    let delay = Duration::from_millis(config.shutdown_delay_ms);
    let signal = shutdown::on_signal(&app.ready, delay, stop.clone());
    let died = database.died();
    let worker_ended = async {
        if workers.is_empty() {
            std::future::pending::<()>().await;
        }
        workers.wait().await;
    };
    tokio::pin!(serving, signal);
    let outcome = tokio::select! {
        served = &mut serving => served,
        signalled = &mut signal => signalled.map_err(anyhow::Error::from),
        why = died => Err(anyhow::anyhow!("the embedded Postgres ended: {why}")),
        () = worker_ended => Err(anyhow::anyhow!("the workers ended")),
    };
    stop.cancel();
    app.ready.drain();
    let outcome = match outcome {
        Ok(()) => Ok(()),
        Err(error) => {
            tracing::error!(error = %format_args!("{error:#}"), "shutting down");
            let _ = tokio::time::timeout(Duration::from_millis(config.drain_timeout_ms), serving).await;
            Err(error)
        }
    };
    workers_stop.cancel();
    if tokio::time::timeout(Duration::from_millis(config.drain_timeout_ms), workers.wait()).await.is_err() {
        tracing::warn!("the workers did not finish in time");
    }
    app.close();
    outcome
}

/// Histograms are sorted into buckets now and then, also when nobody scrapes.
async fn upkeep(stop: CancellationToken) {
    let mut tick = tokio::time::interval(Duration::from_secs(5));
    loop {
        tokio::select! {
            _ = tick.tick() => telemetry::metrics().run_upkeep(),
            () = stop.cancelled() => return,
        }
    }
}

/// Where the API, its description and the database are, and what to try with the demo.
async fn announce(
    config: &Config,
    options: &Serve,
    listener: &TcpListener,
    database: &Database,
    started: Instant,
) -> anyhow::Result<()> {
    let psql = match database {
        Database::Embedded(_) => {
            let program = std::env::args().next().unwrap_or_else(|| "tradepost".to_owned());
            let folder = config.data_dir.display();
            format!("psql \"$({program} db-url --data-dir {folder})\"")
        }
        Database::External { .. } => "psql \"$DATABASE_URL\"".to_owned(),
    };
    let demo = if options.demo { seed::find_demo(database.deploy_url().expose()).await? } else { None };
    let took_ms = started.elapsed().as_millis();
    print(&greeting::text(listener.local_addr()?, &psql, demo.as_ref(), took_ms))?;
    Ok(())
}

/// The demo, into an empty marketplace.
async fn seed_demo(config: &Config, database: &Database) -> anyhow::Result<bool> {
    let passwords = Passwords::new(config.password_cost());
    let hash = passwords.hash(Secret::new(seed::password()), ()).await.map_err(|p| anyhow::anyhow!("{p}"))?;
    let report = seed::run(database.deploy_url().expose(), &hash).await.context("seeding the demo")?;
    if let Some(report) = &report {
        tracing::info!("made a demo marketplace: {report}");
    }
    Ok(report.is_some())
}

async fn seed(config: Config) -> anyhow::Result<ExitCode> {
    let database = Database::open(&config).await?;
    let work = async {
        database.migrate(migrate::Options::default()).await?;
        seed_demo(&config, &database).await
    };
    let outcome = work.await;
    database.close().await;
    print(if outcome? {
        "the demo marketplace is there\n"
    } else {
        "nothing done: the marketplace has accounts already\n"
    })
}

async fn create_admin(config: Config, options: AdminCreate) -> anyhow::Result<ExitCode> {
    let mut password = String::new();
    std::io::stdin().read_line(&mut password).context("cannot read the password from standard input")?;
    let password = Secret::new(password.trim_end_matches(['\r', '\n']));
    let hash = Passwords::new(config.password_cost()).hash(password, ()).await;
    let hash = hash.map_err(|p| anyhow::anyhow!("{p}"))?;
    let database = Database::open(&config).await?;
    let work = async {
        database.migrate(migrate::Options::default()).await?;
        let client = migrate::connect(database.deploy_url().expose()).await?;
        client.batch_execute("set role tradepost_owner").await?;
        let create = "select identity._create_admin($1, $2, $3)::text";
        match client.query_one(create, &[&options.email, &hash, &options.display_name]).await {
            Ok(row) => Ok(row.get::<_, String>(0)),
            Err(error) => match error.as_db_error() {
                Some(said) => bail!("{}: {}", said.message(), said.detail().unwrap_or_default()),
                None => Err(error.into()),
            },
        }
    };
    let outcome = work.await;
    database.close().await;
    print(&format!("administrator {} ({})\n", options.email, outcome?))
}

async fn migrate(config: Config, options: Migrate) -> anyhow::Result<ExitCode> {
    let database = Database::open(&config).await?;
    let work = async {
        if options.check {
            let check = migrate::check(database.deploy_url().expose()).await?;
            print(&format!("{check}\n"))?;
            return Ok(if check.is_up_to_date() { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
        let report = database.migrate(migrate::Options { force_replay: options.force_replay }).await?;
        print(&format!("{report}\n"))
    };
    let outcome = work.await;
    database.close().await;
    outcome
}

async fn doctor(config: Config, options: Doctor) -> anyhow::Result<ExitCode> {
    let database = Database::open(&config).await?;
    let urls = doctor::Urls {
        deploy: database.deploy_url(),
        api: database.url(DbRole::Api),
        worker: database.url(DbRole::Worker),
    };
    let outcome =
        doctor::examine(&urls, options.replay.then_some(doctor::Replay { upto: options.upto })).await;
    database.close().await;
    let findings = outcome?;
    print(&findings.to_string())?;
    Ok(if findings.is_healthy() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn db_url(config: Config, options: DbUrl) -> anyhow::Result<ExitCode> {
    let role = match options.role {
        UrlRole::Owner => DbRole::Owner,
        UrlRole::Api => DbRole::Api,
        UrlRole::Worker => DbRole::Worker,
        UrlRole::Readonly => DbRole::Readonly,
    };
    let url = match (&config.database_url, role) {
        (None, role) => {
            let Some(cluster) = Cluster::attach(&config.data_dir).await? else {
                bail!(
                    "no embedded Postgres is running in {}; start it with: tradepost serve",
                    config.data_dir.display()
                );
            };
            cluster.url(role, embedded::DATABASE)
        }
        (Some(owner), DbRole::Owner) => owner.clone(),
        (Some(owner), DbRole::Api) => config.api_database_url.clone().unwrap_or_else(|| owner.clone()),
        (Some(owner), DbRole::Worker) => config.worker_database_url.clone().unwrap_or_else(|| owner.clone()),
        (Some(_), _) => bail!("there is no URL for this role beside DATABASE_URL"),
    };
    print(&format!("{}\n", url.expose()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(text: &str) -> Vec<OsString> {
        text.split_whitespace().map(Into::into).collect()
    }

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().mut_args(|arg| arg.global(true)).debug_assert();
    }

    #[test]
    fn options_may_stand_on_either_side_of_the_subcommand() {
        for line in ["tradepost --listen 127.0.0.1:1 serve", "tradepost serve --listen 127.0.0.1:1"] {
            let cli = parse(&arguments(line)).unwrap();
            assert_eq!(cli.config.listen.port(), 1, "{line}");
        }
    }

    #[test]
    fn all_mistakes_are_told_at_once_and_no_secret_with_them() {
        let line = "tradepost --listen=nowhere serve --body-limit-bytes many --log-format loud --connections-max 0 \
                    --database-url mysql://me:hunter2@db --statement-timeout-ms soon --lock-timeout-ms 9000";
        let mistakes = parse(&arguments(line)).unwrap_err();
        for part in [
            "'nowhere'",
            "'many'",
            "'loud'",
            "'soon'",
            "--jwt-key-file",
            "--connections-max must",
            "postgres://",
        ] {
            assert_eq!(
                mistakes.iter().filter(|text| text.contains(part)).count(),
                1,
                "{part}: {mistakes:#?}"
            );
        }
        // --lock-timeout-ms must be shorter than something that nobody knows: not a mistake yet.
        assert_eq!(mistakes.len(), 7, "{mistakes:#?}");
        assert!(!mistakes.concat().contains("hunter2"), "{mistakes:#?}");
    }
}
