//! What a basket costs and who gets which part: commission rules, promotions, shipping rates.
//!
//! Everything that decides about money is in `sql/pricing`, and a preview is priced by the functions that price orders.
//! `docs/pricing.md` explains precedence, stacking and rounding.

pub mod http;
pub mod sql;
pub mod types;

use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::{App, Pool};
use crate::problem::Result;
use crate::worker::{self, Pace, Wake};

/// Most promotions that one sweep moves.
const SWEEP_LIMIT: i32 = 200;
const SWEEP_PAUSE: Duration = Duration::from_secs(5);

/// Everything under `/api/v1` that belongs to this domain.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(http::list_commission_rules, http::create_commission_rule))
        .routes(routes!(http::get_commission_rule, http::update_commission_rule))
        .routes(routes!(http::end_commission_rule))
        .routes(routes!(http::resolve_commissions))
        .routes(routes!(http::get_shipping_rate, http::set_shipping_rate))
        .routes(routes!(http::list_promotions, http::create_promotion))
        .routes(routes!(http::apply_promotions))
        .routes(routes!(http::get_promotion, http::update_promotion))
        .routes(routes!(http::activate_promotion))
        .routes(routes!(http::pause_promotion))
        .routes(routes!(http::end_promotion))
        .routes(routes!(http::list_promotion_versions))
        .routes(routes!(http::list_coupon_batches, http::create_coupon_batch))
        .routes(routes!(http::export_coupons))
        .routes(routes!(http::list_coupons))
        .routes(routes!(http::list_buyer_groups, http::create_buyer_group))
        .routes(routes!(http::get_buyer_group, http::update_buyer_group, http::delete_buyer_group))
        .routes(routes!(http::list_group_members))
        .routes(routes!(http::add_group_member, http::remove_group_member))
        .routes(routes!(http::list_price_lists, http::create_price_list))
        .routes(routes!(http::get_price_list, http::update_price_list, http::delete_price_list))
        .routes(routes!(http::list_listed_offers))
        .routes(routes!(http::get_list_prices, http::set_list_prices))
}

/// Worker step: starts and ends promotions whose time has come. A promotion applies by its window, so it may be late.
pub async fn sweep(pool: &Pool) -> Result<usize> {
    sql::sweep_promotions(pool, SWEEP_LIMIT).await
}

/// Starts this domain's worker.
pub fn spawn(app: &App, tracker: &TaskTracker, stop: &CancellationToken) {
    let pool = app.worker_pool.clone();
    worker::spawn(tracker, stop, "pricing.sweep", Pace::every(SWEEP_PAUSE), Wake::Timer, move || {
        let pool = pool.clone();
        async move { sweep(&pool).await }
    });
}
