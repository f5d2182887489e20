//! Documents that are generated from what is in the program: problem codes and event types.
//!
//! Their source are the lookup rows in `sql/<domain>/problem_types.sql` and `event_types.sql`, read as text, so that
//! no database is needed.

use std::fmt::Write as _;
use std::sync::LazyLock;

use crate::db::replay::Bundle;

/// A row of `core.problem_types`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProblemType {
    pub domain: String,
    pub code: String,
    pub status: u16,
    pub title: String,
    pub description: String,
}

/// A row of `events.event_types`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventType {
    pub domain: String,
    pub name: String,
    pub description: String,
    /// JSON Schema of the payload.
    pub payload_schema: String,
}

/// All problem types, by domain and in the order of their files.
pub fn problem_types() -> &'static [ProblemType] {
    static TYPES: LazyLock<Vec<ProblemType>> = LazyLock::new(|| {
        let types = rows("problem_types").filter_map(|(domain, mut row)| {
            (row.len() == 4).then_some(())?;
            let (description, title) = (row.pop()?, row.pop()?);
            let status = row.pop()?.parse().ok()?;
            Some(ProblemType { domain, code: row.pop()?, status, title, description })
        });
        types.collect()
    });
    &TYPES
}

/// All event types, by domain and in the order of their files.
pub fn event_types() -> Vec<EventType> {
    let types = rows("event_types").filter_map(|(domain, mut row)| {
        (row.len() == 3).then_some(())?;
        let (payload_schema, description) = (row.pop()?, row.pop()?);
        Some(EventType { domain, name: row.pop()?, description, payload_schema })
    });
    types.collect()
}

/// `docs/problems.md`
pub fn problems_markdown() -> String {
    let mut text = String::from(
        "# Problems\n\n\
         Errors are `application/problem+json` (RFC 9457). `code` is stable, the words are not. This file is generated \
         from `sql/<domain>/problem_types.sql` (`make gen`).\n",
    );
    let mut domain = "";
    for kind in problem_types() {
        if kind.domain != domain {
            domain = &kind.domain;
            let _ = write!(
                text,
                "\n## {domain}\n\n| Code | Status | Title | Meaning |\n| --- | --- | --- | --- |\n"
            );
        }
        let description = kind.description.replace('|', "\\|").replace('\n', " ");
        let _ = writeln!(text, "| `{}` | {} | {} | {description} |", kind.code, kind.status, kind.title);
    }
    text
}

/// `docs/events.md`
pub fn events_markdown() -> String {
    let mut text = String::from(
        "# Events\n\n\
         What the event log holds, with the JSON Schema of each payload. Payloads carry ids, amounts and statuses, \
         never personal data. This file is generated from `sql/<domain>/event_types.sql` (`make gen`).\n",
    );
    let mut domain = String::new();
    for kind in event_types() {
        if kind.domain != domain {
            domain.clone_from(&kind.domain);
            let _ = write!(text, "\n## {domain}\n");
        }
        let schema = serde_json::from_str::<serde_json::Value>(&kind.payload_schema)
            .and_then(|schema| serde_json::to_string_pretty(&schema))
            .unwrap_or(kind.payload_schema);
        let _ = write!(text, "\n### `{}`\n\n{}\n\n```json\n{schema}\n```\n", kind.name, kind.description);
    }
    text
}

