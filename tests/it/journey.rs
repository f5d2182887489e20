//! The three workflows of a marketplace, step by step with the events they tell, and a whole sale from an empty database
//! to the delivery. Over HTTP only: what is checked is what a client can see.

use std::collections::HashMap;

use crate::events::Stream;
use crate::support::{Person, Reply, Test, Uuid, Value, json, run};

/// Everybody who takes part, and the category they meet in.
struct Town {
    admin: Person,
    seller: Person,
    buyer: Person,
    category_id: Uuid,
}

async fn found_town(t: &Test) -> Town {
    let (admin, seller, buyer) = (t.admin().await, t.seller("stella").await, t.buyer("ben").await);
    let home = admin.post("/categories", json!({ "name": "Home" })).await.expect(201);
    let mugs = admin
        .post("/categories", json!({ "name": "Mugs", "parentId": home["categoryId"] }))
        .await
        .expect(201);
    for (category, attribute) in [
        (&home, json!({ "code": "material", "name": "Material", "type": "text", "required": true })),
        (
            &mugs,
            json!({ "code": "glaze", "name": "Glaze", "type": "select", "options": ["Ink", "Moss"], "isVariantAxis": true }),
        ),
    ] {
        let made = admin.post("/categories/attributes", attribute).await.expect(201);
        let link = format!("/categories/{}/attributes/{}", category.id("categoryId"), made.id("attributeId"));
        assert!(admin.post(&link, json!({})).await.status < 300);
    }
    Town { admin, seller, buyer, category_id: mugs.id("categoryId") }
}

impl Town {
    /// A draft with a variant for each glaze, SKUs `<sku>-INK` and `<sku>-MOSS`.
    async fn draft(&self, title: &str, sku: &str, price_minor: i64) -> (Uuid, HashMap<String, Uuid>) {
        let product = json!({
            "categoryId": self.category_id, "title": title, "description": "Holds coffee.",
            "attributes": { "material": "Stoneware" },
        });
        let product_id = self.seller.post("/products", product).await.expect(201).id("productId");
        let variants = json!({
            "axes": { "glaze": ["Ink", "Moss"] }, "skuPrefix": sku,
            "price": { "amountMinor": price_minor, "currency": "USD" },
        });
        let made = self.seller.post(&format!("/products/{product_id}/variants"), variants).await.expect(201);
        let by_sku = made.items().iter().map(|v| {
            let id = v["variantId"].as_str().and_then(|id| id.parse().ok()).expect("an id");
            (v["offers"][0]["sku"].as_str().expect("a SKU").to_owned(), id)
        });
        (product_id, by_sku.collect())
    }

    async fn submit(&self, product_id: Uuid) -> i64 {
        let submitted =
            self.seller.post(&format!("/products/{product_id}/submit"), json!({})).await.expect(200);
        assert_eq!(submitted["status"], "PENDING_APPROVAL");
        submitted.int("version")
    }

    async fn review(&self, product_id: Uuid, decision: &Value) -> Reply {
        self.admin.post(&format!("/products/{product_id}/approve"), decision.clone()).await
    }

    /// From the draft to the shelf.
    async fn sell(&self, title: &str, sku: &str, price_minor: i64) -> HashMap<String, Uuid> {
        let (product_id, variants) = self.draft(title, sku, price_minor).await;
        let version = self.submit(product_id).await;
        self.review(product_id, &json!({ "decision": "APPROVE", "version": version })).await.expect(200);
        self.seller.post(&format!("/products/{product_id}/activate"), json!({})).await.expect(200);
        variants
    }

    async fn stock(&self, variant_id: Uuid) -> Reply {
        self.seller.get(&format!("/inventory/{variant_id}/{}", self.seller.seller_id)).await.expect(200)
    }

    async fn set_stock(&self, variant_id: Uuid, version: i64, change: Value) -> Reply {
        let path = format!("/inventory/{variant_id}/{}/stock", self.seller.seller_id);
        self.seller.put(&path, change).if_match(version).await
    }

