//! The repository checks its own rules: what `sql/README.md` and `migrations/README.md` ask for, read from the files, and
//! from a migrated database. Rules on tables and functions that pgTAP can see are in `pgtap/core/`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use tokio_postgres::Client;
use tradepost::db::migrate;
use tradepost::embedded::DbRole;

use crate::pgtap::sql_files;
use crate::support::database::{Database, Template};
use crate::support::statements::split;
use crate::support::{block_on, root};

/// Left to right: a domain may use only what stands to its left, and `events` only to append.
const DOMAINS: [&str; 8] =
    ["core", "identity", "catalog", "inventory", "pricing", "orders", "payments", "events"];

/// Who is calling, and what they are: a question that every domain may ask.
const AUTHORITY: [&str; 4] =
    ["identity._require_actor", "identity._require_seller", "identity._actor_or_anonymous", "identity.actor"];

/// What everybody may use of `events`, which stands to the right of all: append, read as a named consumer, and fold.
const EVENTS_FOR_ALL: [&str; 9] = [
    "events._append",
    "events.draft",
    "events.outbox",
    "events.event_types",
    "events.consumers",
    "events.create_consumer",
    "events.fetch",
    "events.commit",
    "events.recorded",
];

/// Longest function body, unless the file's header says `-- long: <reason>`.
const BODY_LINES_MAX: usize = 70;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Public,
    Private,
    View,
    Trigger,
    Rows,
}

struct SqlFile {
    domain: String,
    name: String,
    text: String,
}

impl SqlFile {
    fn path(&self) -> String {
        format!("sql/{}/{}.sql", self.domain, self.name)
    }

    fn kind(&self) -> Kind {
        if self.name.starts_with("view_") {
            Kind::View
        } else if self.name.starts_with("trigger_") {
            Kind::Trigger
        } else if !self.text.to_lowercase().contains("create or replace function") {
            Kind::Rows
        } else if self.name.starts_with('_') {
            Kind::Private
        } else {
            Kind::Public
        }
    }
}

fn sql_bundle() -> Vec<SqlFile> {
    let mut files = Vec::new();
    for domain in DOMAINS {
        for path in sql_files(&root().join("sql").join(domain)) {
            let name = path.file_stem().expect("stem").to_string_lossy().into_owned();
            let text = fs::read_to_string(&path).expect("readable");
            files.push(SqlFile { domain: domain.to_owned(), name, text });
        }
    }
    assert!(!files.is_empty(), "sql/ is empty");
    files
}

#[track_caller]
fn assert_none(offences: &[String]) {
    let mut list = String::new();
    for offence in offences {
        let _ = writeln!(list, "  {offence}");
    }
    assert!(offences.is_empty(), "\n{list}");
}

#[test]
fn migrations_are_numbered_without_gaps_and_named_by_domain() {
    let mut offences = Vec::new();
    let mut next = 1;
    for path in sql_files(&root().join("migrations")) {
        let name = path.file_name().expect("name").to_string_lossy().into_owned();
        let Some((number, rest)) = name.strip_prefix('V').and_then(|n| n.split_once("__")) else {
            offences.push(format!("{name}: not V0001__<domain>_<what>.sql"));
            continue;
        };
        if number.len() != 4 || number.parse() != Ok(next) {
            offences.push(format!("{name}: the next number is {next:04}"));
        }
        if !DOMAINS.iter().any(|d| rest.starts_with(&format!("{d}_"))) {
            offences.push(format!("{name}: does not begin with a domain"));
        }
        next += 1;
    }
    assert_none(&offences);
}

#[test]
fn migrations_do_not_call_replayed_functions() {
    let bundle = sql_bundle();
    let mut offences = Vec::new();
    for path in sql_files(&root().join("migrations")) {
        let text = without_comments(&fs::read_to_string(&path).expect("readable"));
        for file in bundle.iter().filter(|f| matches!(f.kind(), Kind::Public | Kind::Private)) {
            let name = format!("{}.{}", file.domain, file.name);
            // `create table core.replay_state (` names a table, not a call; functions and tables never share a name.
            if calls(&text, &name) {
                offences.push(format!("{}: calls {name}", path.file_name().expect("name").to_string_lossy()));
            }
        }
    }
    assert_none(&offences);
}