/// The page that the `type` of a problem leads to.
pub fn problems_html() -> String {
    let mut text = String::from(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>Tradepost: problems</title>\n\
         <style>body{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem}\
         code{background:#8882;padding:.1em .3em}h3{margin-bottom:0}p{margin-top:.3em}\
         :target{background:#fd08}</style>\n<h1>Problems</h1>\n",
    );
    let mut domain = "";
    for kind in problem_types() {
        if kind.domain != domain {
            domain = &kind.domain;
            let _ = writeln!(text, "<h2>{}</h2>", escape(domain));
        }
        let (code, title, description) = (escape(&kind.code), escape(&kind.title), escape(&kind.description));
        let _ = writeln!(
            text,
            "<h3 id=\"{code}\"><code>{code}</code> {} {title}</h3>\n<p>{description}</p>",
            kind.status
        );
    }
    text + "</html>\n"
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// The rows of all files of one name, with the domain of each.
fn rows(name: &'static str) -> impl Iterator<Item = (String, Vec<String>)> {
    let bundle = Bundle::embedded();
    let files: Vec<_> = bundle.files().iter().filter(|file| file.name == name).cloned().collect();
    files.into_iter().flat_map(|file| {
        let domain = file.domain.to_string();
        values(&file.text).into_iter().map(move |row| (domain.clone(), row))
    })
}

/// The rows of an `insert … values (…), (…) on conflict …` that holds nothing but string and number literals.
fn values(sql: &str) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    let mut row: Option<Vec<String>> = None;
    let mut word = String::new();
    let mut in_values = false;
    let mut letters = sql.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '-' if letters.peek() == Some(&'-') => {
                letters.by_ref().find(|letter| *letter == '\n');
            }
            '\'' => {
                let mut literal = String::new();
                while let Some(letter) = letters.next() {
                    if letter == '\'' && letters.next_if_eq(&'\'').is_none() {
                        break;
                    }
                    literal.push(letter);
                }
                if let Some(row) = &mut row {
                    // Two literals with white space between them are one, as in SQL.
                    match row.last_mut() {
                        Some(last) if word == "'" => last.push_str(&literal),
                        _ => row.push(literal),
                    }
                    "'".clone_into(&mut word);
                }
            }
            letter if letter.is_alphanumeric() || letter == '_' => {
                if word == "'" {
                    word.clear();
                }
                word.push(letter);
                if letters.peek().is_some_and(|next| next.is_alphanumeric() || *next == '_') {
                    continue;
                }
                match (word.to_ascii_lowercase().as_str(), &mut row) {
                    ("values", None) => in_values = true,
                    ("on", None) => in_values = false,
                    (number, Some(row)) if number.bytes().all(|b| b.is_ascii_digit()) => {
                        row.push(number.to_owned());
                    }
                    _ => {}
                }
                word.clear();
            }
            '(' if in_values => row = Some(Vec::new()),
            ')' => rows.extend(row.take()),
            ',' => word.clear(),
            _ => {}
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_literals_are_read_as_postgres_does() {
        let sql = "-- a 'comment' (x)\ninsert into t (a, b, c) values\n ('it''s', 404, 'one (1), two'\n  ' three'),\n\
                   ('b', 5, '{\"x\": [1]}'::jsonb)\non conflict (a) do update set b = excluded.b;";
        assert_eq!(
            values(sql),
            vec![
                vec!["it's".to_owned(), "404".into(), "one (1), two three".into()],
                vec!["b".to_owned(), "5".into(), "{\"x\": [1]}".into()],
            ]
        );
    }

    #[test]
    fn every_file_with_problems_is_understood() {
        let types = problem_types();
        for file in Bundle::embedded().files().iter().filter(|file| file.name == "problem_types") {
            let ours: Vec<_> = types.iter().filter(|kind| kind.domain == file.domain).collect();
            let written = file.text.matches(&format!("'{}.", file.domain)).count();
            assert_eq!(ours.len(), written, "{}: rows that are not plain literals", file.path());
            for kind in ours {
                assert!((400..600).contains(&kind.status) && !kind.description.is_empty(), "{kind:?}");
            }
        }
        assert!(types.iter().any(|kind| kind.code == "core.not_found"));
    }

    #[test]
    fn every_file_with_events_is_understood() {
        for kind in event_types() {
            assert!(kind.name.starts_with(&kind.domain), "{kind:?}");
            serde_json::from_str::<serde_json::Value>(&kind.payload_schema).expect(&kind.name);
        }
    }
}
