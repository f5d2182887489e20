//! Finds a PostgreSQL installation: the configured one, else the newest on the machine, else our own fetched copy.

use std::{
    env, fmt, fs,
    path::{self, Path, PathBuf},
};

use anyhow::{Context, bail};

use super::{account::RunAs, fetch};

/// The oldest major version whose features the SQL uses.
pub const OLDEST_MAJOR: u32 = 15;

/// What to look for, and where.
#[derive(Clone, Debug)]
pub struct Search {
    /// The `bin` directory that was configured. Nothing else is looked at when it is set.
    pub pg_bin: Option<PathBuf>,
    /// Exactly this major version, not the newest one.
    pub pg_major: Option<u32>,
    /// Where fetched copies are kept.
    pub cache_dir: PathBuf,
    /// Whether a pinned copy may be fetched when the machine has none.
    pub allow_fetch: bool,
}

/// A `bin` directory with `initdb` and `postgres` that the server's account can run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binaries {
    pub bin_dir: PathBuf,
    pub major: u32,
    /// As `postgres --version` says it, for example `18.4`.
    pub version: String,
}

impl fmt::Display for Binaries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PostgreSQL {} in {}", self.version, self.bin_dir.display())
    }
}

/// Locates binaries for the account that a server started by this process would run as.
/// Runs programs and may download for seconds: call it from a blocking thread.
pub fn find_binaries(search: &Search) -> anyhow::Result<Binaries> {
    find_for(search, &RunAs::choose(None)?)
}

pub(super) fn find_for(search: &Search, run_as: &RunAs) -> anyhow::Result<Binaries> {
    if let Some(bin_dir) = &search.pg_bin {
        let found = probe(&path::absolute(bin_dir)?, run_as).with_context(|| {
            format!("the configured PostgreSQL directory {} cannot be used", bin_dir.display())
        })?;
        if found.major < OLDEST_MAJOR {
            bail!("the configured {found} is too old: Tradepost needs {OLDEST_MAJOR} or newer");
        }
        if let Some(wanted) = search.pg_major.filter(|wanted| *wanted != found.major) {
            bail!("the configured {found} is not the PostgreSQL {wanted} that is needed");
        }
        return Ok(found);
    }
    let cache_dir = open_cache(&path::absolute(&search.cache_dir)?, run_as)?;
    let newest = |found: &[Binaries]| {
        let fits = |found: &&Binaries| {
            search.pg_major.map_or(found.major >= OLDEST_MAJOR, |major| found.major == major)
        };
        found.iter().filter(fits).max_by_key(|found| found.major).cloned()
    };
    let found = usable(places(run_as), run_as);
    if let Some(best) = newest(&found) {
        return Ok(best);
    }
    // Only now: that something was once fetched must not change what an installed PostgreSQL is used for.
    let fetched = children(&cache_dir, "postgresql-").map(|dir| dir.join("bin")).collect();
    if let Some(best) = newest(&usable(fetched, run_as)) {
        return Ok(best);
    }
    let wanted = search
        .pg_major
        .map_or_else(|| format!("{OLDEST_MAJOR} or newer"), |major| format!("{major} exactly"));
    let seen = if found.is_empty() {
        "none".to_owned()
    } else {
        found.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
    };
    let package =
        search.pg_major.map_or_else(|| "postgresql".to_owned(), |major| format!("postgresql-{major}"));
    let advice = format!(
        "no PostgreSQL {wanted} was found on this machine (found: {seen}). Install it (Debian, Ubuntu: \
         `apt-get install {package}`; Fedora: `dnf install postgresql-server`; macOS: `brew install postgresql@18`), \
         or set PG_BIN to the directory that holds `initdb` and `postgres`, or set DATABASE_URL to use a server you have"
    );
    if !search.allow_fetch || search.pg_major.is_some_and(|major| major != fetch::MAJOR) {
        bail!("{advice}");
    }
    fetch::fetch(&cache_dir, run_as).with_context(|| advice)
}

