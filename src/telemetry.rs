//! Logs and metrics: the only two things that are global, installed once per process.

use std::io::IsTerminal;
use std::sync::OnceLock;

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::EnvFilter;

use crate::config::{Config, LogFormat};

/// Latency buckets in seconds: a single-row call to a stuck request.
const SECONDS: [f64; 14] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];
/// Buckets for counts of things taken together (batch sizes, rows).
const SIZES: [f64; 9] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0];

/// Sends the log to standard error in the configured form, panics included.
pub fn init(config: &Config) {
    let filter = EnvFilter::try_new(&config.log).unwrap_or_else(|_| EnvFilter::new("info"));
    // A log line that cannot be written (a full disk) is lost: reporting that on the same stream would panic.
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .log_internal_errors(false);
    let installed = match config.log_format {
        LogFormat::Json => builder.json().flatten_event(true).with_span_list(false).try_init(),
        LogFormat::Pretty => builder.with_ansi(std::io::stderr().is_terminal()).with_target(false).try_init(),
    };
    if installed.is_ok() {
        std::panic::set_hook(Box::new(|panic| {
            let place = panic.location().map(ToString::to_string).unwrap_or_default();
            let message = panic.payload_as_str().unwrap_or("no message");
            tracing::error!(panic.place = place, error = message, "panicked");
        }));
    }
    metrics();
}

/// The recorder behind `/metrics`, installed at the first call.
pub fn metrics() -> &'static PrometheusHandle {
    static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
    HANDLE.get_or_init(|| {
        let recorder = PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Suffix("_seconds".into()), &SECONDS)
            .and_then(|builder| builder.set_buckets_for_metric(Matcher::Suffix("_size".into()), &SIZES))
            .expect("the buckets are not empty")
            .build_recorder();
        let handle = recorder.handle();
        // Fails only when somebody else installed one; then ours stays empty, which a scrape would show.
        let _ = metrics::set_global_recorder(recorder);
        describe();
        handle
    })
}

