//! Stock and reservations over HTTP.

use std::time::Duration;

use crate::support::{Person, Test, Uuid, Value, json, run};

async fn stock(person: &Person, variant: Uuid, seller: &Person) -> Value {
    let path = format!("/inventory/{variant}/{}", seller.seller_id);
    person.get(&path).await.expect(200).body
}

fn line(variant: Uuid, seller: &Person, quantity: i64) -> Value {
    json!({ "variantId": variant, "sellerId": seller.seller_id, "quantity": quantity })
}

async fn reserve(person: &Person, lines: Value) -> Uuid {
    person.post("/inventory/reserve", json!({ "lines": lines })).once().await.expect(201).id("reservationId")
}

async fn people(t: &Test) -> (Person, Person, Uuid) {
    let (sam, ana) = (t.seller("sam").await, t.buyer("ana").await);
    let lamp = t.offer(&sam, 1000, 5).await;
    (sam, ana, lamp)
}

#[test]
fn a_seller_sets_and_adjusts_stock() {
    run(async |t| {
        let (sam, ana, lamp) = people(&t).await;
        let path = format!("/inventory/{lamp}/{}", sam.seller_id);
        let change = format!("{path}/stock");
        let seen = sam.get(&path).await.expect(200);
        assert_eq!((seen.int("onHand"), seen.header("etag")), (5, "\"1\""));

        let set = json!({ "mode": "SET", "quantity": 12, "reason": "count", "lowStockThreshold": 3 });
        let reply = sam.put(&change, set.clone()).if_match(1).await.expect(200);
        assert_eq!((reply.int("onHand"), reply.int("version"), reply.header("etag")), (12, 2, "\"2\""));
        let adjust = json!({ "mode": "ADJUST", "quantity": -9, "reason": "broken" });
        let reply = t.admin().await.put(&change, adjust).if_match(2).await.expect(200);
        assert_eq!((reply.int("available"), reply["isLow"].as_bool()), (3, Some(true)));
        assert_eq!(
            t.events().await.iter().filter(|e| e.starts_with("inventory.")).collect::<Vec<_>>(),
            [
                "inventory.stock_changed",
                "inventory.stock_changed",
                "inventory.stock_changed",
                "inventory.stock_low"
            ]
        );
        assert_eq!(sam.get("/inventory/low-stock").await.expect(200).items().len(), 1);

        // refused
        sam.put(&change, set.clone()).await.problem(428, "core.if_match_required");
        sam.put(&change, set.clone()).if_match(2).await.problem(412, "core.version_stale");
        let bad = json!({ "mode": "SET", "quantity": 1, "reason": " " });
        sam.put(&change, bad).if_match(3).await.problem_at(422, "inventory.reason_required", "/reason");
        let bad = json!({ "mode": "SET", "quantity": -1, "reason": "x" });
        sam.put(&change, bad).if_match(3).await.problem_at(422, "inventory.quantity_invalid", "/quantity");
        let bad = json!({ "mode": "MOVE", "quantity": 1, "reason": "x" });
        sam.put(&change, bad).if_match(3).await.problem(400, "core.body_invalid");
        let bad = json!({ "mode": "SET", "quantity": 1, "reason": "x", "onHand": 3 });
        sam.put(&change, bad).if_match(3).await.problem(400, "core.body_invalid");
        reserve(&ana, json!([line(lamp, &sam, 2)])).await;
        let below = json!({ "mode": "SET", "quantity": 1, "reason": "x" });
        sam.put(&change, below).if_match(3).await.problem_at(409, "inventory.stock_reserved", "/quantity");

        // not yours: the same answer as for what does not exist
        let sue = t.seller("sue").await;
        for stranger in [&sue, &ana] {
            stranger.get(&path).await.problem(404, "inventory.stock_not_found");
            stranger.put(&change, set.clone()).if_match(3).await.problem(404, "inventory.stock_not_found");
        }
        t.anybody().get(&path).await.problem(401, "identity.unauthenticated");
        sam.get(&format!("/inventory/{}/{}", Uuid::new_v4(), sam.seller_id))
            .await
            .problem(404, "inventory.stock_not_found");
        sam.get("/inventory/nonsense/nonsense").await.problem(404, "core.not_found");
        ana.get("/inventory/low-stock").await.problem(403, "identity.role_required");
        sam.get("/inventory/low-stock?cursor=x").await.problem(400, "core.cursor_invalid");
    });
}

