//! Deadlines over HTTP: the rules go by the clock while nobody sweeps, then any number of sweepers settle everything once.

use std::time::{Duration, Instant};

use tradepost::deadlines::sweep;
use tradepost::payments::workers;

use crate::payments::shop::{available, confirm, order, pay, start, status};
use crate::support::{Person, Test, Uuid, basket, json, run, together};

const WINDOW: Duration = Duration::from_secs(48 * 3600);
/// How long before its end sellers are reminded.
const LEAD: Duration = Duration::from_secs(12 * 3600);

/// A paid order of one line from each of these offers.
async fn paid(buyer: &Person, lines: &[(Uuid, i64)]) -> Uuid {
    let id = buyer.post("/orders", basket(lines)).once().await.expect(201).id("orderId");
    pay(buyer, id).await.expect(200);
    id
}

fn instant(text: &str) -> jiff::Timestamp {
    text.parse().expect("a time")
}

fn part(order: Uuid, seller: &Person, step: &str) -> String {
    format!("/orders/{order}/fulfilments/{}/{step}", seller.seller_id)
}

const DUE: &str =
    "select count(*) from core.view_deadline where kind !~ '^payments' and due_at <= core.now()";

/// Sweeps until nothing is due; how many deadlines were settled. A sweep passes over a row that the backend of a request just
/// refused has not let go of yet.
async fn sweep_all(t: &Test) -> usize {
    let limit = Instant::now() + Duration::from_secs(60);
    let mut all = 0;
    loop {
        let done = sweep(&t.app().worker_pool).await.expect("a sweep");
        all += done;
        if done == 0 && t.int(DUE, &[]).await == 0 {
            return all;
        }
        assert!(Instant::now() < limit, "something due is never settled");
    }
}

#[test]
fn an_hour_without_a_sweeper_gives_no_wrong_answer() {
    run(async |t| {
        let (sam, ana, bob) = (t.seller("sam").await, t.buyer("ana").await, t.buyer("bob").await);
        let (lamp, single) = (t.offer(&sam, 1000, 20).await, t.offer(&sam, 700, 1).await);
        let unpaid = order(&ana, lamp).await;
        let (late, lost, declined) =
            (order(&ana, lamp).await, order(&ana, single).await, order(&ana, lamp).await);
        let of_late = start(&ana, late, "tok_success").await.expect(201);
        let of_lost = start(&ana, lost, "tok_success").await.expect(201);
        let of_declined = start(&ana, declined, "tok_fail_late").await.expect(201);
        let body = json!({ "ttlSeconds": 60, "lines": [{ "variantId": lamp, "sellerId": sam.seller_id, "quantity": 15 }] });
        let held = sam.post("/inventory/reserve", body).once().await.expect(201).id("reservationId");

        t.advance(Duration::from_secs(3600)).await;
        // Holds: over, and in nobody's way.
        for step in ["confirm", "release"] {
            sam.post(&format!("/inventory/{step}/{held}"), json!({}))
                .once()
                .await
                .problem(409, "inventory.reservation_expired");
        }
        order(&bob, single).await;
        let stock = format!("/inventory/{lamp}/{}", sam.seller_id);
        assert_eq!(sam.get(&stock).await.expect(200)["available"], 20);
        // Payments: none begins, one that comes late is served or refunded.
        start(&ana, unpaid, "tok_success").await.problem(409, "orders.payment_window_over");
        assert_eq!(confirm(&ana, late, &of_late).await.expect(200)["orderStatus"], "PAID");
        confirm(&ana, lost, &of_lost).await.problem(409, "payments.stock_gone_refunded");
        confirm(&ana, declined, &of_declined).await.problem(409, "payments.payment_declined");
        start(&ana, declined, "tok_success").await.problem(409, "orders.payment_window_over");
        // Acceptance: too late is too late.
        t.advance(WINDOW).await;
        sam.post(&part(late, &sam, "accept"), json!({})).await.problem(409, "orders.acceptance_window_over");
        assert_eq!(t.broken_invariants().await, Vec::<String>::new(), "nobody has swept");

        // unpaid, declined, bob's order; the hold; the late order that nobody accepted
        assert_eq!(sweep_all(&t).await, 5);
        for (id, expected) in [(unpaid, "EXPIRED"), (declined, "EXPIRED"), (late, "CANCELLED")] {
            assert_eq!(status(&t, id).await, expected);
        }
        t.sequence().await;
        while workers::react(t.app()).await.unwrap() + workers::refund(t.app()).await.unwrap() > 0 {
            t.sequence().await;
        }
        assert_eq!((status(&t, late).await.as_str(), available(&t, lamp).await), ("REFUNDED", 20));
        assert_eq!(t.int("select count(*) from core.view_deadline where kind !~ '^payments'", &[]).await, 0);
        tradepost::deadlines::metrics(t.app().clone()).await.expect("the gauges");
    });
}

