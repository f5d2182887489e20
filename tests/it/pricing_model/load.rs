//! A random world as rows of a database, and what the database makes of baskets.

use serde_json::{Value, json};
use tokio_postgres::Client;

use super::chance::{Kind, Town, id};
use super::commissions::Rule;
use super::rules::{Basket, Benefit, Filter, Funding, Minor, Promotion, Type, number};
use crate::support::{Uuid, address};

/// The number of the administrator among the users.
const ADMIN: usize = 900;

/// Made once in a test's database: the clock stands still at `test.now`, a whole batch of baskets is priced by one call, through
/// the same steps as an order.
pub const FUNCTIONS: &str = r"
  create or replace function core.now() returns timestamptz language sql stable as $$
    select to_timestamp(current_setting('test.now')::bigint)
  $$;
  create function test.price(p_baskets jsonb, out shares jsonb, out commissions jsonb) language plpgsql
  set plan_cache_mode = force_generic_plan set enable_seqscan = off  -- as orders.place_orders does
  as $$
  declare
    v_now constant timestamptz := core.now();
    v_baskets pricing.basket[];
    v_lines pricing.basket_line[];
    v_fees pricing.basket_shipping[];
    v_adjustments pricing.adjustment[];
  begin
    v_baskets := array(
      select jsonb_populate_record(null::pricing.basket, b.basket || jsonb_build_object('basket_no', b.n))
      from jsonb_array_elements(p_baskets) with ordinality as b (basket, n) order by b.n);
    v_lines := array(
      select l from pricing._resolve_lines(array(
        select jsonb_populate_record(null::pricing.wanted_line, l.line || jsonb_build_object(
                 'basket_no', b.n, 'line_no', l.n, 'currency', b.basket ->> 'currency', 'buyer_id', b.basket ->> 'buyer_id'))
        from jsonb_array_elements(p_baskets) with ordinality as b (basket, n),
             jsonb_array_elements(b.basket -> 'lines') with ordinality as l (line, n)), v_now) as l
      order by l.basket_no, l.line_no);
    v_fees := array(select s from pricing._shipping_fees(v_lines, v_baskets) as s);
    v_lines := v_lines || array(select g from pricing._gift_lines(v_baskets, v_lines, v_now) as g);
    v_adjustments := array(select a from pricing._apply_promotions(v_baskets, v_lines, v_fees, '{}', v_now) as a);
    select g.lines, g.adjustments into v_lines, v_adjustments from pricing._given_lines(v_lines, v_adjustments) as g;
    shares := (
      select jsonb_agg(to_jsonb(a) || jsonb_build_object('exact_millionths', round(a.exact_share * 1000000)))
      from unnest(v_adjustments) as a);
    commissions := (
      select jsonb_agg(to_jsonb(c)) from pricing._commissions_for(v_baskets, v_lines, v_fees, v_adjustments, v_now) as c
      where c.rule_id is not null);
  end $$;
  -- Previews requests of place_orders, then places all of them in one call: {preview, order, shares, commissions} of each.
  create function test.buy(p_requests jsonb) returns jsonb language plpgsql as $$
  declare
    v_previews jsonb;
    v_orders jsonb;
  begin
    v_previews := (
      select jsonb_agg(to_jsonb(p) order by r.n)
      from jsonb_array_elements(p_requests) with ordinality as r (request, n)
      cross join lateral pricing.apply_promotions(
        test.ctx((r.request ->> 'actorId')::uuid), r.request -> 'lines', r.request ->> 'currency',
        array(select jsonb_array_elements_text(r.request -> 'couponCodes')), r.request #>> '{shippingAddress,countryCode}',
        orders.next_order_number(test.ctx((r.request ->> 'actorId')::uuid))) as p);
    v_orders := (select jsonb_agg(to_jsonb(o) order by o.request_no) from orders.place_orders(p_requests) as o);
    return (
      select jsonb_agg(jsonb_build_object(
        'preview', v_previews -> (o.n::integer - 1), 'order', o.placed,
        'shares', (select jsonb_agg(to_jsonb(a) || jsonb_build_object('exact_millionths', round(a.exact_share * 1000000))
                                    order by a.adjustment_no)
                   from orders.adjustments as a where a.order_id = (o.placed ->> 'order_id')::uuid),
        'commissions', (
          select jsonb_agg(c.charge)
          from (select to_jsonb(c) from orders.commissions as c
                where c.order_id = (o.placed ->> 'order_id')::uuid and c.rule_id is not null
                union all
                select to_jsonb(c) from orders.shipping_commissions as c where c.order_id = (o.placed ->> 'order_id')::uuid) as c (charge)))
        order by o.n)
      from jsonb_array_elements(v_orders) with ordinality as o (placed, n));
  end $$;
  -- Pays and delivers an order, gives the money back in these parts, and tells which accounts of its ledger are not at zero then.
  create function test.refund(p_order_id uuid, p_admin_id uuid, p_parts bigint[]) returns text language plpgsql as $$
  declare
    v_payment_id constant uuid := test.pay_start(p_order_id);
    v_part bigint;
  begin
    perform test.pay_confirm(v_payment_id), test.pay_deliver(p_order_id);
    foreach v_part in array p_parts loop
      perform payments.finish_refund(r.refund_id, 'SUCCEEDED', 'rf', null)
      from orders.orders as o,
           payments.request_refund(test.ctx(p_admin_id, core.new_id()::text), o.order_id, v_part, o.currency, 'a part') as r
      where o.order_id = p_order_id;
    end loop;
    return (
      select coalesce(string_agg(format('%s of %s: %s', e.account, e.seller_id, e.left_minor), ', '), '')
      from (select l.account, l.seller_id, sum(l.amount_minor) as left_minor
            from payments.ledger_entries as l where l.order_id = p_order_id
            group by l.account, l.seller_id having sum(l.amount_minor) <> 0) as e);
  end $$;";

