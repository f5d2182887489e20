//! The property behind batch functions: a batch is the same as its requests one after another.
//!
//! Each case makes a small world from a seed (scarce stock, overdue holds, promotions that run out), then runs the same random
//! requests twice, each time from the same savepoint: all in one call, and one call each. Answers and what they left behind must
//! be equal, ids and times aside. A failing case is shrunk to the fewest requests that still show it, and printed with its seed.
//! `TRADEPOST_TEST_SEED=7 TRADEPOST_TEST_CASES=1` repeats one.

mod payments;

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::time::Instant;

use serde_json::Value;
use tokio_postgres::Client;

use crate::support::dice::Dice;
use crate::support::{Test, Uuid, address, json, run};

/// Who and what there is in all cases.
struct Town {
    buyers: Vec<Uuid>,
    /// A seller, a suspended buyer, and somebody who is not there.
    others: Vec<Uuid>,
    /// Seller and variant; the last two variants are offered by two sellers.
    offers: Vec<(Uuid, Uuid)>,
}

async fn town(t: &Test) -> Town {
    let sql = t.sql();
    let id = async |query: &str| -> Uuid { sql.query_one(query, &[]).await.expect("a row").get(0) };
    let mut buyers = Vec::new();
    for name in ["ana", "ben", "cai"] {
        buyers.push(id(&format!("select test.buyer('{name}')")).await);
    }
    let mut sellers = Vec::new();
    for name in ["sam", "sue", "sid"] {
        sellers.push(id(&format!("select test.seller_id(test.seller('{name}'))")).await);
    }
    let gone = id("select test.buyer('gone')").await;
    t.execute("update identity.users set status = 'SUSPENDED' where user_id = $1", &[&gone]).await;
    let others = vec![id("select test.seller('sam')").await, gone, Uuid::now_v7()];

    let mut offers = Vec::new();
    for (n, price) in [333_i64, 1000, 1999, 1, 700, 2500].into_iter().enumerate() {
        let seller = sellers[n % 3];
        let variant: Uuid = t.one("select test.offer($1, $2, 0)", &[&seller, &price]).await;
        offers.push((seller, variant));
        if n >= 4 {
            let second = sellers[(n + 1) % 3];
            t.execute(
                "insert into catalog.offers (seller_id, variant_id, sku, price_minor, currency, created_at, updated_at)
                 values ($1, $2, gen_random_uuid()::text, $3, 'USD', core.now(), core.now())",
                &[&second, &variant, &(price - 1)],
            )
            .await;
            t.execute("select test.stock_row($1, $2, 0)", &[&second, &variant]).await;
            offers.push((second, variant));
        }
    }
    for (seller, fee, free_from) in [(sellers[0], 500_i64, Some(3000_i64)), (sellers[1], 300, None)] {
        t.execute(
            "insert into pricing.shipping_rates (seller_id, currency, fee_minor, free_from_minor, updated_at)
             values ($1, 'USD', $2, $3, core.now())",
            &[&seller, &fee, &free_from],
        )
        .await;
    }
    t.execute(
        "insert into pricing.commission_rules (rule_id, name, percent_bp, fixed_minor, currency, valid_from, created_at)
         values (core.new_id(), 'all', 1234, 7, 'USD', core.now() - interval '1 day', core.now())",
        &[],
    )
    .await;
    t.sql()
        .query("select catalog._refresh_price_range(product_id, 1) from catalog.products", &[])
        .await
        .expect("ranges");
    Town { buyers, others, offers }
}