    /// On hand, reserved, available.
    async fn units(&self, variant_id: Uuid) -> [i64; 3] {
        let stock = self.stock(variant_id).await;
        ["onHand", "reserved", "available"].map(|member| stock.int(member))
    }

    async fn order(&self, lines: Value) -> Reply {
        let order = json!({
            "currency": "USD", "lines": lines,
            "shippingAddress": { "name": "Ben", "line1": "1 Main Street", "city": "Springfield", "countryCode": "US" },
        });
        self.buyer.post("/orders", order).once().await
    }

    /// The payment, authorised and not confirmed.
    async fn charge(&self, order_id: Uuid, token: &str) -> Reply {
        let method = json!({ "method": { "token": token } });
        self.buyer.post(&format!("/orders/{order_id}/payment"), method).once().await
    }

    async fn confirm(&self, order_id: Uuid, payment: &Reply) -> Reply {
        let body =
            json!({ "paymentId": payment["paymentId"], "providerReference": payment["providerReference"] });
        self.buyer.post(&format!("/orders/{order_id}/confirm-payment"), body).once().await
    }

    async fn fulfil(&self, order_id: Uuid, step: &str, body: Value) -> Reply {
        let path = format!("/orders/{order_id}/fulfilments/{}/{step}", self.seller.seller_id);
        self.seller.post(&path, body).await
    }

    /// The types of the log from after this number, as the administrator reads them page by page, and where it ends.
    async fn log_after(&self, t: &Test, after: i64) -> (Vec<String>, i64) {
        t.sequence().await;
        let (mut types, mut seq) = (Vec::new(), after);
        loop {
            let query = [("after", seq.to_string()), ("limit", "100".to_owned())];
            let query: Vec<(&str, &str)> = query.iter().map(|(n, v)| (*n, v.as_str())).collect();
            let page = self.admin.get("/events").query(&query).await.expect(200);
            for event in page.items() {
                assert_eq!(event["seq"], seq + 1, "the log has a gap");
                seq += 1;
                types.push(event["type"].as_str().expect("a type").to_owned());
            }
            if page["nextCursor"].is_null() {
                return (types, seq);
            }
        }
    }
}

#[test]
fn a_product_is_created_submitted_decided_and_put_on_sale() {
    run(async |t| {
        let town = found_town(&t).await;
        let (_, mut seen) = town.log_after(&t, 0).await;
        let mut heard = Stream::open(&town.seller, &[("after", &seen.to_string())], None).await;

        // create → submit → reject: the seller is told, with the reason
        let (product_id, variants) = town.draft("Tall mug", "MUG", 1900).await;
        let page = format!("/products/{product_id}");
        town.buyer.get(&page).await.problem(404, "catalog.product_not_found");
        let version = town.submit(product_id).await;
        town.review(product_id, &json!({ "decision": "REJECT", "version": version }))
            .await
            .problem(422, "catalog.reason_required");
        let decision = json!({ "decision": "REJECT", "reason": "Say how large it is.", "version": version });
        assert_eq!(town.review(product_id, &decision).await.expect(200)["status"], "REJECTED");
        let (types, head) = town.log_after(&t, seen).await;
        let story = [
            "catalog.product_created",
            "catalog.variants_created",
            "catalog.product_submitted",
            "catalog.product_rejected",
        ];
        assert_eq!(types, story);
        seen = head;
        for wanted in story {
            let (_, event_type, data) = heard.event().await;
            assert_eq!((event_type.as_str(), &data["payload"]["productId"]), (wanted, &json!(product_id)));
        }
        let own = town.seller.get(&page).await.expect(200);
        assert_eq!(own["reviewReason"], "Say how large it is.");

        // the seller mends it → submit → a stale review is refused → approve → activate
        let mended = json!({
            "categoryId": town.category_id, "title": "Tall mug", "description": "Holds 380 ml of coffee.",
            "attributes": { "material": "Stoneware" },
        });
        town.seller.put(&page, mended).if_match(own.int("version")).await.expect(200);
        let version = town.submit(product_id).await;
        town.review(product_id, &json!({ "decision": "APPROVE", "version": version - 1 }))
            .await
            .problem(409, "catalog.version_conflict");
        town.buyer.get(&page).await.problem(404, "catalog.product_not_found");
        let decision = json!({ "decision": "APPROVE", "version": version });
        assert_eq!(town.review(product_id, &decision).await.expect(200)["status"], "APPROVED");
        let active = town.seller.post(&format!("{page}/activate"), json!({})).await.expect(200);
        assert_eq!(active["status"], "ACTIVE");
        let (types, _) = town.log_after(&t, seen).await;
        let news: Vec<&str> =
            types.iter().map(String::as_str).filter(|t| *t != "catalog.product_updated").collect();
        assert_eq!(
            news,
            [
                "catalog.product_revised",
                "catalog.product_submitted",
                "catalog.product_approved",
                "catalog.product_activated"
            ]
        );
        loop {
            let (_, event_type, data) = heard.event().await;
            assert_eq!(data["payload"]["productId"], json!(product_id));
            if event_type == "catalog.product_activated" {
                break;
            }
        }
        let shown = town.buyer.get(&page).await.expect(200);
        assert_eq!(shown["variants"].as_array().map(Vec::len), Some(variants.len()));
        assert_eq!(town.buyer.get("/products").query(&[("q", "coffee")]).await.expect(200).items().len(), 1);
    });
}

