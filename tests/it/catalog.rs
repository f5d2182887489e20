//! Categories, attributes, products and variants over HTTP: what is answered, and above all what is refused.

use std::sync::Arc;

use tokio::sync::Barrier;

use crate::support::{Person, Reply, Test, Uuid, Value, json, run};

/// An administrator, two sellers, and Shirts below Clothing: material (required, inherited), color and size (axes), weight.
struct Shop {
    admin: Person,
    sam: Person,
    eve: Person,
    clothing: Uuid,
    shirts: Uuid,
    material: Uuid,
    size: Uuid,
}

impl Shop {
    async fn open(t: &Test) -> Self {
        let (admin, sam, eve) = (t.admin().await, t.seller("sam").await, t.seller("eve").await);
        let clothing = category(&admin, json!({ "name": "Clothing" })).await;
        let shirts = category(&admin, json!({ "name": "Shirts", "parentId": clothing })).await;
        let material =
            attribute(&admin, clothing, json!({ "code": "material", "type": "text", "required": true }))
                .await;
        let axis = |code: &str, options: &[&str]| json!({ "code": code, "type": "select", "options": options, "isVariantAxis": true });
        attribute(&admin, shirts, axis("color", &["red", "blue"])).await;
        let size = attribute(&admin, shirts, axis("size", &["S", "M", "L"])).await;
        attribute(
            &admin,
            shirts,
            json!({ "code": "weight", "type": "number", "unit": "g", "min": 1, "max": 1000 }),
        )
        .await;
        Self { admin, sam, eve, clothing, shirts, material, size }
    }

    fn product(&self, title: &str) -> Value {
        json!({ "categoryId": self.shirts, "title": title, "description": "Woven.", "attributes": { "material": "linen" } })
    }

    /// A draft with one variant.
    async fn draft(&self, title: &str) -> Uuid {
        let id = self.sam.post("/products", self.product(title)).await.expect(201).id("productId");
        let sku = format!("SKU-{}", id.simple());
        self.sam.post(&format!("/products/{id}/variants"), variant(&sku, 1000)).await.expect(201);
        id
    }

    async fn submitted(&self, title: &str) -> Uuid {
        let id = self.draft(title).await;
        self.sam.post(&format!("/products/{id}/submit"), json!({})).await.expect(200);
        id
    }

    async fn review(&self, id: Uuid, decision: &str, version: i64) -> Reply {
        let body = json!({ "decision": decision, "reason": "Because.", "version": version });
        self.admin.post(&format!("/products/{id}/approve"), body).await
    }

    async fn active(&self, title: &str) -> Uuid {
        let id = self.submitted(title).await;
        self.review(id, "APPROVE", 3).await.expect(200);
        self.sam.post(&format!("/products/{id}/activate"), json!({})).await.expect(200);
        id
    }

    async fn only_variant(&self, product: Uuid) -> Uuid {
        let variants = self.sam.get(&format!("/products/{product}/variants")).await.expect(200);
        variants.items()[0]["variantId"].as_str().expect("an id").parse().expect("a UUID")
    }
}

async fn category(admin: &Person, body: Value) -> Uuid {
    admin.post("/categories", body).await.expect(201).id("categoryId")
}

async fn attribute(admin: &Person, category: Uuid, mut body: Value) -> Uuid {
    body["name"] = body["code"].clone();
    let id = admin.post("/categories/attributes", body).await.expect(201).id("attributeId");
    admin.post(&format!("/categories/{category}/attributes/{id}"), json!({})).await.expect(201);
    id
}

fn variant(sku: &str, amount_minor: i64) -> Value {
    json!({ "sku": sku, "price": { "amountMinor": amount_minor, "currency": "USD" } })
}

fn titles(reply: &Reply) -> Vec<&str> {
    reply.items().iter().map(|item| item["title"].as_str().expect("a title")).collect()
}

/// All that came back, in the order of the requests, which started together.
async fn at_once<const N: usize>(requests: [crate::support::client::Request; N]) -> Vec<Reply> {
    let barrier = Arc::new(Barrier::new(N));
    let mut tasks = Vec::new();
    for request in requests {
        let barrier = barrier.clone();
        tasks.push(tokio::spawn(async move {
            barrier.wait().await;
            request.await
        }));
    }
    let mut replies = Vec::new();
    for task in tasks {
        replies.push(task.await.expect("a reply"));
    }
    replies
}

fn statuses(replies: &[Reply]) -> Vec<u16> {
    let mut statuses: Vec<u16> = replies.iter().map(|reply| reply.status).collect();
    statuses.sort_unstable();
    statuses
}

// --- the journey of a product ------------------------------------------------------------------------------------------