#[test]
fn every_sql_file_has_the_shape_of_its_kind() {
    let mut offences = Vec::new();
    for file in sql_bundle() {
        let (path, kind) = (file.path(), file.kind());
        let header = file.text.lines().take_while(|l| l.starts_with("--")).count();
        let least = usize::from(kind != Kind::Rows);
        if header < least {
            offences.push(format!("{path}: begins with {header} comment lines, not at least {least}"));
        }
        let mut creates = 0;
        for statement in split(&file.text) {
            let words =
                statement.text.to_lowercase().split_whitespace().take(4).collect::<Vec<_>>().join(" ");
            let place = format!("{path}:{}", statement.line);
            let wanted: &[&str] = match kind {
                Kind::Public | Kind::Private => {
                    &["create or replace function", "comment on function", "grant execute on function"]
                }
                Kind::View => {
                    &["create or replace view", "comment on view", "comment on column", "grant select on"]
                }
                Kind::Trigger => &[
                    "create or replace function",
                    "create or replace trigger",
                    "create constraint trigger",
                    "comment on function",
                    "comment on trigger",
                    "do $",
                ],
                Kind::Rows => &["insert into", "comment on", "with", "delete from", "grant", "revoke"],
            };
            if !wanted.iter().any(|w| words.starts_with(w)) {
                offences.push(format!("{place}: `{words} …` does not belong into this kind of file"));
            }
            if words.starts_with("create or replace function") || words.starts_with("create or replace view")
            {
                creates += 1;
                if kind != Kind::Trigger {
                    let bare = file.name.trim_start_matches("view_");
                    let defined = statement.text.split_whitespace().nth(4).unwrap_or("");
                    let defined = defined.split('(').next().unwrap_or("");
                    let names = [format!("{}.{}", file.domain, file.name), format!("{}.{bare}", file.domain)];
                    if !names.iter().any(|n| n == defined) {
                        offences.push(format!("{place}: defines {defined}, not {}", names[0]));
                    }
                }
            }
            if words.starts_with("create or replace function") {
                offences.extend(function_shape(
                    &place,
                    kind,
                    &statement.text,
                    file.text.contains("\n-- long: "),
                ));
            }
            if kind == Kind::Rows && words.starts_with("insert into") {
                let lower = statement.text.to_lowercase();
                if !lower.contains("on conflict") {
                    offences.push(format!("{place}: an insert without `on conflict` cannot be replayed"));
                }
            }
        }
        if kind != Kind::Rows && creates != 1 {
            offences.push(format!("{path}: defines {creates} functions or views, not one"));
        }
    }
    assert_none(&offences);
}

fn function_shape(place: &str, kind: Kind, text: &str, is_long: bool) -> Vec<String> {
    let mut offences = Vec::new();
    let (head, body) = match text.find('$') {
        Some(i) => (text[..i].to_lowercase(), &text[i..]),
        None => (text.to_lowercase(), ""),
    };
    let words: BTreeSet<&str> = head.split(|c: char| !(c.is_alphanumeric() || c == '_')).collect();
    if kind != Kind::Trigger && !["immutable", "stable", "volatile"].iter().any(|v| words.contains(v)) {
        offences.push(format!("{place}: no explicit volatility"));
    }
    let lines = body.lines().filter(|l| !l.trim().is_empty() && !l.trim_start().starts_with("--")).count();
    if lines > BODY_LINES_MAX && !is_long {
        offences.push(format!(
            "{place}: {lines} lines of body, more than {BODY_LINES_MAX}; split it, or give the reason in the header: `-- long: …`"
        ));
    }
    offences
}

#[test]
fn every_public_function_has_a_pgtap_file() {
    let missing: Vec<String> = sql_bundle()
        .into_iter()
        .filter(|f| f.kind() == Kind::Public)
        .map(|f| format!("pgtap/{}/{}.sql", f.domain, f.name))
        .filter(|twin| !root().join(twin).exists())
        .collect();
    assert_none(&missing);
}