/// Inserts documents whose members are columns.
async fn insert(sql: &Client, table: &str, rows: &[Value]) {
    let Some(first) = rows.first() else { return };
    let columns: Vec<&str> = first.as_object().expect("a row").keys().map(String::as_str).collect();
    let columns = columns.join(", ");
    let statement = format!(
        "insert into {table} ({columns}) select {columns} from jsonb_populate_recordset(null::{table}, $1)"
    );
    sql.execute(&statement, &[&json!(rows)]).await.unwrap_or_else(|e| panic!("{table}: {e:?}"));
}

fn time(epoch: Minor) -> Value {
    json!(jiff::Timestamp::from_second(i64::try_from(epoch).expect("64 bits")).expect("a time").to_string())
}

/// Everything but the promotions and the commission rules.
pub async fn town(sql: &Client, town: &Town) {
    let now = town.now.epoch;
    // Without triggers, which keep histories that nobody reads here.
    sql.batch_execute(&format!("set local test.now = {now}; set local session_replication_role = replica"))
        .await
        .expect("the clock");
    let at = time(now - 86_400);
    let dated = |mut row: Value| {
        (row["created_at"], row["updated_at"]) = (at.clone(), at.clone());
        row
    };
    let people = town.buyers.iter().map(|b| (b.id, "BUYER")).chain([(id(Kind::User, ADMIN), "ADMIN")]);
    let users = people.map(|(id, role)| {
        dated(json!({ "user_id": id, "email": format!("{id}@example.test"), "password_hash": "$argon2id$not-a-password",
                      "display_name": "Somebody", "role": role }))
    });
    insert(sql, "identity.users", &users.collect::<Vec<_>>()).await;
    let sellers =
        town.sellers.iter().map(|s| dated(json!({ "seller_id": s, "store_name": "A store", "slug": s })));
    insert(sql, "identity.sellers", &sellers.collect::<Vec<_>>()).await;
    let categories = town.categories.iter().map(|(id, path)| {
        let parent = path.iter().rev().nth(1);
        dated(json!({ "category_id": id, "parent_id": parent, "path": path, "name": "Things", "slug": id }))
    });
    insert(sql, "catalog.categories", &categories.collect::<Vec<_>>()).await;
    let attributes = ["material", "organic", "watts", "color"].iter().enumerate().map(|(n, code)| {
        dated(
            json!({ "attribute_id": id(Kind::Attribute, n), "code": code, "name": "A trait", "type": "text",
                      "is_required": false, "is_variant_axis": false, "version": 1 }),
        )
    });
    insert(sql, "catalog.attributes", &attributes.collect::<Vec<_>>()).await;
    let products = town.products.iter().map(|p| {
        dated(
            json!({ "product_id": p.id, "seller_id": p.seller, "category_id": p.category, "title": "A thing",
                      "slug": p.id, "attributes": p.attributes, "status": "ACTIVE" }),
        )
    });
    insert(sql, "catalog.products", &products.collect::<Vec<_>>()).await;
    let variants = town.products.iter().flat_map(|p| {
        p.variants
            .iter()
            .map(|(id, axes)| dated(json!({ "variant_id": id, "product_id": p.id, "axis_values": axes })))
    });
    insert(sql, "catalog.variants", &variants.collect::<Vec<_>>()).await;
    let offers = town.offers.iter().enumerate().map(|(n, o)| {
        dated(json!({ "seller_id": o.seller, "variant_id": o.variant, "sku": format!("SKU-{n}"),
                      "price_minor": number(o.price), "currency": o.currency }))
    });
    insert(sql, "catalog.offers", &offers.collect::<Vec<_>>()).await;
    let stock = town.offers.iter().map(|o| {
        json!({ "seller_id": o.seller, "variant_id": o.variant, "on_hand": 1_000_000, "reserved": 0,
                "low_stock_threshold": 0, "is_low": false, "version": 1, "change_no": 1, "updated_at": at })
    });
    insert(sql, "inventory.stock_levels", &stock.collect::<Vec<_>>()).await;
    let rates = town.rates.iter().map(|r| {
        json!({ "seller_id": r.seller, "currency": r.currency, "fee_minor": number(r.fee),
                "free_from_minor": r.free_from.map(number), "updated_at": at })
    });
    insert(sql, "pricing.shipping_rates", &rates.collect::<Vec<_>>()).await;
    let groups: Vec<Value> =
        super::chance::GROUPS.iter().map(|g| dated(json!({ "group_code": g, "name": g }))).collect();
    insert(sql, "pricing.buyer_groups", &groups).await;
    let members = town
        .buyers
        .iter()
        .flat_map(|b| b.groups.iter().map(|g| json!({ "buyer_id": b.id, "group_code": g, "added_at": at })));
    insert(sql, "pricing.buyer_group_members", &members.collect::<Vec<_>>()).await;
    sql.execute(
        "insert into core.settings (name, value, unit, description) values ('pricing.floor_bp', $1, 'bp', 'The floor.')
         on conflict (name) do update set value = excluded.value",
        &[&i64::try_from(town.floor_bp).expect("small")],
    )
    .await
    .expect("the floor");
    sql.batch_execute("set local session_replication_role = origin").await.expect("triggers");
}