#[test]
fn a_product_goes_from_draft_over_rejection_to_the_shelf_and_the_seller_is_told() {
    run(async |t| {
        let shop = Shop::open(&t).await;
        let created = shop.sam.post("/products", shop.product("Linen shirt")).await.expect(201);
        let id = created.id("productId");
        assert_eq!(created.header("location"), format!("/api/v1/products/{id}"));
        assert_eq!(
            (created.header("etag"), created.str("status"), created.str("slug")),
            ("\"1\"", "DRAFT", "linen-shirt")
        );
        assert_eq!(
            created["seller"],
            json!({ "sellerId": shop.sam.seller_id, "storeName": "sam's store", "slug": created["seller"]["slug"] })
        );
        assert!(created["priceFrom"].is_null() && created["variants"].as_array().is_some_and(Vec::is_empty));
        let path = format!("/products/{id}");

        shop.sam
            .post(&format!("{path}/submit"), json!({}))
            .await
            .problem(409, "catalog.product_without_offer");
        let axes = json!({ "axes": { "size": ["S", "M"], "color": ["red", "blue"] }, "skuPrefix": "LS",
            "price": { "amountMinor": 4900, "currency": "EUR" },
            "overrides": [{ "axisValues": { "size": "M", "color": "red" }, "price": { "amountMinor": 5200, "currency": "EUR" } }] });
        let made = shop.sam.post(&format!("{path}/variants"), axes).await.expect(201);
        assert_eq!(made.items().len(), 4);
        assert_eq!(made.items()[0]["offers"][0]["sku"], "LS-RED-S");
        assert_eq!(made.items()[1]["offers"][0]["price"], json!({ "amountMinor": 5200, "currency": "EUR" }));

        shop.sam
            .post(&format!("{path}/activate"), json!({}))
            .await
            .problem(409, "catalog.transition_refused");
        let submitted = shop.sam.post(&format!("{path}/submit"), json!({})).await.expect(200);
        assert_eq!((submitted.str("status"), submitted.int("version")), ("PENDING_APPROVAL", 3));
        t.anybody().get(&path).await.problem(404, "catalog.product_not_found");
        shop.eve.get(&path).await.problem(404, "catalog.product_not_found");

        // rejected, mended, submitted again
        let reject = json!({ "decision": "REJECT", "reason": "The title promises silk.", "version": 3 });
        let rejected = shop.admin.post(&format!("{path}/approve"), reject).await.expect(200);
        assert_eq!(
            (rejected.str("status"), rejected.str("reviewReason")),
            ("REJECTED", "The title promises silk.")
        );
        assert_eq!(shop.sam.get(&path).await.expect(200).str("reviewReason"), "The title promises silk.");
        let mended = shop.sam.put(&path, shop.product("Linen shirt, woven")).if_match(4).await.expect(200);
        assert_eq!(
            (mended.str("status"), mended.str("slug"), mended.header("etag")),
            ("DRAFT", "linen-shirt", "\"5\"")
        );
        shop.sam.post(&format!("{path}/submit"), json!({})).await.expect(200);

        // the seller changes the price while the reviewer reads: the decision is about something else
        let variant = shop.only_variant(id).await;
        let change = json!({ "sku": "LS-RED-S", "price": { "amountMinor": 4500, "currency": "EUR" } });
        shop.sam.put(&format!("/variants/{variant}"), change).if_match(1).await.expect(200);
        shop.review(id, "APPROVE", 6).await.problem_at(409, "catalog.version_conflict", "/version");
        assert_eq!(shop.review(id, "APPROVE", 7).await.expect(200).str("status"), "APPROVED");
        t.anybody().get(&path).await.problem(404, "catalog.product_not_found");

        let active = shop.sam.post(&format!("{path}/activate"), json!({})).await.expect(200);
        assert_eq!((active.str("status"), active.int("version")), ("ACTIVE", 9));
        let seen = t.anybody().get(&path).await.expect(200);
        assert_eq!(seen["priceFrom"], json!({ "amountMinor": 4500, "currency": "EUR" }));
        assert_eq!(seen["priceTo"], json!({ "amountMinor": 5200, "currency": "EUR" }));
        assert_eq!(seen["variants"].as_array().map(Vec::len), Some(4));
        assert!(seen["reviewReason"].is_null());
        assert_eq!(t.anybody().get("/products/slug/linen-shirt").await.expect(200).body, seen.body);

        // a change of price stays on the shelf, a change of content goes back to the reviewers
        let change = json!({ "sku": "LS-RED-S", "price": { "amountMinor": 4400, "currency": "EUR" } });
        shop.sam.put(&format!("/variants/{variant}"), change).if_match(2).await.expect(200);
        assert_eq!(shop.sam.get(&path).await.expect(200).str("status"), "ACTIVE");
        let revised = shop.sam.put(&path, shop.product("Hemp shirt")).if_match(10).await.expect(200);
        assert_eq!(revised.str("status"), "PENDING_APPROVAL");

        let log: Vec<String> = t
            .events()
            .await
            .into_iter()
            .filter(|e| e.starts_with("catalog.product") || e.contains("offer") || e.contains("variant"))
            .collect();
        assert_eq!(
            log,
            [
                "product_created",
                "variants_created",
                "product_submitted",
                "product_rejected",
                "product_revised",
                "product_updated",
                "product_submitted",
                "offer_changed",
                "product_approved",
                "product_activated",
                "offer_changed",
                "product_revised",
                "product_updated"
            ]
            .map(|event| format!("catalog.{event}"))
        );
        let told = t.int("select count(*) from events.log where type = 'catalog.product_rejected' and audience = array[$1::uuid]", &[&shop.sam.seller_id]).await;
        assert_eq!(told, 1, "the seller is told");
        let said = t.int("select count(*) from events.log where payload::text like '%silk%'", &[]).await;
        assert_eq!(said, 0, "without what people wrote");
    });
}

#[test]
fn products_come_off_the_shelf_for_a_while_and_for_good() {
    run(async |t| {
        let shop = Shop::open(&t).await;
        let id = shop.active("Shirt").await;
        let path = format!("/products/{id}");
        let inactive = shop.sam.post(&format!("{path}/deactivate"), json!({})).await.expect(200);
        assert_eq!(inactive.str("status"), "INACTIVE");
        shop.sam
            .post(&format!("{path}/deactivate"), json!({}))
            .await
            .problem(409, "catalog.transition_refused");
        t.anybody().get(&path).await.problem(404, "catalog.product_not_found");
        shop.sam.post(&format!("{path}/activate"), json!({})).await.expect(200);
        shop.eve
            .post(&format!("{path}/deactivate"), json!({}))
            .await
            .problem(403, "catalog.not_your_product");
        shop.eve.delete(&path).await.problem(403, "catalog.not_your_product");
        t.anybody().delete(&path).await.problem(401, "identity.unauthenticated");
        t.buyer("ben").await.delete(&path).await.problem(403, "identity.role_required");
        assert_eq!(
            shop.admin.post(&format!("{path}/deactivate"), json!({})).await.expect(200).str("status"),
            "INACTIVE"
        );

        let variant = shop.only_variant(id).await;
        shop.sam.delete(&path).await.expect(204);
        shop.sam.delete(&path).await.expect(204);
        assert_eq!(shop.sam.get(&path).await.expect(200).str("status"), "ARCHIVED");
        shop.sam.put(&path, shop.product("Again")).if_match(9).await.problem(409, "catalog.product_archived");
        shop.sam.post(&format!("{path}/submit"), json!({})).await.problem(409, "catalog.transition_refused");
        shop.sam
            .post(&format!("{path}/variants"), variant_body())
            .await
            .problem(409, "catalog.product_archived");
        shop.sam
            .put(&format!("/variants/{variant}"), variant_body())
            .if_match(2)
            .await
            .problem(409, "catalog.product_archived");
        shop.sam
            .delete(&format!("/products/{}", Uuid::new_v4()))
            .await
            .problem(404, "catalog.product_not_found");
        let draft = shop.draft("Draft").await;
        shop.admin.delete(&format!("/products/{draft}")).await.problem(409, "catalog.transition_refused");
    });
}

fn variant_body() -> Value {
    variant("LATE", 100)
}

// --- categories and attributes -----------------------------------------------------------------------------------------

