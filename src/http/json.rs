//! JSON bodies, with a pointer to the field that is wrong.

use axum::body::Body;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, StatusCode, header};
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use serde::de::DeserializeOwned;
use serde_path_to_error::{Path, Segment};

use crate::app::App;
use crate::problem::Problem;

/// The request body as `T`: 415 when it is not JSON, 413 when it is too large, 400 `core.body_invalid` with
/// `errors[]` when it does not fit. `T` should be `deny_unknown_fields`.
#[derive(Debug, Clone, Copy, Default)]
pub struct ApiJson<T>(pub T);

impl<T: DeserializeOwned> FromRequest<App> for ApiJson<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        let nothing = http_body::Body::is_end_stream(request.body());
        let untyped = !request.headers().contains_key(header::CONTENT_TYPE);
        if !(is_json(request.headers()) || nothing && untyped) {
            return Err(Problem::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "core.media_type_unsupported",
                "The body must be JSON.",
            )
            .hint("Send Content-Type: application/json."));
        }
        let bytes = read(request.into_body(), app.config.body_limit_bytes).await?;
        parse(&bytes).map(Self)
    }
}

/// `application/json` or `…+json`, with or without parameters.
fn is_json(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()) else {
        return false;
    };
    let essence = value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"))
}

/// The body up to `limit` bytes. What is beyond is read and dropped for a while, so that the client, which is still
/// sending, gets to see the answer.
pub(crate) async fn read(mut body: Body, limit: usize) -> Result<Bytes, Problem> {
    let mut bytes = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| invalid("The body could not be read to its end."))?;
        if let Some(data) = frame.data_ref() {
            if bytes.len() + data.len() > limit {
                drain(body).await;
                return Err(too_large(limit));
            }
            bytes.extend_from_slice(data);
        }
    }
    Ok(bytes.freeze())
}

const DRAIN_BYTES: usize = 32 << 20;

/// Reads and drops what a client still sends, within limits.
pub(crate) async fn drain(mut body: Body) {
    let mut left = DRAIN_BYTES;
    let reading = async {
        while let Some(Ok(frame)) = body.frame().await {
            let Some(rest) = left.checked_sub(frame.data_ref().map_or(0, Bytes::len)) else { break };
            left = rest;
        }
    };
    let _ = tokio::time::timeout(std::time::Duration::from_secs(2), reading).await;
}

pub(crate) fn too_large(limit: usize) -> Problem {
    Problem::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "core.body_too_large",
        format!("The body is larger than {limit} bytes."),
    )
}

fn invalid(detail: &'static str) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "core.body_invalid", detail)
}

/// Parses a body. An empty one counts as `{}`, so that an action whose fields are all optional needs no body.
fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let bytes = match bytes.trim_ascii() {
        b"" => b"{}",
        trimmed => trimmed,
    };
    // Serde would also fill a struct from an array, field by field in order: not in this API.
    if bytes[0] == b'[' {
        return Err(invalid("The body does not have the expected form.").error(
            "",
            "wrong_type",
            "expected an object, not an array",
        ));
    }
    let value = match document(bytes) {
        // In JSON 3.0 is the integer 3; Serde thinks otherwise.
        Err(Refused { is_float: true, problem }) => match whole_numbers(bytes) {
            Some(rewritten) => document(&rewritten).map_err(|refused| refused.problem)?,
            None => return Err(problem),
        },
        other => other.map_err(|refused| refused.problem)?,
    };
    if has_nul(bytes) {
        return Err(nul(bytes));
    }
    Ok(value)
}

struct Refused {
    problem: Problem,
    /// An integer was expected where a number with a fraction or an exponent stands.
    is_float: bool,
}

fn document<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Refused> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let path = error.path().clone();
        let error = error.into_inner();
        let is_float = error.to_string().contains("floating point `");
        Refused { problem: refuse(&path, &error), is_float }
    })?;
    deserializer.end().map_err(|_| Refused {
        problem: invalid("There is something after the end of the JSON document."),
        is_float: false,
    })?;
    Ok(value)
}