pub async fn rules(sql: &Client, rules: &[Rule]) {
    let rows = rules.iter().map(|r| {
        json!({
            "rule_id": r.id, "version": 1, "name": "A rule", "applies_to": if r.is_on_shipping { "SHIPPING" } else { "LINE" },
            "seller_id": r.seller, "category_id": r.category, "product_id": r.product, "currency": r.currency,
            "priority": number(r.priority), "band_min_minor": r.band.and_then(|b| b.0).map(number),
            "band_max_minor": r.band.and_then(|b| b.1).map(number), "base": if r.is_on_gross { "GROSS" } else { "NET" },
            "percent_bp": number(r.percent_bp), "fixed_minor": number(r.fixed),
            "fixed_per": if r.is_fixed_per_line { "LINE" } else { "UNIT" }, "min_minor": r.floor.map(number),
            "max_minor": r.cap.map(number), "vat_bp": number(r.vat_bp), "valid_from": time(r.from),
            "valid_until": r.until.map(time), "created_at": time(r.from),
        })
    });
    insert(sql, "pricing.commission_rules", &rows.collect::<Vec<_>>()).await;
}

/// Documents of the API become rows, with conditions compiled, but with the ids and the status that the world has.
pub async fn promotions(sql: &Client, promotions: &[Promotion]) {
    let rows: Vec<Value> = promotions
        .iter()
        .map(|p| {
            let at = time(p.starts - 86_400);
            json!({ "document": document(p), "base": {
                "promotion_id": p.id, "seller_id": p.seller, "status": p.status, "version": 1,
                "created_at": at, "updated_at": at } })
        })
        .collect();
    sql.execute(
        "insert into pricing.promotions
         select p.* from jsonb_array_elements($1) as r (row),
                pricing._promotion_from(r.row -> 'document', jsonb_populate_record(null::pricing.promotions, r.row -> 'base'),
                                        core.now()) as p",
        &[&json!(rows)],
    )
    .await
    .unwrap_or_else(|e| panic!("promotions: {e:?}\n{rows:#?}"));
}

