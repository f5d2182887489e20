//! Payments over HTTP: every token of the sandbox, every refusal, the workers.

use std::collections::BTreeMap;
use std::time::Duration;

use tradepost::payments::workers;

use crate::support::{Person, Reply, Test, Uuid, json, run};

/// What this file's tests share with the races: people, offers and orders.
pub mod shop {
    use super::{Person, Reply, Test, Uuid, json};

    pub async fn order(buyer: &Person, variant: Uuid) -> Uuid {
        try_order(buyer, variant).await.expect(201).id("orderId")
    }

    pub async fn try_order(buyer: &Person, variant: Uuid) -> Reply {
        buyer
            .post(
                "/orders",
                json!({
                    "currency": "USD",
                    "lines": [{ "variantId": variant, "quantity": 1 }],
                    "shippingAddress": { "name": "A", "line1": "B", "city": "C", "countryCode": "DE" },
                }),
            )
            .once()
            .await
    }

    pub async fn start(buyer: &Person, order: Uuid, token: &str) -> Reply {
        let body = json!({ "method": { "token": token } });
        buyer.post(&format!("/orders/{order}/payment"), body).once().await
    }

    /// Confirms with the reference that the start answered.
    pub async fn confirm(buyer: &Person, order: Uuid, started: &Reply) -> Reply {
        let body =
            json!({ "paymentId": started["paymentId"], "providerReference": started["providerReference"] });
        buyer.post(&format!("/orders/{order}/confirm-payment"), body).once().await
    }

    pub async fn pay(buyer: &Person, order: Uuid) -> Reply {
        let started = start(buyer, order, "tok_success").await.expect(201);
        confirm(buyer, order, &started).await
    }

    pub async fn status(t: &Test, order: Uuid) -> String {
        t.one("select status from orders.orders where order_id = $1", &[&order]).await
    }

    pub async fn available(t: &Test, variant: Uuid) -> i64 {
        t.int(
            "select (on_hand - reserved)::bigint from inventory.stock_levels where variant_id = $1",
            &[&variant],
        )
        .await
    }
}

use shop::{available, confirm, order, pay, start, status};

/// A buyer, and a variant of ten units at 19.99.
async fn scene(t: &Test) -> (Person, Uuid) {
    let variant = t.offer(&t.seller("sam").await, 1999, 10).await;
    (t.buyer("ana").await, variant)
}

#[test]
fn an_order_is_paid_in_two_requests() {
    run(async |t| {
        let (ana, variant) = scene(&t).await;
        let order = order(&ana, variant).await;
        let path = format!("/orders/{order}/payment");
        let body = json!({ "method": { "token": "tok_success" } });
        let started = ana.post(&path, body.clone()).key("start").await.expect(201);
        assert_eq!(started["status"], "PENDING");
        assert_eq!(started["orderStatus"], "PENDING_PAYMENT");
        assert_eq!(started["amount"], json!({ "amountMinor": 1999, "currency": "USD" }));
        assert_eq!(started["nextAction"]["type"], "CONFIRM");
        assert_eq!(started.header("location"), format!("/api/v1/orders/{order}/payments"));
        let again = ana.post(&path, body).key("start").await.expect(201);
        assert_eq!(again.header("idempotency-replayed"), "true");
        assert_eq!(again.text, started.text, "a replay is the same answer, reference included");

        let path = format!("/orders/{order}/confirm-payment");
        let body =
            json!({ "paymentId": started["paymentId"], "providerReference": started["providerReference"] });
        let paid = ana.post(&path, body.clone()).key("confirm").await.expect(200);
        assert_eq!((paid.str("status"), paid.str("orderStatus")), ("SUCCEEDED", "PAID"));
        assert_eq!(paid["refunded"]["amountMinor"], 0);
        let again = ana.post(&path, body).key("confirm").await.expect(200);
        assert_eq!(again.header("idempotency-replayed"), "true");
        assert_eq!(again.text, paid.text);
        assert_eq!(
            confirm(&ana, order, &started).await.expect(200).text,
            paid.text,
            "another key: the same fact"
        );

        assert_eq!(status(&t, order).await, "PAID");
        assert_eq!(available(&t, variant).await, 9);
        let events: Vec<String> =
            t.events().await.into_iter().filter(|e| !e.starts_with("identity.")).collect();
        assert_eq!(
            events,
            [
                "inventory.stock_changed",
                "orders.order_placed",
                "payments.payment_started",
                "payments.payment_succeeded",
                "orders.order_paid"
            ]
        );
        start(&ana, order, "tok_success").await.problem(409, "payments.order_already_paid");
        tradepost::payments::metrics(t.app().clone()).await.expect("the revenue gauges");
    });
}

