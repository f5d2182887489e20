//! The same property for what becomes of orders: payments begin and are settled, by buyers and by the reconciler, and deadlines pass.

use std::fmt::Write as _;

use serde_json::Value;
use tokio_postgres::Client;

use super::{Function, Town, actor, holds, tidy, town, trace_difference, traces, world};
use crate::support::dice::Dice;
use crate::support::{Uuid, address, json, run};

/// Orders that a world tries to place: so many before some of the time passes, and some more on what is left of the stock.
const EARLY: usize = 7;
const ORDERS: usize = 11;

/// The ids of a world's orders and their payments are the same in all its runs, so everything is compared order by order. Each
/// order is told all its events, in their order.
const PAYMENT_TRACES: &str = "
  select jsonb_build_object(
    'orders', (select jsonb_agg(jsonb_build_array(o.order_id, o.status, o.version, o.due_at is null) order by o.order_id)
               from orders.orders as o),
    'parts', (select jsonb_agg(jsonb_build_array(f.order_id, f.seller_id, f.status, f.version) order by f.order_id, f.seller_id)
              from orders.fulfilments as f),
    'history', (select jsonb_agg(jsonb_build_array(h.order_id, h.version, h.action, h.from_status, h.to_status, h.actor_id)
                                 order by h.order_id, h.version) from orders.order_history as h),
    'payments', (select jsonb_agg(p.what order by p.what)
                 from (select jsonb_build_array(order_id, status, version, amount_minor, refunded_minor, failure_code, is_surplus,
                                                provider_reference, method_token, next_check_at is null) as what
                       from payments.payments) as p),
    'refunds', (select jsonb_agg(r.what order by r.what)
                from (select jsonb_build_array(order_id, amount_minor, reason, status, seller_ids) as what from payments.refunds) as r),
    'ledger', (select jsonb_agg(l.what order by l.what)
               from (select jsonb_build_array(order_id, seller_id, account, amount_minor) as what from payments.ledger_entries) as l),
    'holds', (select jsonb_agg(jsonb_build_array(r.reservation_id, r.status, l.freed) order by r.reservation_id)
              from inventory.reservations as r
              cross join lateral (select count(*) as freed from inventory.reservation_lines as l
                                  where l.reservation_id = r.reservation_id and l.freed_at is not null
                                    and r.status <> 'HELD') as l),
    'told', (select jsonb_agg(e.what order by e.what)
             from (select jsonb_build_array(coalesce(s.payload ->> 'orderId', s.aggregate_id::text),
                                            jsonb_agg(jsonb_build_array(s.type, s.aggregate_version, s.actor_id, s.request_id,
                                                                        s.payload ->> 'status', s.audience) order by s.staging_id)) as what
                   from events.staging as s where s.aggregate_type in ('order', 'payment', 'refund')
                   group by coalesce(s.payload ->> 'orderId', s.aggregate_id::text)) as e))";

/// Orders in all states, with what was paid for them so far, some of them after their time and some of those swept.
fn paying_world(town: &Town, dice: &mut Dice) -> (String, bool) {
    let (mut sql, mut has_overdue) = world(town, dice);
    sql.push_str(
        "update core.settings set value = 1000 where name = 'inventory.buyer_held_units_max';
         create temp table case_names (name text primary key, value jsonb not null) on commit drop;\n",
    );
    place(town, dice, 0..EARLY, &mut sql);
    for n in 0..EARLY {
        become_something(dice, n, &mut sql);
    }
    if dice.once_in(2) {
        has_overdue = true;
        sql.push_str("update core.clock set clock_offset = clock_offset + interval '16 minutes';\n");
        if dice.once_in(2) {
            let _ = writeln!(sql, "select orders.expire_orders({});", 1 + dice.below(6));
        }
    }
    place(town, dice, EARLY..ORDERS, &mut sql);
    for n in EARLY..ORDERS {
        become_something(dice, n, &mut sql);
    }
    if dice.once_in(2) {
        sql.push_str("select test.pay_react();\n");
    }
    for n in 0..ORDERS {
        for k in 0..2 {
            let _ = writeln!(
                sql,
                "insert into case_names
                 select x.name || '-{n}-{k}', x.value
                 from (select) as one
                 left join lateral (select p.* from payments.payments as p where to_jsonb(p.order_id) = {order}
                                    order by p.payment_id offset {k} limit 1) as p on true
                 cross join lateral (values
                   ('payment', to_jsonb(coalesce(p.payment_id, '{nil}'))), ('amount', to_jsonb(coalesce(p.amount_minor, 1))),
                   ('due', coalesce(to_jsonb(p.next_check_at), 'null'))) as x (name, value);",
                order = named(&format!("order-{n}")),
                nil = Uuid::nil(),
            );
        }
    }
    (sql, has_overdue)
}

