//! Categories, attributes, products and variants: what is for sale, and who approved it.
//!
//! A category's attributes say what its products tell about themselves; SQL checks the values. A product is described once
//! and approved by an administrator at the version that was read; its price lives on the offers of its variants, and a
//! change of price needs no new approval. The routes of this domain are mounted under `/api/v1` by `app::routes`.

pub mod http;
pub mod sql;
pub mod types;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;

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