fn filter(filter: &Filter) -> Value {
    let mut document = json!({});
    for (name, ids) in [
        ("sellerIds", &filter.sellers),
        ("categoryIds", &filter.categories),
        ("productIds", &filter.products),
        ("variantIds", &filter.variants),
    ] {
        if let Some(ids) = ids {
            document[name] = json!(ids);
        }
    }
    document
}

/// A promotion as the API takes it.
pub fn document(p: &Promotion) -> Value {
    let money = |minor: Minor| json!({ "amountMinor": number(minor), "currency": p.currency });
    let mut document = filter(&p.filter);
    let mut set = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            document[name] = value;
        }
    };
    let (kind, value) = match &p.kind {
        Type::Percentage(bp) => ("PERCENTAGE", json!({ "percentBp": number(*bp) })),
        Type::FixedAmount(minor) => ("FIXED_AMOUNT", json!({ "amount": money(*minor) })),
        Type::FixedPrice(minor) => ("FIXED_PRICE", json!({ "price": money(*minor) })),
        Type::BuyXGetY { buy, get, percent } => (
            "BUY_X_GET_Y",
            json!({ "buyQuantity": number(*buy), "getQuantity": number(*get), "percentBp": number(*percent) }),
        ),
        Type::Tiered { by_spend, tiers } => {
            let tiers: Vec<Value> = tiers
                .iter()
                .map(|tier| match tier.gives {
                    Benefit::Percent(bp) => json!({ "from": number(tier.from), "percentBp": number(bp) }),
                    Benefit::Amount(minor) => {
                        json!({ "from": number(tier.from), "amountMinor": number(minor) })
                    }
                })
                .collect();
            ("TIERED", json!({ "tierBy": if *by_spend { "SPEND" } else { "QUANTITY" }, "tiers": tiers }))
        }
        Type::Bundle { price, components } => {
            let components: Vec<Value> = components
                .iter()
                .map(|c| {
                    let mut component = filter(&c.filter);
                    component["quantity"] = number(c.quantity);
                    component
                })
                .collect();
            ("BUNDLE", json!({ "price": money(*price), "bundle": components }))
        }
        Type::FreeShipping => ("FREE_SHIPPING", json!({})),
        Type::Gift { variant, seller, quantity } => {
            let gift = json!({ "variantId": variant, "sellerId": seller, "quantity": number(*quantity) });
            ("GIFT", json!({ "gift": gift }))
        }
    };
    set("type", Some(json!(kind)));
    for (name, value) in value.as_object().expect("members") {
        set(name, Some(value.clone()));
    }
    set("name", Some(json!("A promotion")));
    set("target", Some(json!(p.target.name())));
    set("unitCount", p.units.map(|(count, _)| number(count)));
    set("unitPick", p.units.map(|(_, cheapest)| json!(if cheapest { "CHEAPEST" } else { "DEAREST" })));
    set("lineCondition", p.line_condition.as_ref().map(super::rules::Node::document));
    set("condition", p.condition.as_ref().map(super::rules::Node::document));
    set("minSubtotal", p.min_subtotal.map(money));
    set("minQuantity", p.min_quantity.map(number));
    set("currency", p.currency.map(|c| json!(c)));
    set("couponCode", p.coupon.as_ref().map(|c| json!(c)));
    set("startsAt", Some(time(p.starts)));
    set("endsAt", p.ends.map(time));
    set("priority", Some(number(p.priority)));
    set("base", p.is_original.then(|| json!("ORIGINAL")));
    set("exclusive", p.is_exclusive.then_some(Value::Bool(true)));
    set("stopsFurther", p.stops_further.then_some(Value::Bool(true)));
    set("exclusivityGroup", p.group.as_ref().map(|g| json!(g.code)));
    set("groupMode", p.group.as_ref().map(|g| json!(if g.is_best { "BEST" } else { "FIRST" })));
    set("combinesWith", Some(p.combines_with.iter().map(|c| json!(c.name())).collect()));
    set("maxPerOrder", p.max_order.map(money));
    set("maxPerLine", p.max_line.map(money));
    set("floorBp", Some(number(p.floor_bp)));
    match p.funding {
        Funding::Platform => set("funding", Some(json!("PLATFORM"))),
        Funding::Seller => set("funding", Some(json!("SELLER"))),
        Funding::Shared { seller_bp, platform_cap } => {
            set("funding", Some(json!("SHARED")));
            set("sellerShareBp", Some(number(seller_bp)));
            set("platformCap", platform_cap.map(money));
        }
    }
    document
}

