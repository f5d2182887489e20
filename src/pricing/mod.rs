//! What a basket costs and who gets which part: commission rules, promotions, shipping rates.
//!
//! Everything that decides about money is in `sql/pricing`, and a preview is priced by the functions that price orders.
//! `docs/pricing.md` explains precedence, stacking and rounding.

pub mod http;
pub mod sql;
pub mod types;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;

/// Everything under `/api/v1` that belongs to this domain.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(http::list_commission_rules, http::create_commission_rule))
        .routes(routes!(http::get_commission_rule, http::update_commission_rule))
        .routes(routes!(http::get_shipping_rate, http::set_shipping_rate))
        .routes(routes!(http::list_promotions, http::create_promotion))
        .routes(routes!(http::apply_promotions))
        .routes(routes!(http::get_promotion, http::update_promotion))
        .routes(routes!(http::activate_promotion))
        .routes(routes!(http::pause_promotion))
        .routes(routes!(http::end_promotion))
}