fn named(name: &str) -> String {
    format!("(select c.value from case_names as c where c.name = '{name}')")
}

fn place(town: &Town, dice: &mut Dice, numbers: std::ops::Range<usize>, sql: &mut String) {
    let placings: Vec<Value> = numbers
        .clone()
        .map(|n| {
            let coupons = if dice.once_in(4) { json!([dice.pick(&["FIX", "ONE", "THIRD"])]) } else { json!([]) };
            let line = |dice: &mut Dice| {
                let (seller, variant) = dice.pick(&town.offers[..5]);
                json!({ "variantId": variant, "sellerId": seller, "quantity": 1 + dice.below(2) })
            };
            let lines: Vec<Value> = (0..=dice.below(2)).map(|_| line(dice)).collect();
            let placing = json!({ "actorId": dice.pick(&town.buyers), "idempotencyKey": format!("w{n}"), "currency": "USD",
                                  "couponCodes": coupons, "shippingAddress": address(), "lines": lines });
            let _ = writeln!(
                sql,
                "insert into case_names values ('buyer-{n}', to_jsonb({}::text));",
                placing["actorId"].to_string().replace('"', "'")
            );
            placing
        })
        .collect();
    let _ = writeln!(
        sql,
        "insert into case_names
         select 'order-' || (a.request_no + {} - 1), to_jsonb(coalesce(a.order_id, '{}'))
         from orders.place_orders('{}') as a;",
        numbers.start,
        Uuid::nil(),
        json!(placings),
    );
}