fn describe() {
    use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};
    describe_histogram!(
        "tradepost_http_request_duration_seconds",
        Unit::Seconds,
        "Requests by route, method and status."
    );
    describe_gauge!("tradepost_http_requests_in_flight", "Requests being answered.");
    describe_gauge!(
        "tradepost_http_admitted",
        "Requests of a class that are worked on or wait for their turn."
    );
    describe_counter!(
        "tradepost_http_shed_total",
        "Requests refused because there was no room for them, by class and reason."
    );
    describe_counter!("tradepost_http_connections_refused_total", "Connections beyond the cap.");
    describe_counter!("tradepost_panics_total", "Handlers that panicked.");
    describe_counter!("tradepost_metrics_collect_failures_total", "Gauges that could not be read.");
    describe_gauge!(
        "tradepost_http_at_work_limit",
        "Requests of a class that may be at work at once, as checkout allows."
    );
    describe_counter!("tradepost_db_silences_total", "Times the database said nothing for too long.");
    describe_gauge!("tradepost_db_pool_size", "Open connections of a pool.");
    describe_gauge!("tradepost_db_pool_max_size", "Connections a pool may open.");
    describe_gauge!("tradepost_db_pool_available", "Idle connections of a pool.");
    describe_gauge!("tradepost_db_pool_waiting", "Tasks that wait for a connection.");
    describe_counter!("tradepost_db_pool_refused_total", "Calls that found no free connection in time.");
    describe_counter!(
        "tradepost_db_connections_discarded_total",
        "Connections closed in the middle of a call."
    );
    describe_histogram!("tradepost_db_call_seconds", Unit::Seconds, "Calls of SQL functions, with retries.");
    describe_counter!("tradepost_db_call_failures_total", "Calls that ended in a 5xx, by function and code.");
    describe_counter!("tradepost_db_call_retries_total", "Repeated calls, by function and SQLSTATE.");
    describe_histogram!("tradepost_db_batch_size", "Requests in one call of a batch function.");
    describe_histogram!(
        "tradepost_db_batch_wait_seconds",
        Unit::Seconds,
        "How long a request waited for its batch."
    );
    describe_gauge!("tradepost_db_batch_queue_length", "Requests that wait for the next batch.");
    describe_counter!(
        "tradepost_db_batch_refused_total",
        "Requests refused because the queue was full, or an account had its share of it."
    );
    describe_counter!(
        "tradepost_db_batch_isolated_total",
        "Failed batches that were divided to find the guilty."
    );
    describe_counter!(
        "tradepost_db_batch_set_aside_total",
        "Requests that wait in a lane of their own, for rows whose locks did not come in time."
    );
    describe_counter!(
        "tradepost_db_batch_withdrawn_total",
        "Requests whose callers went away before their batch left."
    );
    describe_counter!("tradepost_db_listen_reconnects_total", "Ends of the LISTEN connection.");
    describe_counter!("tradepost_read_cache_hits_total", "Reads answered from memory.");
    describe_counter!(
        "tradepost_read_cache_short_hits_total",
        "Of the reads answered from memory, those that did not need the router."
    );
    describe_counter!(
        "tradepost_read_cache_misses_total",
        "Reads whose answer was to be kept but was not there."
    );
    describe_counter!(
        "tradepost_read_cache_unheard_total",
        "Kept answers that were not given because the end of the log was not known."
    );
    describe_counter!("tradepost_read_cache_evictions_total", "Answers forgotten for want of room.");
    describe_gauge!("tradepost_read_cache_bytes", "Bytes of kept answers.");
    describe_gauge!("tradepost_read_cache_entries", "Kept answers.");
    describe_counter!("tradepost_worker_items_total", "Things that background workers did, by worker.");
    describe_counter!(
        "tradepost_worker_failures_total",
        "Rounds of background workers that failed, by worker."
    );
    describe_counter!(
        "tradepost_password_refused_total",
        "Logins refused because too many passwords were being hashed."
    );
    describe_gauge!("tradepost_events_head", "Number of the newest event in the log.");
    describe_gauge!("tradepost_events_staging", "Events that wait for their number.");
    describe_gauge!(
        "tradepost_events_staging_age_seconds",
        Unit::Seconds,
        "Age of the oldest event that waits for its number."
    );
    describe_gauge!("tradepost_events_consumer_behind", "Events that a named consumer has not committed.");
    describe_gauge!("tradepost_orders_day", "Orders of the last 24 hours, by currency and status.");
    describe_gauge!(
        "tradepost_orders_day_minor_units",
        "Sum of the orders of the last 24 hours, by currency and status."
    );
    describe_gauge!("tradepost_payments_day", "Payments of the last 24 hours that succeeded, by currency.");
    describe_gauge!("tradepost_revenue_day_minor_units", "Sum of those payments, by currency.");
    describe_gauge!("tradepost_refunded_day_minor_units", "What of those payments went back, by currency.");
    describe_counter!("tradepost_deadlines_swept_total", "Deadlines that the sweeper settled, by kind.");
    describe_counter!("tradepost_purged_total", "Rows that retention let go of, by kind.");
    describe_gauge!("tradepost_deadlines_overdue", "Deadlines that are due and not settled, by kind.");
    describe_gauge!(
        "tradepost_deadlines_overdue_age_seconds",
        Unit::Seconds,
        "How long the oldest of them has been due, by kind."
    );
    describe_gauge!(
        "tradepost_payments_unresolved",
        "Payments whose provider is still asked what became of them."
    );
    describe_gauge!(
        "tradepost_payments_stuck",
        "Payments that nobody asks about any more: a person has to look."
    );
    describe_gauge!("tradepost_refunds_failed", "Refunds that the provider refused: a person has to look.");
    describe_gauge!(
        "tradepost_stock_of_dead_payments",
        "Units in holds of orders whose payment window is over."
    );
    describe_gauge!("tradepost_refunds_stuck", "Refunds that no provider answers any more.");
}
