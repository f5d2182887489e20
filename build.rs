//! Lists every file of `sql/<domain>/` so that the program carries the whole database behaviour inside itself, and
//! makes Cargo look at `sql/` and `migrations/` again when a file is added (neither `include_str!` nor refinery's macro
//! notices a new file).

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

/// Load order: a domain may use only what stands to its left.
const DOMAINS: [&str; 8] =
    ["core", "identity", "catalog", "inventory", "pricing", "orders", "payments", "events"];

fn main() {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("set by Cargo"));
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("set by Cargo"));
    for watched in ["build.rs", "migrations", "sql"] {
        println!("cargo::rerun-if-changed={watched}");
    }

    for entry in sorted(&root.join("sql")) {
        let name = file_name(&entry);
        assert!(
            !entry.is_dir() || DOMAINS.contains(&name.as_str()),
            "sql/{name}: not a domain; a folder of sql/ is one of {DOMAINS:?}"
        );
    }

    let mut list = String::from("pub static EMBEDDED: &[SourceFile] = &[\n");
    for domain in DOMAINS {
        let folder = root.join("sql").join(domain);
        if !folder.is_dir() {
            continue;
        }
        println!("cargo::rerun-if-changed=sql/{domain}");
        for file in sorted(&folder) {
            if file.extension().is_some_and(|e| e == "sql") {
                let path = file.to_str().expect("a checkout has a UTF-8 path");
                let stem = file.file_stem().expect("has an extension").to_string_lossy();
                writeln!(
                    list,
                    "    SourceFile {{ domain: Cow::Borrowed({domain:?}), name: Cow::Borrowed({stem:?}), \
                     text: Cow::Borrowed(include_str!({path:?})) }},"
                )
                .expect("writing to a String");
            }
        }
    }
    list.push_str("];\n");
    fs::write(out.join("sql_bundle.rs"), list).expect("OUT_DIR is writable");
}

fn sorted(folder: &Path) -> Vec<PathBuf> {
    let mut entries: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap_or_else(|e| panic!("{}: {e}", folder.display()))
        .map(|entry| entry.expect("readable folder").path())
        .collect();
    entries.sort();
    entries
}

fn file_name(path: &Path) -> String {
    path.file_name().expect("comes from read_dir").to_string_lossy().into_owned()
}