#[test]
fn the_category_tree_is_kept_by_administrators() {
    run(async |t| {
        let admin = t.admin().await;
        let home =
            admin.post("/categories", json!({ "name": "Home & Garden", "position": 2 })).await.expect(201);
        let id = home.id("categoryId");
        assert_eq!(home.header("location"), format!("/api/v1/categories/{id}"));
        assert_eq!((home.header("etag"), home.str("slug")), ("\"1\"", "home-garden"));
        let tools = category(&admin, json!({ "name": "Tools", "parentId": id })).await;
        let saws = category(&admin, json!({ "name": "Saws", "parentId": tools })).await;
        category(&admin, json!({ "name": "Art" })).await;

        let tree = t.anybody().get("/categories/tree").await.expect(200);
        assert_eq!(tree.items()[0]["name"], "Art");
        assert_eq!(tree.items()[1]["children"][0]["children"][0]["categoryId"], json!(saws));
        assert_eq!(
            t.anybody().get(&format!("/categories/{saws}")).await.expect(200)["path"],
            json!([id, tools, saws])
        );
        let below = t.anybody().get("/categories").query(&[("parentId", &id.to_string())]).await.expect(200);
        assert_eq!((below.items().len(), below["nextCursor"].is_null()), (1, true));
        let first = t.anybody().get("/categories?limit=3").await.expect(200);
        let rest = t
            .anybody()
            .get("/categories")
            .query(&[("limit", "3"), ("cursor", first.str("nextCursor"))])
            .await
            .expect(200);
        assert_eq!((first.items().len(), rest.items().len(), rest["nextCursor"].is_null()), (3, 1, true));

        // moving
        let path = format!("/categories/{tools}");
        let body = |parent: Value| json!({ "name": "Tools", "parentId": parent });
        admin.put(&path, body(json!(saws))).if_match(1).await.problem_at(
            422,
            "catalog.category_cycle",
            "/parentId",
        );
        admin.put(&path, body(json!(tools))).if_match(1).await.problem(422, "catalog.category_cycle");
        admin.put(&path, body(json!(Uuid::new_v4()))).if_match(1).await.problem_at(
            422,
            "catalog.category_unknown",
            "/parentId",
        );
        admin.put(&path, body(json!(null))).await.problem(428, "core.if_match_required");
        admin
            .put(&path, body(json!(null)))
            .header("if-match", "soon")
            .await
            .problem(400, "core.if_match_invalid");
        admin.put(&path, body(json!(null))).if_match(7).await.problem(412, "core.version_stale");
        let moved = admin.put(&path, body(json!(null))).if_match(1).await.expect(200);
        assert_eq!((moved.header("etag"), &moved["path"]), ("\"2\"", &json!([tools])));
        assert_eq!(
            t.anybody().get(&format!("/categories/{saws}")).await.expect(200)["path"],
            json!([tools, saws])
        );

        // refused: fields
        for (body, status, code, pointer) in [
            (json!({}), 400, "core.body_invalid", "/name"),
            (json!({ "name": 5 }), 400, "core.body_invalid", "/name"),
            (json!({ "name": "X", "colour": 1 }), 400, "core.body_invalid", "/colour"),
            (json!({ "name": "X", "parentId": "x" }), 400, "core.body_invalid", "/parentId"),
            (json!({ "name": " " }), 422, "catalog.category_name_invalid", "/name"),
            (json!({ "name": "x".repeat(101) }), 422, "catalog.category_name_invalid", "/name"),
            (json!({ "name": "X", "slug": "No Slug" }), 422, "catalog.slug_invalid", "/slug"),
            (json!({ "name": "X", "slug": "art" }), 409, "catalog.slug_taken", "/slug"),
            (json!({ "name": "X", "position": -1 }), 422, "catalog.position_invalid", "/position"),
            (
                json!({ "name": "X", "parentId": Uuid::new_v4() }),
                422,
                "catalog.category_unknown",
                "/parentId",
            ),
        ] {
            admin.post("/categories", body).await.problem_at(status, code, pointer);
        }
        // refused: who, what, which
        let name = || json!({ "name": "X" });
        t.anybody().post("/categories", name()).await.problem(401, "identity.unauthenticated");
        for person in [t.seller("sam").await, t.buyer("ben").await] {
            person.post("/categories", name()).await.problem(403, "identity.role_required");
            person.put(&path, name()).if_match(2).await.problem(403, "identity.role_required");
            person.delete(&path).await.problem(403, "identity.role_required");
        }
        t.anybody()
            .get(&format!("/categories/{}", Uuid::new_v4()))
            .await
            .problem(404, "catalog.category_not_found");
        t.anybody().get("/categories/no-uuid").await.problem(404, "core.not_found");
        for list in ["/categories", "/categories/tree"] {
            t.anybody().get(&format!("{list}?cursor=bm9wZQ")).await.problem(400, "core.cursor_invalid");
            t.anybody().get(&format!("{list}?limit=101")).await.problem(400, "core.query_invalid");
        }
        t.anybody().get("/categories?limit=0").await.problem(400, "core.query_invalid");
        t.anybody().get("/categories?color=red").await.problem(400, "core.query_invalid");
        t.anybody().get("/categories?parentId=x").await.problem(400, "core.query_invalid");
        admin.delete(&path).await.problem(409, "catalog.category_in_use");
        admin.delete(&format!("/categories/{saws}")).await.expect(204);
        admin.delete(&format!("/categories/{saws}")).await.problem(404, "catalog.category_not_found");
        admin.delete(&path).await.expect(204);
    });
}