/// Statements that make the world of a case. Whether some holds in it are overdue decides what can be compared.
fn world(town: &Town, dice: &mut Dice) -> (String, bool) {
    let mut sql = String::new();
    for (seller, variant) in &town.offers {
        let (stock, threshold) = (dice.below(14), dice.below(3));
        let _ = writeln!(
            sql,
            "update inventory.stock_levels set on_hand = {stock}, low_stock_threshold = {threshold}, is_low = {stock} <= {threshold}
             where seller_id = '{seller}' and variant_id = '{variant}';"
        );
    }
    // type, target, percent, amount, coupon
    let kinds = [
        ("PERCENTAGE", "ORDER", "1000", "null", None),
        ("PERCENTAGE", "LINES", "2550", "null", None),
        ("PERCENTAGE", "ORDER", "10000", "null", None),
        ("FREE_SHIPPING", "SHIPPING", "null", "null", None),
        ("FREE_SHIPPING", "SHIPPING", "null", "null", None),
        ("FIXED_AMOUNT", "ORDER", "null", "997", Some("FIX")),
        ("PERCENTAGE", "ORDER", "3333", "null", Some("THIRD")),
        ("FIXED_AMOUNT", "LINES", "null", "50", Some("EACH")),
        ("PERCENTAGE", "ORDER", "10000", "null", Some("GIFT")),
    ];
    for (n, (kind, target, percent, amount, coupon)) in kinds.into_iter().enumerate() {
        if dice.once_in(8) {
            continue;
        }
        let limit = |dice: &mut Dice| match dice.below(3) {
            0 => "null".to_owned(),
            _ => (1 + dice.below(2)).to_string(),
        };
        let (uses, buyer_uses, priority) = (limit(dice), limit(dice), dice.below(4));
        let budget = if dice.once_in(3) { (100 + dice.below(4000)).to_string() } else { "null".to_owned() };
        let minimum = if dice.once_in(8) { "1500" } else { "null" };
        let code = coupon.map_or("null".to_owned(), |c| format!("'{c}'"));
        let ends = if dice.once_in(20) { "core.now() - interval '1 hour'" } else { "null" };
        let id = format!("00000000-0000-7000-8000-0000000000{n:02}");
        let condition = if dice.once_in(4) { order_number(dice) } else { "null".to_owned() };
        let _ = writeln!(
            sql,
            "insert into pricing.promotions (promotion_id, name, type, target, percent_bp, amount_minor, currency, coupon_code,
               min_subtotal_minor, starts_at, ends_at, usage_limit, buyer_limit, budget_minor, priority, condition, condition_path,
               status, created_at, updated_at)
             values ('{id}', 'p{n}', '{kind}', '{target}', {percent}, {amount}, 'USD', {code}, {minimum},
               core.now() - interval '1 day', {ends}, {uses}, {buyer_uses}, {budget}, {priority}, {condition}, pricing._compile_condition({condition}, 'BASKET', 'condition'),
               'ACTIVE', core.now(), core.now());"
        );
        if uses != "null" || budget != "null" {
            let _ = writeln!(
                sql,
                "insert into pricing.promotion_counters (promotion_id, usage_limit, budget_minor)
                 values ('{id}', {uses}, {budget});"
            );
        }
    }
    if dice.once_in(2) {
        let (condition, (_, variant)) = (order_number(dice), dice.pick(&town.offers));
        let _ = writeln!(
            sql,
            "insert into pricing.promotions (promotion_id, name, type, target, gift_variant_id, gift_quantity, buyer_limit, starts_at,
               condition, condition_path, status, created_at, updated_at)
             values ('00000000-0000-7000-8000-000000000050', 'gift', 'GIFT', 'LINES', '{variant}', 1, 3, core.now() - interval '1 day',
               {condition}, pricing._compile_condition({condition}, 'BASKET', 'condition'), 'ACTIVE', core.now(), core.now());"
        );
    }
    // one that comes by codes of a batch, each for one order
    sql.push_str(
        "insert into pricing.promotions (promotion_id, name, type, target, percent_bp, requires_coupon, starts_at, status,
           created_at, updated_at)
         values ('00000000-0000-7000-8000-000000000099', 'batch', 'PERCENTAGE', 'LINES', 700, true,
           core.now() - interval '1 day', 'ACTIVE', core.now(), core.now());
         insert into pricing.coupon_batches (batch_id, promotion_id, prefix, code_count, per_code_limit, created_at)
         values ('00000000-0000-7000-8000-000000000099', '00000000-0000-7000-8000-000000000099', '', 2, 1, core.now());
         insert into pricing.coupons (code, promotion_id, batch_id, usage_limit)
         select c, '00000000-0000-7000-8000-000000000099', '00000000-0000-7000-8000-000000000099', 1
         from unnest(array['ONE', 'TWO']) as c;\n",
    );
    if dice.once_in(3) {
        let most = 1 + dice.below(8);
        let _ = writeln!(
            sql,
            "update core.settings set value = {most} where name = 'inventory.buyer_held_units_max';"
        );
    }
    let has_overdue = dice.once_in(3);
    if has_overdue {
        for _ in 0..3 {
            let (_, variant) = dice.pick(&town.offers);
            let buyer = dice.pick(&town.buyers);
            let _ = writeln!(
                sql,
                "select from orders.place_orders(jsonb_build_array(test.placing('{buyer}', '{{\"{variant}\": 1}}')));"
            );
        }
        sql.push_str("update core.clock set clock_offset = clock_offset + interval '16 minutes';\n");
    }
    (sql, has_overdue)
}

