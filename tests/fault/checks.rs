//! The checkers. They read the history and the final database, and answer one line for each thing that cannot be.
//!
//! Acknowledged ⇒ present. Present ⇒ asked for. Unknown ⇒ either, but whole, and once. Refused ⇒ nothing. Units and money add
//! up; the log is dense, ordered and complete.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt::Write as _;

use tokio_postgres::Client;

use crate::history::{History, Kind, Operation, Outcome};
use crate::support::Uuid;
use crate::workload::Market;

/// Enough of each kind to understand a failure.
const LINES_MAX: usize = 12;

#[derive(Debug, Default)]
pub struct Findings(Vec<String>);

impl Findings {
    pub fn add(&mut self, finding: impl Into<String>) {
        self.0.push(finding.into());
    }

    pub fn expect(&mut self, holds: bool, finding: impl FnOnce() -> String) {
        if !holds {
            self.0.push(finding());
        }
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn text(&self) -> String {
        let mut text = String::new();
        for finding in self.0.iter().take(LINES_MAX) {
            let _ = writeln!(text, "  {finding}");
        }
        if self.0.len() > LINES_MAX {
            let _ = writeln!(text, "  … and {} more", self.0.len() - LINES_MAX);
        }
        text
    }
}

/// Everything that is true after any run.
pub async fn check(history: &History, market: &Market, sql: &Client, findings: &mut Findings) {
    number_all(sql, findings).await;
    // As autovacuum would have it in a while: plans for the tables as they are, not for the empty ones they were.
    sql.batch_execute("analyze").await.expect("statistics");
    let operations = history.operations();
    // One look: the workers are still at work.
    sql.batch_execute("begin isolation level repeatable read").await.expect("a transaction");
    answers(&operations, findings);
    placed(&operations, sql, findings).await;
    deeds(&operations, sql, findings).await;
    holds(&operations, sql, findings).await;
    stock(market, sql, findings).await;
    money(sql, findings).await;
    coupons(market, sql, findings).await;
    log(sql, findings).await;
    log_tells_all(&operations, sql, findings).await;
    invariants(sql, findings).await;
    sql.batch_execute("commit").await.expect("its end");
}

/// Numbers what is still in staging, as the sequencer would.
pub async fn number_all(sql: &Client, findings: &mut Findings) {
    for _ in 0..1_000 {
        let left: i64 = int(sql, "select count(*) from events.staging").await;
        if left == 0 {
            return;
        }
        if let Err(error) = sql.query("select events.sequence()", &[]).await {
            findings.add(format!("the sequencer fails: {error:?}"));
            return;
        }
    }
    findings.add("committed events get no number");
}

async fn int(sql: &Client, query: &str) -> i64 {
    sql.query_one(query, &[]).await.unwrap_or_else(|e| panic!("{query}: {e:?}")).get(0)
}

type ByWish<'a> = BTreeMap<(Kind, Uuid, &'a str), Vec<&'a Operation>>;

fn by_wish(operations: &[Operation]) -> ByWish<'_> {
    let mut wishes = ByWish::new();
    for operation in operations {
        wishes.entry((operation.kind, operation.actor, &operation.key)).or_default().push(operation);
    }
    wishes
}

/// Nothing is a bug of ours (500), and a key has one answer.
fn answers(operations: &[Operation], findings: &mut Findings) {
    for operation in operations {
        if let Outcome::Unknown { why } = &operation.outcome
            && why.starts_with("500")
        {
            findings.add(format!("{:?} {} was answered {why}", operation.kind, operation.key));
        }
    }
    for ((kind, _, key), attempts) in by_wish(operations) {
        if matches!(kind, Kind::Accept | Kind::Ship | Kind::Deliver) {
            continue; // these have no key: a repetition is refused
        }
        let granted: HashSet<Option<Uuid>> =
            attempts.iter().filter(|a| a.outcome.is_ok()).map(|a| a.outcome.id()).collect();
        let refused: HashSet<&str> = attempts
            .iter()
            .filter_map(|a| {
                if let Outcome::Refused { code, .. } = &a.outcome { Some(code.as_str()) } else { None }
            })
            .collect();
        findings
            .expect(granted.len() <= 1, || format!("{kind:?} {key}: one key, several things: {granted:?}"));
        findings.expect(granted.is_empty() || refused.is_empty(), || {
            format!("{kind:?} {key}: granted to one attempt, refused to another: {refused:?}")
        });
        if kind == Kind::Place {
            let texts: HashSet<&str> = attempts
                .iter()
                .filter_map(|a| {
                    if let Outcome::Ok { text, .. } = &a.outcome { Some(text.as_str()) } else { None }
                })
                .collect();
            findings.expect(texts.len() <= 1, || format!("{kind:?} {key}: answers differ: {texts:?}"));
        }
    }
}