#[test]
fn a_change_of_stock_is_locked_validated_written_and_told() {
    run(async |t| {
        let town = found_town(&t).await;
        let ink = town.sell("Tall mug", "MUG", 1900).await["MUG-INK"];
        let (_, seen) = town.log_after(&t, 0).await;

        // never set: zeros, version 0
        assert_eq!(town.stock(ink).await.int("version"), 0);
        let first =
            json!({ "mode": "SET", "quantity": 10, "reason": "First delivery", "lowStockThreshold": 3 });
        let stock = town.set_stock(ink, 0, first.clone()).await.expect(200);
        assert_eq!((stock.int("onHand"), stock.header("etag")), (10, "\"1\""));
        // validated: stale, negative, without a reason
        town.set_stock(ink, 0, first).await.problem(412, "core.version_stale");
        let take = |units: i64| json!({ "mode": "ADJUST", "quantity": -units, "reason": "Breakage" });
        assert!(town.set_stock(ink, 1, take(11)).await.status >= 409);
        let silent = json!({ "mode": "SET", "quantity": 1, "reason": "" });
        assert_eq!(town.set_stock(ink, 1, silent).await.status, 422);
        town.buyer
            .put(&format!("/inventory/{ink}/{}/stock", town.seller.seller_id), take(1))
            .if_match(1)
            .await
            .problem(404, "inventory.stock_not_found");
        // written: a movement each; crossing the threshold is told once
        town.set_stock(ink, 1, take(7)).await.expect(200);
        town.set_stock(ink, 2, take(1)).await.expect(200);
        assert_eq!(town.units(ink).await, [2, 0, 2]);
        let low = town.seller.get("/inventory/low-stock").await.expect(200);
        assert_eq!(low.items()[0]["variantId"], json!(ink));

        let (types, _) = town.log_after(&t, seen).await;
        assert_eq!(
            types,
            [
                "inventory.stock_changed",
                "inventory.stock_changed",
                "inventory.stock_low",
                "inventory.stock_changed"
            ]
        );
        let movements = t
            .int("select sum(quantity_delta)::bigint from inventory.movements where variant_id = $1", &[&ink])
            .await;
        assert_eq!(movements, 2, "the stock is the sum of its movements");
    });
}