#[test]
fn one_seller_delivers_and_the_other_never_accepts() {
    run(async |t| {
        let (sam, sue, ana) = (t.seller("sam").await, t.seller("sue").await, t.buyer("ana").await);
        let (lamp, rug) = (t.offer(&sam, 1000, 5).await, t.offer(&sue, 3000, 5).await);
        let id = paid(&ana, &[(lamp, 1), (rug, 2)]).await;
        let view = sue.get(&format!("/orders/{id}")).await.expect(200);
        assert!(view["fulfilments"][0]["acceptDueAt"].is_string(), "the seller sees how long there is");
        for (step, body) in [
            ("accept", json!({})),
            ("ship", json!({ "carrier": "DHL", "trackingNumber": "1" })),
            ("deliver", json!({})),
        ] {
            sam.post(&part(id, &sam, step), body).await.expect(200);
        }
        let admin = t.admin().await;
        let cancel = format!("/orders/{id}/cancel");
        admin.post(&cancel, json!({})).once().await.problem(409, "orders.already_shipped");
        assert_eq!(status(&t, id).await, "PROCESSING", "stuck: one part waits for its seller");

        t.advance(WINDOW.saturating_sub(LEAD)).await;
        assert_eq!(sweep_all(&t).await, 1);
        let reminders = t.payloads("orders.fulfilment_reminded").await;
        assert_eq!(reminders.len(), 1, "{reminders:?}");
        assert_eq!(reminders[0]["sellerId"], json!(sue.seller_id), "who has not accepted, and nobody else");
        assert_eq!(
            reminders[0]["acceptDueAt"].as_str().map(instant),
            view["fulfilments"][0]["acceptDueAt"].as_str().map(instant)
        );
        t.advance(LEAD).await;
        assert_eq!(sweep_all(&t).await, 1);
        assert_eq!(status(&t, id).await, "DELIVERED", "the others are done");
        sue.post(&part(id, &sue, "accept"), json!({})).await.problem(409, "orders.transition_refused");
        t.sequence().await;
        workers::react(t.app()).await.unwrap();
        assert_eq!(workers::refund(t.app()).await.unwrap(), 1);
        let list = ana.get(&format!("/orders/{id}/payments")).await.expect(200);
        assert_eq!(list["items"][0]["refunded"]["amountMinor"], 6000);
        assert_eq!(list["items"][0]["refunds"][0]["reason"], "SELLER_DID_NOT_ACCEPT");
        assert_eq!((available(&t, lamp).await, available(&t, rug).await), (4, 5));
        let view = ana.get(&format!("/orders/{id}")).await.expect(200);
        let mut parts: Vec<(&str, &str)> = view["fulfilments"]
            .as_array()
            .expect("parts")
            .iter()
            .map(|p| (p["sellerId"].as_str().expect("an id"), p["status"].as_str().expect("a status")))
            .collect();
        let (sam_id, sue_id) = (sam.seller_id.to_string(), sue.seller_id.to_string());
        parts.sort_by_key(|(seller, _)| *seller != sam_id);
        assert_eq!(parts, [(sam_id.as_str(), "DELIVERED"), (sue_id.as_str(), "CANCELLED")]);
        let left: i64 = t
            .one(
                "select coalesce(sum(abs(b)), 0)::bigint from (select sum(amount_minor) as b from payments.ledger_entries
                   where order_id = $1 and seller_id = $2 group by account) as x",
                &[&id, &sue.seller_id],
            )
            .await;
        assert_eq!(left, 0, "nothing is left with the seller who did not accept");
    });
}

#[test]
fn two_instances_sweep_everything_once() {
    run(async |t| {
        let (sam, sue, ana) = (t.seller("sam").await, t.seller("sue").await, t.buyer("ana").await);
        let (lamp, rug) = (t.offer(&sam, 1000, 500).await, t.offer(&sue, 3000, 500).await);
        for n in 0..8_i64 {
            let id = paid(&ana, &[(lamp, 1 + n % 2), (rug, 1)]).await;
            if n % 2 == 0 {
                sam.post(&part(id, &sam, "accept"), json!({})).await.expect(200);
            }
            ana.post("/orders", basket(&[(rug, 1), (lamp, 1)])).once().await.expect(201);
            ana.post(
                "/inventory/reserve",
                json!({ "ttlSeconds": 60, "lines": [{ "variantId": lamp, "sellerId": sam.seller_id, "quantity": 1 }] }),
            )
            .once()
            .await
            .expect(201);
        }
        // Two sweepers in each of two programs, with small claims.
        let programs = [t.app().clone(), t.another_program().await];
        let sweep_together = async || {
            let swept = together(4, |i| {
                let pool = programs[i % 2].worker_pool.clone();
                async move {
                    let mut done = 0;
                    while let Some((_, n)) =
                        tradepost::deadlines::sql::sweep_deadlines(&pool, 3).await.expect("a sweep")
                    {
                        done += n;
                    }
                    done
                }
            })
            .await;
            swept.iter().sum::<usize>() + sweep_all(&t).await
        };
        t.advance(WINDOW.saturating_sub(LEAD)).await;
        // eight unpaid orders, eight holds, eight paid orders with one or two parts that nobody has accepted
        assert_eq!(sweep_together().await, 24, "each deadline was settled once");
        assert_eq!(t.payloads("orders.fulfilment_reminded").await.len(), 12, "every part once");
        t.advance(LEAD).await;
        assert_eq!(sweep_together().await, 8);
        for (event, n) in [
            ("orders.order_expired", 8),
            ("inventory.reservation_expired", 8),
            ("orders.order_cancelled", 4),
            ("orders.fulfilment_cancelled", 4),
            ("orders.fulfilment_reminded", 12),
        ] {
            assert_eq!(t.payloads(event).await.len(), n, "{event}");
        }
        let (lamps, rugs) = (available(&t, lamp).await, available(&t, rug).await);
        // what sam accepted stays sold: one lamp each of four orders (n = 0, 2, 4, 6)
        assert_eq!((lamps, rugs), (496, 500));
        t.sequence().await;
        while workers::react(t.app()).await.unwrap() + workers::refund(t.app()).await.unwrap() > 0 {
            t.sequence().await;
        }
        let twice = "select count(*) from (select payment_id, seller_ids from payments.refunds group by 1, 2 having count(*) > 1) as x";
        assert_eq!(t.int(twice, &[]).await, 0);
        assert_eq!(t.int("select count(*) from payments.refunds", &[]).await, 8);
    });
}