/// Variants with quantities.
type Lines = Vec<(Uuid, i64)>;

/// Orders: those that were acknowledged, those that were asked for, each once, each whole.
async fn placed(operations: &[Operation], sql: &Client, findings: &mut Findings) {
    let rows = sql
        .query(
            // each table read once, and joined: looked up by order, the lines were read once for every order
            "with lines as (
               select l.order_id, array_agg(l.variant_id order by l.variant_id, l.quantity) as variants,
                      array_agg(l.quantity::bigint order by l.variant_id, l.quantity) as quantities, sum(l.quantity) as units
               from orders.order_lines as l group by l.order_id),
             parts as (select f.order_id, count(*) as n from orders.fulfilments as f group by f.order_id),
             holds as (select r.reservation_id as order_id, count(*) as n from inventory.reservations as r group by r.reservation_id),
             held as (select l.reservation_id as order_id, sum(l.quantity) as units
                      from inventory.reservation_lines as l group by l.reservation_id),
             steps as (select h.order_id, count(*) as n from orders.order_history as h group by h.order_id)
             select o.order_id, o.buyer_id, coalesce(o.shipping_address ->> 'line2', ''),
                    coalesce(lines.variants, '{}'), coalesce(lines.quantities, '{}'),
                    coalesce(parts.n, 0) = cardinality(o.seller_ids), coalesce(holds.n, 0), coalesce(held.units, 0) = lines.units,
                    coalesce(steps.n, 0) = o.version
             from orders.orders as o
             left join lines using (order_id) left join parts using (order_id) left join holds using (order_id)
             left join held using (order_id) left join steps using (order_id)",
            &[],
        )
        .await
        .expect("orders");
    let mut orders: HashMap<(Uuid, String), Vec<(Uuid, Lines)>> = HashMap::new();
    for row in &rows {
        let (id, buyer, key): (Uuid, Uuid, String) = (row.get(0), row.get(1), row.get(2));
        let lines = row.get::<_, Vec<Uuid>>(3).into_iter().zip(row.get::<_, Vec<i64>>(4)).collect();
        let is_whole = row.get::<_, Option<bool>>(5) == Some(true)
            && row.get::<_, i64>(6) == 1
            && row.get::<_, Option<bool>>(7) == Some(true)
            && row.get::<_, Option<bool>>(8) == Some(true);
        findings.expect(is_whole, || format!("order {id} ({key}) is not whole"));
        orders.entry((buyer, key)).or_default().push((id, lines));
    }
    let mut asked: HashSet<(Uuid, String)> = HashSet::new();
    for ((kind, buyer, key), attempts) in by_wish(operations) {
        if kind != Kind::Place {
            continue;
        }
        let found = orders.get(&(buyer, key.to_owned())).map_or(&[][..], Vec::as_slice);
        asked.insert((buyer, key.to_owned()));
        findings.expect(found.len() <= 1, || format!("{key} became {} orders", found.len()));
        let refusal = attempts.iter().find_map(|a| match &a.outcome {
            Outcome::Refused { code, .. } => Some(code.as_str()),
            _ => None,
        });
        for acknowledged in attempts.iter().filter_map(|a| a.outcome.id()) {
            findings.expect(found.iter().any(|(id, _)| *id == acknowledged), || {
                format!("order {acknowledged} of {key} was acknowledged and is not there")
            });
        }
        if let Some(code) = refusal {
            findings.expect(found.is_empty(), || format!("{key} was refused ({code}) and there is an order"));
        }
        let mut wanted = attempts[0].lines.clone();
        wanted.sort_unstable();
        for (id, lines) in found {
            let mut lines = lines.clone();
            lines.sort_unstable();
            findings.expect(lines == wanted, || {
                format!("order {id} of {key} has {lines:?}, asked for was {wanted:?}")
            });
        }
    }
    for key in orders.keys().filter(|key| !asked.contains(*key)) {
        findings.add(format!("nobody asked for the order {key:?}"));
    }
}

