//! README.md: every command on it is run, against the real program with the embedded Postgres, and prints what it says.

use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};
use std::{env, fs, thread};

use crate::support::root;

const START_LIMIT: Duration = Duration::from_secs(90);
const BLOCK_LIMIT: Duration = Duration::from_secs(30);

/// A command block, and a text that its output must hold.
#[derive(Debug)]
struct Block {
    line: usize,
    commands: String,
    prints: Option<String>,
}

fn blocks(markdown: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut open = false;
    for (n, line) in markdown.lines().enumerate() {
        match line {
            "```sh" => {
                open = true;
                blocks.push(Block { line: n + 2, commands: String::new(), prints: None });
            }
            "```" => open = false,
            _ if open => {
                let block = blocks.last_mut().expect("a block is open");
                block.commands.push_str(line);
                block.commands.push('\n');
            }
            _ => {
                let note = line.strip_prefix("<!-- prints: ").and_then(|l| l.strip_suffix(" -->"));
                if let (Some(note), Some(block)) = (note, blocks.last_mut()) {
                    block.prints = Some(note.to_owned());
                }
            }
        }
    }
    blocks
}

/// A process with all it started, ended when dropped.
struct Group(Child);

impl Group {
    fn end(&mut self, signal: &str) {
        let group = format!("-{}", self.0.id());
        let _ = Command::new("kill").args([signal, "--", &group]).stderr(Stdio::null()).status();
        let _ = self.0.wait();
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.end("-INT");
    }
}

fn lines_of(source: impl Read + Send + 'static) -> mpsc::Receiver<String> {
    let (send, lines) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(source).lines().map_while(Result::ok) {
            if send.send(line).is_err() {
                break;
            }
        }
    });
    lines
}

/// Reads until a line holds `wanted`; everything read, and whether it came.
fn read_until(lines: &mpsc::Receiver<String>, wanted: &str, limit: Duration) -> (String, bool) {
    let (began, mut text) = (Instant::now(), String::new());
    while let Ok(line) = lines.recv_timeout(limit.saturating_sub(began.elapsed())) {
        text.push_str(&line);
        text.push('\n');
        if line.contains(wanted) {
            return (text, true);
        }
    }
    (text, false)
}