#[test]
fn attributes_are_defined_linked_and_protected_while_used() {
    run(async |t| {
        let shop = Shop::open(&t).await;
        let list = t.anybody().get(&format!("/categories/{}/attributes", shop.shirts)).await.expect(200);
        let codes: Vec<&str> = list.items().iter().map(|a| a["code"].as_str().expect("a code")).collect();
        assert_eq!(codes, ["material", "color", "size", "weight"]);
        assert_eq!(list.items()[0]["inheritedFrom"], json!(shop.clothing));
        assert!(list.items()[1]["inheritedFrom"].is_null());
        assert_eq!(
            (&list.items()[3]["min"], &list.items()[3]["max"], &list.items()[3]["unit"]),
            (&json!(1), &json!(1000), &json!("g"))
        );
        let path = format!("/categories/{}/attributes", shop.shirts);
        let first = t.anybody().get(&format!("{path}?limit=3")).await.expect(200);
        assert_eq!(first.items(), &list.items()[..3]);
        let rest = format!("{path}?limit=3&cursor={}", first["nextCursor"].as_str().expect("a cursor"));
        let rest = t.anybody().get(&rest).await.expect(200);
        assert_eq!(rest.items(), &list.items()[3..]);
        assert!(rest["nextCursor"].is_null());
        t.anybody().get(&format!("{path}?cursor=bm9wZQ")).await.problem(400, "core.cursor_invalid");
        t.anybody()
            .get(&format!("/categories/{}/attributes", Uuid::new_v4()))
            .await
            .problem(404, "catalog.category_not_found");

        // refused: definitions
        for (body, status, code, pointer) in [
            (json!({ "code": "x", "name": "X" }), 400, "core.body_invalid", "/type"),
            (json!({ "code": "x", "name": "X", "type": "json" }), 400, "core.body_invalid", "/type"),
            (
                json!({ "code": "x", "name": "X", "type": "text", "min": "1" }),
                400,
                "core.body_invalid",
                "/min",
            ),
            (
                json!({ "code": "x", "name": "X", "type": "text", "weird": 1 }),
                400,
                "core.body_invalid",
                "/weird",
            ),
            (json!({ "code": "X", "name": "X", "type": "text" }), 422, "catalog.attribute_invalid", "/code"),
            (
                json!({ "code": "x", "name": "X", "type": "select" }),
                422,
                "catalog.attribute_invalid",
                "/options",
            ),
            (
                json!({ "code": "x", "name": "X", "type": "text", "isVariantAxis": true }),
                422,
                "catalog.attribute_invalid",
                "/isVariantAxis",
            ),
            (
                json!({ "code": "x", "name": "X", "type": "number", "min": 2, "max": 1 }),
                422,
                "catalog.attribute_invalid",
                "/max",
            ),
            (
                json!({ "code": "x", "name": "X", "type": "number", "min": 1e300 }),
                422,
                "catalog.attribute_invalid",
                "/min",
            ),
            (
                json!({ "code": "size", "name": "X", "type": "text" }),
                409,
                "catalog.attribute_code_taken",
                "/code",
            ),
        ] {
            shop.admin.post("/categories/attributes", body).await.problem_at(status, code, pointer);
        }
        let text = || json!({ "code": "x", "name": "X", "type": "text" });
        shop.sam.post("/categories/attributes", text()).await.problem(403, "identity.role_required");
        t.anybody().post("/categories/attributes", text()).await.problem(401, "identity.unauthenticated");

        // links
        let link = |category: Uuid, attribute: Uuid| format!("/categories/{category}/attributes/{attribute}");
        shop.admin
            .post(&link(shop.shirts, shop.material), json!({}))
            .await
            .problem(409, "catalog.attribute_already_linked");
        shop.admin
            .post(&link(shop.shirts, Uuid::new_v4()), json!({}))
            .await
            .problem(404, "catalog.attribute_not_found");
        shop.admin
            .post(&link(Uuid::new_v4(), shop.size), json!({}))
            .await
            .problem(404, "catalog.category_not_found");
        shop.sam
            .post(&link(shop.clothing, shop.size), json!({}))
            .await
            .problem(403, "identity.role_required");
        shop.sam.delete(&link(shop.shirts, shop.size)).await.problem(403, "identity.role_required");
        shop.admin
            .delete(&link(shop.shirts, shop.material))
            .await
            .problem(404, "catalog.attribute_not_linked");

        // while products use them
        let id = shop.sam.post("/products", shop.product("Shirt")).await.expect(201).id("productId");
        let mut small = variant("S-1", 100);
        small["axisValues"] = json!({ "size": "S" });
        shop.sam.post(&format!("/products/{id}/variants"), small).await.expect(201);
        shop.admin.delete(&link(shop.shirts, shop.size)).await.problem(409, "catalog.attribute_in_use");
        shop.admin.delete(&link(shop.clothing, shop.material)).await.problem(409, "catalog.attribute_in_use");
        shop.admin
            .delete(&format!("/categories/{}", shop.shirts))
            .await
            .problem(409, "catalog.category_in_use");
        let path = format!("/categories/attributes/{}", shop.size);
        let size = |options: &[&str]| json!({ "name": "Size", "type": "select", "options": options, "isVariantAxis": true });
        shop.admin.put(&path, size(&["M", "L"])).if_match(1).await.problem_at(
            409,
            "catalog.attribute_in_use",
            "/options",
        );
        shop.admin
            .put(&path, json!({ "name": "Size", "type": "text" }))
            .if_match(1)
            .await
            .problem(409, "catalog.attribute_in_use");
        shop.admin.put(&path, size(&["S"])).await.problem(428, "core.if_match_required");
        shop.admin.put(&path, size(&["S"])).if_match(9).await.problem(412, "core.version_stale");
        shop.admin
            .put(&path, json!({ "code": "other", "name": "Size", "type": "text" }))
            .if_match(1)
            .await
            .problem_at(400, "core.body_invalid", "/code");
        shop.sam.put(&path, size(&["S"])).if_match(1).await.problem(403, "identity.role_required");
        shop.admin
            .put(&format!("/categories/attributes/{}", Uuid::new_v4()), size(&["S"]))
            .if_match(1)
            .await
            .problem(404, "catalog.attribute_not_found");
        let read = t.anybody().get(&path).await.expect(200);
        assert_eq!((read.header("etag"), read.str("code")), ("\"1\"", "size"), "what If-Match wants");
        t.anybody()
            .get(&format!("/categories/attributes/{}", Uuid::new_v4()))
            .await
            .problem(404, "catalog.attribute_not_found");
        let changed = shop.admin.put(&path, size(&["S", "XL"])).if_match(1).await.expect(200);
        assert_eq!(
            (&changed["options"], changed.str("code"), changed.header("etag")),
            (&json!(["S", "XL"]), "size", "\"2\"")
        );
        shop.sam.delete(&format!("/products/{id}")).await.expect(204);
        shop.admin.delete(&link(shop.shirts, shop.size)).await.expect(204);
    });
}

// --- products ----------------------------------------------------------------------------------------------------------