#[test]
fn an_order_is_reserved_charged_confirmed_deducted_and_told() {
    run(async |t| {
        let town = found_town(&t).await;
        let ink = town.sell("Tall mug", "MUG", 1900).await["MUG-INK"];
        let delivery =
            json!({ "mode": "SET", "quantity": 3, "reason": "First delivery", "lowStockThreshold": 0 });
        town.set_stock(ink, 0, delivery).await.expect(200);
        let (_, mut seen) = town.log_after(&t, 0).await;
        let mut heard = Stream::open(&town.buyer, &[("after", &seen.to_string())], None).await;

        // more than there is: refused, and nothing is left behind
        let lines = |quantity: i64| json!([{ "variantId": ink, "quantity": quantity }]);
        town.order(lines(4)).await.problem(409, "inventory.insufficient_stock");
        assert_eq!(town.log_after(&t, seen).await.0, [""; 0]);

        // order: reserved
        let order = town.order(lines(2)).await.expect(201);
        let order_id = order.id("orderId");
        assert_eq!((order.str("status"), &order["total"]["amountMinor"]), ("PENDING_PAYMENT", &json!(3800)));
        assert_eq!(town.units(ink).await, [3, 2, 1]);

        // charge: declined, then accepted; the stock waits
        town.charge(order_id, "tok_decline").await.problem(409, "payments.payment_declined");
        let payment = town.charge(order_id, "tok_success").await.expect(201);
        assert_eq!(town.units(ink).await, [3, 2, 1]);

        // confirm: deducted, booked, told
        let paid = town.confirm(order_id, &payment).await.expect(200);
        assert_eq!((paid.str("status"), paid.str("orderStatus")), ("SUCCEEDED", "PAID"));
        assert_eq!(town.units(ink).await, [1, 0, 1]);
        town.confirm(order_id, &payment).await.expect(200);
        assert_eq!(town.units(ink).await, [1, 0, 1], "confirming again changes nothing");
        let (types, head) = town.log_after(&t, seen).await;
        assert_eq!(
            types,
            [
                "orders.order_placed",
                "payments.payment_started",
                "payments.payment_failed",
                "orders.order_payment_failed",
                "orders.order_payment_retried",
                "payments.payment_started",
                "payments.payment_succeeded",
                "orders.order_paid",
            ]
        );
        seen = head;
        loop {
            let (_, event_type, data) = heard.event().await;
            assert_eq!(data["payload"]["orderId"], json!(order_id), "{event_type}");
            if event_type == "orders.order_paid" {
                assert_eq!(data["payload"]["totalMinor"], 3800);
                break;
            }
        }
        let ledger = t.int("select sum(amount_minor)::bigint from payments.ledger_entries", &[]).await;
        assert_eq!(ledger, 0, "every posting balances");
        let taken = t
            .int(
                "select sum(amount_minor)::bigint from payments.ledger_entries where account = 'PROVIDER_CLEARING'",
                &[],
            )
            .await;
        assert_eq!(taken, 3800);
        assert_eq!(town.log_after(&t, seen).await.0, [""; 0]);
    });
}

