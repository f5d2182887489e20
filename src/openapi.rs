//! The API description: what is said once for all operations. The rest comes from the handlers.

use axum::http::Method;
use utoipa::openapi::path::{Operation, Parameter, ParameterIn, PathItem};
use utoipa::openapi::response::{Response, ResponseBuilder};
use utoipa::openapi::{ContentBuilder, OpenApi, Ref, RefOr};
use utoipa::{Modify, OpenApi as _, ToSchema};

use crate::problem::{FieldError, ProblemDocument};

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Tradepost",
        description = "A multi-seller marketplace whose rules live in Postgres.\n\n\
            * Ids are UUIDs; money is `{\"amountMinor\": 1999, \"currency\": \"USD\"}`; times are RFC 3339 UTC.\n\
            * Lists are `{\"items\": […], \"nextCursor\": …}`; send `nextCursor` back as `cursor`.\n\
            * Errors are `application/problem+json` (RFC 9457) with a stable `code`; quote `instance`, the request id.\n\
            * Unknown fields and parameters are refused.\n\
            * Resources carry `version` and `ETag`; a PUT needs `If-Match`.\n\
            * POSTs that move money or stock need an `Idempotency-Key`, which belongs to the account and the route for 48 hours. \
              A repeat gets the stored answer with `Idempotency-Replayed: true`; of orders placed, stock reserved and payments \
              confirmed that is also a refusal by a rule (409, 422), elsewhere what was refused is judged anew. Another request \
              under the key gets 422; while the first one is at work, a repeat gets 409 with `Retry-After`. \
              Claim, work and answer are one transaction: after a 400, 401, 403, 429 or 5xx nothing is stored, and the same key \
              does the work.\n\
            * A client that stops waiting after a time says so with `X-Request-Timeout-Ms`: what has not begun by then never \
              does. Without room for a request the answer is 503 `core.overloaded` with `Retry-After`, and nothing was done.\n\
            * What you may not see is a 404.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0")
    ),
    servers((url = "/", description = "This server")),
    tags(
        (name = "identity", description = "Accounts, sessions and sellers: who somebody is."),
        (name = "catalog", description = "Categories, attributes, products and variants: what is for sale."),
        (name = "inventory", description = "Stock, movements and reservations."),
        (name = "pricing", description = "Commission rules and promotions."),
        (name = "orders", description = "Orders and their fulfilments."),
        (name = "payments", description = "Payments and refunds."),
        (name = "events", description = "The event log and its stream."),
        (name = "core", description = "Health, metrics and keys."),
    ),
    components(schemas(ProblemDocument, FieldError)),
    modifiers(&Bearer),
)]
struct Frame;

struct Bearer;

impl Modify for Bearer {
    fn modify(&self, description: &mut OpenApi) {
        use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
        let scheme = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .bearer_format("JWT")
            .description(Some("The `accessToken` of `POST /api/v1/auth/login`."));
        let components = description.components.get_or_insert_default();
        components.add_security_scheme("bearer", SecurityScheme::Http(scheme.build()));
    }
}

/// The document without operations.
pub fn frame() -> OpenApi {
    Frame::openapi()
}

/// The whole document, as served and as committed in `docs/openapi.json`.
pub fn document() -> OpenApi {
    crate::app::documented().1
}

/// The problems that an operation can answer with because of its form; a handler documents those of its rules.
const SHARED: [(&str, &str, &str); 13] = [
    ("400", "BadRequest", "The request is malformed: body, query, header or cursor."),
    ("401", "Unauthenticated", "No access token, or one that is not valid (any more)."),
    ("403", "Forbidden", "Your role may not do this."),
    ("404", "NotFound", "There is no such thing, or you may not see it."),
    ("409", "Conflict", "The current state does not allow this."),
    ("412", "Stale", "The resource has changed since the version in `If-Match`."),
    ("413", "TooLarge", "The body is too large."),
    ("415", "NotJson", "The body is not JSON."),
    ("422", "Unprocessable", "The request is well-formed, but a value in it is refused."),
    ("428", "PreconditionRequired", "`If-Match` is missing."),
    ("429", "TooMany", "Too many requests; see `Retry-After`."),
    ("500", "Failed", "The server failed; quote `instance`."),
    ("503", "Unavailable", "The service cannot answer now; see `Retry-After`."),
];

/// Adds to each operation the problems that follow from its form.
pub fn complete(description: &mut OpenApi) {
    let components = description.components.get_or_insert_default();
    for (_, name, text) in SHARED {
        components.responses.insert(name.to_owned(), RefOr::T(problem(text)));
    }
    for (path, item) in &mut description.paths.paths {
        // The kernel's own routes need no token and read no body.
        let of_api = path.starts_with("/api/");
        let has_id = path.contains('{');
        for (method, operation) in operations_mut(item) {
            let mut statuses = vec!["500", "503"];
            statuses.extend(expected(&method, operation, has_id));
            for (status, name, _) in SHARED {
                if of_api && statuses.contains(&status) {
                    let shared = || RefOr::Ref(Ref::from_response_name(name));
                    operation.responses.responses.entry(status.to_owned()).or_insert_with(shared);
                }
            }
        }
    }
}

fn expected(method: &Method, operation: &Operation, has_id: bool) -> Vec<&'static str> {
    let mut statuses = Vec::new();
    let named = |name: &str| {
        parameters(operation)
            .any(|parameter| parameter.parameter_in == ParameterIn::Header && parameter.name == name)
    };
    statuses.push("400");
    if operation.security.as_ref().is_some_and(|needs| !needs.is_empty()) {
        statuses.extend(["401", "403"]);
    }
    if has_id {
        statuses.push("404");
    }
    if *method != Method::GET {
        statuses.extend(["404", "409", "422", "413"]);
    }
    if operation.request_body.is_some() {
        statuses.push("415");
    }
    if named("If-Match") {
        statuses.extend(["412", "428"]);
    }
    statuses
}

/// The parameters of an operation. None of ours are references.
pub fn parameters(operation: &Operation) -> impl Iterator<Item = &Parameter> {
    operation.parameters.iter().flatten().filter_map(|parameter| match parameter {
        RefOr::T(parameter) => Some(parameter),
        RefOr::Ref(_) => None,
    })
}

fn problem(text: &str) -> Response {
    let name = ProblemDocument::name();
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name(name))).build();
    ResponseBuilder::new().description(text).content("application/problem+json", content).build()
}

/// The operations of a path.
pub fn operations(item: &PathItem) -> impl Iterator<Item = (Method, &Operation)> {
    [
        (Method::GET, &item.get),
        (Method::PUT, &item.put),
        (Method::POST, &item.post),
        (Method::DELETE, &item.delete),
        (Method::PATCH, &item.patch),
    ]
    .into_iter()
    .filter_map(|(method, operation)| operation.as_ref().map(|operation| (method, operation)))
}

fn operations_mut(item: &mut PathItem) -> impl Iterator<Item = (Method, &mut Operation)> {
    [
        (Method::GET, &mut item.get),
        (Method::PUT, &mut item.put),
        (Method::POST, &mut item.post),
        (Method::DELETE, &mut item.delete),
        (Method::PATCH, &mut item.patch),
    ]
    .into_iter()
    .filter_map(|(method, operation)| operation.as_mut().map(|operation| (method, operation)))
}
