//! What the read cache promises, over HTTP: nobody reads what a write that this program answered has replaced, nor for longer than a
//! second what others have, nor what the clock has ended, nor what is not for them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::{Duration, Instant};

use tradepost::cache::HEARD_WITHIN;

use crate::support::client::Request;
use crate::support::{Person, Reply, Test, Uuid, Value, json, run_with, together};

/// With time to wait for a connection: who is refused reads nothing, old or new.
fn patiently(test: impl AsyncFnOnce(Test)) {
    run_with(|config| config.pool_wait_ms = 8_000, test);
}

struct Shop {
    sam: Person,
    lamp: Uuid,
    product: Uuid,
    slug: String,
}

impl Shop {
    async fn open(t: &Test) -> Self {
        let sam = t.seller("sam").await;
        let lamp = t.offer(&sam, 1000, 5).await;
        let product = t.one("select product_id from catalog.variants where variant_id = $1", &[&lamp]).await;
        let slug = t.one("select slug from catalog.products where product_id = $1", &[&product]).await;
        Self { sam, lamp, product, slug }
    }

    /// Sets the price through the program at `base`.
    async fn set_price(&self, base: &str, amount_minor: i64) {
        let path = format!("/offers/{}/{}/prices", self.lamp, self.sam.seller_id);
        let sam = self.sam.at(base);
        let version = sam.get(&path).await.expect(200).int("version");
        let prices = json!([{ "price": { "amountMinor": amount_minor, "currency": "USD" } }]);
        sam.put(&path, json!({ "prices": prices })).if_match(version).await.expect(200);
    }

    /// Every address that shows the price, and how to find it in the answer.
    fn addresses(&self) -> [(String, &'static str); 5] {
        [
            (format!("/products/{}", self.product), "/variants/0/offers/0/price/amountMinor"),
            (format!("/products/slug/{}", self.slug), "/variants/0/offers/0/price/amountMinor"),
            (format!("/products/{}/variants", self.product), "/items/0/offers/0/price/amountMinor"),
            (format!("/variants/{}", self.lamp), "/offers/0/price/amountMinor"),
            ("/products?limit=5".to_owned(), "/items/0/priceFrom/amountMinor"),
        ]
    }
}

fn amount(body: &Value, pointer: &str) -> i64 {
    body.pointer(pointer).and_then(Value::as_i64).unwrap_or_else(|| panic!("no {pointer} in {body}"))
}

/// Reads until `is_new`; a read that begins when the promise has run out must be.
async fn seen_in_time(reader: &Person, path: &str, written: Instant, is_new: impl Fn(&Value) -> bool) {
    loop {
        let begun = Instant::now();
        let read = reader.get(path).await.expect(200);
        if is_new(&read.body) {
            return;
        }
        assert!(begun < written + HEARD_WITHIN, "{path} is older than promised: {}", read.body);
    }
}

/// Asks until the answer comes from memory.
async fn from_memory(t: &Test, request: impl Fn() -> Request) -> Reply {
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let before = t.app().cache.hits_and_misses().0;
        let reply = request().await;
        if t.app().cache.hits_and_misses().0 > before {
            return reply;
        }
        assert!(Instant::now() < deadline, "never kept: {:?} {}", t.app().cache, reply.describe());
    }
}

async fn kept(t: &Test, reader: &Person, path: &str) -> Value {
    from_memory(t, || reader.get(path)).await.expect(200).body
}

#[test]
fn what_is_the_same_for_everybody_is_asked_for_once() {
    patiently(async |t| {
        let shop = Shop::open(&t).await;
        let anybody = t.anybody();
        for (path, _) in shop.addresses() {
            let asked = shop.sam.get(&path).await.expect(200);
            assert_eq!(kept(&t, &anybody, &path).await, asked.body, "{path}");
            let first = anybody.get(&path).await.expect(200);
            assert_eq!(
                (first.header("cache-control"), first.header("vary").contains("authorization")),
                ("no-cache", true)
            );
            let etag = first.header("etag").to_owned();
            assert!(etag.len() > 4, "{path}");
            let same =
                from_memory(&t, || anybody.get(&path).header("if-none-match", &etag)).await.expect(304);
            assert_eq!(
                (same.header("etag"), same.text.as_str(), same.header("content-type")),
                (&*etag, "", "")
            );
            anybody.get(&path).header("if-none-match", "\"other\"").await.expect(200);
        }
        // searches and later pages are not worth their place
        let before = t.app().cache.hits_and_misses();
        for _ in 0..3 {
            anybody.get("/products?q=lamp").await.expect(200);
            anybody
                .get(&format!("/offers/{}/{}/price-history", shop.lamp, shop.sam.seller_id))
                .await
                .expect(200);
        }
        assert_eq!(t.app().cache.hits_and_misses().0, before.0);
        // the first look installs the recorder, where no other test did
        let look = || async {
            reqwest::get(format!("{}/metrics", t.base())).await.expect("metrics").text().await.expect("text")
        };
        look().await;
        let metrics = look().await;
        for name in [
            "hits_total",
            "short_hits_total",
            "misses_total",
            "unheard_total",
            "evictions_total",
            "bytes",
            "entries",
        ] {
            assert!(metrics.contains(&format!("\ntradepost_read_cache_{name} ")), "{name}");
        }
    });
}