/// A condition on which order of its buyer it is: it depends on what became of those before it in the batch.
fn order_number(dice: &mut Dice) -> String {
    let n = 1 + dice.below(3);
    let band = match dice.below(3) {
        0 => json!({ "max": n }),
        1 => json!({ "min": 1 + n }),
        _ => json!({ "every": 1 + n }),
    };
    format!("'{}'::jsonb", json!({ "orderNumber": band }))
}

/// Lines, mostly good ones.
fn lines(town: &Town, dice: &mut Dice, always_with_seller: bool) -> Value {
    let count = if dice.once_in(40) { 0 } else { 1 + dice.below(3) };
    let line = |dice: &mut Dice| {
        let (seller, variant) = *dice.pick(&town.offers);
        let variant = if dice.once_in(40) { Uuid::nil() } else { variant };
        let quantity = match dice.below(120) {
            0 => json!(0),
            1 => json!(1.5),
            2 => json!(1001),
            n => json!(1 + n % 3),
        };
        let mut line = json!({ "variantId": variant, "quantity": quantity });
        if always_with_seller || dice.once_in(3) {
            line["sellerId"] = json!(if dice.once_in(60) { Uuid::nil() } else { seller });
        }
        line
    };
    (0..count).map(|_| line(dice)).collect()
}

fn actor(town: &Town, dice: &mut Dice) -> Uuid {
    if dice.once_in(20) { *dice.pick(&town.others) } else { *dice.pick(&town.buyers) }
}

/// Now and then a request comes twice, with the same key, or with a key that was used for something else.
fn requests(dice: &mut Dice, mut one: impl FnMut(&mut Dice) -> Value) -> Vec<Value> {
    let count = 2 + dice.below(12);
    let mut all: Vec<Value> = Vec::new();
    for n in 0..count {
        let mut request = one(dice);
        request["requestId"] = json!(format!("r{n}"));
        request["idempotencyKey"] = json!(format!("k{n}"));
        if !all.is_empty() {
            match dice.below(12) {
                0 => request = dice.pick(&all).clone(),
                1 => {
                    let used = dice.pick(&all);
                    request["idempotencyKey"] = used["idempotencyKey"].clone();
                    request["actorId"] = used["actorId"].clone();
                }
                2 => request["idempotencyKey"] = dice.pick(&all)["idempotencyKey"].clone(),
                3 => request["idempotencyKey"] = Value::Null,
                _ => {}
            }
        }
        all.push(request);
    }
    all
}

fn placing(town: &Town, dice: &mut Dice) -> Value {
    let codes = ["FIX", "FIX", "FIX", "third", "third", "EACH", "GIFT", "ONE", "two", "NOPE"];
    let mut coupons: Vec<&str> = Vec::new();
    while coupons.len() < 3 && dice.once_in(2) {
        let known = codes.len() - usize::from(!dice.once_in(9));
        coupons.push(codes[dice.below(known)]);
    }
    let currency = match dice.below(25) {
        0 => "EUR",
        1 => "XXX",
        _ => "USD",
    };
    let address = if dice.once_in(30) { json!({ "name": "" }) } else { address() };
    json!({ "actorId": actor(town, dice), "currency": currency, "couponCodes": coupons, "shippingAddress": address,
            "lines": lines(town, dice, false) })
}

fn reserving(town: &Town, dice: &mut Dice) -> Value {
    let ttl = match dice.below(15) {
        0 => json!(0),
        1 => json!(1e9),
        2 => Value::Null,
        _ => json!(60),
    };
    json!({ "actorId": actor(town, dice), "ttlSeconds": ttl, "reference": "cart", "lines": lines(town, dice, true) })
}