#[test]
fn a_decline_leaves_the_order_payable() {
    run(async |t| {
        let (ana, variant) = scene(&t).await;
        let order = order(&ana, variant).await;
        let path = format!("/orders/{order}/payment");
        let body = json!({ "method": { "token": "tok_decline" } });
        let declined = ana.post(&path, body.clone()).key("k").await.problem(409, "payments.payment_declined");
        assert!(declined.str("detail").contains("insufficient_funds"));
        assert_eq!(status(&t, order).await, "PAYMENT_FAILED");
        ana.post(&path, body).key("k").await.problem(409, "payments.payment_declined");

        let late = start(&ana, order, "tok_fail_late").await.expect(201);
        let declined = confirm(&ana, order, &late).await.problem(409, "payments.payment_declined");
        assert!(declined.str("detail").contains("card_expired"));
        confirm(&ana, order, &late).await.problem(409, "payments.payment_declined");
        assert_eq!(status(&t, order).await, "PAYMENT_FAILED");

        pay(&ana, order).await.expect(200);
        let list = ana.get(&format!("/orders/{order}/payments")).await.expect(200);
        let failures: Vec<_> = list.items().iter().map(|p| (&p["status"], &p["failureCode"])).collect();
        assert_eq!(
            json!(failures),
            json!([["FAILED", "insufficient_funds"], ["FAILED", "card_expired"], ["SUCCEEDED", null]])
        );
        let page = ana.get(&format!("/orders/{order}/payments?limit=2")).await.expect(200);
        assert_eq!(page.items().len(), 2);
        let next = format!("/orders/{order}/payments?limit=2&cursor={}", page.str("nextCursor"));
        let next = ana.get(&next).await.expect(200);
        assert_eq!((next.items().len(), &next["nextCursor"]), (1, &json!(null)));
    });
}

#[test]
fn the_payer_proves_something_first() {
    run(async |t| {
        let (ana, variant) = scene(&t).await;
        let order = order(&ana, variant).await;
        let started = start(&ana, order, "tok_confirm").await.expect(201);
        assert_eq!(started["nextAction"]["type"], "CONFIRM_WITH_CODE");
        let with = |code: &str| json!({ "paymentId": started["paymentId"], "providerReference": started["providerReference"], "confirmationCode": code });
        let path = format!("/orders/{order}/confirm-payment");
        confirm(&ana, order, &started).await.problem_at(
            422,
            "payments.confirmation_code_wrong",
            "/confirmationCode",
        );
        ana.post(&path, with("000000")).key("k").await.problem(422, "payments.confirmation_code_wrong");
        assert_eq!(status(&t, order).await, "PENDING_PAYMENT");
        ana.post(&path, with("123456")).key("k").await.expect(200);
    });
}

#[test]
fn a_lost_answer_is_found_out() {
    run(async |t| {
        let (ana, variant) = scene(&t).await;
        let (slow, slower, lost, open) = (
            order(&ana, variant).await,
            order(&ana, variant).await,
            order(&ana, variant).await,
            order(&ana, variant).await,
        );
        let started = start(&ana, slow, "tok_slow").await.expect(202);
        assert_eq!(started["nextAction"]["type"], "WAIT");
        assert_eq!(started["providerReference"], json!(null));
        let without_reference = json!({ "paymentId": started["paymentId"] });
        ana.post(&format!("/orders/{slow}/confirm-payment"), without_reference).once().await.expect(200);
        assert_eq!(status(&t, slow).await, "PAID");

        start(&ana, slower, "tok_slow").await.expect(202);
        let started = start(&ana, lost, "tok_unknown").await.expect(202);
        let without_reference = json!({ "paymentId": started["paymentId"] });
        ana.post(&format!("/orders/{lost}/confirm-payment"), without_reference)
            .once()
            .await
            .problem(422, "payments.reference_unknown");
        let started = start(&ana, open, "tok_success").await.expect(201);
        assert_eq!(workers::reconcile(t.app()).await.unwrap(), 0, "fresh payments are left to their buyers");
        t.advance(Duration::from_secs(61)).await;
        assert_eq!(workers::reconcile(t.app()).await.unwrap(), 3);
        assert_eq!(status(&t, slower).await, "PAID", "the money was taken");
        assert_eq!(status(&t, lost).await, "PAYMENT_FAILED", "the provider never heard of it");
        assert_eq!(status(&t, open).await, "PENDING_PAYMENT", "its buyer may still confirm");
        let without_reference = json!({ "paymentId": started["paymentId"] });
        ana.post(&format!("/orders/{open}/confirm-payment"), without_reference).once().await.expect(200);
    });
}