/// The document with `3.0` and `3e0` written as `3`; `None` when there is no such number.
fn whole_numbers(bytes: &[u8]) -> Option<Vec<u8>> {
    const EXACT_MAX: f64 = 9_007_199_254_740_992.0;
    fn rewrite(value: &mut serde_json::Value) -> bool {
        match value {
            serde_json::Value::Number(number) if number.is_f64() => {
                let whole = number.as_f64().filter(|n| n.fract() == 0.0 && n.abs() <= EXACT_MAX);
                #[allow(clippy::cast_possible_truncation)] // whole, and within the exact range
                if let Some(whole) = whole {
                    *number = (whole as i64).into();
                }
                whole.is_some()
            }
            serde_json::Value::Array(items) => items.iter_mut().fold(false, |any, item| rewrite(item) | any),
            serde_json::Value::Object(map) => map.values_mut().fold(false, |any, item| rewrite(item) | any),
            _ => false,
        }
    }
    let mut value = serde_json::from_slice(bytes).ok()?;
    if rewrite(&mut value) { serde_json::to_vec(&value).ok() } else { None }
}

fn refuse(path: &Path, error: &serde_json::Error) -> Problem {
    use serde_json::error::Category;
    match error.classify() {
        Category::Data => {}
        Category::Syntax | Category::Eof | Category::Io => {
            return invalid("The body is not well-formed JSON.").error("", "malformed", error.to_string());
        }
    }
    let message = error.to_string();
    // serde_json appends " at line 1 column 5", which means little for a document the client never saw as text.
    let reason = message.rsplit_once(" at line ").map_or(message.as_str(), |(reason, _)| reason);
    let mut pointer = pointer(path);
    let code = if reason.starts_with("unknown field") {
        "unknown_field"
    } else if reason.starts_with("missing field") {
        "missing_field"
    } else if reason.starts_with("duplicate field") {
        "duplicate_field"
    } else if reason.starts_with("invalid type") {
        "wrong_type"
    } else {
        "invalid_value"
    };
    // These three are reported at the object, not at the field they name.
    if code.ends_with("_field")
        && let Some(field) = quoted_field(reason)
        && pointer.rsplit('/').next() != Some(&escape(field))
    {
        pointer = format!("{pointer}/{}", escape(field));
    }
    Problem::new(StatusCode::BAD_REQUEST, "core.body_invalid", "The body does not have the expected form.")
        .error(pointer, code, reason.to_owned())
}

/// The name between the first pair of backticks.
pub(crate) fn quoted_field(reason: &str) -> Option<&str> {
    let (_, rest) = reason.split_once('`')?;
    rest.split_once('`').map(|(field, _)| field)
}

/// RFC 6901 escaping of one reference token.
pub(crate) fn escape(token: &str) -> String {
    token.replace('~', "~0").replace('/', "~1")
}

/// RFC 6901 pointer of a path.
fn pointer(path: &Path) -> String {
    path.iter()
        .map(|segment| match segment {
            Segment::Seq { index } => format!("/{index}"),
            Segment::Map { key } => format!("/{}", escape(key)),
            // The variant of an enum is not part of the document, and an unknown segment has no name.
            Segment::Enum { .. } | Segment::Unknown => String::new(),
        })
        .collect()
}

/// Whether some string holds an escaped U+0000, which Postgres cannot store. Raw ones are no valid JSON.
fn has_nul(bytes: &[u8]) -> bool {
    let mut rest = bytes;
    while let Some(at) = rest.iter().position(|byte| *byte == b'\\') {
        if rest[at + 1..].starts_with(b"u0000") {
            return true;
        }
        rest = rest.get(at + 2..).unwrap_or_default();
    }
    false
}