#[test]
fn a_whole_sale_from_an_empty_database_to_the_delivery() {
    run(async |t| {
        assert_eq!(t.int("select count(*) from identity.users", &[]).await, 0);
        let town = found_town(&t).await;
        let (admin, seller, buyer) = (&town.admin, &town.seller, &town.buyer);

        // the terms: twelve per cent for the marketplace, four dollars for the parcel, ten per cent off with a coupon
        admin
            .post("/pricing/commission-rules", json!({ "name": "Standard", "percentBp": 1200 }))
            .await
            .expect(201);
        let rate = json!({ "feeMinor": 400 });
        seller.put("/pricing/shipping-rates/USD", rate).if_match(0).await.expect(200);
        let coupon = json!({
            "name": "Opening", "type": "PERCENTAGE", "target": "ORDER", "percentBp": 1000,
            "couponCode": "OPENING", "usageLimit": 1,
        });
        let promotion_id = admin.post("/promotions", coupon).await.expect(201).id("promotionId");
        admin.post(&format!("/promotions/{promotion_id}/activate"), json!({})).await.expect(200);

        // the shelf
        let variants = town.sell("Tall mug", "MUG", 1900).await;
        for (variant_id, units) in [(variants["MUG-INK"], 5), (variants["MUG-MOSS"], 2)] {
            let delivery = json!({ "mode": "SET", "quantity": units, "reason": "First delivery" });
            town.set_stock(variant_id, 0, delivery).await.expect(200);
        }

        // the order: 3 x 1900 + 2 x 1900 = 9500, a tenth off, and the parcel
        let order = json!({
            "currency": "USD",
            "couponCodes": ["OPENING"],
            "lines": [
                { "variantId": variants["MUG-INK"], "quantity": 3 },
                { "variantId": variants["MUG-MOSS"], "quantity": 2 },
            ],
            "shippingAddress": { "name": "Ben", "line1": "1 Main Street", "city": "Springfield", "countryCode": "US" },
        });
        let placed = buyer.post("/orders", order.clone()).key("sale-1").await.expect(201);
        let order_id = placed.id("orderId");
        for (member, minor) in [("subtotal", 9500), ("discount", 950), ("shipping", 400), ("total", 8950)] {
            assert_eq!(placed[member]["amountMinor"], minor, "{member}\n{}", placed.describe());
        }
        let again = buyer.post("/orders", order.clone()).key("sale-1").await.expect(201);
        assert_eq!((again.id("orderId"), again.header("idempotency-replayed")), (order_id, "true"));
        buyer.post("/orders", order).once().await.expect(409);

        // the money
        let payment = town.charge(order_id, "tok_success").await.expect(201);
        town.confirm(order_id, &payment).await.expect(200);

        // the parcel; each step by the seller alone, and in this order
        town.fulfil(order_id, "ship", json!({ "carrier": "Parcel Post", "trackingNumber": "PP1" }))
            .await
            .problem(409, "orders.transition_refused");
        let path = format!("/orders/{order_id}");
        for (step, body, status) in [
            ("accept", json!({}), "PROCESSING"),
            ("ship", json!({ "carrier": "Parcel Post", "trackingNumber": "PP1" }), "SHIPPED"),
            ("deliver", json!({}), "DELIVERED"),
        ] {
            town.fulfil(order_id, step, body).await.expect(200);
            assert_eq!(buyer.get(&path).await.expect(200)["status"], status);
        }
        buyer.post(&format!("{path}/cancel"), json!({})).once().await.expect(409);

        // what is left: the shelf, the books, the story
        assert_eq!(town.units(variants["MUG-INK"]).await, [2, 0, 2]);
        assert_eq!(town.units(variants["MUG-MOSS"]).await, [0, 0, 0]);
        let books = t
            .one::<Value>(
                "select jsonb_object_agg(account, sum) from (
                   select account, sum(amount_minor)::bigint from payments.ledger_entries group by account) as s",
                &[],
            )
            .await;
        let balance = |account: &str| books[account].as_i64().expect("booked");
        assert_eq!(balance("PROVIDER_CLEARING"), 8950);
        assert_eq!(balance("COMMISSION_REVENUE"), -1026, "twelve per cent of 8550");
        assert_eq!(balance("SELLER_PAYABLE"), -(8950 - 1026));
        let status = buyer.get(&format!("{path}/status")).await.expect(200);
        let history = status["history"].as_array().expect("a history");
        let states: Vec<&str> = history.iter().filter_map(|h| h["toStatus"].as_str()).collect();
        assert_eq!(states, ["PENDING_PAYMENT", "PAID", "PROCESSING", "SHIPPED", "DELIVERED"]);

        let (_, head) = town.log_after(&t, 0).await;
        let of_order =
            admin.get("/events").query(&[("aggregateId", &order_id.to_string())]).await.expect(200);
        let types: Vec<&str> = of_order.items().iter().filter_map(|e| e["type"].as_str()).collect();
        let orders: Vec<&str> = types.iter().copied().filter(|t| t.starts_with("orders.order_")).collect();
        assert_eq!(
            orders,
            [
                "orders.order_placed",
                "orders.order_paid",
                "orders.order_accepted",
                "orders.order_shipped",
                "orders.order_delivered"
            ]
        );
        let text = admin.get("/events").query(&[("limit", "100")]).await.expect(200).text;
        for secret in [&buyer.email, "1 Main Street", "correct horse"] {
            assert!(!text.contains(secret), "{secret:?} is in the log");
        }
        assert!(head > 20);
    });
}