/// A batch function, and how to tell what a run of it answered.
struct Function {
    name: &'static str,
    /// The column with the id of what a request makes, which differs from run to run.
    id: Option<&'static str>,
    /// Statements that make the world of a case, and whether some holds in it are overdue.
    world: fn(&Town, &mut Dice) -> (String, bool),
    /// What else is left behind than [`TRACES`] tells: a query for one JSON document.
    traces: &'static str,
    /// Some requests are passed over without an answer.
    may_stay_silent: bool,
    /// Afterwards everything is sent once more, each by itself: what is stored of an answer may differ, not what it is replayed as.
    is_sent_again: bool,
    /// A generator that only makes refusals, or none, would prove nothing: each of these is at least one answer in so many.
    expected: &'static [(&'static str, usize)],
    cases: u64,
}

const PLACE_ORDERS: Function = Function {
    name: "orders.place_orders",
    id: Some("order_id"),
    world,
    traces: "select '{}'::jsonb",
    may_stay_silent: false,
    is_sent_again: false,
    expected: &[("granted", 4), ("inventory.insufficient_stock", 20)],
    cases: 200,
};
const RESERVE_STOCK: Function =
    Function { name: "inventory.reserve_stock", id: Some("reservation_id"), ..PLACE_ORDERS };

/// What all requests left behind, ids and times aside. Units under overdue holds count as available, reclaimed or not; the
/// events of crossed thresholds tell of levels between the requests, and reclaiming moves those, so they and the reclaiming itself
/// count only without.
const TRACES: &str = "
  select jsonb_build_object(
    'stock', (select jsonb_agg(jsonb_build_array(s.seller_id, s.variant_id, s.on_hand, s.on_hand - s.reserved + coalesce((
                select sum(l.quantity) from inventory.reservation_lines as l join inventory.reservations as r using (reservation_id)
                where l.seller_id = s.seller_id and l.variant_id = s.variant_id and l.freed_at is null
                  and r.status = 'HELD' and r.expires_at <= core.now()), 0)) order by s.variant_id, s.seller_id)
              from inventory.stock_levels as s),
    'counters', (select jsonb_agg(jsonb_build_array(c.promotion_id, c.used, c.spent_minor) order by c.promotion_id) from pricing.promotion_counters as c),
    'codes', (select jsonb_agg(jsonb_build_array(c.code, c.used) order by c.code) from pricing.coupons as c),
    'buyers', (select jsonb_agg(jsonb_build_array(c.promotion_id, c.buyer_id, c.used) order by c.promotion_id, c.buyer_id)
               from pricing.promotion_buyer_counters as c where c.used > 0),
    'redemptions', (select count(*) from pricing.redemptions),
    'orders', (select jsonb_agg(jsonb_build_array(o.buyer_id, o.status, o.version, o.total_minor, o.coupon_codes)
                                order by o.buyer_id, o.status, o.total_minor, o.coupon_codes, o.version) from orders.orders as o),
    'lines', (select jsonb_agg(jsonb_build_array(l.seller_id, l.variant_id, l.quantity, l.total_minor)
                               order by l.seller_id, l.variant_id, l.quantity, l.total_minor) from orders.order_lines as l),
    'adjustments', (select jsonb_agg(jsonb_build_array(a.seller_id, a.promotion_id, a.target, a.amount_minor)
                                     order by a.seller_id, a.promotion_id, a.target, a.amount_minor) from orders.adjustments as a),
    'commissions', (select jsonb_agg(jsonb_build_array(c.seller_id, c.base_minor, c.amount_minor)
                                     order by c.seller_id, c.base_minor, c.amount_minor) from orders.commissions as c),
    'history', (select count(*) from orders.order_history),
    'holds', (select jsonb_agg(jsonb_build_array(r.account_id, r.status, r.is_order) order by r.account_id, r.status, r.is_order)
              from inventory.reservations as r),
    'movements', (select coalesce(sum(m.quantity_delta), 0) from inventory.movements as m),
    'keys', (select jsonb_agg(jsonb_build_array(k.account_id, k.idempotency_key, case when k.route !~ 'payment' then k.response - 'orderId' - 'reservationId' end)
                              order by k.account_id, k.route, k.idempotency_key)
             from core.idempotency_keys as k),
    'events', (select jsonb_object_agg(e.type, e.n) from (
                 select s.type, count(*) as n from events.staging as s
                 where s.type not in ('inventory.stock_low', 'inventory.holds_reclaimed') or not $1 group by s.type) as e))";