/// An answer as its client sees it, but for what is new each time, and for how the body travels: one that is kept has a length.
async fn looks(request: Request) -> (u16, BTreeMap<String, Vec<u8>>, Vec<u8>) {
    let answer = request.open().await;
    let mut headers = BTreeMap::<String, Vec<u8>>::new();
    for (name, value) in answer.headers() {
        if !matches!(name.as_str(), "date" | "x-request-id" | "content-length" | "transfer-encoding") {
            headers.entry(name.to_string()).or_default().extend([value.as_bytes(), b", "].concat());
        }
    }
    let status = answer.status().as_u16();
    if status == 304 {
        headers.remove("vary"); // by the coding of the body, of which there is none
    }
    (status, headers, answer.bytes().await.expect("a body").to_vec())
}

/// What comes from memory goes past the router, but for requests that say something only that understands, such as a deadline.
#[test]
fn a_kept_answer_looks_the_same_on_the_short_and_the_long_way() {
    let adjust = |config: &mut tradepost::config::Config| {
        config.pool_wait_ms = 8_000;
        config.hsts = true;
        config.cors_origins = vec!["https://shop.example".to_owned()];
    };
    run_with(adjust, async |t| {
        let sam = t.seller("sam").await;
        for price in [1000, 2000, 3000, 4000] {
            t.offer(&sam, price, 5).await;
        }
        let (anybody, path) = (t.anybody(), "/products?limit=4");
        kept(&t, &anybody, path).await;
        let etag = anybody.get(path).await.expect(200).header("etag").to_owned();
        let (shop, other) = ("https://shop.example", "https://other.example");
        let wishes: [&[(&str, &str)]; 14] = [
            &[],
            &[("accept-encoding", "gzip")],
            &[("accept-encoding", "gzip, deflate, br, zstd"), ("origin", shop)],
            &[("origin", shop)],
            &[("if-none-match", &etag), ("accept-encoding", "gzip")],
            &[("if-none-match", &etag), ("origin", shop)],
            &[("if-none-match", "\"other\""), ("accept-encoding", "gzip")],
            // by now more than are kept
            &[("accept-encoding", "br")],
            &[("accept-encoding", "zstd;q=0.5, gzip;q=0.1")],
            &[("accept-encoding", "identity")],
            &[("accept-encoding", "")],
            &[("origin", other)],
            &[("origin", shop), ("accept-encoding", "br")],
            &[("if-none-match", &etag), ("origin", other)],
        ];
        let before = (t.app().cache.short_hits(), t.app().cache.hits_and_misses());
        let mut asked = 0;
        for wish in wishes {
            let ask =
                || wish.iter().fold(anybody.get(path), |request, (name, value)| request.header(name, value));
            for _ in 0..2 {
                let short = looks(ask()).await;
                let long = looks(ask().header("x-request-timeout-ms", 8_000)).await;
                assert_eq!(short, long, "{wish:?}");
                asked += 1;
            }
        }
        // but for the wishes that found no room
        let (short, (hits, misses)) = (t.app().cache.short_hits(), t.app().cache.hits_and_misses());
        let short = short - before.0;
        assert!((asked / 3..asked).contains(&short), "{short} of {asked} went the short way");
        assert_eq!((hits + misses) - (before.1.0 + before.1.1), 2 * asked, "each counts once");
        let plain = looks(anybody.get(path)).await;
        let packed = looks(anybody.get(path).header("accept-encoding", "gzip")).await;
        assert_eq!((plain.0, packed.0, &*packed.1["content-encoding"]), (200, 200, &b"gzip, "[..]));
        assert!(packed.2.len() < plain.2.len() && plain.1.contains_key("strict-transport-security"));

        let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
        let traced = anybody.get(path).header("traceparent", format!("00-{trace}-00f067aa0ba902b7-01"));
        let traced = traced.header("x-request-id", "mine-1").await.expect(200);
        assert_eq!((traced.header("x-request-id"), &traced.header("traceparent")[3..35]), ("mine-1", trace));
        let ids = (anybody.get(path).await, anybody.get(path).await);
        assert_ne!(ids.0.header("x-request-id"), ids.1.header("x-request-id"));

        let counted = async |status: u16| {
            let text = anybody.get("/metrics").await.text;
            let name = "tradepost_http_request_duration_seconds_count";
            let name = format!("{name}{{route=\"/api/v1/products\",method=\"GET\",status=\"{status}\"}} ");
            text.lines().find_map(|line| line.strip_prefix(&*name)?.parse().ok()).unwrap_or(0)
        };
        let before: (u64, u64) = (counted(200).await, counted(304).await);
        anybody.get(path).await.expect(200);
        anybody.get(path).header("if-none-match", &etag).await.expect(304);
        assert!(counted(200).await > before.0 && counted(304).await > before.1);
    });
}