/// The cache itself, or one that is open to the server's account when root keeps this one in its home.
fn open_cache(cache_dir: &Path, run_as: &RunAs) -> anyhow::Result<PathBuf> {
    let existing = cache_dir.ancestors().find(|dir| dir.is_dir());
    if existing.map_or(Ok(true), |dir| run_as.can_enter(dir))? {
        return Ok(cache_dir.to_owned());
    }
    Ok(PathBuf::from("/var/lib/tradepost-postgres"))
}

/// Asks both programs for their version, as the account that would run them.
pub(super) fn probe(bin_dir: &Path, run_as: &RunAs) -> anyhow::Result<Binaries> {
    ask_version(&bin_dir.join("initdb"), run_as)?;
    let version = ask_version(&bin_dir.join("postgres"), run_as)?;
    let digits: String = version.chars().take_while(char::is_ascii_digit).collect();
    let major = digits.parse().with_context(|| format!("`{version}` is no version"))?;
    Ok(Binaries { bin_dir: bin_dir.to_owned(), major, version })
}

/// `postgres (PostgreSQL) 15.18 (Debian …)` → `15.18`
fn ask_version(program: &Path, run_as: &RunAs) -> anyhow::Result<String> {
    if !program.is_file() {
        bail!("there is no {}", program.display());
    }
    let output = run_as.command(program).arg("--version").output().with_context(|| {
        let who = run_as.name().map_or_else(String::new, |name| format!(" as user `{name}`"));
        format!("cannot run {}{who}", program.display())
    })?;
    let text = String::from_utf8_lossy(&output.stdout);
    match text.split_whitespace().nth(2) {
        Some(version) if output.status.success() => Ok(version.to_owned()),
        _ => bail!(
            "{} --version failed: {}",
            program.display(),
            String::from_utf8_lossy(&output.stderr).trim()
        ),
    }
}

/// Those of the directories that hold programs which run, each installation once.
fn usable(bin_dirs: Vec<PathBuf>, run_as: &RunAs) -> Vec<Binaries> {
    let mut seen = Vec::new();
    let mut found = Vec::new();
    for bin_dir in bin_dirs {
        let Ok(real) = fs::canonicalize(bin_dir.join("postgres")) else { continue };
        if seen.contains(&real) {
            continue;
        }
        seen.push(real);
        match probe(&bin_dir, run_as) {
            Ok(binaries) => found.push(binaries),
            Err(error) => tracing::debug!(bin_dir = %bin_dir.display(), "skipped: {error:#}"),
        }
    }
    found
}

/// Where installations are, first those that the user put on the PATH.
fn places(run_as: &RunAs) -> Vec<PathBuf> {
    let mut places = Vec::new();
    let on_path: Vec<PathBuf> = env::var_os("PATH")
        .map(|path| env::split_paths(&path).filter(|dir| dir.is_absolute()).collect())
        .unwrap_or_default();
    for dir in &on_path {
        let pg_config = dir.join("pg_config");
        if pg_config.is_file()
            && let Ok(output) = run_as.command(&pg_config).arg("--bindir").output()
            && output.status.success()
        {
            places.push(PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()));
        }
    }
    places.extend(on_path);
    for (parent, prefix, below) in [
        ("/usr/lib/postgresql", "", "bin"),
        ("/usr", "pgsql-", "bin"),
        ("/opt/homebrew/opt", "postgresql@", "bin"),
        ("/usr/local/opt", "postgresql@", "bin"),
        ("/Applications/Postgres.app/Contents/Versions", "", "bin"),
    ] {
        places.extend(children(Path::new(parent), prefix).map(|dir| dir.join(below)));
    }
    places.extend(["/usr/bin", "/usr/local/pgsql/bin", "/opt/homebrew/bin"].map(PathBuf::from));
    places
}

fn children(parent: &Path, prefix: &'static str) -> impl Iterator<Item = PathBuf> {
    let entries = fs::read_dir(parent).into_iter().flatten().flatten();
    entries
        .filter(move |entry| entry.file_name().to_string_lossy().starts_with(prefix))
        .map(|entry| entry.path())
}