/// A basket as `test.price` takes it.
pub fn basket(basket: &Basket) -> Value {
    let buyer = basket.buyer.as_ref();
    json!({
        "buyer_id": buyer.map(|b| b.id),
        "currency": basket.currency,
        "coupon_codes": basket.coupons,
        "country": basket.country,
        "group_codes": buyer.map(|b| &b.groups),
        "order_number": buyer.map(|b| number(b.orders + 1)),
        "lines": basket.lines.iter()
            .map(|l| json!({ "variant_id": l.offer.variant, "seller_id": l.offer.seller, "quantity": number(l.quantity) }))
            .collect::<Vec<_>>(),
    })
}

/// One share as the database tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub promotion: Uuid,
    pub seller: Uuid,
    pub line_no: Option<Minor>,
    pub target: String,
    pub base: Minor,
    pub amount: Minor,
    pub exact_millionths: Minor,
    pub seller_pays: Minor,
}

/// One commission, of a line or of a seller's shipping.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Charge {
    pub line_no: Option<Minor>,
    pub seller: Uuid,
    pub rule: Uuid,
    pub base: Minor,
    pub amount: Minor,
    pub vat: Minor,
}

/// What the database makes of one basket.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Priced {
    /// In the order of acting.
    pub shares: Vec<Row>,
    /// Of lines, then of shipping.
    pub charges: Vec<Charge>,
}

/// Members of a row by name.
struct Members<'a>(&'a Value);

impl Members<'_> {
    fn minor(&self, name: &str) -> Minor {
        self.0[name].as_i64().map_or_else(|| panic!("{name} of {}", self.0), Minor::from)
    }

    fn id(&self, name: &str) -> Uuid {
        self.0[name].as_str().and_then(|s| s.parse().ok()).unwrap_or_else(|| panic!("{name} of {}", self.0))
    }

    fn line_no(&self) -> Option<Minor> {
        self.0["line_no"].as_i64().map(Minor::from)
    }

    /// Where its basket stands.
    fn index(&self) -> usize {
        usize::try_from(self.minor("basket_no") - 1).expect("a number")
    }
}