/// A check that cannot fail is no check: each has an assertion that breaks it and sees it named.
#[test]
fn every_invariant_is_broken_by_a_test() {
    let mut offences = Vec::new();
    for file in sql_bundle() {
        let code = without_comments(&file.text);
        if !code.contains("core.invariant_violation") {
            continue;
        }
        let twin = format!("pgtap/{}/_check_invariants.sql", file.domain);
        let tests = fs::read_to_string(root().join(&twin)).unwrap_or_default();
        let own = format!("{}.", file.domain);
        for invariant in
            quoted(&code, '\'').into_iter().filter(|text| text.starts_with(&own) && is_code(text))
        {
            if !tests.contains(&invariant) {
                offences.push(format!("{twin}: nothing breaks {invariant}"));
            }
        }
    }
    assert_none(&offences);
}

#[test]
fn migrating_and_replaying_twice_changes_nothing() {
    block_on(async {
        let database = Database::create(Template::Empty).await;
        let url = database.url(DbRole::Superuser);
        let first = migrate::run(&url, migrate::Options::default()).await.expect("first migrate");
        assert!(!first.applied.is_empty() && first.replay.is_some(), "{first}");
        let client = database.connect().await;
        let before = fingerprint(&client).await;

        let second = migrate::run(&url, migrate::Options::default()).await.expect("second migrate");
        assert!(
            second.applied.is_empty() && second.replay.is_none(),
            "the second migrate did something: {second}"
        );
        assert!(migrate::check(&url).await.expect("check").is_up_to_date());
        assert_same(&before, &fingerprint(&client).await);

        let forced =
            migrate::run(&url, migrate::Options { force_replay: true }).await.expect("forced replay");
        let replay = forced.replay.expect("replayed");
        assert!(
            replay.retired.is_empty() && replay.dropped.is_empty(),
            "{:?} {:?}",
            replay.retired,
            replay.dropped
        );
        assert_same(&before, &fingerprint(&client).await);
        drop(client);
        database.drop().await;
    });
}

#[test]
fn twenty_concurrent_migrations_of_an_empty_database_succeed() {
    block_on(async {
        let database = Database::create(Template::Empty).await;
        let url = database.url(DbRole::Superuser);
        let runs = (0..20).map(|_| migrate::run(&url, migrate::Options::default()));
        let reports = futures::future::join_all(runs).await;
        let mut applied = 0;
        for report in reports {
            applied += usize::from(!report.expect("a concurrent migrate").applied.is_empty());
        }
        assert_eq!(applied, 1, "exactly one of them migrates");
        let migrated = Database::create(Template::Migrated).await;
        let (ours, theirs) = (database.connect().await, migrated.connect().await);
        assert_same(&fingerprint(&theirs).await, &fingerprint(&ours).await);
        drop((ours, theirs));
        database.drop().await;
        migrated.drop().await;
    });
}

/// What a deploy determines, as sorted lines: objects with their definitions, rights and comments, and lookup rows.
async fn fingerprint(client: &Client) -> Vec<String> {
    let mut lines: Vec<String> = client
        .query(
            "with ns as (select oid, nspname from pg_namespace where nspname = any ($1))
             select format('function %s %s %s %s', p.oid::regprocedure, md5(pg_get_functiondef(p.oid)),
                           (select array_agg(a::text order by a::text) from unnest(p.proacl) as a),
                           obj_description(p.oid, 'pg_proc'))
               from pg_proc as p join ns on ns.oid = p.pronamespace where p.prokind in ('f', 'p')
             union all
             select format('relation %s.%s %s %s %s %s', ns.nspname, c.relname, c.relkind,
                           case when c.relkind in ('v', 'm') then md5(pg_get_viewdef(c.oid)) end,
                           (select array_agg(a::text order by a::text) from unnest(c.relacl) as a),
                           obj_description(c.oid, 'pg_class'))
               from pg_class as c join ns on ns.oid = c.relnamespace
             union all
             select format('column %s.%s.%s %s %s %s', ns.nspname, c.relname, a.attname,
                           format_type(a.atttypid, a.atttypmod), a.attnotnull,
                           pg_get_expr(d.adbin, d.adrelid))
               from pg_class as c join ns on ns.oid = c.relnamespace
               join pg_attribute as a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
               left join pg_attrdef as d on d.adrelid = c.oid and d.adnum = a.attnum
             union all
             select format('constraint %s.%s.%s %s', ns.nspname, c.conrelid::regclass, c.conname,
                           pg_get_constraintdef(c.oid))
               from pg_constraint as c join ns on ns.oid = c.connamespace
             union all
             select format('index %s', pg_get_indexdef(i.indexrelid))
               from pg_index as i join pg_class as c on c.oid = i.indrelid join ns on ns.oid = c.relnamespace
             union all
             select format('trigger %s %s', t.tgrelid::regclass, pg_get_triggerdef(t.oid))
               from pg_trigger as t join pg_class as c on c.oid = t.tgrelid join ns on ns.oid = c.relnamespace
              where not t.tgisinternal",
            &[&DOMAINS.as_slice()],
        )
        .await
        .expect("fingerprint")
        .iter()
        .map(|row| row.get(0))
        .collect();
    for table in ["core.problem_types", "events.event_types", "core.settings"] {
        let rows = client.query(&format!("select t::text from {table} as t"), &[]).await.expect(table);
        lines.extend(rows.iter().map(|row| format!("row of {table} {}", row.get::<_, String>(0))));
    }
    lines.sort();
    lines
}