#[test]
fn a_program_without_memory_answers_the_same() {
    run_with(
        |config| config.read_cache_bytes = 0,
        async |t| {
            let shop = Shop::open(&t).await;
            for (path, price) in shop.addresses() {
                let read = t.anybody().get(&path).await.expect(200);
                assert_eq!(amount(&read.body, price), 1000);
                t.anybody().get(&path).header("if-none-match", read.header("etag")).await.expect(304);
            }
            assert_eq!(t.app().cache.hits_and_misses(), (0, 0));
        },
    );
}

#[test]
fn a_write_shows_in_the_next_read_through_the_same_program() {
    patiently(async |t| {
        let (shop, admin, anybody) = (Shop::open(&t).await, t.admin().await, t.anybody());
        for price in [1100, 1200, 1300] {
            for (path, _) in shop.addresses() {
                kept(&t, &anybody, &path).await;
            }
            shop.set_price(t.base(), price).await;
            for (path, pointer) in shop.addresses() {
                assert_eq!(amount(&anybody.get(&path).await.expect(200).body, pointer), price, "{path}");
            }
        }
        // the tree, a list, a category, its attributes
        let garden =
            admin.post("/categories", json!({ "name": "Garden" })).await.expect(201).id("categoryId");
        let one = format!("/categories/{garden}");
        let attributes = format!("{one}/attributes");
        for path in ["/categories", "/categories/tree", &one, &attributes] {
            kept(&t, &anybody, path).await;
        }
        admin.put(&one, json!({ "name": "Gardens" })).if_match(1).await.expect(200);
        for path in ["/categories", "/categories/tree", &one] {
            assert!(anybody.get(path).await.expect(200).text.contains("Gardens"), "{path}");
        }
        let colour = json!({ "code": "colour", "name": "Colour", "type": "text" });
        let colour = admin.post("/categories/attributes", colour).await.expect(201).id("attributeId");
        admin.post(&format!("{attributes}/{colour}"), Value::Null).await.expect(201);
        assert_eq!(anybody.get(&attributes).await.expect(200).items().len(), 1);
        admin.delete(&format!("{attributes}/{colour}")).await.expect(204);
        assert_eq!(anybody.get(&attributes).await.expect(200).items().len(), 0);
        admin.delete(&one).await.expect(204);
        anybody.get(&one).await.problem(404, "catalog.category_not_found");

        // what is no longer for sale is gone at once
        for (path, _) in shop.addresses() {
            kept(&t, &anybody, &path).await;
        }
        shop.sam.post(&format!("/products/{}/deactivate", shop.product), Value::Null).await.expect(200);
        anybody.get(&format!("/products/{}", shop.product)).await.problem(404, "catalog.product_not_found");
        anybody.get(&format!("/variants/{}", shop.lamp)).await.problem(404, "catalog.variant_not_found");
        assert_eq!(anybody.get("/products?limit=5").await.expect(200).items().len(), 0);
    });
}

#[test]
fn a_write_through_another_program_shows_within_a_second_whatever_is_broken() {
    patiently(async |t| {
        let shop = Shop::open(&t).await;
        let (other, anybody) = (t.another_server().await, t.anybody());
        let mut price = 1000;
        for broken in [
            "select 1",
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name = 'tradepost listen'",
            "revoke execute on function events.sequence(integer) from tradepost_worker",
            "revoke execute on function events.changes_after(bigint, text[], text[]) from tradepost_worker",
        ] {
            for (path, pointer) in shop.addresses() {
                kept(&t, &anybody, &path).await;
                if path.starts_with("/products/slug") {
                    t.sql().batch_execute(broken).await.expect("broken");
                }
                price += 100;
                shop.set_price(&other, price).await;
                seen_in_time(&anybody, &path, Instant::now(), |body| amount(body, pointer) == price).await;
                if broken.contains("changes_after") && path.starts_with("/variants") {
                    return restore(&t).await;
                }
            }
        }
    });
}