#[test]
fn stock_that_was_never_set_is_version_zero() {
    run(async |t| {
        let (sam, _, lamp) = people(&t).await;
        t.execute("delete from inventory.movements", &[]).await;
        t.execute("delete from inventory.stock_levels", &[]).await;
        t.execute("delete from events.outbox where drafts[1].type = 'inventory.stock_changed'", &[]).await;
        let path = format!("/inventory/{lamp}/{}", sam.seller_id);
        assert_eq!(sam.get(&path).await.expect(200).header("etag"), "\"0\"");
        let body = json!({ "mode": "SET", "quantity": 7, "reason": "first delivery" });
        let reply = sam.put(&format!("{path}/stock"), body).if_match(0).await.expect(200);
        assert_eq!((reply.int("onHand"), reply.int("version")), (7, 1));
    });
}

#[test]
fn a_reservation_holds_all_lines_or_none() {
    run(async |t| {
        let (sam, ana, lamp) = people(&t).await;
        let chair = t.offer(&sam, 2500, 1).await;
        let body = json!({
            "lines": [line(lamp, &sam, 2), line(chair, &sam, 1), line(lamp, &sam, 1)], "ttlSeconds": 60, "reference": "cart 1"
        });
        let reply = ana.post("/inventory/reserve", body.clone()).key("k1").await.expect(201);
        assert_eq!(reply.str("status"), "HELD");
        assert_eq!(reply["lines"].as_array().map(Vec::len), Some(2), "lines on one offer are summed");
        let location = reply.header("location").to_owned();
        assert_eq!(ana.get(&location).await.expect(200).body, reply.body);
        assert_eq!(stock(&sam, lamp, &sam).await["available"], 2);

        // repeated
        let again = ana.post("/inventory/reserve", body).key("k1").await.expect(201);
        assert_eq!((&again.body, again.header("idempotency-replayed")), (&reply.body, "true"));
        let other = json!({ "lines": [line(lamp, &sam, 1)] });
        ana.post("/inventory/reserve", other.clone())
            .key("k1")
            .await
            .problem(422, "core.idempotency_key_reused");

        // refused: every short line is listed with what is left
        let too_much = json!({ "lines": [line(chair, &sam, 1), line(lamp, &sam, 2), line(lamp, &sam, 1)] });
        let reply = ana
            .post("/inventory/reserve", too_much)
            .key("k2")
            .await
            .problem(409, "inventory.insufficient_stock");
        let errors: Vec<_> = reply["errors"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|e| (e["pointer"].as_str().unwrap_or_default(), e["available"].as_i64()))
            .collect();
        assert_eq!(errors, [("/lines/0", Some(0)), ("/lines/1", Some(2)), ("/lines/2", Some(2))]);
        assert_eq!(stock(&sam, lamp, &sam).await["available"], 2, "nothing was taken");

        ana.post("/inventory/reserve", other.clone()).await.problem(400, "core.idempotency_key_required");
        t.anybody().post("/inventory/reserve", other).once().await.problem(401, "identity.unauthenticated");
        ana.post("/inventory/reserve", json!({ "lines": [] })).once().await.problem_at(
            422,
            "inventory.lines_required",
            "/lines",
        );
        let unknown = json!({ "lines": [line(Uuid::new_v4(), &sam, 1)] });
        ana.post("/inventory/reserve", unknown).once().await.problem_at(
            422,
            "inventory.offer_unknown",
            "/lines/0/variantId",
        );
        let zero = json!({ "lines": [line(lamp, &sam, 0)] });
        ana.post("/inventory/reserve", zero).once().await.problem_at(
            422,
            "inventory.quantity_invalid",
            "/lines/0/quantity",
        );
        let forever = json!({ "lines": [line(lamp, &sam, 1)], "ttlSeconds": 86_401 });
        ana.post("/inventory/reserve", forever).once().await.problem_at(
            422,
            "inventory.ttl_invalid",
            "/ttlSeconds",
        );
        let negative = json!({ "lines": [line(lamp, &sam, -1)] });
        ana.post("/inventory/reserve", negative).once().await.problem(400, "core.body_invalid");
    });
}

