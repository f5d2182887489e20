//! Loads `sql/` (functions, views, triggers, code-owned rows) into the database, whole, in one transaction.
//!
//! The rules a person needs are in `sql/README.md`; this is how they are kept:
//!
//! 1. Views and functions with `check_function_bodies = off`, in domain order. A file that needs something that is not
//!    there yet (a view that calls a function, a function that returns a view's rows) waits for the next round.
//! 2. All functions again with checking on, now that all of them exist. Then triggers, then row files.
//! 3. Each file must have defined exactly the object it is named after, and what it defined must obey the rules for
//!    public and private functions. Else everything is rolled back.
//! 4. An object of an earlier bundle that this one lacks is *retired*: it stays, because a program of the previous
//!    release may be running, and is dropped by the next bundle.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow, bail};
use tokio_postgres::error::{ErrorPosition, SqlState};
use tokio_postgres::{Client, Transaction};

/// Schemas in load order; also the folders of `sql/`.
pub const DOMAINS: [&str; 8] =
    ["core", "identity", "catalog", "inventory", "pricing", "orders", "payments", "events"];

/// A replay waits this long for a lock, then gives way to the queue behind it and tries again.
const LOCK_TIMEOUT_MS: u32 = 500;
const LOCK_ATTEMPTS: u32 = 40;

/// Files that hold rows owned by the code instead of one object.
const ROW_FILES: [&str; 4] = ["problem_types", "event_types", "settings", "comments"];

/// One file of `sql/`.
#[derive(Clone, Debug)]
pub struct SourceFile {
    pub domain: Cow<'static, str>,
    pub name: Cow<'static, str>,
    pub text: Cow<'static, str>,
}

include!(concat!(env!("OUT_DIR"), "/sql_bundle.rs"));

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    View,
    Function,
    Trigger,
    Rows,
}

impl SourceFile {
    fn kind(&self) -> Kind {
        if ROW_FILES.contains(&self.name.as_ref()) {
            Kind::Rows
        } else if self.name.starts_with("view_") {
            Kind::View
        } else if self.name.starts_with("trigger_") {
            Kind::Trigger
        } else {
            Kind::Function
        }
    }

    /// The name the object in this file must have.
    fn object_name(&self) -> &str {
        self.name.strip_prefix("view_").unwrap_or(&self.name)
    }

    pub fn path(&self) -> String {
        format!("sql/{}/{}.sql", self.domain, self.name)
    }

    fn digest(&self) -> String {
        sha256([self.text.as_bytes()])
    }
}

/// A set of files with the digest that names it.
#[derive(Clone, Debug)]
pub struct Bundle {
    files: Vec<SourceFile>,
    digest: String,
}

impl Bundle {
    /// What this program carries.
    pub fn embedded() -> Self {
        Self::new(EMBEDDED.to_vec())
    }

    pub fn new(mut files: Vec<SourceFile>) -> Self {
        let rank = |f: &SourceFile| DOMAINS.iter().position(|d| *d == f.domain);
        files.sort_by(|a, b| rank(a).cmp(&rank(b)).then_with(|| a.name.cmp(&b.name)));
        let digest =
            sha256(files.iter().flat_map(|f| {
                [f.domain.as_bytes(), b"/", f.name.as_bytes(), b"\0", f.text.as_bytes(), b"\0"]
            }));
        Self { files, digest }
    }

    pub fn digest(&self) -> &str {
        &self.digest
    }

    pub fn files(&self) -> &[SourceFile] {
        &self.files
    }

    fn of_kind(&self, kind: Kind) -> impl Iterator<Item = &SourceFile> {
        self.files.iter().filter(move |f| f.kind() == kind)
    }
}