#[test]
fn a_payment_given_up_is_not_begun_again_and_its_money_is_not_lost() {
    run(async |t| {
        let (ana, variant) = scene(&t).await;
        let (lost, paid, twice) =
            (order(&ana, variant).await, order(&ana, variant).await, order(&ana, variant).await);
        let path = format!("/orders/{lost}/payment");
        let body = json!({ "method": { "token": "tok_unknown" } });
        ana.post(&path, body.clone()).key("k").await.expect(202);
        let of_paid = start(&ana, paid, "tok_success").await.expect(201);
        let of_twice = start(&ana, twice, "tok_success").await.expect(201);
        t.advance(Duration::from_secs(61)).await;
        workers::reconcile(t.app()).await.unwrap();
        let again = ana.post(&path, body).key("k").await.problem(409, "payments.payment_declined");
        assert!(again.str("detail").contains("never_received"));

        // the provider did not know them, and takes the money all the same
        for given_up in [paid, twice] {
            let query = "select count(*) from payments.payments as p, payments.settle_payments(jsonb_build_array(
                jsonb_build_object('orderId', p.order_id, 'paymentId', p.payment_id, 'isSuccess', false))) where p.order_id = $1";
            t.int(query, &[&given_up]).await;
            assert_eq!(status(&t, given_up).await, "PAYMENT_FAILED");
        }
        let open = json!({ "paymentId": of_paid["paymentId"] });
        ana.post(&format!("/orders/{paid}/confirm-payment"), open)
            .once()
            .await
            .problem(409, "payments.payment_declined");
        assert_eq!(confirm(&ana, paid, &of_paid).await.expect(200)["orderStatus"], "PAID");
        let second = start(&ana, twice, "tok_success").await.expect(201);
        confirm(&ana, twice, &of_twice).await.problem(409, "payments.order_already_paid");
        confirm(&ana, twice, &second).await.expect(200);
        assert_eq!(workers::refund(t.app()).await.unwrap(), 1);
        assert_eq!(status(&t, twice).await, "PAID");
        assert_eq!(t.broken_invariants().await, Vec::<String>::new());
    });
}