/// What was done to orders: acknowledged ⇒ written, written ⇒ asked for.
async fn deeds(operations: &[Operation], sql: &Client, findings: &mut Findings) {
    let rows = sql
        .query("select h.order_id, h.action, count(*) from orders.order_history as h group by 1, 2", &[])
        .await
        .expect("history");
    let done: HashMap<(Uuid, String), i64> =
        rows.iter().map(|row| ((row.get(0), row.get(1)), row.get(2))).collect();
    let rows = sql.query("select payment_id, status from payments.payments", &[]).await.expect("payments");
    let payments: HashMap<Uuid, String> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    let rows = sql.query("select refund_id, amount_minor from payments.refunds", &[]).await.expect("refunds");
    let refunds: HashMap<Uuid, i64> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    let rows = sql
        .query(
            "select order_id, bool_or(accepted_at is not null), bool_or(shipped_at is not null),
                    bool_or(delivered_at is not null) from orders.fulfilments group by 1",
            &[],
        )
        .await
        .expect("fulfilments");
    let parts: HashMap<Uuid, [bool; 3]> =
        rows.iter().map(|row| (row.get(0), [row.get(1), row.get(2), row.get(3)])).collect();

    let mut asked: HashSet<(Uuid, &str)> = HashSet::new();
    for operation in operations {
        let Some(order) = operation.subject else { continue };
        let (kind, key) = (operation.kind, &operation.key);
        match kind {
            Kind::Cancel => asked.insert((order, "cancel")),
            Kind::Pay | Kind::Confirm => asked.insert((order, "pay")),
            _ => false,
        };
        let Outcome::Ok { id, text } = &operation.outcome else { continue };
        let is_there = match kind {
            Kind::Cancel => done.contains_key(&(order, "cancel".to_owned())),
            Kind::Pay => id.is_some_and(|id| payments.contains_key(&id)),
            Kind::Confirm => {
                done.contains_key(&(order, "pay".to_owned()))
                    && id.is_some_and(|id| payments.get(&id).is_some_and(|status| status == "SUCCEEDED"))
                    && text.contains("SUCCEEDED")
            }
            Kind::Refund => id.is_some_and(|id| refunds.get(&id) == Some(&operation.amount_minor)),
            Kind::Accept => parts.get(&order).is_some_and(|p| p[0]),
            Kind::Ship => parts.get(&order).is_some_and(|p| p[1]),
            Kind::Deliver => parts.get(&order).is_some_and(|p| p[2]),
            _ => true,
        };
        findings.expect(is_there, || format!("{kind:?} {key} of {order} was acknowledged and is not there"));
    }
    for ((order, action), times) in &done {
        findings.expect(*times == 1 || !matches!(action.as_str(), "cancel" | "pay" | "place"), || {
            format!("{action} happened {times} times to {order}")
        });
        if matches!(action.as_str(), "cancel" | "pay") {
            findings
                .expect(asked.contains(&(*order, action)), || format!("nobody asked to {action} {order}"));
        }
    }
}