#[track_caller]
fn assert_same(before: &[String], after: &[String]) {
    let (was, is): (BTreeSet<_>, BTreeSet<_>) = (before.iter().collect(), after.iter().collect());
    let mut changes: Vec<String> = was.difference(&is).map(|l| format!("- {l}")).collect();
    changes.extend(is.difference(&was).map(|l| format!("+ {l}")));
    assert_none(&changes);
}

#[test]
fn problem_codes_are_those_of_core_problem_types() {
    let rows: BTreeMap<String, i32> = block_on(async {
        let database = Database::create(Template::Migrated).await;
        let client = database.connect().await;
        let rows =
            client.query("select code, status::integer from core.problem_types", &[]).await.expect("rows");
        let codes = rows.iter().map(|r| (r.get(0), r.get(1))).collect();
        drop(client);
        database.drop().await;
        codes
    });
    let mut offences = Vec::new();
    let mut sources = String::new();
    for file in sql_bundle().iter().filter(|f| f.name != "problem_types") {
        let text = without_comments(&file.text);
        sources.push_str(&text);
        for raise in text.split("raise exception").skip(1) {
            let raise = raise.split(';').next().unwrap_or("").trim_start();
            if !raise.starts_with('\'') {
                continue; // without a message: caught by the function itself
            }
            let code = quoted(raise, '\'').into_iter().next().unwrap_or_default();
            let status =
                raise.find("'MK").and_then(|i| raise.get(i + 3..i + 6)).and_then(|s| s.parse::<i32>().ok());
            match (rows.get(&code), status) {
                (Some(row), Some(raised)) if *row == raised => {}
                (Some(row), Some(raised)) => {
                    offences
                        .push(format!("{}: {code} raised with {raised}, its row says {row}", file.path()));
                }
                // Status or code are passed on by a helper.
                (Some(_), None) => {}
                // An uncoded raise is for what no caller can cause: it becomes a 500.
                (None, _) if code == "%" => {}
                (None, None) if !is_code(&code) => {}
                (None, _) => offences.push(format!("{}: {code} has no row", file.path())),
            }
        }
    }
    for path in rust_files(&root().join("src")) {
        let text = fs::read_to_string(&path).expect("readable");
        sources.push_str(&text);
        for call in text.split("Problem::new(").skip(1) {
            let code = quoted(&call[..call.len().min(200)], '"').into_iter().next().unwrap_or_default();
            if is_code(&code) && !rows.contains_key(&code) {
                offences.push(format!("{}: {code} has no row", relative(&path)));
            }
        }
    }
    // A family of codes may be put together from its parts: then the reason stands there without its domain.
    let is_used = |code: &str| {
        sources.contains(code) || sources.contains(code.split_once('.').map_or(code, |(_, r)| r))
    };
    offences.extend(rows.keys().filter(|c| !is_used(c)).map(|c| format!("{c}: a row that nothing raises")));
    assert_none(&offences);
}

fn is_code(text: &str) -> bool {
    text.split_once('.').is_some_and(|(domain, reason)| {
        DOMAINS.contains(&domain)
            && !reason.is_empty()
            && reason.chars().all(|c| c.is_ascii_lowercase() || c == '_' || c.is_ascii_digit())
    })
}