fn sha256<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> String {
    let mut context = aws_lc_rs::digest::Context::new(&aws_lc_rs::digest::SHA256);
    for part in parts {
        context.update(part);
    }
    context.finish().as_ref().iter().fold(String::with_capacity(64), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// What a replay did.
#[derive(Clone, Debug, Default)]
pub struct ReplayReport {
    pub files: usize,
    pub objects: usize,
    /// Not in this bundle any more; the next one drops them.
    pub retired: Vec<String>,
    pub dropped: Vec<String>,
    /// Due to be dropped, but something else still uses them (the reason is Postgres's).
    pub kept: Vec<String>,
    /// In our schemas, but brought by no bundle. Left alone.
    pub foreign: Vec<String>,
    pub took: Duration,
}

/// The bundle that was loaded last.
#[derive(Clone, Debug)]
pub struct Loaded {
    pub digest: String,
    pub release: String,
}

/// `None` before the first replay.
pub async fn loaded(client: &Client) -> anyhow::Result<Option<Loaded>> {
    let exists: bool =
        client.query_one("select to_regclass('core.replay_state') is not null", &[]).await?.get(0);
    if !exists {
        return Ok(None);
    }
    let row = client.query_opt("select digest, program_version from core.replay_state", &[]).await?;
    Ok(row.map(|r| Loaded { digest: r.get(0), release: r.get(1) }))
}

/// Objects of the last bundle that somebody dropped or re-created by hand since, found by name.
pub async fn missing(client: &Client) -> anyhow::Result<Vec<String>> {
    let rows = client
        .query(
            "select o.object_identity
             from core.replayed_objects o
             where o.retired_in is null
               and case o.kind
                 when 'function' then to_regprocedure(o.object_identity) is null
                 when 'view' then to_regclass(o.object_identity) is null
                 else not exists (
                   select from pg_trigger t
                   where not t.tgisinternal
                     and format('%I on %s', t.tgname, t.tgrelid::regclass) = o.object_identity)
               end
             order by 1",
            &[],
        )
        .await?;
    Ok(rows.iter().map(|r| r.get(0)).collect())
}

/// Loads the bundle. The session must already act as `tradepost_owner` and hold the deploy lock.
pub async fn replay(client: &mut Client, bundle: &Bundle, release: &str) -> anyhow::Result<ReplayReport> {
    let mut attempt = 1;
    loop {
        match replay_once(client, bundle, release).await {
            Err(e) if attempt < LOCK_ATTEMPTS && is_lock_trouble(&e) => {
                tracing::warn!(attempt, "replay waits for a lock: {e:#}");
                tokio::time::sleep(Duration::from_millis(u64::from(100 + 20 * attempt))).await;
                attempt += 1;
            }
            outcome => return outcome,
        }
    }
}

fn is_lock_trouble(error: &anyhow::Error) -> bool {
    error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<tokio_postgres::Error>())
        .filter_map(tokio_postgres::Error::code)
        .any(|c| *c == SqlState::LOCK_NOT_AVAILABLE || *c == SqlState::T_R_DEADLOCK_DETECTED)
}

async fn replay_once(client: &mut Client, bundle: &Bundle, release: &str) -> anyhow::Result<ReplayReport> {
    let started = Instant::now();
    let tx = client.transaction().await?;
    tx.batch_execute(&format!(
        "set local lock_timeout = {LOCK_TIMEOUT_MS};
         set local client_min_messages = warning;
         set local search_path = pg_catalog, pg_temp;
         set local check_function_bodies = off;"
    ))
    .await?;

    create_in_rounds(&tx, bundle).await?;
    tx.batch_execute("set local check_function_bodies = on").await?;
    for file in bundle.of_kind(Kind::Function).chain(bundle.of_kind(Kind::Trigger)) {
        tx.batch_execute(&file.text).await.map_err(|e| explain(file, e, 0))?;
    }

    let objects = loaded_objects(&tx, bundle).await?;
    lint(&tx).await?;
    let mut report = sweep(&tx, bundle, &objects).await?;

    for file in bundle.of_kind(Kind::Rows) {
        tx.batch_execute(&file.text).await.map_err(|e| explain(file, e, 0))?;
    }

    report.files = bundle.files.len();
    report.objects = objects.len();
    let took_ms = i32::try_from(started.elapsed().as_millis()).unwrap_or(i32::MAX);
    tx.execute(
        "insert into core.replay_state (digest, program_version, replayed_at, duration_ms)
         values ($1, $2, now(), $3)
         on conflict (is_singleton) do update
         set digest = excluded.digest, program_version = excluded.program_version,
           replayed_at = excluded.replayed_at, duration_ms = excluded.duration_ms",
        &[&bundle.digest, &release, &took_ms],
    )
    .await?;
    tx.commit().await?;
    report.took = started.elapsed();
    Ok(report)
}

/// Pass 1. Savepoints let a file wait for what it needs; pass 2 runs without them.
async fn create_in_rounds(tx: &Transaction<'_>, bundle: &Bundle) -> anyhow::Result<()> {
    const BEFORE: &str = "savepoint replayed_file;\n";
    let mut waiting: Vec<&SourceFile> =
        bundle.of_kind(Kind::View).chain(bundle.of_kind(Kind::Function)).collect();
    while !waiting.is_empty() {
        let mut next_round = Vec::new();
        let mut first_error = None;
        let before = waiting.len();
        for file in waiting {
            let statements = format!("{BEFORE}{}\n;release savepoint replayed_file", file.text);
            if let Err(e) = tx.batch_execute(&statements).await {
                let is_early = e.code().is_some_and(|c| {
                    [
                        SqlState::UNDEFINED_TABLE,
                        SqlState::UNDEFINED_FUNCTION,
                        SqlState::UNDEFINED_OBJECT,
                        SqlState::UNDEFINED_COLUMN,
                    ]
                    .contains(c)
                });
                let error = explain(file, e, BEFORE.len());
                if !is_early {
                    return Err(error);
                }
                // Released too: what ran inside a savepoint left open would carry that savepoint's xmin.
                tx.batch_execute("rollback to savepoint replayed_file; release savepoint replayed_file")
                    .await?;
                first_error.get_or_insert(error);
                next_round.push(file);
            }
        }
        if next_round.len() == before {
            return Err(first_error.unwrap_or_else(|| anyhow!("replay made no progress")));
        }
        waiting = next_round;
    }
    Ok(())
}

/// Names the file and line, and what to do when Postgres refuses to replace in place.
fn explain(file: &SourceFile, error: tokio_postgres::Error, offset: usize) -> anyhow::Error {
    let mut place = file.path();
    let mut advice = "";
    if let Some(db) = error.as_db_error() {
        if let Some(ErrorPosition::Original(position)) = db.position() {
            let position = (*position as usize).saturating_sub(offset + 1);
            let line = 1 + file.text.chars().take(position).filter(|c| *c == '\n').count();
            let _ = write!(place, ":{line}");
        }
        if *db.code() == SqlState::INVALID_FUNCTION_DEFINITION {
            advice = " (a result type, parameter name or default cannot change in place while the previous \
                      release may be running: give the new shape a new function name; the old one is retired \
                      by this release and dropped by the next. Before the first release, drop it by hand)";
        } else if *db.code() == SqlState::INVALID_TABLE_DEFINITION {
            advice = " (columns of a view can only be appended in place: give the new shape a new view name; \
                      the old one is retired by this release and dropped by the next. Before the first \
                      release, drop it by hand)";
        }
        let message = format!(
            "{place}: {} [{}]{}{}{advice}",
            db.message(),
            db.code().code(),
            db.detail().map(|d| format!("; {d}")).unwrap_or_default(),
            db.hint().map(|h| format!("; {h}")).unwrap_or_default(),
        );
        return anyhow::Error::new(error).context(message);
    }
    anyhow::Error::new(error).context(place)
}

/// Identity → kind and source, of all that this transaction (re)created. `create or replace` rewrites the catalogue row
/// even when nothing changed, so the row's `xmin` says who wrote it last.
async fn loaded_objects<'b>(
    tx: &Transaction<'_>,
    bundle: &'b Bundle,
) -> anyhow::Result<BTreeMap<String, (&'static str, &'b SourceFile)>> {
    let mut objects = BTreeMap::new();
    let mut problems = Vec::new();

    let mut functions: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
    for row in tx
        .query(
            "select n.nspname::text, p.proname::text, p.oid::regprocedure::text
             from pg_proc p join pg_namespace n on n.oid = p.pronamespace
             where n.nspname = any ($1) and p.xmin = pg_current_xact_id()::xid",
            &[&DOMAINS.as_slice()],
        )
        .await?
    {
        functions.entry((row.get(0), row.get(1))).or_default().push(row.get(2));
    }
    for file in bundle.of_kind(Kind::Function) {
        match functions.remove(&(file.domain.to_string(), file.name.to_string())).as_deref() {
            Some([identity]) => {
                objects.insert(identity.clone(), ("function", file));
            }
            Some(overloads) => {
                problems.push(format!("{}: overloads {}", file.path(), overloads.join(" and ")));
            }
            None => {
                problems.push(format!("{}: must define function {}.{}", file.path(), file.domain, file.name));
            }
        }
    }
    // a trigger file is named for what it guards, and its function may be called anything
    for ((schema, name), identities) in functions {
        let definition = format!("function {schema}.{name}(");
        match bundle.of_kind(Kind::Trigger).find(|file| file.text.contains(&definition)) {
            Some(file) => objects.extend(identities.into_iter().map(|i| (i, ("function", file)))),
            None => problems.push(format!("{definition}…) has no file sql/{schema}/{name}.sql")),
        }
    }

    // the view of view_x may be called x or view_x
    for file in bundle.of_kind(Kind::View) {
        let names = [file.object_name(), &file.name];
        let found = tx
            .query(
                "select c.relname::text from pg_class c join pg_namespace n on n.oid = c.relnamespace
                 where n.nspname = $1 and c.relname = any ($2) and c.relkind = 'v'",
                &[&file.domain.as_ref(), &names.as_slice()],
            )
            .await?;
        if found.is_empty() {
            problems.push(format!("{}: must define view {}.{}", file.path(), file.domain, names[0]));
        }
        for row in found {
            objects.insert(format!("{}.{}", file.domain, row.get::<_, String>(0)), ("view", file));
        }
    }

    // a constraint trigger cannot be replaced, so the file keeps it when it is there: it counts by its function
    for row in tx
        .query(
            "select format('%I on %s', t.tgname, t.tgrelid::regclass), p.oid::regprocedure::text
             from pg_trigger t join pg_proc p on p.oid = t.tgfoid
             join pg_namespace n on n.oid = p.pronamespace
             where not t.tgisinternal and t.tgparentid = 0 and n.nspname = any ($1)
               and (t.xmin = pg_current_xact_id()::xid
                 or (t.tgconstraint <> 0 and p.xmin = pg_current_xact_id()::xid))",
            &[&DOMAINS.as_slice()],
        )
        .await?
    {
        let function: String = row.get(1);
        let Some((_, file)) = objects.get(&function).copied() else {
            problems.push(format!("trigger {} belongs to no file", row.get::<_, String>(0)));
            continue;
        };
        objects.insert(row.get(0), ("trigger", file));
    }

    if !problems.is_empty() {
        bail!("sql/ does not define what its file names say:\n  {}", problems.join("\n  "));
    }
    Ok(objects)
}