#[test]
fn a_product_is_refused_with_the_field_that_is_wrong() {
    run(async |t| {
        let shop = Shop::open(&t).await;
        let with = |field: &str, value: Value| {
            let mut body = shop.product("Shirt");
            body[field] = value;
            body
        };
        shop.sam.post("/products", with("slug", json!("taken-slug"))).await.expect(201);
        for (body, status, code, pointer) in [
            (json!({}), 400, "core.body_invalid", "/categoryId"),
            (json!([]), 400, "core.body_invalid", ""),
            (with("title", json!(5)), 400, "core.body_invalid", "/title"),
            (with("attributes", json!([])), 400, "core.body_invalid", "/attributes"),
            (with("status", json!("ACTIVE")), 400, "core.body_invalid", "/status"),
            (with("sellerId", json!(shop.eve.seller_id)), 400, "core.body_invalid", "/sellerId"),
            (with("title", json!("ab")), 422, "catalog.title_invalid", "/title"),
            (with("title", json!("x".repeat(201))), 422, "catalog.title_invalid", "/title"),
            (
                with("description", json!("x".repeat(20_001))),
                422,
                "catalog.description_invalid",
                "/description",
            ),
            (with("slug", json!("Not A Slug")), 422, "catalog.slug_invalid", "/slug"),
            (with("slug", json!("taken-slug")), 409, "catalog.slug_taken", "/slug"),
            (with("categoryId", json!(Uuid::new_v4())), 422, "catalog.category_unknown", "/categoryId"),
            (with("attributes", json!({ "shoe": 1 })), 422, "catalog.attribute_unknown", "/attributes/shoe"),
            (
                with("attributes", json!({ "material": 1 })),
                422,
                "catalog.attribute_type_mismatch",
                "/attributes/material",
            ),
            (
                with("attributes", json!({ "weight": 1001 })),
                422,
                "catalog.attribute_out_of_range",
                "/attributes/weight",
            ),
            (
                with("attributes", json!({ "color": "pink" })),
                422,
                "catalog.attribute_option_unknown",
                "/attributes/color",
            ),
        ] {
            shop.sam.post("/products", body).await.problem_at(status, code, pointer);
        }
        shop.sam
            .request(reqwest::Method::POST, "/products")
            .body("text/plain", "hello")
            .await
            .problem(415, "core.media_type_unsupported");
        let product = || shop.product("Shirt");
        t.anybody().post("/products", product()).await.problem(401, "identity.unauthenticated");
        shop.admin.post("/products", product()).await.problem(403, "identity.role_required");
        t.buyer("ben").await.post("/products", product()).await.problem(403, "identity.role_required");
        assert_eq!(
            t.int("select count(*) from catalog.products", &[]).await,
            1,
            "nothing was made by what was refused"
        );

        // a draft may be incomplete, a submitted product not
        let bare = json!({ "categoryId": shop.shirts, "title": "Bare" });
        let id = shop.sam.post("/products", bare).await.expect(201).id("productId");
        shop.sam.post(&format!("/products/{id}/variants"), variant("B-1", 100)).await.expect(201);
        shop.sam.post(&format!("/products/{id}/submit"), json!({})).await.problem_at(
            422,
            "catalog.attribute_required",
            "/attributes/material",
        );
    });
}

#[test]
fn an_edit_needs_the_version_it_is_based_on_and_the_store_it_belongs_to() {
    run(async |t| {
        let shop = Shop::open(&t).await;
        let (draft, active) = (shop.draft("Draft").await, shop.active("Active").await);
        let path = format!("/products/{draft}");
        shop.sam.put(&path, shop.product("New")).await.problem(428, "core.if_match_required");
        shop.sam.put(&path, shop.product("New")).if_match(1).await.problem(412, "core.version_stale");
        shop.sam
            .put(&path, shop.product("New"))
            .header("if-match", "*")
            .await
            .problem(400, "core.if_match_invalid");
        shop.eve.put(&path, shop.product("New")).if_match(2).await.problem(404, "catalog.product_not_found");
        shop.eve
            .put(&format!("/products/{active}"), shop.product("New"))
            .if_match(5)
            .await
            .problem(403, "catalog.not_your_product");
        shop.eve.post(&format!("{path}/submit"), json!({})).await.problem(404, "catalog.product_not_found");
        shop.eve
            .post(&format!("{path}/variants"), variant("E-1", 5))
            .await
            .problem(404, "catalog.product_not_found");
        shop.eve
            .post(&format!("/products/{active}/activate"), json!({}))
            .await
            .problem(403, "catalog.not_your_product");
        shop.admin.put(&path, shop.product("New")).if_match(2).await.problem(403, "identity.role_required");
        t.anybody()
            .put(&path, shop.product("New"))
            .if_match(2)
            .await
            .problem(401, "identity.unauthenticated");
        // the same words for what does not exist and for what one may not see
        let hidden = shop.eve.get(&path).await.problem(404, "catalog.product_not_found");
        let missing = shop
            .eve
            .get(&format!("/products/{}", Uuid::new_v4()))
            .await
            .problem(404, "catalog.product_not_found");
        assert_eq!((&hidden["detail"], &hidden["title"]), (&missing["detail"], &missing["title"]));
        t.anybody().get("/products/slug/draft").await.problem(404, "catalog.product_not_found");
        t.anybody().get("/products/slug/%00").await.problem(404, "core.not_found");

        // two edits of one version: one wins
        let replies = at_once([
            shop.sam.put(&path, shop.product("One")).if_match(2),
            shop.sam.put(&path, shop.product("Two")).if_match(2),
        ])
        .await;
        assert_eq!(statuses(&replies), [200, 412]);
        assert_eq!(shop.sam.get(&path).await.expect(200).int("version"), 3);
    });
}

#[test]
fn a_review_names_its_version_its_decision_and_its_reason() {
    run(async |t| {
        let shop = Shop::open(&t).await;
        let id = shop.submitted("Shirt").await;
        let path = format!("/products/{id}/approve");
        for (body, status, code, pointer) in [
            (json!({}), 400, "core.body_invalid", "/decision"),
            (json!({ "decision": "MAYBE", "version": 3 }), 400, "core.body_invalid", "/decision"),
            (json!({ "decision": "APPROVE" }), 400, "core.body_invalid", "/version"),
            (json!({ "decision": "APPROVE", "version": "3" }), 400, "core.body_invalid", "/version"),
            (json!({ "decision": "APPROVE", "version": 3, "note": "x" }), 400, "core.body_invalid", "/note"),
            (json!({ "decision": "REJECT", "version": 3 }), 422, "catalog.reason_required", "/reason"),
            (
                json!({ "decision": "REJECT", "version": 3, "reason": "x".repeat(1001) }),
                422,
                "catalog.reason_invalid",
                "/reason",
            ),
            (json!({ "decision": "APPROVE", "version": 2 }), 409, "catalog.version_conflict", "/version"),
        ] {
            shop.admin.post(&path, body).await.problem_at(status, code, pointer);
        }
        let approve = || json!({ "decision": "APPROVE", "version": 3 });
        shop.sam.post(&path, approve()).await.problem(403, "identity.role_required");
        t.anybody().post(&path, approve()).await.problem(401, "identity.unauthenticated");
        shop.admin
            .post(&format!("/products/{}/approve", Uuid::new_v4()), approve())
            .await
            .problem(404, "catalog.product_not_found");
        let draft = shop.draft("Draft").await;
        shop.review(draft, "APPROVE", 2).await.problem(409, "catalog.transition_refused");

        // the category asks for more than when the product was submitted
        let extra =
            attribute(&shop.admin, shop.shirts, json!({ "code": "care", "type": "text", "required": true }))
                .await;
        shop.admin.post(&path, approve()).await.problem_at(
            422,
            "catalog.attribute_required",
            "/attributes/care",
        );
        shop.admin.delete(&format!("/categories/{}/attributes/{extra}", shop.shirts)).await.expect(204);

        // two reviewers at once, of two minds: one decides
        let reject = json!({ "decision": "REJECT", "reason": "No.", "version": 3 });
        let replies = at_once([shop.admin.post(&path, approve()), shop.admin.post(&path, reject)]).await;
        assert_eq!(statuses(&replies), [200, 409]);
        let loser = replies.into_iter().find(|reply| reply.status == 409).expect("a loser");
        loser.problem(409, "catalog.version_conflict");
        assert_eq!(
            t.int("select count(*) from catalog.product_history where product_id = $1", &[&id]).await,
            2
        );
    });
}