#[test]
fn domains_use_only_what_stands_to_their_left() {
    let (functions, relations) = block_on(async {
        let database = Database::create(Template::Migrated).await;
        let client = database.connect().await;
        let names = async |sql: &str| -> BTreeSet<String> {
            client.query(sql, &[&DOMAINS.as_slice()]).await.expect("names").iter().map(|r| r.get(0)).collect()
        };
        let functions = names(
            "select n.nspname || '.' || p.proname from pg_proc as p
               join pg_namespace as n on n.oid = p.pronamespace where n.nspname = any ($1)",
        )
        .await;
        let relations = names(
            "select n.nspname || '.' || c.relname from pg_class as c
               join pg_namespace as n on n.oid = c.relnamespace
              where n.nspname = any ($1) and c.relkind in ('r', 'p', 'v', 'm')",
        )
        .await;
        drop(client);
        database.drop().await;
        (functions, relations)
    });
    let position = |domain: &str| DOMAINS.iter().position(|d| *d == domain).expect("a domain");
    let mut offences = BTreeSet::new();
    for file in sql_bundle() {
        // core.check_invariants and the sweeper look at everything, by their nature.
        let is_overall = file.name.contains("check_invariants") || file.name.contains("deadline");
        if file.domain == "core" && is_overall {
            continue;
        }
        let text = without_comments(&file.text);
        for name in qualified_names(&text) {
            let (domain, _) = name.split_once('.').expect("qualified");
            let appends = EVENTS_FOR_ALL.contains(&name.as_str());
            let allowed = if file.domain == "events" {
                domain == "events" || domain == "core" || AUTHORITY.contains(&name.as_str())
            } else {
                position(domain) <= position(&file.domain) || appends
            };
            if !allowed && (functions.contains(&name) || relations.contains(&name)) {
                offences.insert(format!("{}: uses {name}", file.path()));
            }
        }
    }
    assert_none(&offences.into_iter().collect::<Vec<_>>());
}

#[test]
fn every_statement_of_the_program_prepares() {
    let mut statements = Vec::new();
    let mut offences = Vec::new();
    for path in rust_files(&root().join("src")) {
        let text = fs::read_to_string(&path).expect("readable");
        let file = path.file_name().expect("name").to_string_lossy().into_owned();
        let mut literals = rust_strings(&text);
        literals.retain(|l| !is_column_list(l));
        literals.extend(with_columns(&text));
        for literal in literals {
            let first = literal.split_whitespace().next().unwrap_or("").to_lowercase();
            let is_statement = ["select", "with", "call"].contains(&first.as_str()) && literal.contains(' ');
            if is_statement && file == "sql.rs" {
                statements.push((relative(&path), literal));
            } else if is_statement
                && ["http.rs", "types.rs"].contains(&file.as_str())
                && literal.contains(" from ")
            {
                offences.push(format!("{}: SQL outside sql.rs: {literal}", relative(&path)));
            }
        }
    }
    block_on(async {
        let database = Database::create(Template::Migrated).await;
        let client = database.connect_as(DbRole::Superuser).await;
        for (path, statement) in &statements {
            if let Err(error) = client.prepare(statement).await {
                let what = error.as_db_error().map_or_else(|| error.to_string(), |e| e.message().to_owned());
                offences.push(format!(
                    "{path}: {what}: {}",
                    statement.split_whitespace().collect::<Vec<_>>().join(" ")
                ));
            }
        }
        drop(client);
        database.drop().await;
    });
    println!("{} statements prepared", statements.len());
    assert_none(&offences);
}

// --- reading source text -----------------------------------------------------------------------------------------

fn relative(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("folder") {
        let path = entry.expect("entry").path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|e| e == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// SQL without its `--` and `/* */` comments; bodies between dollars are treated as SQL too.
fn without_comments(sql: &str) -> String {
    let mut out = String::with_capacity(sql.len());
    let mut rest = sql;
    while let Some(first) = rest.chars().next() {
        let skip = if rest.starts_with("--") {
            out.push('\n');
            rest.find('\n').map_or(rest.len(), |i| i + 1)
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |i| i + 2)
        } else if first == '\'' {
            let end = rest[1..].find('\'').map_or(rest.len(), |i| i + 2);
            out.push_str(&rest[..end]);
            end
        } else {
            out.push(first);
            first.len_utf8()
        };
        rest = &rest[skip..];
    }
    out
}

/// What stands between this kind of quotes.
fn quoted(text: &str, quote: char) -> Vec<String> {
    text.split(quote).skip(1).step_by(2).map(str::to_owned).collect()
}

/// `domain.name`, outside of string literals.
fn qualified_names(sql: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for code in sql.split('\'').step_by(2) {
        let words: Vec<&str> = code.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == '.')).collect();
        for word in words {
            let mut parts = word.split('.');
            if let (Some(domain), Some(name)) = (parts.next(), parts.next())
                && DOMAINS.contains(&domain)
                && !name.is_empty()
            {
                names.insert(format!("{domain}.{name}"));
            }
        }
    }
    names
}