#[test]
fn refusals_change_nothing() {
    run(async |t| {
        let (ana, variant) = scene(&t).await;
        let (bob, sam) = (t.buyer("bob").await, t.seller("sam").await);
        let (mine, other) = (order(&ana, variant).await, order(&ana, variant).await);
        let path = format!("/orders/{mine}/payment");
        let good = json!({ "method": { "token": "tok_success" } });

        ana.post(&path, good.clone()).await.problem(400, "core.idempotency_key_required");
        t.anybody().post(&path, good.clone()).once().await.problem(401, "identity.unauthenticated");
        start(&ana, mine, "tok_x").await.problem_at(422, "payments.token_unknown", "/method/token");
        for bad in
            [json!({}), json!({ "method": {} }), json!({ "method": { "token": 1 } }), json!({ "x": 1 })]
        {
            assert_eq!(ana.post(&path, bad.clone()).once().await.status, 400, "{bad}");
        }
        for stranger in [&bob, &sam] {
            start(stranger, mine, "tok_success").await.problem(404, "orders.order_not_found");
            stranger.get(&format!("/orders/{mine}/payments")).await.problem(404, "orders.order_not_found");
        }
        start(&ana, Uuid::nil(), "tok_success").await.problem(404, "orders.order_not_found");
        ana.post("/orders/x/payment", good.clone()).once().await.problem(404, "core.not_found");

        let started = ana.post(&path, good).key("k").await.expect(201);
        ana.post(&path, json!({ "method": { "token": "tok_confirm" } }))
            .key("k")
            .await
            .problem(422, "core.idempotency_key_reused");
        start(&ana, mine, "tok_success").await.problem(409, "payments.payment_in_progress");

        let of_other = start(&ana, other, "tok_success").await.expect(201);
        let confirm_path = format!("/orders/{mine}/confirm-payment");
        for foreign in [json!("sbx_x"), json!("x"), of_other["providerReference"].clone()] {
            let body = json!({ "paymentId": started["paymentId"], "providerReference": foreign });
            ana.post(&confirm_path, body).once().await.problem_at(
                422,
                "payments.reference_unknown",
                "/providerReference",
            );
        }
        confirm(&ana, mine, &of_other).await.problem_at(422, "payments.payment_unknown", "/paymentId");
        confirm(&bob, mine, &started).await.problem(404, "orders.order_not_found");
        let body = json!({ "paymentId": started["paymentId"] });
        bob.post(&confirm_path, body.clone()).once().await.problem(404, "orders.order_not_found");
        ana.post(&confirm_path, body).await.problem(400, "core.idempotency_key_required");
        let unknown = json!({ "paymentId": Uuid::nil() });
        ana.post(&confirm_path, unknown).once().await.problem(422, "payments.payment_unknown");
        assert_eq!(status(&t, mine).await, "PENDING_PAYMENT");
        assert_eq!(t.int("select count(*) from payments.ledger_entries", &[]).await, 0);

        t.advance(Duration::from_secs(901)).await;
        let late = order(&ana, variant).await;
        t.advance(Duration::from_secs(901)).await;
        start(&ana, late, "tok_success").await.problem(409, "orders.payment_window_over");
        let cancelled = order(&ana, variant).await;
        ana.post(&format!("/orders/{cancelled}/cancel"), json!({})).once().await.expect(200);
        start(&ana, cancelled, "tok_success").await.problem(409, "payments.order_not_payable");
    });
}

#[test]
fn money_comes_late() {
    run(async |t| {
        let (sam, ana, bob) = (t.seller("sam").await, t.buyer("ana").await, t.buyer("bob").await);
        let (plenty, single) = (t.offer(&sam, 500, 5).await, t.offer(&sam, 700, 1).await);
        let (first, second) = (order(&ana, plenty).await, order(&ana, single).await);
        let (of_first, of_second) = (
            start(&ana, first, "tok_success").await.expect(201),
            start(&ana, second, "tok_success").await.expect(201),
        );
        t.advance(Duration::from_secs(901)).await;
        order(&bob, single).await;

        let paid = confirm(&ana, first, &of_first).await.expect(200);
        assert_eq!(paid["orderStatus"], "PAID", "the stock was still there");
        confirm(&ana, second, &of_second).await.problem(409, "payments.stock_gone_refunded");
        assert_eq!(status(&t, second).await, "EXPIRED");
        assert_eq!(workers::refund(t.app()).await.unwrap(), 1);
        let list = ana.get(&format!("/orders/{second}/payments")).await.expect(200);
        assert_eq!(list["items"][0]["refunded"]["amountMinor"], 700);
        assert_eq!(list["items"][0]["refunds"][0]["status"], "SUCCEEDED");
        assert_eq!(status(&t, second).await, "EXPIRED");
        confirm(&ana, second, &of_second).await.problem(409, "payments.stock_gone_refunded");
    });
}

#[test]
fn ended_orders_give_their_money_back() {
    run(async |t| {
        let (ana, variant) = scene(&t).await;
        let (paid, unpaid, late) =
            (order(&ana, variant).await, order(&ana, variant).await, order(&ana, variant).await);
        pay(&ana, paid).await.expect(200);
        start(&ana, unpaid, "tok_slow").await.expect(202);
        let of_late = start(&ana, late, "tok_success").await.expect(201);
        for order in [paid, unpaid, late] {
            ana.post(&format!("/orders/{order}/cancel"), json!({ "reason": "no" })).once().await.expect(200);
        }
        confirm(&ana, late, &of_late).await.problem(409, "payments.order_cancelled_refunded");

        t.sequence().await;
        assert_eq!(workers::react(t.app()).await.unwrap(), 3);
        assert_eq!(workers::react(t.app()).await.unwrap(), 0);
        assert_eq!(workers::reconcile(t.app()).await.unwrap(), 1, "the abandoned one is asked about");
        assert_eq!(workers::refund(t.app()).await.unwrap(), 3);
        assert_eq!(workers::refund(t.app()).await.unwrap(), 0);
        assert_eq!(status(&t, paid).await, "REFUNDED");
        for order in [unpaid, late] {
            assert_eq!(status(&t, order).await, "CANCELLED", "it was never sold");
        }
        assert_eq!(available(&t, variant).await, 10);
        let left = "select coalesce(sum(abs(s)), 0)::bigint from
            (select sum(amount_minor) as s from payments.ledger_entries group by order_id, seller_id, account) as x";
        assert_eq!(t.int(left, &[]).await, 0, "every account is settled");
    });
}