#[test]
fn an_edit_and_an_approval_at_once_never_approve_what_nobody_read() {
    run(async |t| {
        let shop = Shop::open(&t).await;
        for round in 0..5 {
            let id = shop.submitted(&format!("Shirt {round}")).await;
            let replies = at_once([
                shop.admin
                    .post(&format!("/products/{id}/approve"), json!({ "decision": "APPROVE", "version": 3 })),
                shop.sam.put(&format!("/products/{id}"), shop.product("Something else")).if_match(3),
            ])
            .await;
            assert_eq!(replies.iter().filter(|reply| reply.status == 200).count(), 1, "round {round}");
            let product = shop.sam.get(&format!("/products/{id}")).await.expect(200);
            let approved = replies[0].status == 200;
            assert_eq!(product.str("status"), if approved { "APPROVED" } else { "PENDING_APPROVAL" });
            assert_eq!(product.str("title") == "Something else", !approved);
        }
    });
}

#[test]
fn of_two_decisions_at_once_the_first_counts() {
    run(async |t| {
        let shop = Shop::open(&t).await;
        for round in 0..5 {
            let id = shop.submitted(&format!("Shirt {round}")).await;
            let other = if round % 2 == 0 {
                json!({ "decision": "APPROVE", "version": 3 })
            } else {
                json!({ "decision": "REJECT", "reason": "Too dark.", "version": 3 })
            };
            let path = format!("/products/{id}/approve");
            let replies = at_once([
                shop.admin.post(&path, json!({ "decision": "APPROVE", "version": 3 })),
                shop.admin.post(&path, other),
            ])
            .await;
            assert_eq!(statuses(&replies), [200, 409], "round {round}");
            let told = replies.iter().find(|reply| reply.status == 200).expect("one").str("status");
            assert_eq!(shop.sam.get(&format!("/products/{id}")).await.expect(200).str("status"), told);
            let decided = "select count(*) from catalog.product_history
                            where product_id = $1 and action in ('approve', 'reject')";
            assert_eq!(t.int(decided, &[&id]).await, 1, "round {round}");
        }
    });
}

#[test]
fn one_slug_goes_to_one_of_many_at_once() {
    run(async |t| {
        let shop = Shop::open(&t).await;
        let replies = at_once([(); 6].map(|()| shop.sam.post("/products", shop.product("Same title")))).await;
        let mut slugs: Vec<&str> = replies.iter().map(|reply| reply.str("slug")).collect();
        slugs.sort_unstable();
        slugs.dedup();
        assert_eq!(slugs.len(), 6, "{slugs:?}");
        let mut fixed = shop.product("Same title");
        fixed["slug"] = json!("the-one");
        let replies = at_once([(); 4].map(|()| shop.sam.post("/products", fixed.clone()))).await;
        assert_eq!(statuses(&replies), [201, 409, 409, 409]);
    });
}

#[test]
fn lists_filter_order_and_page() {
    run(async |t| {
        let shop = Shop::open(&t).await;
        let mut ids = Vec::new();
        for (title, price) in [("Echo mug", 300), ("Alpha mug", 300), ("Delta cup", 100), ("Beta mug", 900)] {
            let id = shop.active(title).await;
            let path = format!("/variants/{}", shop.only_variant(id).await);
            shop.sam.put(&path, variant(&format!("P-{}", id.simple()), price)).if_match(1).await.expect(200);
            ids.push(id);
        }
        shop.draft("Draft mug").await;
        let anybody = t.anybody();
        let list = async |query: &str| anybody.get(&format!("/products?{query}")).await.expect(200);
        assert_eq!(titles(&list("").await), ["Beta mug", "Delta cup", "Alpha mug", "Echo mug"]);
        assert_eq!(titles(&list("sort=oldest&limit=2").await), ["Echo mug", "Alpha mug"]);
        assert_eq!(titles(&list("sort=title").await), ["Alpha mug", "Beta mug", "Delta cup", "Echo mug"]);
        assert_eq!(
            titles(&list("sort=price_asc&currency=USD").await),
            ["Delta cup", "Echo mug", "Alpha mug", "Beta mug"]
        );
        assert_eq!(titles(&list("q=mugs+-alpha&sort=title").await), ["Beta mug", "Echo mug"]);
        assert_eq!(
            titles(&list("priceMin=300&priceMax=899&currency=USD&sort=title").await),
            ["Alpha mug", "Echo mug"]
        );
        assert_eq!(
            titles(&list(&format!("categoryId={}&limit=1", shop.clothing)).await),
            ["Beta mug"],
            "below the category too"
        );
        assert!(list(&format!("categoryId={}", Uuid::new_v4())).await.items().is_empty());
        assert!(list(&format!("sellerId={}", shop.eve.seller_id)).await.items().is_empty());
        let first = list("q=mug").await;
        assert!(
            first.items()[0]["seller"]["storeName"] == "sam's store"
                && first.items()[0]["priceFrom"]["currency"] == "USD"
        );

        for sort in ["newest", "oldest", "title", "price_asc", "price_desc", "relevance"] {
            let filter = format!("sort={sort}&q=mug&currency=USD");
            let whole = list(&filter).await;
            let (mut pages, mut cursor) = (Vec::new(), String::new());
            loop {
                let page = list(&format!("{filter}&limit=1{cursor}")).await;
                pages.extend(page.items().to_vec());
                let Some(next) = page["nextCursor"].as_str() else { break };
                cursor = format!("&cursor={next}");
            }
            assert_eq!(pages, whole.items(), "pages by {sort}");
        }

        // who sees what
        let mine = shop.sam.get("/products?mine=true").await.expect(200);
        assert_eq!(titles(&mine)[0], "Draft mug");
        assert_eq!(
            titles(&shop.sam.get("/products?mine=true&status=DRAFT").await.expect(200)),
            ["Draft mug"]
        );
        assert_eq!(
            titles(
                &shop
                    .sam
                    .get(&format!("/products?sellerId={}&status=DRAFT", shop.sam.seller_id))
                    .await
                    .expect(200)
            ),
            ["Draft mug"]
        );
        assert_eq!(titles(&shop.admin.get("/products?status=DRAFT").await.expect(200)), ["Draft mug"]);
        assert_eq!(shop.sam.get("/products").await.expect(200).items().len(), 4);
        assert_eq!(shop.eve.get("/products?mine=true").await.expect(200).items().len(), 0);
        shop.eve
            .get(&format!("/products?sellerId={}&status=DRAFT", shop.sam.seller_id))
            .await
            .problem(403, "catalog.status_not_visible");
        anybody.get("/products?status=DRAFT").await.problem_at(403, "catalog.status_not_visible", "/status");
        anybody.get("/products?mine=true").await.problem(401, "identity.unauthenticated");
        t.buyer("ben").await.get("/products?mine=true").await.problem(403, "identity.role_required");
        shop.admin.get("/products?sort=title").await.problem(422, "catalog.sort_needs_status");

        for (query, status, code) in [
            ("sort=random", 400, "core.query_invalid"),
            ("status=GONE", 400, "core.query_invalid"),
            ("priceMin=cheap", 400, "core.query_invalid"),
            ("mine=maybe", 400, "core.query_invalid"),
            ("limit=101", 400, "core.query_invalid"),
            ("colour=red", 400, "core.query_invalid"),
            ("q=a&q=b", 400, "core.query_invalid"),
            ("categoryId=shirts", 400, "core.query_invalid"),
            ("cursor=!!", 400, "core.cursor_invalid"),
            ("cursor=WyJuZXdlc3QiXQ", 400, "core.cursor_invalid"),
            ("sort=relevance", 422, "catalog.sort_needs_query"),
            ("sort=price_desc", 422, "catalog.currency_required"),
            ("priceMin=5", 422, "catalog.currency_required"),
            ("priceMin=5&priceMax=4&currency=USD", 422, "catalog.price_range_invalid"),
            ("priceMin=-1&currency=USD", 422, "catalog.price_range_invalid"),
        ] {
            anybody.get(&format!("/products?{query}")).await.problem(status, code);
        }
        let other = list("sort=oldest&limit=1").await;
        anybody
            .get("/products")
            .query(&[("cursor", other.str("nextCursor"))])
            .await
            .problem(400, "core.cursor_invalid");
        anybody.get(&format!("/products?q={}", "x".repeat(201))).await.problem(422, "catalog.query_invalid");
    });
}