async fn traces(sql: &Client, more: &str, has_overdue: bool) -> Result<Value, tokio_postgres::Error> {
    let mut traces: Value = sql.query_one(TRACES, &[&has_overdue]).await?.get(0);
    let more: Value = sql.query_one(more, &[]).await?.get(0);
    let more = more.as_object().expect("traces").clone();
    traces.as_object_mut().expect("traces").extend(more.into_iter().map(|(name, value)| (name + "*", value)));
    Ok(traces)
}

/// The first member in which two traces differ.
fn trace_difference(one: &Value, other: &Value) -> Option<String> {
    let members = one.as_object().expect("traces");
    members.iter().find(|(name, value)| other[*name] != **value).map(|(name, value)| {
        format!("traces: {name}\n  together: {value}\n  singly:   {}", other[name.as_str()])
    })
}

/// Values for names, wherever they stand.
fn put(value: &mut Value, names: &HashMap<String, Value>) {
    match value {
        Value::String(text) if text.starts_with('#') => {
            *value = names.get(&text[1..]).cloned().unwrap_or_else(|| panic!("{text} is nothing"));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| put(item, names)),
        Value::Object(members) => members.values_mut().for_each(|member| put(member, names)),
        _ => {}
    }
}

/// Requests may name what the world of their case holds: "#order-3" stands for what the temporary table `case_names` says.
async fn resolve(sql: &Client, requests: &[Value]) -> Vec<Value> {
    let names = "select to_regclass('pg_temp.case_names') is not null";
    if !sql.query_one(names, &[]).await.expect("a row").get::<_, bool>(0) {
        return requests.to_vec();
    }
    let rows = sql.query("select name, value from case_names", &[]).await.expect("names");
    let names: HashMap<String, Value> = rows.iter().map(|r| (r.get(0), r.get(1))).collect();
    let mut requests = requests.to_vec();
    for request in &mut requests {
        put(request, &names);
    }
    requests
}

/// Answers and traces of one way to run the requests.
type Outcome = (Vec<Value>, Value);

async fn outcome(
    sql: &Client,
    function: &Function,
    calls: &[Vec<Value>],
    has_overdue: bool,
) -> Result<Outcome, tokio_postgres::Error> {
    let query = format!(
        "select to_jsonb(a) - array['request_no', 'placed_at', 'payment_due_at', 'updated_at', 'expires_at', 'created_at']
         from {}($1) as a",
        function.name
    );
    let mut answers = Vec::new();
    for call in calls {
        for row in sql.query(&query, &[&json!(call)]).await? {
            answers.push(row.get::<_, Value>(0));
        }
    }
    // Ids become the number of the first answer that has them.
    let mut ids: Vec<Value> = Vec::new();
    for answer in &mut answers {
        let Some(column) = function.id else { continue };
        let id = answer[column].take();
        if !id.is_null() {
            let known = ids.iter().position(|i| *i == id).unwrap_or_else(|| {
                ids.push(id.clone());
                ids.len() - 1
            });
            answer[column] = json!(known);
        }
    }
    Ok((answers, traces(sql, function.traces, has_overdue).await?))
}