/// The rules for functions, checked where they cannot be forgotten. Retired functions are not looked at.
async fn lint(tx: &Transaction<'_>) -> anyhow::Result<()> {
    let rows = tx
        .query(
            "with f as (
               select p.*, n.nspname, p.oid::regprocedure::text as identity,
                 p.prorettype in ('trigger'::regtype, 'event_trigger'::regtype) as is_trigger,
                 has_function_privilege('tradepost_api', p.oid, 'execute')
                   or has_function_privilege('tradepost_worker', p.oid, 'execute') as is_granted
               from pg_proc p join pg_namespace n on n.oid = p.pronamespace
               where n.nspname = any ($1) and p.xmin = pg_current_xact_id()::xid
             )
             select identity || ': ' || rule
             from f
             cross join lateral (values
               (has_function_privilege('public', f.oid, 'execute'), 'executable by PUBLIC'),
               (is_granted and not prosecdef, 'granted, so it must be SECURITY DEFINER'),
               (prosecdef and not coalesce('search_path=pg_catalog, pg_temp' = any (proconfig), false),
                 'SECURITY DEFINER, so it must set search_path = pg_catalog, pg_temp'),
               (proname ~ '^_' and is_granted, 'private (_), so it must not be granted'),
               (proname ~ '^_' and prosecdef and not is_trigger, 'private (_), so it must not be SECURITY DEFINER'),
               (is_granted and obj_description(f.oid, 'pg_proc') is null, 'public, so it needs a COMMENT')
             ) as v (is_broken, rule)
             where is_broken
             order by 1",
            &[&DOMAINS.as_slice()],
        )
        .await?;
    if !rows.is_empty() {
        let list: Vec<String> = rows.iter().map(|r| r.get(0)).collect();
        bail!("functions break the rules of sql/README.md:\n  {}", list.join("\n  "));
    }
    Ok(())
}