// --- variants ----------------------------------------------------------------------------------------------------------

#[test]
fn variants_are_made_one_by_one_or_all_at_once_or_not_at_all() {
    run(async |t| {
        let shop = Shop::open(&t).await;
        let id = shop.sam.post("/products", shop.product("Shirt")).await.expect(201).id("productId");
        let path = format!("/products/{id}/variants");
        let price = json!({ "amountMinor": 1000, "currency": "USD" });
        let axes = |axes: Value| json!({ "axes": axes, "skuPrefix": "TS", "price": price });
        for (body, status, code, pointer) in [
            (json!({}), 400, "core.body_invalid", "/price"),
            (json!({ "sku": "A", "price": price, "stock": 5 }), 400, "core.body_invalid", "/stock"),
            (
                json!({ "sku": "A", "price": { "amountMinor": 1.5, "currency": "USD" } }),
                400,
                "core.body_invalid",
                "/price/amountMinor",
            ),
            (
                json!({ "sku": "A", "price": { "amountMinor": 10, "currency": "USD", "vat": 1 } }),
                400,
                "core.body_invalid",
                "/price/vat",
            ),
            (
                json!({ "sku": "A", "price": { "amountMinor": 0, "currency": "USD" } }),
                422,
                "catalog.price_invalid",
                "/price/amountMinor",
            ),
            (
                json!({ "sku": "A", "price": { "amountMinor": 10, "currency": "XXX" } }),
                422,
                "catalog.currency_unknown",
                "/price/currency",
            ),
            (json!({ "sku": "a b", "price": price }), 422, "catalog.sku_invalid", "/sku"),
            (
                json!({ "sku": "A", "price": price, "axisValues": { "size": "XXL" } }),
                422,
                "catalog.axis_value_unknown",
                "/axisValues/size",
            ),
            (
                json!({ "sku": "A", "price": price, "axisValues": { "weight": "5" } }),
                422,
                "catalog.axis_unknown",
                "/axisValues/weight",
            ),
            (axes(json!({ "size": "S" })), 400, "core.body_invalid", "/axes/size"),
            (axes(json!({})), 422, "catalog.axes_invalid", "/axes"),
            (axes(json!({ "size": [] })), 422, "catalog.axes_invalid", "/axes/size"),
            (axes(json!({ "shoe": ["S"] })), 422, "catalog.axis_unknown", "/axes/shoe"),
            (axes(json!({ "size": ["S", "XXL"] })), 422, "catalog.axis_value_unknown", "/axes/size"),
            (axes(json!({ "size": ["S", "S"] })), 422, "catalog.axis_value_repeated", "/axes/size"),
        ] {
            shop.sam.post(&path, body).await.problem_at(status, code, pointer);
        }
        shop.sam
            .post(&path, json!({ "price": price }))
            .await
            .problem(422, "catalog.variants_request_invalid");
        shop.sam
            .post(&path, json!({ "sku": "A", "skuPrefix": "A", "axes": { "size": ["S"] }, "price": price }))
            .await
            .problem(422, "catalog.variants_request_invalid");
        t.anybody().post(&path, variant("A", 5)).await.problem(401, "identity.unauthenticated");
        t.buyer("ben").await.post(&path, variant("A", 5)).await.problem(403, "identity.role_required");
        shop.sam
            .post(&format!("/products/{}/variants", Uuid::new_v4()), variant("A", 5))
            .await
            .problem(404, "catalog.product_not_found");
        assert_eq!(t.int("select count(*) from catalog.variants", &[]).await, 0);

        // the limit
        t.execute("update core.settings set value = 5 where name = 'catalog.variants_max'", &[]).await;
        shop.sam
            .post(&path, axes(json!({ "size": ["S", "M", "L"], "color": ["red", "blue"] })))
            .await
            .problem(422, "catalog.too_many_variants");
        let made = shop
            .sam
            .post(&path, axes(json!({ "size": ["S", "M"], "color": ["red", "blue"] })))
            .await
            .expect(201);
        assert_eq!(made.header("location"), format!("/api/v1{path}"));
        let skus: Vec<&Value> = made.items().iter().map(|v| &v["offers"][0]["sku"]).collect();
        assert_eq!(skus, ["TS-RED-S", "TS-RED-M", "TS-BLUE-S", "TS-BLUE-M"]);
        shop.sam
            .post(&path, axes(json!({ "size": ["L"], "color": ["red", "blue"] })))
            .await
            .problem(422, "catalog.too_many_variants");
        t.execute("update core.settings set value = 250 where name = 'catalog.variants_max'", &[]).await;
        shop.sam
            .post(&path, axes(json!({ "size": ["S", "L"], "color": ["red"] })))
            .await
            .problem(409, "catalog.variant_exists");
        shop.sam.post(&path, variant("PLAIN", 5)).await.problem(422, "catalog.axes_mismatch");
        assert_eq!(t.int("select count(*) from catalog.variants", &[]).await, 4, "all or none");

        // pages, and one of them
        let first = shop.sam.get(&format!("{path}?limit=3")).await.expect(200);
        let rest = shop
            .sam
            .get(&path)
            .query(&[("limit", "3"), ("cursor", first.str("nextCursor"))])
            .await
            .expect(200);
        assert_eq!((first.items().len(), rest.items().len(), rest["nextCursor"].is_null()), (3, 1, true));
        let one = first.items()[0]["variantId"].as_str().expect("an id").to_owned();
        let seen = shop.sam.get(&format!("/variants/{one}")).await.expect(200);
        // prices move by the clock: the tag is the version and a mark of the body
        assert!(seen.header("etag").starts_with("\"1-"), "{}", seen.header("etag"));
        assert_eq!(seen["axisValues"], json!({ "size": "S", "color": "red" }));
        assert_eq!(seen.body, first.items()[0]);
        shop.eve.get(&format!("/variants/{one}")).await.problem(404, "catalog.variant_not_found");
        shop.eve.get(&path).await.problem(404, "catalog.product_not_found");
        t.anybody()
            .get(&format!("/variants/{}", Uuid::new_v4()))
            .await
            .problem(404, "catalog.variant_not_found");

        // a SKU for two products at once: one gets it
        let (a, b) = (
            shop.sam.post("/products", shop.product("A one")).await.expect(201),
            shop.sam.post("/products", shop.product("B two")).await.expect(201),
        );
        let replies = at_once([&a, &b].map(|p| {
            shop.sam.post(&format!("/products/{}/variants", p.id("productId")), variant("SAME", 5))
        }))
        .await;
        assert_eq!(statuses(&replies), [201, 409]);
        replies.into_iter().find(|r| r.status == 409).expect("a loser").problem_at(
            409,
            "catalog.sku_taken",
            "/sku",
        );
    });
}

