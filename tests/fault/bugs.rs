//! Planted bugs: what the laboratory must find. A fault test that never failed proves nothing.
//!
//! A bug is a file in `bugs/` that names a function of `sql/`, the text of it to replace and the replacement, so that it follows
//! the function as it changes; when the text is gone, planting fails loudly and the bug must be written anew:
//!
//! ```text
//! -- What is wrong, in a sentence.
//! -- scenario: the one that must find it
//! -- function: inventory._lock_stock
//! -- replace
//! text as it stands in sql/inventory/_lock_stock.sql
//! -- by
//! what stands there instead
//! -- sql
//! statements instead of a replacement, or besides
//! ```
//!
//! A bug of the program itself stands in `src/`, where the program asks [`tradepost::planted`] for the name of the file; such a file has
//! a `-- program` line.

use std::fs;
use std::path::{Path, PathBuf};

use tokio_postgres::Client;

use crate::support::database::sql_files;
use crate::support::root;

#[derive(Clone, Debug)]
pub struct Bug {
    pub name: String,
    pub title: String,
    pub scenario: String,
    patches: Vec<Patch>,
    statements: String,
    /// Planted in the program, by its name.
    pub is_of_the_program: bool,
}

#[derive(Clone, Debug, Default)]
struct Patch {
    function: String,
    replace: String,
    by: String,
}

impl Bug {
    pub fn read(path: &PathBuf) -> Self {
        let text = fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let mut bug = Self {
            name: path.file_stem().expect("a name").to_string_lossy().into_owned(),
            title: String::new(),
            scenario: String::new(),
            patches: Vec::new(),
            statements: String::new(),
            is_of_the_program: false,
        };
        let mut section = "title";
        for line in text.lines() {
            if let Some(scenario) = line.strip_prefix("-- scenario: ") {
                scenario.trim().clone_into(&mut bug.scenario);
                section = "";
            } else if let Some(function) = line.strip_prefix("-- function: ") {
                bug.patches.push(Patch { function: function.trim().to_owned(), ..Patch::default() });
                section = "";
            } else if line == "-- program" {
                bug.is_of_the_program = true;
                section = "";
            } else if let Some(next @ ("replace" | "by" | "sql")) = line.strip_prefix("-- ") {
                if next == "replace" && bug.patches.last().is_some_and(|p| !p.replace.is_empty()) {
                    let function = bug.patches.last().expect("one").function.clone();
                    bug.patches.push(Patch { function, ..Patch::default() });
                }
                section = next;
            } else {
                let into = match section {
                    "title" => &mut bug.title,
                    "replace" => &mut bug.patches.last_mut().expect("a function first").replace,
                    "by" => &mut bug.patches.last_mut().expect("a function first").by,
                    "sql" => &mut bug.statements,
                    _ => continue,
                };
                into.push_str(if section == "title" { line.trim_start_matches("-- ") } else { line });
                into.push('\n');
            }
        }
        bug.title = bug.title.trim().replace('\n', " ");
        let is_whole = !bug.title.is_empty()
            && !bug.scenario.is_empty()
            && (!bug.patches.is_empty() || !bug.statements.is_empty() || bug.is_of_the_program)
            && bug.patches.iter().all(|p| !p.replace.is_empty());
        assert!(is_whole, "{}: a bug has a title, a scenario, and something to plant", path.display());
        bug
    }

    /// All of them, by name.
    pub fn all() -> Vec<Self> {
        sql_files(&root().join("tests/fault/bugs")).iter().map(Self::read).collect()
    }

    pub fn named(name: &str) -> Self {
        Self::read(&root().join(format!("tests/fault/bugs/{name}.sql")))
    }

    /// The statements that plant it: the functions with their texts replaced.
    pub fn script(&self) -> String {
        if self.is_of_the_program {
            let asks = format!("is_planted(\"{}\")", self.name);
            let stands = rust_files(&root().join("src"))
                .iter()
                .any(|path| fs::read_to_string(path).is_ok_and(|text| text.contains(&asks)));
            assert!(stands, "planted bug {}: nothing in src/ asks {asks}", self.name);
        }
        let mut functions: Vec<(String, String)> = Vec::new();
        for patch in &self.patches {
            if !functions.iter().any(|(name, _)| *name == patch.function) {
                let path = if patch.function.starts_with("tests/") {
                    root().join(&patch.function) // the lab's own writer
                } else {
                    root().join("sql").join(patch.function.replace('.', "/")).with_extension("sql")
                };
                let text = fs::read_to_string(&path)
                    .unwrap_or_else(|e| panic!("planted bug {}: {}: {e}", self.name, path.display()));
                functions.push((patch.function.clone(), text));
            }
            let (name, text) =
                functions.iter_mut().find(|(name, _)| *name == patch.function).expect("just read");
            let wanted = patch.replace.trim_matches('\n');
            let found = text.matches(wanted).count();
            assert_eq!(
                found, 1,
                "planted bug {}: {name} has this text {found} times, not once; write tests/fault/bugs/{}.sql anew:\n{wanted}",
                self.name, self.name
            );
            *text = text.replace(wanted, patch.by.trim_matches('\n'));
        }
        let mut script = String::from("set role tradepost_owner; set check_function_bodies = off;\n");
        functions.sort_by_key(|(name, _)| name.starts_with("tests/"));
        for (name, text) in &functions {
            if name.starts_with("tests/") {
                script.push_str("reset role;\n");
            }
            script.push_str(text);
            script.push('\n');
        }
        script.push_str("reset role;\n");
        script.push_str(&self.statements);
        script
    }

    /// Plants it in a database, as the superuser. `:database` stands for its name.
    pub async fn plant(&self, superuser: &Client, database: &str) {
        let script = self.script().replace(":database", database);
        superuser.batch_execute(&script).await.unwrap_or_else(|e| panic!("planted bug {}: {e:?}", self.name));
    }
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let entries =
        fs::read_dir(folder).expect("a folder of sources").map(|entry| entry.expect("readable").path());
    entries
        .flat_map(|path| match path.extension() {
            _ if path.is_dir() => rust_files(&path),
            Some(extension) if extension == "rs" => vec![path],
            _ => Vec::new(),
        })
        .collect()
}