fn share(row: &Value) -> Row {
    let row = Members(row);
    Row {
        promotion: row.id("promotion_id"),
        seller: row.id("seller_id"),
        line_no: row.line_no(),
        target: row.0["target"].as_str().unwrap_or_default().to_owned(),
        base: row.minor("base_minor"),
        amount: row.minor("amount_minor"),
        exact_millionths: row.minor("exact_millionths"),
        seller_pays: row.minor("seller_minor"),
    }
}

fn charge(row: &Value) -> Charge {
    let row = Members(row);
    Charge {
        line_no: row.line_no(),
        seller: row.id("seller_id"),
        rule: row.id("rule_id"),
        base: row.minor("base_minor"),
        amount: row.minor("amount_minor"),
        vat: row.minor("vat_minor"),
    }
}

/// Prices baskets in one call.
pub async fn price(sql: &Client, baskets: &[Basket]) -> Result<Vec<Priced>, tokio_postgres::Error> {
    let documents: Vec<Value> = baskets.iter().map(basket).collect();
    let row = sql.query_one("select shares, commissions from test.price($1)", &[&json!(documents)]).await?;
    let mut priced = vec![Priced::default(); baskets.len()];
    let rows =
        |n: usize| row.get::<_, Option<Value>>(n).and_then(|v| v.as_array().cloned()).unwrap_or_default();
    for row in rows(0) {
        priced[Members(&row).index()].shares.push(share(&row));
    }
    for row in rows(1) {
        priced[Members(&row).index()].charges.push(charge(&row));
    }
    Ok(priced)
}

/// An order, and what its preview had said.
#[derive(Debug)]
pub struct Bought {
    pub preview: Value,
    /// The answer of place_orders.
    pub order: Value,
    pub priced: Priced,
}

/// Previews baskets one by one, then orders all of them in one call.
pub async fn buy(sql: &Client, baskets: &[Basket]) -> Result<Vec<Bought>, tokio_postgres::Error> {
    let requests: Vec<Value> = baskets
        .iter()
        .map(|b| {
            let mut address = address();
            address["countryCode"] = json!(b.country.expect("a country"));
            let lines = b.lines.iter().map(|l| {
                json!({ "variantId": l.offer.variant, "sellerId": l.offer.seller, "quantity": number(l.quantity) })
            });
            json!({
                "actorId": b.buyer.as_ref().expect("a buyer").id, "requestId": "model", "idempotencyKey": Uuid::now_v7(),
                "currency": b.currency, "couponCodes": b.coupons, "shippingAddress": address, "lines": lines.collect::<Value>(),
            })
        })
        .collect();
    let answers: Value = sql.query_one("select test.buy($1)", &[&json!(requests)]).await?.get(0);
    let rows = |answer: &Value, name: &str| answer[name].as_array().cloned().unwrap_or_default();
    let bought = answers.as_array().expect("answers").iter().map(|answer| Bought {
        preview: answer["preview"].clone(),
        order: answer["order"].clone(),
        priced: Priced {
            shares: rows(answer, "shares").iter().map(share).collect(),
            charges: rows(answer, "commissions").iter().map(charge).collect(),
        },
    });
    Ok(bought.collect())
}

/// The accounts that are not closed after an order was paid and all of it given back in parts; empty when all are.
pub async fn refund(sql: &Client, order_id: Uuid, parts: &[i64]) -> Result<String, tokio_postgres::Error> {
    let admin = id(Kind::User, ADMIN);
    Ok(sql.query_one("select test.refund($1, $2, $3)", &[&order_id, &admin, &parts]).await?.get(0))
}