#[test]
fn a_variant_changes_with_its_version_and_the_last_one_on_sale_stays() {
    run(async |t| {
        let shop = Shop::open(&t).await;
        let active = shop.active("Active").await;
        let id = shop.only_variant(active).await;
        let path = format!("/variants/{id}");
        for (body, status, code, pointer) in [
            (json!({ "sku": "A" }), 400, "core.body_invalid", "/price"),
            (json!({ "sku": "A", "price": 5 }), 400, "core.body_invalid", "/price"),
            (
                json!({ "sku": "A", "price": { "amountMinor": 5, "currency": "USD" }, "axisValues": {} }),
                400,
                "core.body_invalid",
                "/axisValues",
            ),
            (variant("", 5), 422, "catalog.sku_invalid", "/sku"),
            (variant("A", 0), 422, "catalog.price_invalid", "/price/amountMinor"),
            (variant("A", -5), 422, "catalog.price_invalid", "/price/amountMinor"),
            (
                json!({ "sku": "A", "price": { "amountMinor": 5, "currency": "USD" }, "position": -1 }),
                422,
                "catalog.position_invalid",
                "/position",
            ),
        ] {
            shop.sam.put(&path, body).if_match(1).await.problem_at(status, code, pointer);
        }
        shop.sam.put(&path, variant("A", 5)).await.problem(428, "core.if_match_required");
        shop.sam.put(&path, variant("A", 5)).if_match(2).await.problem(412, "core.version_stale");
        shop.eve.put(&path, variant("A", 5)).if_match(1).await.problem(403, "catalog.not_your_product");
        shop.admin.put(&path, variant("A", 5)).if_match(1).await.problem(403, "identity.role_required");
        t.anybody().put(&path, variant("A", 5)).if_match(1).await.problem(401, "identity.unauthenticated");
        shop.sam
            .put(&format!("/variants/{}", Uuid::new_v4()), variant("A", 5))
            .if_match(1)
            .await
            .problem(404, "catalog.variant_not_found");

        // two prices at once: one wins
        let replies =
            at_once([700, 800].map(|price| shop.sam.put(&path, variant("A", price)).if_match(1))).await;
        assert_eq!(statuses(&replies), [200, 412]);
        let winner = replies.iter().find(|r| r.status == 200).expect("a winner");
        let seen = t.anybody().get(&format!("/products/{active}")).await.expect(200);
        assert_eq!(seen["priceFrom"], winner["offers"][0]["price"]);
        assert_eq!(t.payloads("catalog.offer_changed").await.len(), 1);

        shop.eve.delete(&path).await.problem(403, "catalog.not_your_product");
        t.anybody().delete(&path).await.problem(401, "identity.unauthenticated");
        shop.sam.delete(&path).await.problem(409, "catalog.last_variant");
        shop.sam.post(&format!("/products/{active}/deactivate"), json!({})).await.expect(200);
        shop.sam.delete(&path).await.expect(204);
        shop.sam.delete(&path).await.expect(204);
        shop.sam.put(&path, variant("A", 5)).if_match(3).await.problem(409, "catalog.variant_archived");
        shop.sam
            .post(&format!("/products/{active}/activate"), json!({}))
            .await
            .problem(409, "catalog.product_without_offer");
        assert_eq!(shop.sam.get(&path).await.expect(200).str("status"), "ARCHIVED");
        t.anybody().get(&path).await.problem(404, "catalog.variant_not_found");
    });
}

#[test]
fn what_has_not_changed_is_not_sent_again() {
    run(async |t| {
        let admin = t.admin().await;
        let body = json!({ "name": "Garden" });
        let path =
            format!("/categories/{}", admin.post("/categories", body).await.expect(201).id("categoryId"));
        let read = t.anybody().get(&path).await.expect(200);
        assert_eq!(
            (
                read.header("etag"),
                read.header("cache-control"),
                read.header("vary").contains("authorization")
            ),
            ("\"1\"", "no-cache", true)
        );
        let known = admin.get(&path).await.expect(200);
        assert_eq!(known.header("cache-control"), "private, no-cache");

        let again = t.anybody().get(&path).header("if-none-match", "W/\"1\"").open().await;
        assert_eq!(
            (again.status().as_u16(), &again.headers()["etag"]),
            (304, &"\"1\"".parse().expect("a value"))
        );
        assert!(again.headers().get("content-type").is_none());
        assert_eq!(again.bytes().await.expect("read").len(), 0);

        admin.put(&path, json!({ "name": "Gardens" })).if_match(1).await.expect(200);
        let changed = t.anybody().get(&path).header("if-none-match", "\"1\"").await.expect(200);
        assert_eq!((changed.header("etag"), changed.str("name")), ("\"2\"", "Gardens"));
        // lists have no version: a mark of what they show
        let list = t.anybody().get("/categories").await.expect(200);
        let again = || t.anybody().get("/categories").header("if-none-match", list.header("etag"));
        again().await.expect(304);
        admin.post("/categories", json!({ "name": "Tools" })).await.expect(201);
        assert_eq!(again().await.expect(200).items().len(), 2);
    });
}
