//! Lists: keyset cursors in, pages out.

use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde::Serialize;
use tokio_postgres::Row;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::{ObjectBuilder, Required, Type};
use utoipa::{IntoParams, ToSchema};

use super::query;
use crate::problem::Problem;

pub const DEFAULT_LIMIT: i32 = 20;
pub const MAX_LIMIT: i32 = 100;
const MAX_CURSOR_CHARS: usize = 1024;

/// `?cursor=…&limit=…`. The cursor is opaque here; SQL decodes it (400 `core.cursor_invalid`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    pub cursor: Option<String>,
    pub limit: i32,
}

impl<S: Sync> FromRequestParts<S> for Page {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        Self::from_query(parts.uri.query().unwrap_or_default())
    }
}

impl Page {
    fn from_query(text: &str) -> Result<Self, Problem> {
        let limit = match query::single(text, "limit")? {
            None => DEFAULT_LIMIT,
            Some(text) => {
                text.parse().ok().filter(|limit| (1..=MAX_LIMIT).contains(limit)).ok_or_else(|| {
                    query::invalid("limit", "invalid_value", "must be a whole number from 1 to 100")
                })?
            }
        };
        let cursor = query::single(text, "cursor")?.map(std::borrow::Cow::into_owned);
        let opaque = |cursor: &String| {
            (1..=MAX_CURSOR_CHARS).contains(&cursor.len())
                && cursor.bytes().all(|byte| byte.is_ascii_graphic())
        };
        if cursor.as_ref().is_some_and(|cursor| !opaque(cursor)) {
            return Err(Problem::new(
                StatusCode::BAD_REQUEST,
                "core.cursor_invalid",
                "The cursor is not one of this API.",
            )
            .hint("Send nextCursor of the page before, unchanged.")
            .field("/cursor"));
        }
        Ok(Self { cursor, limit })
    }
}

impl IntoParams for Page {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let parameter = |name: &str, text: &str| {
            ParameterBuilder::new()
                .name(name)
                .parameter_in(ParameterIn::Query)
                .required(Required::False)
                .description(Some(text))
        };
        vec![
            parameter("cursor", "Where to go on: `nextCursor` of the page before.")
                .schema(Some(
                    ObjectBuilder::new()
                        .schema_type(Type::String)
                        .min_length(Some(1))
                        .max_length(Some(MAX_CURSOR_CHARS)),
                ))
                .build(),
            parameter("limit", "How many items to return at most.")
                .schema(Some(
                    ObjectBuilder::new()
                        .schema_type(Type::Integer)
                        .minimum(Some(1))
                        .maximum(Some(MAX_LIMIT))
                        .default(Some(DEFAULT_LIMIT.into())),
                ))
                .build(),
        ]
    }
}

/// One page of a list.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Paged<T> {
    /// The items of this page, in order.
    #[schema(max_items = 100)]
    pub items: Vec<T>,
    /// Send this as `cursor` to get the next page; null on the last one.
    #[schema(required = true, max_length = 1024)]
    pub next_cursor: Option<String>,
}

impl<T> Paged<T> {
    /// From the rows of a list function, which returns one row more than the page holds when there is more, and
    /// each row's `page_cursor`.
    pub fn from_rows<E: Into<Problem>>(
        rows: &[Row],
        limit: i32,
        convert: impl Fn(&Row) -> Result<T, E>,
    ) -> Result<Self, Problem> {
        let kept = rows.len().min(usize::try_from(limit).unwrap_or(0));
        let items =
            rows[..kept].iter().map(|row| convert(row).map_err(Into::into)).collect::<Result<_, _>>()?;
        let next_cursor = match rows[..kept].last() {
            Some(last) if rows.len() > kept => Some(last.try_get("page_cursor")?),
            _ => None,
        };
        Ok(Self { items, next_cursor })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_and_cursors_are_bounded() {
        assert_eq!(Page::from_query("").unwrap(), Page { cursor: None, limit: 20 });
        assert_eq!(
            Page::from_query("limit=100&cursor=eyJh&status=X").unwrap(),
            Page { cursor: Some("eyJh".into()), limit: 100 }
        );
        for bad in ["limit=0", "limit=101", "limit=-1", "limit=x", "limit=", "limit=1&limit=2"] {
            assert_eq!(Page::from_query(bad).unwrap_err().code(), "core.query_invalid", "{bad}");
        }
        for bad in ["cursor=", "cursor=a%20b", "cursor=%00", &format!("cursor={}", "x".repeat(1025))] {
            assert_eq!(Page::from_query(bad).unwrap_err().code(), "core.cursor_invalid", "{bad}");
        }
    }
}