fn nul(bytes: &[u8]) -> Problem {
    fn find(value: &serde_json::Value, at: &str) -> Option<String> {
        match value {
            serde_json::Value::String(text) => text.contains('\0').then(|| at.to_owned()),
            serde_json::Value::Array(items) => {
                items.iter().enumerate().find_map(|(index, item)| find(item, &format!("{at}/{index}")))
            }
            serde_json::Value::Object(map) => map.iter().find_map(|(key, item)| {
                let at = format!("{at}/{}", escape(key));
                if key.contains('\0') { Some(at) } else { find(item, &at) }
            }),
            _ => None,
        }
    }
    let pointer = serde_json::from_slice(bytes).ok().and_then(|value| find(&value, "")).unwrap_or_default();
    Problem::new(StatusCode::BAD_REQUEST, "core.body_invalid", "The body does not have the expected form.")
        .error(pointer, "nul_character", "a text cannot hold the character U+0000")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "camelCase", deny_unknown_fields)]
    #[allow(dead_code)]
    struct Body {
        lines: Vec<Line>,
        note: Option<String>,
        extra: Option<serde_json::Value>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "camelCase", deny_unknown_fields)]
    #[allow(dead_code)]
    struct Line {
        unit_price: i64,
    }

    fn refusal(body: &str) -> (String, String) {
        let problem = super::parse::<Body>(body.as_bytes()).unwrap_err();
        assert_eq!((problem.status().as_u16(), problem.code()), (400, "core.body_invalid"), "{body}");
        let error = &problem.errors()[0];
        (error.pointer.clone(), error.code.to_string())
    }

    fn blames(body: &str, pointer: &str, code: &str) {
        assert_eq!(refusal(body), (pointer.to_owned(), code.to_owned()), "{body}");
    }

    #[test]
    fn the_pointer_leads_to_the_bad_field() {
        blames(r#"{"lines":[{"unitPrice":1},{"unitPrice":"x"}]}"#, "/lines/1/unitPrice", "wrong_type");
        blames(r#"{"lines":[{"unitPrice":1.5}]}"#, "/lines/0/unitPrice", "wrong_type");
        blames(r#"{"lines":[{"unitPrice":1,"colour":2}]}"#, "/lines/0/colour", "unknown_field");
        blames(r#"{"lines":[],"a/b~c":2}"#, "/a~1b~0c", "unknown_field");
        blames(r#"{"lines":[{}]}"#, "/lines/0/unitPrice", "missing_field");
        blames("{}", "/lines", "missing_field");
        blames("", "/lines", "missing_field");
        blames(r#"{"lines":[],"note":"a","note":"b"}"#, "/note", "duplicate_field");
        blames("[]", "", "wrong_type");
        blames("7", "", "wrong_type");
        blames("{", "", "malformed");
        blames(r#"{"lines":[],"note":"\ud800"}"#, "", "malformed");
    }

    #[test]
    fn a_whole_number_may_be_written_with_a_point() {
        let body = super::parse::<Body>(br#"{"lines":[{"unitPrice":3.0},{"unitPrice":2e2}]}"#).unwrap();
        assert_eq!(body.lines.iter().map(|line| line.unit_price).collect::<Vec<_>>(), [3, 200]);
        blames(r#"{"lines":[{"unitPrice":3.0},{"unitPrice":2.5}]}"#, "/lines/1/unitPrice", "wrong_type");
        blames(r#"{"lines":[{"unitPrice":1e300}]}"#, "/lines/0/unitPrice", "wrong_type");
    }

    #[test]
    fn nul_characters_are_refused_wherever_they_hide() {
        blames(r#"{"lines":[],"note":"a\u0000b"}"#, "/note", "nul_character");
        blames(r#"{"lines":[],"extra":{"a":["x","\u0000"]}}"#, "/extra/a/1", "nul_character");
        blames(r#"{"lines":[],"extra":{"\u0000":1}}"#, "/extra/\0", "nul_character");
        assert!(super::parse::<Body>(br#"{"lines":[],"note":"\\u0000"}"#).is_ok(), "an escaped backslash");
    }

    #[test]
    fn nothing_may_follow_the_document() {
        assert!(super::parse::<Body>(br#"{"lines":[]} x"#).is_err());
        assert!(super::parse::<Body>(b"{\"lines\":[]} \n").is_ok());
    }

    #[test]
    fn only_json_media_types_are_json() {
        let json = |value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::CONTENT_TYPE, value.parse().unwrap());
            is_json(&headers)
        };
        assert!(json("application/json") && json("Application/JSON; charset=utf-8"));
        assert!(json("application/merge-patch+json"));
        assert!(
            !json("text/json") && !json("application/x-www-form-urlencoded") && !json("multipart/form-data")
        );
        assert!(!is_json(&HeaderMap::new()));
    }
}