/// An order is being paid, was declined, is paid, cancelled, or paid at the second attempt. What one refuses is left as it is.
fn become_something(dice: &mut Dice, n: usize, sql: &mut String) {
    let (order, buyer) = (named(&format!("order-{n}")), named(&format!("buyer-{n}")));
    let start = |key: &str| {
        format!(
            "select from payments.start_payments(jsonb_build_array(
               test.pay_starting(({buyer} #>> '{{}}')::uuid, ({order} #>> '{{}}')::uuid, '{key}{n}')));\n"
        )
    };
    let settle = |is_success: bool| {
        format!(
            "select from payments.settle_payments((
               select coalesce(jsonb_agg(jsonb_build_object('paymentId', p.payment_id, 'isSuccess', {is_success},
                                                            'failureCode', 'declined', 'providerReference', 'ref')), '[]')
               from payments.payments as p where to_jsonb(p.order_id) = {order} and p.status = 'PENDING'));\n"
        )
    };
    let cancel = format!(
        "do $$ begin
           perform orders.cancel_order(test.ctx(({buyer} #>> '{{}}')::uuid, 'cancel-{n}'), ({order} #>> '{{}}')::uuid, null);
         exception when raise_exception or sqlstate 'MK404' or sqlstate 'MK409' then null; end $$;\n"
    );
    match dice.below(10) {
        0 => {}
        1..=3 => sql.push_str(&start("w")),
        4 => *sql += &(start("w") + &settle(false)),
        5 => *sql += &(start("w") + &settle(false) + &start("v")),
        6 => *sql += &(start("w") + &settle(true)),
        7 => *sql += &(start("w") + &settle(false) + &start("v") + &settle(true)),
        8 => *sql += &(start("w") + &cancel),
        _ => *sql += &(start("w") + &settle(true) + &cancel),
    }
}

fn buyer_of(town: &Town, dice: &mut Dice, n: usize) -> Value {
    if dice.once_in(15) { json!(actor(town, dice)) } else { json!(format!("#buyer-{n}")) }
}

/// Of several orders, or of the few that everybody wants to pay.
fn order_number(dice: &mut Dice) -> usize {
    if dice.once_in(3) { dice.below(2) } else { dice.below(ORDERS) }
}

fn starting(town: &Town, dice: &mut Dice) -> Value {
    let n = order_number(dice);
    let token = match dice.below(25) {
        0 => String::new(),
        1 => "x".repeat(201),
        2 | 3 => "tok_other".to_owned(),
        _ => "tok_success".to_owned(),
    };
    // the keys with which the world began its payments, now and then
    let key = match dice.below(8) {
        0 => json!(format!("w{n}")),
        1 => json!(format!("v{n}")),
        2 => json!("a key with spaces"),
        _ => Value::Null,
    };
    json!({ "actorId": buyer_of(town, dice, n), "orderId": format!("#order-{n}"), "provider": "sandbox", "token": token,
            "idempotencyKey": key })
}

fn word(dice: &mut Dice, n: usize, k: usize) -> Value {
    let amount = if dice.once_in(25) { json!(7) } else { json!(format!("#amount-{n}-{k}")) };
    let is_success = match dice.below(30) {
        0 => Value::Null,
        n => json!(n % 4 != 0),
    };
    let mut word = json!({ "paymentId": format!("#payment-{n}-{k}"), "amountMinor": amount, "currency": "USD",
                           "isSuccess": is_success, "providerReference": format!("ref {}", dice.below(3)) });
    if !dice.once_in(3) {
        word["failureCode"] = json!(format!("code {}", dice.below(3)));
    }
    word
}

fn confirming(town: &Town, dice: &mut Dice) -> Value {
    let (n, k) = (order_number(dice), usize::from(dice.once_in(3)));
    let other = if dice.once_in(20) { dice.below(ORDERS) } else { n };
    json!({ "actorId": buyer_of(town, dice, n), "orderId": format!("#order-{other}"),
            "body": { "paymentId": format!("#payment-{n}-{k}") }, "settlement": word(dice, n, k) })
}

fn hearing(_: &Town, dice: &mut Dice) -> Value {
    let (n, k) = (order_number(dice), usize::from(dice.once_in(3)));
    let mut word = word(dice, n, k);
    match dice.below(6) {
        0 => word["orderId"] = json!(format!("#order-{}", order_number(dice))),
        1 => word["askedUnder"] = json!(format!("#due-{n}-{k}")),
        2 => word["askedUnder"] = json!("2026-01-01T00:00:00Z"),
        _ => {}
    }
    word
}

const START_PAYMENTS: Function = Function {
    name: "payments.start_payments",
    id: Some("payment_id"),
    world: paying_world,
    traces: PAYMENT_TRACES,
    may_stay_silent: false,
    is_sent_again: true,
    expected: &[
        ("granted", 50),
        ("payments.payment_in_progress", 20),
        ("payments.order_already_paid", 20),
        ("orders.payment_window_over", 100),
        ("payments.order_not_payable", 200),
        ("core.idempotency_key_reused", 200),
    ],
    cases: 100,
};
const CONFIRM_PAYMENTS: Function = Function {
    name: "payments.confirm_payments",
    id: None,
    expected: &[
        ("granted", 10),
        ("payments.payment_declined", 50),
        ("payments.order_already_paid", 50),
        ("payments.stock_gone_refunded", 500),
        ("payments.order_cancelled_refunded", 200),
        ("payments.reference_unknown", 200),
        ("core.idempotency_key_reused", 100),
    ],
    ..START_PAYMENTS
};
const SETTLE_PAYMENTS: Function = Function {
    name: "payments.settle_payments",
    may_stay_silent: true,
    expected: &[
        ("granted", 6),
        ("payments.payment_declined", 20),
        ("payments.stock_gone_refunded", 500),
        ("payments.order_cancelled_refunded", 200),
    ],
    ..CONFIRM_PAYMENTS
};

#[test]
fn a_batch_of_payments_begun_is_the_same_as_one_after_another() {
    run(async |t| {
        holds(&t, START_PAYMENTS, starting).await;
        tidy(&t).await;
    });
}

#[test]
fn a_batch_of_confirmations_is_the_same_as_one_after_another() {
    run(async |t| {
        holds(&t, CONFIRM_PAYMENTS, confirming).await;
        tidy(&t).await;
    });
}

#[test]
fn a_batch_of_what_providers_say_is_the_same_as_one_word_after_another() {
    run(async |t| {
        holds(&t, SETTLE_PAYMENTS, hearing).await;
        tidy(&t).await;
    });
}

/// Everything that a clock can end, ended two days later: all at once, or one deadline per call.
#[test]
fn a_sweep_of_everything_is_the_same_as_one_deadline_after_another() {
    run(async |t| {
        let town = town(&t).await;
        let sql = t.connect().await;
        let mut swept = 0;
        for seed in 1..=60 {
            let mut dice = Dice(seed);
            let (mut world, _) = paying_world(&town, &mut dice);
            world.push_str(&carts(&town, &mut dice));
            world.push_str(
                "do $$ declare p record; begin
                   for p in select f.order_id, f.seller_id, f.ctid, row_number() over (order by f.order_id, f.seller_id) as n
                            from orders.fulfilments as f join orders.orders as o using (order_id)
                            where o.status in ('PAID', 'PROCESSING') loop\n",
            );
            let (accepted, delivered) = (2 + dice.below(3), 3 + dice.below(3));
            let _ = writeln!(
                world,
                "  if p.n % {accepted} = 0 then
                     perform orders.accept_fulfilment(test.ctx((select m.user_id from identity.seller_members as m where m.seller_id = p.seller_id limit 1)),
                                                      p.order_id, p.seller_id);
                   end if;
                 end loop;
                 for p in select o.order_id, row_number() over (order by o.order_id) as n from orders.orders as o where o.status = 'PAID' loop
                   if p.n % {delivered} = 0 then perform test.pay_deliver(p.order_id); end if;
                 end loop; end $$;
                 update core.clock set clock_offset = clock_offset + interval '20 days';"
            );
            swept += same_sweep(&sql, seed, &world).await;
        }
        assert!(swept > 300, "{swept} deadlines are few for so many cases");
        tidy(&t).await;
    });
}

/// Plain holds, beside those of orders.
fn carts(town: &Town, dice: &mut Dice) -> String {
    (0..dice.below(4)).fold(String::new(), |mut sql, n| {
        let (seller, variant) = dice.pick(&town.offers);
        let buyer = dice.pick(&town.buyers);
        let lines = json!([{ "variantId": variant, "sellerId": seller, "quantity": 1 }]);
        let request = json!([{ "actorId": buyer, "idempotencyKey": format!("cart-{n}"), "ttlSeconds": 60, "lines": lines }]);
        let _ = writeln!(sql, "select from inventory.reserve_stock('{request}');");
        sql
    })
}

/// How many deadlines were swept, both ways.
async fn same_sweep(sql: &Client, seed: u64, world: &str) -> i64 {
    sql.batch_execute("begin").await.expect("begin");
    sql.batch_execute(world).await.unwrap_or_else(|e| panic!("the world of seed {seed}: {e:?}\n{world}"));
    sql.batch_execute("savepoint start").await.expect("savepoint");
    let mut both = Vec::new();
    for limit in [1000, 1] {
        let mut count = 0_i64;
        let sweep = "select done from core.sweep_deadlines($1)";
        while let Some(row) =
            sql.query_opt(sweep, &[&limit]).await.unwrap_or_else(|e| panic!("seed {seed}: {e:?}"))
        {
            count += i64::from(row.get::<_, i32>(0));
        }
        both.push((count, traces(sql, PAYMENT_TRACES, true).await.expect("traces")));
        sql.batch_execute("rollback to savepoint start").await.expect("rollback");
    }
    sql.batch_execute("rollback").await.expect("rollback");
    assert_eq!(both[0].0, both[1].0, "seed {seed}: deadlines swept");
    if let Some(found) = trace_difference(&both[0].1, &both[1].1) {
        panic!("seed {seed}: {found}");
    }
    both[0].0
}