/// Remembers what was loaded, retires what is missing, drops what was retired by an earlier bundle.
async fn sweep(
    tx: &Transaction<'_>,
    bundle: &Bundle,
    objects: &BTreeMap<String, (&'static str, &SourceFile)>,
) -> anyhow::Result<ReplayReport> {
    let mut report = ReplayReport::default();
    let digests: BTreeMap<String, String> = bundle.files.iter().map(|f| (f.path(), f.digest())).collect();
    let identities: Vec<&str> = objects.keys().map(String::as_str).collect();
    let kinds: Vec<&str> = objects.values().map(|(kind, _)| *kind).collect();
    let paths: Vec<String> = objects.values().map(|(_, file)| file.path()).collect();
    let source_digests: Vec<&str> = paths.iter().map(|p| digests[p].as_str()).collect();
    tx.execute(
        "insert into core.replayed_objects
           (object_identity, kind, source_file, source_digest, release_digest)
         select o.*, $5 from unnest($1::text[], $2::text[], $3::text[], $4::text[]) as o
         on conflict (object_identity) do update
         set kind = excluded.kind, source_file = excluded.source_file,
           source_digest = excluded.source_digest, release_digest = excluded.release_digest, retired_in = null",
        &[&identities, &kinds, &paths, &source_digests, &bundle.digest],
    )
    .await?;

    report.retired = tx
        .query(
            "update core.replayed_objects set retired_in = $1
             where release_digest <> $1 and retired_in is null returning object_identity",
            &[&bundle.digest],
        )
        .await?
        .iter()
        .map(|r| r.get(0))
        .collect();
    report.retired.sort();

    // triggers before their functions, functions before the views whose rows they return
    let due = tx
        .query(
            "select object_identity, kind from core.replayed_objects where retired_in <> $1
             order by array_position('{trigger,function,view}', kind), object_identity",
            &[&bundle.digest],
        )
        .await?;
    for row in due {
        let (identity, kind): (String, String) = (row.get(0), row.get(1));
        let statement = format!(
            "savepoint dropped; drop {} if exists {identity}; release savepoint dropped",
            if kind == "function" { "routine" } else { &kind }
        );
        match tx.batch_execute(&statement).await {
            Ok(()) => {
                tx.execute("delete from core.replayed_objects where object_identity = $1", &[&identity])
                    .await?;
                report.dropped.push(identity);
            }
            // undefined: its table or an argument type is gone, and the object with it
            Err(e)
                if e.code().is_some_and(|c| {
                    [
                        SqlState::DEPENDENT_OBJECTS_STILL_EXIST,
                        SqlState::UNDEFINED_OBJECT,
                        SqlState::UNDEFINED_TABLE,
                        SqlState::INVALID_SCHEMA_NAME,
                    ]
                    .contains(c)
                }) =>
            {
                tx.batch_execute("rollback to savepoint dropped; release savepoint dropped").await?;
                if e.code() == Some(&SqlState::DEPENDENT_OBJECTS_STILL_EXIST) {
                    let detail = e.as_db_error().and_then(|d| d.detail()).unwrap_or_default();
                    report.kept.push(format!("{identity} ({detail})"));
                } else {
                    tx.execute("delete from core.replayed_objects where object_identity = $1", &[&identity])
                        .await?;
                    report.dropped.push(identity);
                }
            }
            Err(e) => return Err(anyhow::Error::new(e).context(format!("drop {kind} {identity}"))),
        }
    }

    report.foreign = tx
        .query(
            "select p.oid::regprocedure::text
             from pg_proc p join pg_namespace n on n.oid = p.pronamespace
             where n.nspname = any ($1)
               and not exists (select from core.replayed_objects o
                 where o.object_identity = p.oid::regprocedure::text)
               and not exists (select from pg_depend d where d.classid = 'pg_proc'::regclass
                 and d.objid = p.oid and d.deptype in ('e', 'i'))
             order by 1",
            &[&DOMAINS.as_slice()],
        )
        .await?
        .iter()
        .map(|r| r.get(0))
        .collect();
    Ok(report)
}

/// What a replay would do, judged by names and digests alone.
#[derive(Clone, Debug, Default)]
pub struct ReplayPlan {
    pub added: Vec<String>,
    pub replaced: Vec<String>,
    pub retired: Vec<String>,
    pub dropped: Vec<String>,
}

/// Compares the bundle with the loader's memory. Reads only.
pub async fn plan(client: &Client, bundle: &Bundle) -> anyhow::Result<ReplayPlan> {
    let mut plan = ReplayPlan::default();
    let known = match loaded(client).await? {
        None => Vec::new(),
        Some(_) => client
            .query(
                "select object_identity, source_file, source_digest, retired_in from core.replayed_objects
                 order by 1",
                &[],
            )
            .await
            .context("reading core.replayed_objects")?,
    };
    let files: BTreeMap<String, &SourceFile> = bundle.files.iter().map(|f| (f.path(), f)).collect();
    let mut seen = BTreeSet::new();
    for row in &known {
        let (identity, path): (String, String) = (row.get(0), row.get(1));
        let retired_in: Option<String> = row.get(3);
        match (files.get(&path), retired_in) {
            (_, Some(by)) => {
                if by != bundle.digest {
                    plan.dropped.push(identity);
                }
            }
            (Some(file), None) => {
                if file.digest() != row.get::<_, String>(2) {
                    plan.replaced.push(identity);
                }
                seen.insert(path);
            }
            (None, None) => plan.retired.push(identity),
        }
    }
    plan.added = files
        .iter()
        .filter(|(p, f)| f.kind() != Kind::Rows && !seen.contains(*p))
        .map(|(p, _)| p.clone())
        .collect();
    Ok(plan)
}
