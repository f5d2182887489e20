//! Query strings into structs, with the name of the bad parameter.
//!
//! Unknown names are refused for every route by `layers::gate`, which knows the documented ones; so a filter
//! struct and [`super::Page`] can read the same query side by side. Lists are comma separated (`?status=A,B`).

use std::borrow::Cow;
use std::fmt;

use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde::de::value::{MapDeserializer, SeqDeserializer};
use serde::de::{self, DeserializeOwned, IntoDeserializer, Visitor};

use crate::problem::Problem;

/// A struct of filters: `#[derive(Deserialize, IntoParams)] #[serde(rename_all = "camelCase")]`, optional fields.
/// 400 `core.query_invalid` with a pointer.
#[derive(Debug, Clone, Default)]
pub struct ApiQuery<T>(pub T);

impl<S: Sync, T: DeserializeOwned> FromRequestParts<S> for ApiQuery<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        parse(parts.uri.query().unwrap_or_default()).map(Self)
    }
}

/// Reads a query string.
pub fn parse<T: DeserializeOwned>(query: &str) -> Result<T, Problem> {
    let mut pairs: Vec<(Cow<'_, str>, Value<'_>)> = Vec::new();
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        if pairs.iter().any(|(seen, _)| *seen == name) {
            return Err(invalid(&name, "duplicate_parameter", "is given more than once"));
        }
        pairs.push((name, Value(value)));
    }
    let map = MapDeserializer::new(pairs.into_iter().map(|(name, value)| (Name(name), value)));
    serde_path_to_error::deserialize(map).map_err(|error: serde_path_to_error::Error<Error>| {
        let path = error.path().clone();
        let Error(reason) = error.into_inner();
        // The first step of the path is the parameter; a missing or unknown one is named in the message only.
        let name = match path.iter().next() {
            Some(serde_path_to_error::Segment::Map { key }) => key.clone(),
            _ => super::json::quoted_field(&reason).unwrap_or_default().to_owned(),
        };
        if reason.starts_with("unknown field") {
            invalid(&name, "unknown_parameter", "is not known here")
        } else if reason.starts_with("missing field") {
            invalid(&name, "missing_parameter", "is required")
        } else {
            invalid(&name, "invalid_value", &reason)
        }
    })
}

/// 400 for one parameter.
pub fn invalid(name: &str, code: &'static str, reason: &str) -> Problem {
    let pointer = format!("/{}", super::json::escape(name));
    Problem::new(
        StatusCode::BAD_REQUEST,
        "core.query_invalid",
        format!("The query parameter {name} is not valid."),
    )
    .error(pointer, code, reason.to_owned())
}

#[derive(Debug)]
struct Error(String);

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Error {}

impl de::Error for Error {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

struct Name<'a>(Cow<'a, str>);

impl<'de> IntoDeserializer<'de, Error> for Name<'de> {
    type Deserializer = de::value::CowStrDeserializer<'de, Error>;

    fn into_deserializer(self) -> Self::Deserializer {
        self.0.into_deserializer()
    }
}

/// One value: a text that becomes whatever the field asks for.
struct Value<'a>(Cow<'a, str>);

impl<'de> IntoDeserializer<'de, Error> for Value<'de> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

macro_rules! parsed {
    ($($method:ident $visit:ident $type:ty),* $(,)?) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            match self.0.parse::<$type>() {
                Ok(value) => visitor.$visit(value),
                Err(error) => Err(de::Error::custom(error)),
            }
        }
    )*};
}

impl<'de> de::Deserializer<'de> for Value<'de> {
    type Error = Error;

    parsed! {
        deserialize_bool visit_bool bool,
        deserialize_i8 visit_i8 i8, deserialize_i16 visit_i16 i16,
        deserialize_i32 visit_i32 i32, deserialize_i64 visit_i64 i64,
        deserialize_u8 visit_u8 u8, deserialize_u16 visit_u16 u16,
        deserialize_u32 visit_u32 u32, deserialize_u64 visit_u64 u64,
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.0.into_deserializer().deserialize_any(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        de::value::CowStrDeserializer::new(self.0).deserialize_enum(name, variants, visitor)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let items: Vec<Value<'de>> =
            self.0.split(',').map(|item| Value(Cow::Owned(item.trim().to_owned()))).collect();
        SeqDeserializer::new(items.into_iter()).deserialize_any(visitor)
    }

    serde::forward_to_deserialize_any! {
        f32 f64 char str string bytes byte_buf unit unit_struct tuple tuple_struct map struct identifier ignored_any
    }
}

/// For handlers and tests that need the raw pair; `None` when absent.
pub(crate) fn single<'q>(query: &'q str, name: &str) -> Result<Option<Cow<'q, str>>, Problem> {
    let mut found = url::form_urlencoded::parse(query.as_bytes()).filter(|(key, _)| key == name);
    let first = found.next().map(|(_, value)| value);
    if found.next().is_some() {
        return Err(invalid(name, "duplicate_parameter", "is given more than once"));
    }
    Ok(first)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;
    use uuid::Uuid;

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(rename_all = "UPPERCASE")]
    enum Status {
        Draft,
        Active,
    }

    #[derive(Debug, Default, Deserialize, PartialEq)]
    #[serde(rename_all = "camelCase", deny_unknown_fields)]
    struct Filter {
        status: Option<Vec<Status>>,
        seller_id: Option<Uuid>,
        min_price: Option<i64>,
        q: Option<String>,
        only_open: Option<bool>,
    }

    fn refusal(query: &str) -> (String, String) {
        let problem = parse::<Filter>(query).unwrap_err();
        assert_eq!((problem.status().as_u16(), problem.code()), (400, "core.query_invalid"), "{query}");
        (problem.errors()[0].pointer.clone(), problem.errors()[0].code.to_string())
    }

    #[test]
    fn values_become_what_the_field_asks_for() {
        let id = "01980a3c-7f7e-7c3e-9d43-0d6d9d3f5a10";
        let query = format!("status=DRAFT,ACTIVE&sellerId={id}&minPrice=-5&q=a%20b%2Bc&onlyOpen=true");
        let filter: Filter = parse(&query).unwrap();
        assert_eq!(
            filter,
            Filter {
                status: Some(vec![Status::Draft, Status::Active]),
                seller_id: Some(id.parse().unwrap()),
                min_price: Some(-5),
                q: Some("a b+c".into()),
                only_open: Some(true),
            }
        );
        assert_eq!(parse::<Filter>("").unwrap(), Filter::default());
    }

    #[test]
    fn refusals_name_the_parameter() {
        assert_eq!(refusal("minPrice=x"), ("/minPrice".into(), "invalid_value".into()));
        assert_eq!(refusal("minPrice=99999999999999999999"), ("/minPrice".into(), "invalid_value".into()));
        assert_eq!(refusal("sellerId=1").0, "/sellerId");
        assert_eq!(refusal("status=DRAFT,GONE").0, "/status");
        assert_eq!(refusal("onlyOpen=maybe").0, "/onlyOpen");
        assert_eq!(refusal("colour=red"), ("/colour".into(), "unknown_parameter".into()));
        assert_eq!(refusal("q=a&q=b"), ("/q".into(), "duplicate_parameter".into()));
    }
}