/// Reservations that belong to no order: one end each, and the one that was acknowledged.
async fn holds(operations: &[Operation], sql: &Client, findings: &mut Findings) {
    let rows = sql
        .query("select reservation_id, coalesce(reference, ''), status from inventory.reservations where not is_order", &[])
        .await
        .expect("reservations");
    let mut by_key: HashMap<String, Vec<(Uuid, String)>> = HashMap::new();
    let mut status: HashMap<Uuid, String> = HashMap::new();
    for row in &rows {
        by_key.entry(row.get(1)).or_default().push((row.get(0), row.get(2)));
        status.insert(row.get(0), row.get(2));
    }
    let mut winners: HashMap<Uuid, HashSet<Kind>> = HashMap::new();
    let mut asked: HashSet<(Uuid, Kind)> = HashSet::new();
    let mut keys: HashSet<&str> = HashSet::new();
    for operation in operations {
        let (kind, key) = (operation.kind, operation.key.as_str());
        match (kind, operation.subject) {
            (Kind::Reserve, _) => {
                keys.insert(key);
                let found = by_key.get(key).map_or(&[][..], Vec::as_slice);
                findings.expect(found.len() <= 1, || format!("{key} became {} reservations", found.len()));
                match &operation.outcome {
                    Outcome::Ok { id: Some(id), .. } => findings.expect(status.contains_key(id), || {
                        format!("reservation {id} was acknowledged and is not there")
                    }),
                    Outcome::Refused { code, .. } => findings.expect(found.is_empty(), || {
                        format!("{key} was refused ({code}) and there is a reservation")
                    }),
                    _ => {}
                }
            }
            (Kind::ConfirmHold | Kind::ReleaseHold, Some(id)) => {
                asked.insert((id, kind));
                if operation.outcome.is_ok() {
                    winners.entry(id).or_default().insert(kind);
                    let wanted = if kind == Kind::ConfirmHold { "CONFIRMED" } else { "RELEASED" };
                    findings.expect(status.get(&id).is_some_and(|s| s == wanted), || {
                        format!("{kind:?} of {id} was acknowledged, and it is {:?}", status.get(&id))
                    });
                }
            }
            _ => {}
        }
    }
    for (id, kinds) in winners {
        findings.expect(kinds.len() == 1, || format!("reservation {id} ended more than once: {kinds:?}"));
    }
    for (key, found) in &by_key {
        findings.expect(keys.contains(key.as_str()), || format!("nobody asked for the reservation {key}"));
        for (id, status) in found {
            let kind = match status.as_str() {
                "CONFIRMED" => Kind::ConfirmHold,
                "RELEASED" => Kind::ReleaseHold,
                _ => continue,
            };
            findings.expect(asked.contains(&(*id, kind)), || format!("nobody asked for {id} to be {status}"));
        }
    }
}

/// What was there = what is there + what was sold. Counted from orders and reservations, not from counters.
async fn stock(market: &Market, sql: &Client, findings: &mut Findings) {
    let rows = sql
        .query(
            "with ended as (
               select o.order_id as reservation_id,
                      o.status in ('PAID', 'PROCESSING', 'SHIPPED', 'DELIVERED', 'COMPLETED', 'PARTIALLY_REFUNDED')
                        or o.status = 'REFUNDED' and r.status = 'CONFIRMED' as is_sold
               from orders.orders as o
               left join inventory.reservations as r on r.reservation_id = o.order_id
             ), sold as (
               select l.variant_id, sum(l.quantity) as units
               from orders.order_lines as l join ended as e on e.reservation_id = l.order_id where e.is_sold group by 1
               union all
               select l.variant_id, sum(l.quantity)
               from inventory.reservations as r join inventory.reservation_lines as l on l.reservation_id = r.reservation_id
               where not r.is_order and r.status = 'CONFIRMED' group by 1
             ), held as (
               select l.variant_id, sum(l.quantity) as units
               from inventory.reservations as r join inventory.reservation_lines as l on l.reservation_id = r.reservation_id
               where r.status = 'HELD' and l.freed_at is null group by 1
             )
             select s.variant_id, s.on_hand::bigint, s.reserved::bigint,
                    coalesce((select sum(d.units) from sold as d where d.variant_id = s.variant_id), 0)::bigint,
                    coalesce((select sum(h.units) from held as h where h.variant_id = s.variant_id), 0)::bigint
             from inventory.stock_levels as s",
            &[],
        )
        .await
        .expect("stock");
    for row in rows {
        let variant: Uuid = row.get(0);
        let [on_hand, reserved, sold, held]: [i64; 4] = [row.get(1), row.get(2), row.get(3), row.get(4)];
        let Some(initial) = market.initial(variant) else { continue };
        findings.expect(on_hand + sold == initial, || {
            format!("variant {variant}: {initial} units came in, {on_hand} are there and {sold} sold")
        });
        findings.expect(reserved == held, || format!("variant {variant}: {reserved} reserved, {held} held"));
        findings.expect(on_hand >= 0 && held >= 0 && sold + held <= initial, || {
            format!("variant {variant}: {sold} sold and {held} held of {initial}")
        });
    }
}