/// Whether `name(` stands there, outside of string literals.
fn calls(sql: &str, name: &str) -> bool {
    let is_word = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
    sql.split('\'').step_by(2).any(|code| {
        code.match_indices(name).any(|(i, _)| {
            code[i + name.len()..].starts_with('(') && !code[..i].chars().next_back().is_some_and(is_word)
        })
    })
}

/// The first half of a statement: the columns that several calls share.
fn is_column_list(literal: &str) -> bool {
    let literal = literal.trim_end();
    literal.starts_with("select ") && literal.ends_with(" from")
}

/// What `macro_rules! product { … concat!("select … from ", $call) }` makes of each `product!("catalog.get_product($1)")`.
fn with_columns(source: &str) -> Vec<String> {
    let mut statements = Vec::new();
    for definition in source.split("macro_rules! ").skip(1) {
        let name = definition.split(|c: char| !(c.is_alphanumeric() || c == '_')).next().unwrap_or("");
        let Some(columns) = rust_strings(definition).into_iter().next().filter(|l| is_column_list(l)) else {
            continue;
        };
        for call in source.split(&format!("{name}!(")).skip(1) {
            if let Some(call) = call.trim_start().starts_with('"').then(|| rust_strings(call).swap_remove(0))
            {
                statements.push(format!("{columns}{call}"));
            }
        }
    }
    statements
}

/// The string literals of a Rust file, unescaped, without those in comments.
fn rust_strings(source: &str) -> Vec<String> {
    let characters: Vec<char> = source.chars().collect();
    let (mut i, mut strings) = (0, Vec::new());
    while i < characters.len() {
        match characters[i] {
            '/' if characters.get(i + 1) == Some(&'/') => {
                while i < characters.len() && characters[i] != '\n' {
                    i += 1;
                }
            }
            '\'' if characters.get(i + 1) == Some(&'\\') => i += 3, // '\'' and '\\'
            '\'' if characters.get(i + 2) == Some(&'\'') => i += 2, // a character
            'r' if matches!(characters.get(i + 1), Some('"' | '#'))
                && !(i > 0 && (characters[i - 1].is_alphanumeric() || characters[i - 1] == '_')) =>
            {
                let hashes = characters[i + 1..].iter().take_while(|c| **c == '#').count();
                if characters.get(i + 1 + hashes) == Some(&'"') {
                    let start = i + 2 + hashes;
                    let mut end = start;
                    while end < characters.len()
                        && !(characters[end] == '"'
                            && characters[end + 1..].iter().take(hashes).filter(|c| **c == '#').count()
                                == hashes)
                    {
                        end += 1;
                    }
                    strings.push(characters[start..end].iter().collect());
                    i = end + hashes;
                }
            }
            '"' => {
                let mut text = String::new();
                i += 1;
                while i < characters.len() && characters[i] != '"' {
                    if characters[i] == '\\' {
                        i += 1;
                        match characters.get(i) {
                            Some('n') => text.push('\n'),
                            Some('t') => text.push('\t'),
                            Some('\n') => {
                                while characters.get(i + 1).is_some_and(|c| c.is_whitespace()) {
                                    i += 1;
                                }
                            }
                            Some(c) => text.push(*c),
                            None => {}
                        }
                    } else {
                        text.push(characters[i]);
                    }
                    i += 1;
                }
                strings.push(text);
            }
            _ => {}
        }
        i += 1;
    }
    strings
}

#[test]
fn rust_strings_are_read_as_the_compiler_does() {
    let source = "let a = \"select 1, \\\n      'x'\"; // \"no\"\nlet b = r#\"say \"hi\"\"#; let c = '\"'; let d = \"e\\\"f\";";
    assert_eq!(rust_strings(source), ["select 1, 'x'", "say \"hi\"", "e\"f"]);
}
