//! Splits a SQL script into its statements, each with the line it begins on, as psql would.

#[derive(Debug, PartialEq, Eq)]
pub struct Statement {
    pub line: usize,
    pub text: String,
}

/// Comments before a statement are dropped, so that `line` is where its first word stands.
pub fn split(script: &str) -> Vec<Statement> {
    let bytes = script.as_bytes();
    let mut statements = Vec::new();
    let (mut at, mut line, mut start) = (0, 1, None);
    while at < bytes.len() {
        let end = token_end(script, at);
        let token = &script[at..end];
        let is_blank = token.trim().is_empty() || token.starts_with("--") || token.starts_with("/*");
        if token == ";" {
            if let Some((from, from_line)) = start.take() {
                statements.push(Statement { line: from_line, text: script[from..at].trim_end().to_owned() });
            }
        } else if !is_blank && start.is_none() {
            start = Some((at, line));
        }
        line += token.matches('\n').count();
        at = end;
    }
    if let Some((from, from_line)) = start {
        statements.push(Statement { line: from_line, text: script[from..].trim_end().to_owned() });
    }
    statements
}

/// Where the token that begins at `at` ends: a quoted thing, a comment, a run of blanks, a word, or one character.
fn token_end(script: &str, at: usize) -> usize {
    let rest = &script[at..];
    let after = |needle: &str, from: usize| {
        rest[from..].find(needle).map_or(script.len(), |i| at + from + i + needle.len())
    };
    let first = rest.chars().next().expect("not at the end");
    match first {
        '-' if rest.starts_with("--") => after("\n", 2),
        '/' if rest.starts_with("/*") => at + comment_length(rest),
        '\'' => at + quoted_length(rest, '\'', false),
        '"' => at + quoted_length(rest, '"', false),
        'e' | 'E' if rest[1..].starts_with('\'') => at + 1 + quoted_length(&rest[1..], '\'', true),
        '$' => match rest[1..].find('$').map(|i| &rest[..i + 2]) {
            Some(tag) if tag[1..tag.len() - 1].chars().all(|c| c.is_alphanumeric() || c == '_') => {
                after(tag, tag.len())
            }
            _ => at + 1,
        },
        c if c.is_alphanumeric() || c == '_' => {
            at + rest.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$')).unwrap_or(rest.len())
        }
        c if c.is_whitespace() => at + rest.find(|c: char| !c.is_whitespace()).unwrap_or(rest.len()),
        c => at + c.len_utf8(),
    }
}

fn quoted_length(rest: &str, quote: char, backslash: bool) -> usize {
    let mut characters = rest.char_indices().skip(1).peekable();
    while let Some((i, c)) = characters.next() {
        if c == '\\' && backslash {
            characters.next();
        } else if c == quote {
            if characters.peek().is_some_and(|(_, next)| *next == quote) {
                characters.next();
            } else {
                return i + 1;
            }
        }
    }
    rest.len()
}

fn comment_length(rest: &str) -> usize {
    let (mut depth, mut i) = (0, 0);
    while i < rest.len() {
        if rest[i..].starts_with("/*") {
            depth += 1;
            i += 2;
        } else if rest[i..].starts_with("*/") {
            depth -= 1;
            i += 2;
            if depth == 0 {
                return i;
            }
        } else {
            i += rest[i..].chars().next().map_or(1, char::len_utf8);
        }
    }
    rest.len()
}

#[test]
fn splits_around_quotes_and_comments() {
    let script = "-- first; not one\nselect ';', \"a;b\", e'\\';', $$ ; $$;\n\n/* ; /* ; */ */ select $x$ $$;\n$x$ ;\nselect 1";
    let found: Vec<(usize, String)> = split(script).into_iter().map(|s| (s.line, s.text)).collect();
    assert_eq!(
        found,
        [
            (2, "select ';', \"a;b\", e'\\';', $$ ; $$".to_owned()),
            (4, "select $x$ $$;\n$x$".to_owned()),
            (6, "select 1".to_owned()),
        ]
    );
}