#[test]
fn an_administrator_refunds_in_parts() {
    run(async |t| {
        let (ana, variant) = scene(&t).await;
        let (admin, sam) = (t.admin().await, t.seller("sam").await);
        let order = order(&ana, variant).await;
        let path = format!("/orders/{order}/refunds");
        let part = |minor: i64| json!({ "amount": { "amountMinor": minor, "currency": "USD" }, "reason": "Damaged" });
        admin.post(&path, part(1)).once().await.problem(409, "payments.refund_not_allowed");
        pay(&ana, order).await.expect(200);
        admin.post(&path, part(1)).once().await.problem(409, "payments.refund_not_allowed");
        for (step, body) in [
            ("accept", json!(null)),
            ("ship", json!({ "carrier": "DHL", "trackingNumber": "1" })),
            ("deliver", json!(null)),
        ] {
            let path = format!("/orders/{order}/fulfilments/{}/{step}", sam.seller_id);
            let request = sam.request(reqwest::Method::POST, &path);
            if body.is_null() { request } else { request.json(&body) }.await.expect(200);
        }

        ana.post(&path, part(1)).once().await.problem(403, "identity.role_required");
        admin.post(&path, part(1)).await.problem(400, "core.idempotency_key_required");
        admin.post(&path, part(0)).once().await.problem(422, "payments.refund_amount_invalid");
        admin.post(&path, part(2000)).once().await.problem(409, "payments.refund_exceeds_paid");
        let euro = json!({ "amount": { "amountMinor": 1, "currency": "EUR" }, "reason": "x" });
        admin.post(&path, euro).once().await.problem(422, "payments.refund_currency_mismatch");
        admin
            .post(&format!("/orders/{}/refunds", Uuid::nil()), part(1))
            .once()
            .await
            .problem(404, "orders.order_not_found");

        let first = admin.post(&path, part(500)).key("k").await.expect(201);
        assert_eq!((first.str("status"), &first["amount"]["amountMinor"]), ("PENDING", &json!(500)));
        let again = admin.post(&path, part(500)).key("k").await.expect(201);
        assert_eq!((again.header("idempotency-replayed"), &again.text), ("true", &first.text));
        admin.post(&path, part(501)).key("k").await.problem(422, "core.idempotency_key_reused");
        assert_eq!(workers::refund(t.app()).await.unwrap(), 1);
        assert_eq!(status(&t, order).await, "PARTIALLY_REFUNDED");
        admin.post(&path, part(1500)).once().await.problem(409, "payments.refund_exceeds_paid");
        admin.post(&path, part(1499)).once().await.expect(201);
        assert_eq!(workers::refund(t.app()).await.unwrap(), 1);
        assert_eq!(status(&t, order).await, "REFUNDED");
        let seen = admin.get(&format!("/orders/{order}/payments")).await.expect(200);
        assert_eq!(seen["items"][0]["refunded"]["amountMinor"], 1999);
        let events = t.payloads("payments.refund_succeeded").await;
        assert_eq!(events.len(), 2);
        assert!(events.iter().all(|e| e.get("reason").is_none()), "what a person wrote stays out of the log");
    });
}