/// What differs, or nothing.
async fn difference(
    sql: &Client,
    function: &Function,
    town: &Town,
    seed: u64,
    requests: &[Value],
    codes: &mut Vec<String>,
) -> Option<String> {
    let (world, has_overdue) = (function.world)(town, &mut Dice(seed));
    sql.batch_execute("begin").await.expect("begin");
    sql.batch_execute(&world).await.unwrap_or_else(|e| panic!("the world of seed {seed}: {e:?}\n{world}"));
    sql.batch_execute("savepoint start").await.expect("savepoint");
    let requests = resolve(sql, requests).await;
    let together = [requests.clone()];
    let singly: Vec<Vec<Value>> = requests.iter().map(|r| vec![r.clone()]).collect();
    let again = if function.is_sent_again { singly.as_slice() } else { &[] };
    let batch = outcome(sql, function, &[&together, again].concat(), has_overdue).await;
    sql.batch_execute("rollback to savepoint start").await.expect("rollback");
    let single = outcome(sql, function, &[&singly, again].concat(), has_overdue).await;
    sql.batch_execute("rollback").await.expect("rollback");
    let (batch, single) = match (batch, single) {
        (Ok(batch), Ok(single)) => (batch, single),
        (batch, single) => return Some(format!("batch: {:#?}\nsingly: {:#?}", batch.err(), single.err())),
    };
    codes.extend(batch.0.iter().map(|a| a["problem_code"].as_str().unwrap_or("granted").to_owned()));
    for (n, (one, other)) in batch.0.iter().zip(&single.0).enumerate() {
        if one != other {
            return Some(format!("answer {n}\n  in the batch: {one}\n  singly:       {other}"));
        }
    }
    let sent = requests.len() + again.len();
    if batch.0.len() != single.0.len() || !function.may_stay_silent && batch.0.len() != sent {
        return Some(format!("{} and {} answers to {} requests", batch.0.len(), single.0.len(), sent));
    }
    trace_difference(&batch.1, &single.1)
}

async fn holds(t: &Test, function: Function, generate: impl Fn(&Town, &mut Dice) -> Value) {
    let number = |name: &str, otherwise: u64| {
        std::env::var(name)
            .map_or(otherwise, |text| text.parse().unwrap_or_else(|_| panic!("{name}: {text}")))
    };
    let first = number("TRADEPOST_TEST_SEED", 1);
    let cases = number("TRADEPOST_TEST_CASES", function.cases);
    let town = town(t).await;
    let sql = t.connect().await;
    let (started, mut tally, mut answers) = (Instant::now(), BTreeMap::<String, usize>::new(), Vec::new());
    for seed in first..first + cases {
        let mut dice = Dice(seed ^ 0x5EED);
        let mut requests = requests(&mut dice, |dice| generate(&town, dice));
        let Some(mut difference_found) =
            difference(&sql, &function, &town, seed, &requests, &mut answers).await
        else {
            for answer in answers.split_off(0) {
                *tally.entry(answer).or_insert(0) += 1;
            }
            continue;
        };
        let mut n = 0;
        while n < requests.len() {
            let mut fewer = requests.clone();
            fewer.remove(n);
            if let Some(found) = difference(&sql, &function, &town, seed, &fewer, &mut answers).await {
                (requests, difference_found) = (fewer, found);
            } else {
                n += 1;
            }
        }
        let list: String = requests.iter().fold(String::new(), |mut list, request| {
            let _ = writeln!(list, "  {request}");
            list
        });
        panic!("seed {seed}: {} differs: {difference_found}\nrequests:\n{list}", function.name);
    }
    println!("{cases} cases of {} in {:?}: {tally:?}", function.name, started.elapsed());
    let answers: usize = tally.values().sum();
    for (code, one_in) in function.expected {
        let count = tally.get(*code).copied().unwrap_or_default();
        assert!(cases < 100 || count * one_in > answers, "{code}: {tally:?}");
    }
}

#[test]
fn a_batch_of_orders_is_the_same_as_one_after_another() {
    run(async |t| {
        holds(&t, PLACE_ORDERS, placing).await;
        tidy(&t).await;
    });
}

#[test]
fn a_batch_of_reservations_is_the_same_as_one_after_another() {
    run(async |t| {
        holds(&t, RESERVE_STOCK, reserving).await;
        tidy(&t).await;
    });
}

/// The town itself is lawful: nothing of the cases stayed.
async fn tidy(t: &Test) {
    assert_eq!(t.int("select count(*) from orders.orders", &[]).await, 0);
    assert_eq!(t.int("select count(*) from inventory.reservations", &[]).await, 0);
    assert_eq!(t.int("select count(*) from core.idempotency_keys", &[]).await, 0);
    assert_eq!(t.int("select count(*) from payments.payments", &[]).await, 0);
}