/// Every transaction of the ledger adds up to nothing, and nobody gets more back than was paid.
async fn money(sql: &Client, findings: &mut Findings) {
    let rows = sql
        .query(
            "select 'ledger transaction ' || transaction_id || ' adds up to ' || sum(amount_minor)
             from payments.ledger_entries group by transaction_id, currency having sum(amount_minor) <> 0
             union all
             select 'payment ' || p.payment_id || ' of ' || p.amount_minor || ' is refunded by ' || sum(r.amount_minor)
             from payments.refunds as r join payments.payments as p using (payment_id)
             where r.status <> 'FAILED' group by p.payment_id having sum(r.amount_minor) > p.amount_minor
             union all
             select 'order ' || order_id || ' was paid ' || count(*) || ' times'
             from payments.payments where status = 'SUCCEEDED' and not is_surplus group by order_id having count(*) > 1
             union all
             select 'order ' || o.order_id || ' is ' || o.status || ' without a payment'
             from orders.orders as o
             where o.status in ('PAID', 'PROCESSING', 'SHIPPED', 'DELIVERED', 'COMPLETED') and o.total_minor > 0
               and not exists (select from payments.payments as p where p.order_id = o.order_id and p.status = 'SUCCEEDED')",
            &[],
        )
        .await
        .expect("money");
    for row in rows {
        findings.add(row.get::<_, String>(0));
    }
}

/// A coupon serves as often as it may.
async fn coupons(market: &Market, sql: &Client, findings: &mut Findings) {
    for (code, limit) in &market.coupons {
        // A paid order that was cancelled ends REFUNDED: its use went back with its stock.
        let used = "select count(*)
                    from orders.orders as o join inventory.reservations as r on r.reservation_id = o.order_id
                    where $1 = any (o.coupon_codes) and o.status not in ('CANCELLED', 'EXPIRED')
                      and not (o.status = 'REFUNDED' and r.status = 'RETURNED')";
        let used: i64 = sql.query_one(used, &[code]).await.expect("orders").get(0);
        findings.expect(used <= *limit, || format!("coupon {code} served {used} orders of {limit}"));
    }
}

/// Numbered 1, 2, 3 …; each aggregate's versions in order; each transaction in one piece; no event twice.
pub async fn log(sql: &Client, findings: &mut Findings) {
    let rows = sql
        .query(
            "select seq, aggregate_type, aggregate_id, aggregate_version, transaction_id::text, type from events.log order by seq",
            &[],
        )
        .await
        .expect("the log");
    let mut versions: HashMap<(String, Uuid), (i64, String)> = HashMap::new();
    let mut finished: HashSet<String> = HashSet::new();
    let mut told: HashSet<(String, Uuid, i64, String)> = HashSet::new();
    let mut last = String::new();
    for (expected, row) in (1_i64..).zip(&rows) {
        let seq: i64 = row.get(0);
        if seq != expected {
            findings.add(format!("the log has {seq} where {expected} should be"));
            break;
        }
        let (aggregate, id, version): (String, Uuid, i64) = (row.get(1), row.get(2), row.get(3));
        let (transaction, event): (String, String) = (row.get(4), row.get(5));
        if transaction != last {
            findings.expect(finished.insert(transaction.clone()), || {
                format!("transaction {transaction} goes on at {seq}, after others")
            });
            last.clone_from(&transaction);
        }
        if let Some((before, writer)) =
            versions.insert((aggregate.clone(), id), (version, transaction.clone()))
        {
            findings.expect(version > before || version == before && writer == transaction, || {
                format!("{aggregate} {id}: version {version} comes at {seq}, after {before}")
            });
        }
        findings.expect(told.insert((aggregate.clone(), id, version, event.clone())), || {
            format!("{event} of {aggregate} {id} version {version} is told twice, again at {seq}")
        });
    }
    let head = int(sql, "select seq from events.head").await;
    let count = i64::try_from(rows.len()).expect("few");
    findings.expect(head == count, || format!("the head is at {head}, the log has {count} events"));
}

