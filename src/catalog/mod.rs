//! Categories, attributes, products and variants: what is for sale, and who approved it.
//!
//! A category's attributes say what its products tell about themselves; SQL checks the values. A product is described once
//! and approved by an administrator at the version that was read; its price lives on the offers of its variants, and a
//! change of price needs no new approval. The routes of this domain are mounted under `/api/v1` by `app::routes`.

pub mod http;
pub mod sql;
pub mod types;

use axum::extract::Request;
use axum::http::Method;
use axum::middleware::Next;
use axum::response::Response;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::app::App;
use crate::cache::Change;
use crate::http::conditional::conditional;

/// Routes whose anonymous answers may be kept; their handlers say until when ([`crate::cache::Shared`]).
pub const KEPT: &[&str] = &[
    "/api/v1/categories",
    "/api/v1/categories/tree",
    "/api/v1/categories/{categoryId}",
    "/api/v1/categories/{categoryId}/attributes",
    "/api/v1/products",
    "/api/v1/products/slug/{slug}",
    "/api/v1/products/{productId}",
    "/api/v1/products/{productId}/variants",
    "/api/v1/variants/{variantId}",
];
/// Domains whose events may change those answers (a store's name, whether it is active).
pub const HEARD_DOMAINS: &[&str] = &["catalog", "identity"];
/// Events of theirs that do not, and come often.
pub const UNHEARD_TYPES: &[&str] = &[
    "identity.seller_created",
    "identity.session_opened",
    "identity.session_revoked",
    "identity.user_registered",
];

/// What an event about an aggregate changes of them.
pub fn change_of(aggregate_type: &str, id: Uuid) -> Change {
    match aggregate_type {
        "product" => Change::Product(id),
        "category" | "attribute" => Change::Categories,
        _ => Change::Everything,
    }
}

/// The layer around this domain.
pub async fn layer(request: Request, next: Next) -> Response {
    conditional(request, |request| tell_changes(request, |request| next.run(request))).await
}

/// An answer of a writer that does not say what it changed says what its address tells, or everything.
async fn tell_changes<F>(request: Request, next: impl FnOnce(Request) -> F) -> Response
where
    F: Future<Output = Response>,
{
    if matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS) {
        return next(request).await;
    }
    let change = change_at(request.uri().path());
    let mut response = next(request).await;
    response.extensions_mut().get_or_insert(change);
    response
}

/// What a write at an address changes, as far as the address tells.
fn change_at(path: &str) -> Change {
    let mut steps = path.split('/').skip_while(|step| matches!(*step, "" | "api" | "v1"));
    match (steps.next(), steps.next().map(str::parse)) {
        (Some("products"), Some(Ok(id))) => Change::Product(id),
        (Some("products"), None) => Change::Products,
        (Some("categories"), _) => Change::Categories,
        _ => Change::Everything,
    }
}

/// Everything under `/api/v1` that belongs to this domain.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(http::list_categories, http::create_category))
        .routes(routes!(http::get_category_tree))
        .routes(routes!(http::get_category, http::update_category, http::delete_category))
        .routes(routes!(http::list_category_attributes))
        .routes(routes!(http::link_attribute, http::unlink_attribute))
        .routes(routes!(http::create_attribute))
        .routes(routes!(http::get_attribute, http::update_attribute))
        .routes(routes!(http::list_products, http::create_product))
        .routes(routes!(http::get_product_by_slug))
        .routes(routes!(http::get_product, http::update_product, http::archive_product))
        .routes(routes!(http::submit_product))
        .routes(routes!(http::activate_product))
        .routes(routes!(http::deactivate_product))
        .routes(routes!(http::review_product))
        .routes(routes!(http::list_variants, http::create_variants))
        .routes(routes!(http::get_variant, http::update_variant, http::archive_variant))
        .routes(routes!(http::get_offer_prices, http::set_offer_prices))
        .routes(routes!(http::list_price_history))
}