#[test]
fn the_commands_of_the_readme_do_what_it_says() {
    let program = env!("CARGO_BIN_EXE_tradepost");
    let folder = env::temp_dir().join(format!("tradepost-readme-{}", std::process::id()));
    fs::create_dir_all(&folder).expect("a folder");
    let command = |name: &str| {
        let mut command = Command::new(name);
        command
            .current_dir(&folder)
            .env_remove("DATABASE_URL")
            .env("TRADEPOST_DATA_DIR", folder.join(".tradepost"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .process_group(0);
        command
    };

    let began = Instant::now();
    let mut serve = command(program);
    serve.args(["serve", "--demo", "--listen", "127.0.0.1:0"]);
    serve.stderr(fs::File::create(folder.join("server.log")).expect("a log"));
    let mut server = Group(serve.spawn().expect("the program"));
    let lines = lines_of(server.0.stdout.take().expect("piped"));
    let (banner, serves) = read_until(&lines, "serving after", START_LIMIT);
    let log = || fs::read_to_string(folder.join("server.log")).unwrap_or_default();
    assert!(serves, "it does not serve:\n{banner}\n{}", log());
    println!("served after {} ms", began.elapsed().as_millis());
    assert!(banner.contains("ada@demo.example") && banner.matches("curl").count() == 3, "{banner}");
    let address = banner
        .lines()
        .find_map(|line| line.trim().strip_prefix("API    http://")?.strip_suffix("/api/v1"))
        .unwrap_or_else(|| panic!("no address:\n{banner}"));

    let readme = fs::read_to_string(root().join("README.md")).expect("README.md");
    let has_psql = Command::new("psql").arg("--version").stdout(Stdio::null()).status().is_ok();
    let mut ran = 0;
    for block in blocks(&readme) {
        if block.commands.starts_with("make ") {
            continue;
        }
        if block.commands.contains("psql ") && !has_psql {
            eprintln!("SKIPPED: README.md:{} needs psql, which this machine lacks", block.line);
            continue;
        }
        let wanted = block.prints.unwrap_or_else(|| panic!("README.md:{}: prints what?", block.line));
        let commands =
            block.commands.replace("localhost:8080", address).replace("target/debug/tradepost", program);
        let mut shell = command("bash");
        shell.args(["-euo", "pipefail", "-c", &commands]);
        let mut shell = Group(shell.spawn().expect("bash"));
        let lines = lines_of(shell.0.stdout.take().expect("piped"));
        let (output, came) = read_until(&lines, &wanted, BLOCK_LIMIT);
        assert!(came, "README.md:{}: no {wanted:?} in\n{output}\n{}", block.line, log());
        shell.end("-TERM");
        ran += 1;
    }
    assert!(ran >= 1 && (ran == 3 || !has_psql), "{ran} blocks were run");

    server.end("-INT");
    assert_eq!(server.0.wait().expect("ended").code(), Some(0), "{}", log());
    fs::remove_dir_all(&folder).expect("nobody is left in the folder");
}

/// All Markdown files that are written by hand or generated, below the repository.
fn markdown_files() -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(root())
        .expect("readable")
        .map(|entry| entry.expect("readable").path())
        .filter(|path| path.extension().is_some_and(|e| e == "md"))
        .collect();
    for folder in ["docs", "docs/decisions", "docs/checklists", "sql", "migrations"] {
        for entry in fs::read_dir(root().join(folder)).expect(folder) {
            let path = entry.expect("readable").path();
            if path.extension().is_some_and(|e| e == "md") {
                files.push(path);
            }
        }
    }
    files
}

#[test]
fn links_between_documents_lead_somewhere() {
    let mut broken = Vec::new();
    for file in markdown_files() {
        let text = fs::read_to_string(&file).expect("readable");
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let path = link.split('#').next().unwrap_or("");
            let is_ours = !path.is_empty() && !path.contains("://");
            if is_ours && !file.parent().expect("a folder").join(path).exists() {
                broken.push(format!("{}: {link}", file.display()));
            }
        }
    }
    assert!(broken.is_empty(), "broken links:\n  {}", broken.join("\n  "));
}

/// Public functions say in their header what they lock, and those that lock something stand in docs/locking.md.
#[test]
fn every_writer_says_what_it_locks() {
    let table = fs::read_to_string(root().join("docs/locking.md")).expect("docs/locking.md");
    let mut offences = Vec::new();
    for domain in tradepost::db::replay::DOMAINS {
        let mut named = String::new();
        for row in table.lines().filter(|line| line.starts_with("| `")) {
            let writers = row.split('|').nth(1).unwrap_or("");
            if writers.contains(&format!("`{domain}.")) {
                named.push_str(writers);
            }
        }
        for entry in fs::read_dir(root().join("sql").join(domain)).expect(domain) {
            let path = entry.expect("readable").path();
            let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
            let text = fs::read_to_string(&path).expect("readable");
            let is_public = !name.starts_with('_') && text.contains("create or replace function");
            if !is_public || name.starts_with("trigger_") || !text.contains("\nvolatile\n") {
                continue;
            }
            let header: String =
                text.lines().take_while(|l| l.starts_with("--")).collect::<Vec<_>>().join(" ");
            if !header.contains("Locks:") {
                offences.push(format!("sql/{domain}/{name}.sql: no \"Locks:\" in the header"));
            } else if !header.contains("Locks: none")
                && !named.contains(&format!("`{name}`"))
                && !named.contains(&format!("`{domain}.{name}`"))
            {
                offences.push(format!("docs/locking.md: {domain}.{name} is not in the table"));
            }
        }
    }
    offences.sort();
    assert!(offences.is_empty(), "{}", offences.join("\n"));
}