async fn restore(t: &Test) {
    t.sql()
        .batch_execute(
            "grant execute on function events.sequence(integer) to tradepost_worker;
             grant execute on function events.changes_after(bigint, text[], text[]) to tradepost_worker",
        )
        .await
        .expect("restored");
}

#[test]
fn no_read_is_older_than_the_last_acknowledged_write() {
    patiently(async |t| {
        let shop = Arc::new(Shop::open(&t).await);
        let other = t.another_server().await;
        let (acknowledged, is_over) = (Arc::new(AtomicI64::new(1000)), Arc::new(AtomicBool::new(false)));
        let hands = together(9, |n| {
            let (shop, acknowledged, is_over) = (shop.clone(), acknowledged.clone(), is_over.clone());
            let (anybody, base, other) = (t.anybody(), t.base().to_owned(), other.clone());
            async move {
                if n == 0 {
                    for price in 1001..=1060 {
                        shop.set_price(&base, price).await;
                        acknowledged.store(price, Ordering::SeqCst);
                    }
                    is_over.store(true, Ordering::SeqCst);
                    return 0;
                }
                // six read where it is written, two through the other program
                let reader = if n > 6 { anybody.at(&other) } else { anybody };
                let (path, pointer) = &shop.addresses()[n % 5];
                let mut reads = 0;
                while !is_over.load(Ordering::SeqCst) {
                    let at_least = acknowledged.load(Ordering::SeqCst);
                    let read = amount(&reader.get(path).await.expect(200).body, pointer);
                    assert!(n > 6 || read >= at_least, "{path}: {read} after {at_least} was acknowledged");
                    reads += 1;
                }
                reads
            }
        })
        .await;
        assert!(hands[1..].iter().all(|reads| *reads > 0), "{hands:?}");
        let written = Instant::now();
        for (path, pointer) in shop.addresses() {
            seen_in_time(&t.anybody().at(&other), &path, written, |body| amount(body, pointer) == 1060).await;
            assert_eq!(amount(&kept(&t, &t.anybody(), &path).await, pointer), 1060);
        }
    });
}

#[test]
fn the_clock_ends_an_answer() {
    patiently(async |t| {
        let (shop, anybody) = (Shop::open(&t).await, t.anybody());
        let path = format!("/offers/{}/{}/prices", shop.lamp, shop.sam.seller_id);
        let at = async |hours: i32| -> String {
            t.one("select to_char((core.now() + make_interval(hours => $1)) at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')", &[&hours]).await
        };
        let usd = |amount: i64| json!({ "amountMinor": amount, "currency": "USD" });
        let sale = json!([{ "price": usd(1000), "salePrice": usd(700), "saleFrom": at(1).await, "saleUntil": at(2).await }]);
        shop.sam.put(&path, json!({ "prices": sale })).if_match(1).await.expect(200);
        let detail = format!("/products/{}", shop.product);
        let offer = |body: &Value| body["variants"][0]["offers"][0].clone();
        for (boundary, is_sale) in [("sale_from", true), ("sale_until", false)] {
            // to a second before it
            let left: f64 = t
                .one(
                    &format!(
                        "select extract(epoch from {boundary} - core.now())::float8 from catalog.offer_prices"
                    ),
                    &[],
                )
                .await;
            t.advance(Duration::from_secs_f64(left - 1.0)).await;
            kept(&t, &anybody, &detail).await;
            let is_past = async || -> bool {
                t.one(&format!("select core.now() >= {boundary} from catalog.offer_prices"), &[]).await
            };
            loop {
                let (was_past, read) = (is_past().await, anybody.get(&detail).await.expect(200).body);
                let is_running = !offer(&read)["salePrice"].is_null();
                if was_past {
                    assert_eq!(is_running, is_sale, "{boundary}");
                    break;
                }
                assert!(is_running != is_sale || is_past().await, "{boundary}");
            }
        }
        // a clock that jumps is found out
        shop.set_price(t.base(), 900).await;
        let sale = json!([{ "price": usd(900), "salePrice": usd(500), "saleFrom": at(1).await, "saleUntil": at(2).await }]);
        let version = shop.sam.get(&path).await.expect(200).int("version");
        shop.sam.put(&path, json!({ "prices": sale })).if_match(version).await.expect(200);
        kept(&t, &anybody, &detail).await;
        t.advance_unnoticed(Duration::from_secs(5400)).await;
        seen_in_time(&anybody, &detail, Instant::now(), |body| offer(body)["salePrice"] == usd(500)).await;
    });
}