/// A batch answers and leaves behind exactly what its requests do one after another.
#[test]
fn a_batch_equals_one_at_a_time() {
    run(async |t| {
        let (sam, ana, bob) = (t.seller("sam").await, t.buyer("ana").await, t.buyer("bob").await);
        let mut random = Random(0x5eed_cafe);
        for round in 0..12 {
            let variants = [t.offer(&sam, 300, 3).await, t.offer(&sam, 401, 2).await];
            // the first orders' windows pass; what others then buy decides which of them can be sold again
            let (mut payments, mut ended) = (Vec::new(), Vec::new());
            for n in 0..5_usize {
                let variant = variants[n % 2];
                let id: Uuid = t
                    .one("select test.pay_order($1, variadic array[$2::uuid])", &[&ana.user_id, &variant])
                    .await;
                payments.push(t.one::<Uuid>("select test.pay_start($1)", &[&id]).await);
                ended.push(id);
            }
            t.advance(Duration::from_secs(901)).await;
            if random.below(2) == 0 {
                t.one::<i32>("select orders.expire_orders(2)", &[]).await;
            }
            for variant in variants {
                if random.below(3) > 0 {
                    let query = "select test.pay_order($1, variadic array[$2::uuid])";
                    let id: Uuid = t.one(query, &[&ana.user_id, &variant]).await;
                    payments.push(t.one::<Uuid>("select test.pay_start($1)", &[&id]).await);
                    if random.below(3) == 0 {
                        let cancel = "select count(*) from orders.cancel_order(test.ctx($1, $2), $3, 'x')";
                        t.int(cancel, &[&ana.user_id, &id.to_string(), &id]).await;
                    }
                }
            }
            let mut requests = Vec::new();
            for _ in 0..14 {
                let payment = payments[random.below(payments.len())];
                let who = if random.below(8) == 0 { bob.user_id } else { ana.user_id };
                let (success, key) = (random.below(4) > 0, format!("key-{}", random.below(9)));
                let query = "select test.pay_request($1, $2, $3, $4)";
                requests.push(t.one::<serde_json::Value>(query, &[&payment, &success, &key, &who]).await);
            }
            let together = outcome(&t, &[json!(requests)]).await;
            let alone: Vec<_> = requests.iter().map(|request| json!([request])).collect();
            let alone = outcome(&t, &alone).await;
            assert_eq!(together, alone, "round {round}: {requests:#?}");
            // leave nothing half done for the next round
            t.advance(Duration::from_secs(901)).await;
            t.one::<i32>("select orders.expire_orders(100)", &[]).await;
        }
    });
}

/// What the calls answer and leave behind, without times and new ids. Nothing of it stays.
async fn outcome(t: &Test, calls: &[serde_json::Value]) -> (Vec<serde_json::Value>, serde_json::Value) {
    let client = t.connect().await;
    client.batch_execute("begin").await.expect("begin");
    let mut answers = Vec::new();
    for call in calls {
        let query = "select to_jsonb(c) - 'request_no' - 'updated_at' from payments.confirm_payments($1) as c order by request_no";
        let rows = client.query(query, &[call]).await.expect("confirm_payments");
        answers.extend(rows.iter().map(|row| row.get::<_, serde_json::Value>(0)));
    }
    let state = "select jsonb_build_object(
        'orders', (select jsonb_agg(jsonb_build_array(order_id, status, version) order by order_id) from orders.orders),
        'payments', (select jsonb_agg(jsonb_build_array(payment_id, status, version, failure_code) order by payment_id) from payments.payments),
        'refunds', (select jsonb_agg(jsonb_build_array(payment_id, amount_minor, reason) order by payment_id) from payments.refunds),
        'ledger', (select jsonb_agg(jsonb_build_array(transaction_id, seller_id, account, amount_minor) order by transaction_id, seller_id, account) from payments.ledger_entries),
        'stock', (select jsonb_agg(jsonb_build_array(variant_id, on_hand, reserved) order by variant_id) from inventory.stock_levels),
        'holds', (select jsonb_agg(jsonb_build_array(reservation_id, status) order by reservation_id) from inventory.reservations),
        'events', (select jsonb_agg(jsonb_build_array(aggregate_id, aggregate_version, type) order by aggregate_id, aggregate_version)
                     from events.staging where aggregate_type in ('order', 'payment')))";
    let state = client.query_one(state, &[]).await.expect("state").get(0);
    client.batch_execute("rollback").await.expect("rollback");
    (answers, state)
}

/// A small generator, so that a failure can be repeated.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("31 bits") % limit
    }
}

/// What orders ended as, and how many of each: for the races.
pub async fn statuses(t: &Test, orders: &[Uuid]) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for order in orders {
        *counts.entry(status(t, *order).await).or_default() += 1;
    }
    counts
}