/// Every order and every step of it is in the log, and what was acknowledged before something else began comes first.
async fn log_tells_all(operations: &[Operation], sql: &Client, findings: &mut Findings) {
    let missing = sql
        .query(
            "select h.order_id, h.version from orders.order_history as h
             where not exists (select from events.log as l
                               where l.aggregate_id = h.order_id and l.aggregate_version = h.version and l.aggregate_type = 'order')
               and not exists (select from events.staging as s  -- a worker's, a moment ago
                               where s.aggregate_id = h.order_id and s.aggregate_version = h.version and s.aggregate_type = 'order')",
            &[],
        )
        .await
        .expect("history");
    for row in &missing {
        findings.add(format!(
            "version {} of order {} is not in the log",
            row.get::<_, i32>(1),
            row.get::<_, Uuid>(0)
        ));
    }
    let rows = sql
        .query("select aggregate_id, seq from events.log where type = 'orders.order_placed'", &[])
        .await
        .expect("the log");
    let numbers: HashMap<Uuid, i64> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    // The first acknowledgement of each order, with the beginning of the first attempt.
    let mut spans: HashMap<Uuid, (u64, u64)> = HashMap::new();
    for ((kind, ..), attempts) in by_wish(operations) {
        let Some(id) = attempts.iter().find_map(|a| a.outcome.id()).filter(|_| kind == Kind::Place) else {
            continue;
        };
        let began = attempts.iter().map(|a| a.began_us).min().unwrap_or(0);
        let ended = attempts
            .iter()
            .filter(|a| a.outcome.is_ok())
            .filter_map(|a| a.ended_us)
            .min()
            .unwrap_or(u64::MAX);
        spans.insert(id, (began, ended));
    }
    let mut in_order: Vec<(i64, u64, u64, Uuid)> = spans
        .iter()
        .filter_map(|(id, (began, ended))| Some((*numbers.get(id)?, *began, *ended, *id)))
        .collect();
    in_order.sort_unstable();
    let mut latest_begin = (0, Uuid::nil());
    for (seq, began, ended, id) in in_order {
        findings.expect(ended >= latest_begin.0, || {
            format!(
                "order {id} was acknowledged before {} was asked for, and its number {seq} is larger",
                latest_begin.1
            )
        });
        latest_begin = latest_begin.max((began, id));
    }
}

/// What the database says about itself, and the tables against a replay of the log.
pub async fn invariants(sql: &Client, findings: &mut Findings) {
    match sql.query("select i::text from core.check_invariants() as i limit 20", &[]).await {
        Ok(rows) => {
            for row in rows {
                findings.add(format!("invariant {}", row.get::<_, String>(0)));
            }
        }
        Err(error) => findings.add(format!("core.check_invariants(): {error:?}")),
    }
    let replay = "select to_regprocedure('events.replay_check(bigint)') is not null";
    let is_there: bool = sql.query_one(replay, &[]).await.expect("the catalogue").get(0);
    if is_there {
        let rows = sql
            .query("select r::text from events.replay_check(null) as r limit 20", &[])
            .await
            .expect("events.replay_check()");
        for row in rows {
            findings.add(format!("replay {}", row.get::<_, String>(0)));
        }
    }
}