#[test]
fn nobody_reads_what_is_for_somebody_else() {
    patiently(async |t| {
        let (shop, admin, anybody) = (Shop::open(&t).await, t.admin().await, t.anybody());
        let eve = t.seller("eve").await;
        let detail = format!("/products/{}", shop.product);
        // each view asked for twice in every order: what one may see never becomes the answer of another
        shop.sam.post(&format!("{detail}/deactivate"), Value::Null).await.expect(200);
        for _ in 0..2 {
            shop.sam.get(&detail).await.expect(200);
            admin.get(&detail).await.expect(200);
            anybody.get(&detail).await.problem(404, "catalog.product_not_found");
            eve.get(&detail).await.problem(404, "catalog.product_not_found");
        }
        for _ in 0..2 {
            let all = |person: &Person| person.get("/products?status=INACTIVE");
            assert_eq!(all(&admin).await.expect(200).items().len(), 1);
            all(&anybody).await.problem(403, "catalog.status_not_visible");
            assert_eq!(admin.get("/products").await.expect(200).items().len(), 1);
            assert_eq!(anybody.get("/products").await.expect(200).items().len(), 0);
            assert_eq!(shop.sam.get("/products?mine=true").await.expect(200).items().len(), 1);
            assert_eq!(eve.get("/products?mine=true").await.expect(200).items().len(), 0);
            anybody.get("/products?mine=true").await.problem(401, "identity.unauthenticated");
        }
        shop.sam.post(&format!("{detail}/activate"), Value::Null).await.expect(200);
        kept(&t, &anybody, &detail).await;
        let public = anybody.get(&detail).await.expect(200);
        let own = shop.sam.get(&detail).await.expect(200);
        assert_eq!(
            (public.header("cache-control"), own.header("cache-control")),
            ("no-cache", "private, no-cache")
        );
        // a token that is none, and a key that is none, are refused although the answer is there
        anybody.get(&detail).bearer("nonsense").await.problem(401, "identity.unauthenticated");
        anybody
            .get(&detail)
            .header("idempotency-key", "not one")
            .await
            .problem(400, "core.idempotency_key_invalid");
        anybody.get(&format!("{detail}?colour=red")).await.problem(400, "core.query_invalid");
        admin.post(&format!("/admin/users/{}/suspend", eve.user_id), Value::Null).await;
        let before = t.app().cache.hits_and_misses();
        eve.get(&detail).await;
        shop.sam.get(&detail).await.expect(200);
        assert_eq!(t.app().cache.hits_and_misses(), before, "who has a token is asked about");
        // addresses that differ in anything are others
        let in_euro = anybody.get(&format!("{detail}?currency=EUR")).await.expect(200);
        assert_eq!(in_euro["variants"][0]["offers"], json!([]));
        assert_eq!(anybody.get(&format!("{detail}?currency=USD")).await.expect(200).body, public.body);
    });
}

#[test]
fn many_who_ask_at_once_wait_for_one_query() {
    patiently(async |t| {
        let shop = Shop::open(&t).await;
        let detail = format!("/products/{}", shop.product);
        kept(&t, &t.anybody(), &detail).await;
        for path in [detail.clone(), "/products?limit=7".to_owned(), format!("/variants/{}", shop.lamp)] {
            t.app().cache.changed(tradepost::cache::Change::Everything);
            let before = t.app().cache.hits_and_misses();
            let replies = together(200, |_| {
                let (anybody, path) = (t.anybody(), path.clone());
                async move { anybody.get(&path).await.expect(200).text }
            })
            .await;
            assert!(replies.iter().all(|reply| *reply == replies[0]));
            let misses = t.app().cache.hits_and_misses().1 - before.1;
            // the shop has just opened: an event of it may be heard in between, which is a reason to ask again
            assert!(misses <= 5, "{misses} queries for {path}");
        }
        // those who ask for nothing do not wait for one another for ever
        let missing = together(12, |_| {
            let anybody = t.anybody();
            async move { anybody.get(&format!("/products/{}", Uuid::nil())).await.status }
        });
        assert!(missing.await.iter().all(|status| *status == 404));
    });
}