#[test]
fn a_reservation_ends_once_and_by_its_owner() {
    run(async |t| {
        let (sam, ana, lamp) = people(&t).await;
        let sue = t.seller("sue").await;
        let sold = reserve(&sam, json!([line(lamp, &sam, 2)])).await;
        let freed = reserve(&sam, json!([line(lamp, &sam, 1)])).await;
        let confirm = |id: Uuid| format!("/inventory/confirm/{id}");
        let release = |id: Uuid| format!("/inventory/release/{id}");

        for path in [confirm(sold), release(sold), format!("/inventory/reservations/{sold}")] {
            let stranger = if path.contains("reservations") {
                sue.get(&path)
            } else {
                sue.post(&path, json!({})).once()
            };
            stranger.await.problem(404, "inventory.reservation_not_found");
        }
        sam.post(&confirm(sold), json!({})).await.problem(400, "core.idempotency_key_required");
        let reply = sam.post(&confirm(sold), json!({})).key("c").await.expect(200);
        assert_eq!(reply.str("status"), "CONFIRMED");
        let again = sam.post(&confirm(sold), json!({})).key("c").await.expect(200);
        assert_eq!((&again.body, again.header("idempotency-replayed")), (&reply.body, "true"));
        sam.post(&confirm(sold), json!({}))
            .once()
            .await
            .problem(409, "inventory.reservation_already_confirmed");
        sam.post(&release(sold), json!({}))
            .once()
            .await
            .problem(409, "inventory.reservation_already_confirmed");

        assert_eq!(sam.post(&release(freed), json!({})).once().await.expect(200).str("status"), "RELEASED");
        sam.post(&confirm(freed), json!({}))
            .once()
            .await
            .problem(409, "inventory.reservation_already_released");
        // Who buys places an order: a buyer's hold takes nothing off the shelf, nor does a seller another store's stock.
        let hold = reserve(&ana, json!([line(lamp, &sam, 1)])).await;
        ana.post(&confirm(hold), json!({})).once().await.problem(403, "identity.role_required");
        let foreign = reserve(&sue, json!([line(lamp, &sam, 1)])).await;
        sue.post(&confirm(foreign), json!({})).once().await.problem(403, "inventory.not_your_stock");
        for (person, id) in [(&ana, hold), (&sue, foreign)] {
            person.post(&release(id), json!({})).once().await.expect(200);
        }
        let seen = stock(&sam, lamp, &sam).await;
        assert_eq!((&seen["onHand"], &seen["reserved"]), (&json!(3), &json!(0)));
    });
}

#[test]
fn an_expired_hold_never_blocks_a_sale() {
    run(async |t| {
        let (sam, ana, lamp) = people(&t).await;
        let all = json!([line(lamp, &sam, 5)]);
        let first = reserve(&sam, all.clone()).await;
        ana.post("/inventory/reserve", json!({ "lines": all }))
            .once()
            .await
            .problem(409, "inventory.insufficient_stock");
        t.advance(Duration::from_secs(901)).await;
        assert_eq!(
            stock(&sam, lamp, &sam).await["available"],
            5,
            "expired by the clock, with nobody tidying up"
        );
        sam.post(&format!("/inventory/confirm/{first}"), json!({}))
            .once()
            .await
            .problem(409, "inventory.reservation_expired");
        reserve(&ana, all).await;
        tradepost::deadlines::sweep(&t.app().worker_pool).await.expect("the sweeper");
        let seen = sam.get(&format!("/inventory/reservations/{first}")).await.expect(200);
        assert_eq!(seen.str("status"), "EXPIRED");
    });
}
