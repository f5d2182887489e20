//! The demo marketplace: whole, lawful, and made once.

use tradepost::embedded::DbRole;
use tradepost::seed;

use crate::support::{json, password_hash, run};

#[test]
fn the_demo_fills_an_empty_marketplace_once() {
    run(async |t| {
        let (url, hash) = (t.database().url(DbRole::Superuser), password_hash());
        assert!(seed::find_demo(&url).await.expect("a look").is_none());
        let report = seed::run(&url, &hash).await.expect("the demo").expect("it was empty");
        assert!(report.products >= 40, "{report}");
        assert!(seed::run(&url, &hash).await.expect("a second look").is_none());
        t.sequence().await;

        let statuses: Vec<String> =
            t.one("select array_agg(distinct status order by status) from orders.orders", &[]).await;
        assert_eq!(
            statuses,
            [
                "CANCELLED",
                "DELIVERED",
                "EXPIRED",
                "PAID",
                "PAYMENT_FAILED",
                "PENDING_PAYMENT",
                "PROCESSING",
                "SHIPPED"
            ]
        );
        let orderly = t
            .int("select count(*) from (select occurred_at < lag(occurred_at) over (order by seq) as b from events.log) x where b", &[])
            .await;
        assert_eq!(orderly, 0, "the log tells the story in the order of time");
        let offset_s = t.int("select extract(epoch from clock_offset)::bigint from core.clock", &[]).await;
        assert_eq!(offset_s, 0, "the clock is back");

        let demo = seed::find_demo(&url).await.expect("a look").expect("it is there");
        let variant = t.anybody().get(&format!("/variants/{}", demo.suggested_variant_id)).await.expect(200);
        assert!(variant["offers"][0]["price"]["amountMinor"].is_i64(), "{}", variant.describe());
    });
}

#[test]
fn a_marketplace_with_accounts_is_left_alone() {
    run(async |t| {
        t.buyer("ana").await;
        let made = seed::run(&t.database().url(DbRole::Superuser), &password_hash()).await.expect("a look");
        assert!(made.is_none());
        t.anybody()
            .post("/auth/login", json!({ "email": "admin@demo.example", "password": seed::password() }))
            .await
            .expect(401);
    });
}
