//! Units: sold once, never lost, whoever crashes.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;
use tokio_postgres::Client;
use tradepost::embedded::DbRole;
use tradepost::identity::token::Role;

use super::{Scene, quantile};
use crate::history::{Kind, Outcome};
use crate::nemesis::{self, Deed};
use crate::stage::{Stage, Wish};
use crate::support::dice::Dice;
use crate::support::{Person, Uuid, together};
use crate::workload::Market;

/// One buyer of the rush: orders a unit or three, pays and confirms, or gives up.
async fn rush(
    stage: Arc<Stage>,
    buyer: Person,
    variant: Uuid,
    mut dice: Dice,
    n: usize,
    patience: Duration,
    by_hand: Option<Arc<Client>>,
) {
    let until = Instant::now() + patience;
    let key = format!("r{n}");
    let lines = [(variant, 1 + i64::try_from(dice.below(3)).expect("small"))];
    let gives_up = dice.once_in(5);
    let wish = Wish::order(&lines, None, &key);
    let placed = match by_hand {
        Some(client) => stage.place_by_hand(&client, &buyer, &wish).await,
        None => stage.settle(&buyer, &wish, until).await,
    };
    let Some(order) = placed.id() else {
        return;
    };
    if gives_up {
        if dice.once_in(2) {
            stage.settle(&buyer, &Wish::cancel(order, &key), until).await;
        }
        return;
    }
    if let Outcome::Ok { text, .. } =
        stage.settle(&buyer, &Wish::pay(order, "tok_success", &key), until).await
    {
        stage.settle(&buyer, &Wish::confirm(order, &text, &key), until).await;
    }
}

/// All buyers, at most this many at once. One in three orders by hand: a program that meets an error halves the batch and goes on,
/// and so hides some errors.
async fn everybody(
    stage: &Arc<Stage>,
    buyers: Vec<Person>,
    variant: Uuid,
    at_once: usize,
    patience: Duration,
) {
    let places = Arc::new(Semaphore::new(at_once));
    let mut hands = Vec::new();
    for _ in 0..8 {
        hands.push(Arc::new(stage.connect_as(DbRole::Api).await));
    }
    let tasks: Vec<_> = buyers
        .into_iter()
        .enumerate()
        .map(|(n, buyer)| {
            let by_hand = (n % 3 == 0).then(|| Arc::clone(&hands[n % hands.len()]));
            let (stage, places) = (Arc::clone(stage), Arc::clone(&places));
            let dice = Dice(stage.setup.seed.wrapping_mul(0x9E37_79B9).wrapping_add(n as u64));
            tokio::spawn(async move {
                let _place = places.acquire().await.expect("open");
                rush(stage, buyer, variant, dice, n, patience, by_hand).await;
            })
        })
        .collect();
    for task in tasks {
        task.await.expect("a buyer");
    }
}

/// INV-1.
pub async fn sell_out(scene: &mut Scene) {
    let (people, units, at_once) = scene.size((1_000, 100, 256), (10_000, 1_000, 512));
    let people = if scene.is_brief { 400 } else { people };
    let sql = scene.stage.connect().await;
    let market = Market::open(&scene.stage, &sql, 1, &[units]).await;
    let buyers = scene.stage.people(&sql, "buyer", people, Role::Buyer).await;
    let began = Instant::now();
    everybody(&scene.stage, buyers, market.offers[0].variant, at_once, Duration::from_secs(60)).await;
    let took = began.elapsed();
    scene.expect_no_5xx();
    let mut times: Vec<u64> =
        scene.stage.history.operations().iter().filter_map(|o| Some(o.ended_us? - o.began_us)).collect();
    times.sort_unstable();
    scene.figure(format!(
        "{people} buyers for {units} units in {:.1} s, answers p50 {:.0} ms p99 {:.0} ms",
        took.as_secs_f64(),
        quantile(&times, 0.5),
        quantile(&times, 0.99)
    ));
    scene.check(&market).await;
    scene.figure(sold(&sql_of(scene).await, market.offers[0].variant).await);
}

async fn sql_of(scene: &Scene) -> Client {
    scene.stage.connect().await
}

/// How the units of a thing ended.
async fn sold(sql: &Client, variant: Uuid) -> String {
    let row = sql
        .query_one("select on_hand, reserved from inventory.stock_levels where variant_id = $1", &[&variant])
        .await
        .expect("stock");
    format!("{} left, {} reserved", row.get::<_, i32>(0), row.get::<_, i32>(1))
}

/// INV-2.
pub async fn crash(scene: &mut Scene) {
    let (people, units, duration) =
        scene.size((600, 900, Duration::from_secs(16)), (10_000, 1_000, Duration::from_secs(300)));
    let duration = if scene.is_brief { Duration::from_secs(8) } else { duration };
    let every = if scene.is_brief { Duration::from_secs(2) } else { Duration::from_secs(5) };
    let stage = Arc::clone(&scene.stage);
    let sql = stage.connect().await;
    let market = Market::open(&stage, &sql, 1, &[units, 1_000_000]).await;
    let buyers = stage.people(&sql, "buyer", people, Role::Buyer).await;
    let regulars = stage.people(&sql, "regular", 4, Role::Buyer).await;
    drop(sql);
    let buyers_again: Vec<Person> = buyers.iter().take(200).cloned().collect();
    let until = Instant::now() + duration;
    let nemesis = tokio::spawn(nemesis::rage(Arc::clone(&stage), &[Deed::KillPostgres], every, until));
    // They come one after another for as long as it lasts.
    let gap = duration / u32::try_from(people).expect("few");
    let tasks: Vec<_> = buyers
        .into_iter()
        .enumerate()
        .map(|(n, buyer)| {
            let stage = Arc::clone(&stage);
            let dice = Dice(stage.setup.seed.wrapping_mul(0x9E37_79B9).wrapping_add(n as u64));
            let comes = gap * u32::try_from(n).expect("few");
            let variant = market.offers[0].variant;
            tokio::spawn(async move {
                tokio::time::sleep(comes).await;
                rush(stage, buyer, variant, dice, n, Duration::from_secs(20), None).await;
            })
        })
        .collect();
    // Others buy what there is enough of, so that there is something to grant after each restart, long after the rest is sold out.
    let regulars = regulars.into_iter().enumerate().map(|(n, buyer)| {
        let (stage, variant) = (Arc::clone(&stage), market.offers[1].variant);
        tokio::spawn(async move {
            let seed = stage.setup.seed.wrapping_add(n as u64);
            for round in 0_usize.. {
                if Instant::now() >= until {
                    return;
                }
                let (n, dice) = (1_000_000 * (n + 1) + round, Dice(seed.wrapping_add(round as u64)));
                rush(Arc::clone(&stage), buyer.clone(), variant, dice, n, Duration::from_secs(20), None)
                    .await;
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        })
    });
    let tasks: Vec<_> = tasks.into_iter().chain(regulars).collect();
    for task in tasks {
        task.await.expect("a buyer");
    }
    let record = nemesis.await.expect("the nemesis");
    first_success(scene, &record);
    stage.setup.ground.kill();
    stage.setup.ground.restart().await;
    repeat_some(&stage, &buyers_again).await;
    scene.figure(format!(
        "{people} buyers for {units} units through {} kills, {} orders acknowledged, {} answers lost",
        record.deeds,
        stage.history.count(Kind::Place, Outcome::is_ok),
        stage.history.operations().iter().filter(|o| o.outcome.is_unknown()).count()
    ));
    scene.check(&market).await;
}

/// Some repeat what they were granted before the server was killed once more: the same key, the same order.
async fn repeat_some(stage: &Arc<Stage>, buyers: &[Person]) {
    let granted: Vec<_> = stage
        .history
        .operations()
        .into_iter()
        .filter(|o| o.kind == Kind::Place && o.outcome.is_ok())
        .filter_map(|o| Some((buyers.iter().find(|b| b.user_id == o.actor)?.clone(), o)))
        .take(40)
        .collect();
    for (buyer, operation) in granted {
        let wish = Wish::order(&operation.lines, None, &operation.key);
        stage.settle(&buyer, &wish, Instant::now() + Duration::from_secs(10)).await;
    }
}

/// Work goes on within three seconds of each restart; in the short form, whose machine may be busy, within ten.
pub fn first_success(scene: &mut Scene, record: &nemesis::Record) {
    let limit_us = scene.size(10_000_000, 3_000_000);
    success_within(scene, record, limit_us);
}

/// How long it may take where freezes and slow lines come between as well.
pub const AMID_FAULTS_US: u64 = 30_000_000;

/// Something succeeds within that time of each restart.
pub fn success_within(scene: &mut Scene, record: &nemesis::Record, limit_us: u64) {
    let operations = scene.stage.history.operations();
    let last = operations.iter().map(|o| o.began_us).max().unwrap_or(0);
    let mut worst = 0;
    for back in &record.restarts_us {
        let ends = operations.iter().filter(|o| o.outcome.is_ok()).filter_map(|o| o.ended_us);
        let first = ends.filter(|ended| ended > back).min();
        let Some(first) = first else {
            let is_over = last < back + limit_us;
            scene
                .findings
                .expect(is_over, || format!("nothing succeeds after the restart at {} ms", back / 1_000));
            continue;
        };
        worst = worst.max(first - back);
        scene.findings.expect(first - back <= limit_us, || {
            format!(
                "the first success comes {} ms after the restart at {} ms",
                (first - back) / 1_000,
                back / 1_000
            )
        });
    }
    if !record.restarts_us.is_empty() {
        scene.figure(format!("first success at most {} ms after a restart", worst / 1_000));
    }
}

/// INV-3: each hold is confirmed, released and expired at about the moment its time is over; and each unpaid order paid,
/// cancelled and expired. Then others are ended twice at once.
pub async fn holds(scene: &mut Scene) {
    let holds = scene.size(160, 10_000);
    let batch = scene.size(80, 400);
    let stage = Arc::clone(&scene.stage);
    let sql = stage.connect().await;
    let stocks = [i32::try_from(holds).expect("few") * 2; 4];
    let market = Market::open(&stage, &sql, 2, &stocks).await;
    let buyers = stage.people(&sql, "buyer", 40, Role::Buyer).await;
    sql.batch_execute("update core.settings set value = 2 where name = 'orders.payment_window_s'")
        .await
        .expect("a setting");
    let sweeper = stage.connect_as(DbRole::Worker).await;
    let sweeping = tokio::spawn(async move {
        loop {
            let _ =
                sweeper.query("select inventory.expire_reservations(5), orders.expire_orders(5)", &[]).await;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    for round in 0..holds / batch {
        let (stage, market, buyers) = (Arc::clone(&stage), market.clone(), buyers.clone());
        together(batch, |i| {
            let (stage, market, buyers) = (Arc::clone(&stage), market.clone(), buyers.clone());
            let mut dice = Dice(stage.setup.seed ^ ((round * batch + i) as u64).wrapping_mul(0x9E37_79B9));
            async move {
                let key = format!("h{round}-{i}");
                let offer = market.offers[i % market.offers.len()];
                if i % 2 == 0 {
                    let seller = market.sellers[offer.seller].clone();
                    hold_race(
                        &stage,
                        &seller,
                        &Wish::reserve(seller.seller_id, &[(offer.variant, 1)], 1, &key),
                        &key,
                        &mut dice,
                    )
                    .await;
                } else {
                    order_race(
                        &stage,
                        &buyers[i % buyers.len()],
                        &Wish::order(&[(offer.variant, 1)], None, &key),
                        &key,
                        &mut dice,
                    )
                    .await;
                }
            }
        })
        .await;
    }
    sweeping.abort();
    by_hand(scene, &market, &buyers, scene.size(30, 1_000)).await;
    let late = "select reservation_id from inventory.reservations
                where not is_order and status = 'CONFIRMED' and resolved_at >= expires_at";
    for row in sql.query(late, &[]).await.expect("reservations") {
        scene.findings.add(format!("hold {} was confirmed after its time", row.get::<_, Uuid>(0)));
    }
    let ends = sql
        .query("select status, count(*) from inventory.reservations group by 1 order by 1", &[])
        .await
        .expect("reservations");
    let ends: Vec<String> =
        ends.iter().map(|r| format!("{} {}", r.get::<_, i64>(1), r.get::<_, String>(0))).collect();
    scene.figure(format!("{holds} holds: {}", ends.join(", ")));
    scene.expect_no_5xx();
    scene.check(&market).await;
}

/// The same holds and orders ended twice at once by two connections, as close together as can be.
async fn by_hand(scene: &Scene, market: &Market, buyers: &[Person], pairs: usize) {
    let stage = &scene.stage;
    let (one, other) = (stage.connect_as(DbRole::Api).await, stage.connect_as(DbRole::Api).await);
    let until = Instant::now() + Duration::from_secs(60);
    for n in 0..pairs {
        let key = format!("hand{n}");
        let offer = market.offers[n % market.offers.len()];
        let seller = &market.sellers[offer.seller];
        let reserve = Wish::reserve(seller.seller_id, &[(offer.variant, 1)], 600, &key);
        if let Some(id) = stage.settle(seller, &reserve, until).await.id() {
            let (confirm, release) =
                (Wish::hold(Kind::ConfirmHold, id, &key), Wish::hold(Kind::ReleaseHold, id, &key));
            tokio::join!(
                stage.end_by_hand(&one, seller, &confirm),
                stage.end_by_hand(&other, seller, &release)
            );
        }
        let buyer = &buyers[n % buyers.len()];
        let order = Wish::order(&[(offer.variant, 1)], None, &key);
        if let Some(id) = stage.settle(buyer, &order, until).await.id() {
            let (first, second) = (Wish::cancel(id, &key), Wish::cancel(id, &format!("{key}-again")));
            let (a, b) = tokio::join!(
                stage.end_by_hand(&one, buyer, &first),
                stage.end_by_hand(&other, buyer, &second)
            );
            if a.is_ok() && b.is_ok() {
                stage.history.note(format!("order {id} was cancelled twice"));
            }
        }
    }
}

/// Moments around the end of a time: half of the pairs the same one, the others up to a fifth of a second to either side.
fn around(text: &str, member: &str, dice: &mut Dice) -> [tokio::time::Instant; 2] {
    let ends = serde_json::from_str::<serde_json::Value>(text).ok();
    let ends = ends.and_then(|v| v[member].as_str()?.parse::<jiff::Timestamp>().ok()).expect("a time");
    let left = ends.as_millisecond() - jiff::Timestamp::now().as_millisecond();
    let mut at = || {
        let ms = left - 200 + i64::try_from(dice.next() % 400).expect("small");
        tokio::time::Instant::now() + Duration::from_millis(u64::try_from(ms).unwrap_or(0))
    };
    let (first, second) = (at(), at());
    if dice.once_in(2) { [first, first] } else { [first, second] }
}

/// Asks for both, each at its moment and at a program of its own.
async fn race(stage: &Stage, person: &Person, at: [tokio::time::Instant; 2], wishes: [&Wish; 2]) {
    let until = Instant::now() + Duration::from_secs(60);
    let asked = (0..2).map(|n| {
        let person = person.at(&stage.base_of(n));
        async move {
            tokio::time::sleep_until(at[n]).await;
            stage.settle(&person, wishes[n], until).await
        }
    });
    futures::future::join_all(asked).await;
}

async fn hold_race(stage: &Stage, seller: &Person, wish: &Wish, key: &str, dice: &mut Dice) {
    let held = stage.settle(seller, wish, Instant::now() + Duration::from_secs(60)).await;
    let Outcome::Ok { id: Some(id), text } = held else { return };
    let (confirm, release) = (Wish::hold(Kind::ConfirmHold, id, key), Wish::hold(Kind::ReleaseHold, id, key));
    race(stage, seller, around(&text, "expiresAt", dice), [&confirm, &release]).await;
}

async fn order_race(stage: &Stage, buyer: &Person, wish: &Wish, key: &str, dice: &mut Dice) {
    let until = Instant::now() + Duration::from_secs(60);
    let placed = stage.settle(buyer, wish, until).await;
    let Outcome::Ok { id: Some(id), text } = placed else { return };
    let paid = stage.settle(buyer, &Wish::pay(id, "tok_success", key), until).await;
    let Outcome::Ok { text: payment, .. } = paid else { return };
    let (confirm, cancel) = (Wish::confirm(id, &payment, key), Wish::cancel(id, key));
    race(stage, buyer, around(&text, "paymentDueAt", dice), [&confirm, &cancel]).await;
}

/// INV-4: over HTTP at two programs, and by hand on connections of their own, because a program sends its orders in one lane.
pub async fn crossing(scene: &mut Scene) {
    let (clients, duration) = scene.size((24, Duration::from_secs(4)), (64, Duration::from_secs(60)));
    let stage = Arc::clone(&scene.stage);
    let sql = stage.connect().await;
    let market = Market::open(&stage, &sql, 5, &[1_000_000; 50]).await;
    let buyers = stage.people(&sql, "buyer", clients, Role::Buyer).await;
    let until = Instant::now() + duration;
    // A planted bug should not need luck: fewer things to meet at.
    let things = if scene.is_brief { 6 } else { 50 };
    let tasks: Vec<_> = buyers
        .into_iter()
        .enumerate()
        .map(|(n, buyer)| {
            let (stage, market) = (Arc::clone(&stage), market.clone());
            tokio::spawn(async move {
                let mut dice = Dice(stage.setup.seed ^ (n as u64).wrapping_mul(0xA076_1D64_78BD_642F));
                let by_hand = if n % 2 == 0 { Some(stage.connect_as(DbRole::Api).await) } else { None };
                let mut round = 0;
                while Instant::now() < until {
                    round += 1;
                    let key = format!("x{n}-{round}");
                    let mut lines: Vec<(Uuid, i64)> = Vec::new();
                    for _ in 0..4 {
                        let variant = market.offers[dice.below(things)].variant;
                        if !lines.iter().any(|(v, _)| *v == variant) {
                            lines.push((variant, 1));
                        }
                    }
                    let wish = Wish::order(&lines, None, &key);
                    match &by_hand {
                        Some(client) => stage.place_by_hand(client, &buyer, &wish).await,
                        None => stage.attempt(&buyer, &wish).await,
                    };
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.expect("a buyer");
    }
    let orders = stage.history.count(Kind::Place, Outcome::is_ok);
    scene.figure(format!("{orders} orders of {clients} clients over {things} stock rows"));
    scene.expect_no_5xx();
    scene.check(&market).await;
}

/// Eight at once for ten units: seven want one, one wants a hundred. Whoever fits is served.
pub async fn neighbours(scene: &mut Scene) {
    let rounds = scene.size(12, 400);
    let stage = Arc::clone(&scene.stage);
    let sql = stage.connect().await;
    let market = Market::open(&stage, &sql, 1, &vec![10; rounds]).await;
    let buyers = stage.people(&sql, "buyer", 8, Role::Buyer).await;
    for (round, offer) in market.offers.iter().enumerate() {
        let outcomes = together(8, |i| {
            let (stage, buyer, variant) =
                (Arc::clone(&stage), buyers[i].at(&stage.base_of(0)), offer.variant);
            async move {
                let units = if i == round % 8 { 100 } else { 1 };
                stage.attempt(&buyer, &Wish::order(&[(variant, units)], None, &format!("n{round}-{i}"))).await
            }
        })
        .await;
        let granted = outcomes.iter().filter(|o| o.is_ok()).count();
        scene.findings.expect(granted == 7, || {
            format!("round {round}: {granted} of 7 single units were granted, with 10 there")
        });
    }
    scene.figure(format!("{rounds} rounds"));
    scene.check(&market).await;
}

/// Many buyers with one coupon, at two programs and over different things, so that they meet at the coupon alone.
pub async fn coupons(scene: &mut Scene) {
    let (people, uses) = scene.size((120, 20), (2_000, 300));
    let stage = Arc::clone(&scene.stage);
    let sql = stage.connect().await;
    let mut market = Market::open(&stage, &sql, 4, &[100_000; 16]).await;
    market.coupon(&sql, "TENTH", uses).await;
    let buyers = stage.people(&sql, "buyer", people, Role::Buyer).await;
    let places = Arc::new(Semaphore::new(128));
    let outcomes = together(people, |i| {
        let (stage, buyer, places) = (Arc::clone(&stage), buyers[i].clone(), Arc::clone(&places));
        let variant = market.offers[i % market.offers.len()].variant;
        async move {
            let _place = places.acquire().await.expect("open");
            let wish = Wish::order(&[(variant, 1)], Some("TENTH"), &format!("c{i}"));
            if i % 3 == 0 {
                let client = stage.connect_as(DbRole::Api).await;
                stage.place_by_hand(&client, &buyer, &wish).await
            } else {
                stage.attempt(&buyer, &wish).await
            }
        }
    })
    .await;
    let granted = outcomes.iter().filter(|o| o.is_ok()).count();
    scene.findings.expect(granted == usize::try_from(uses).expect("few"), || {
        format!("{granted} orders with a coupon of {uses} uses")
    });
    scene.figure(format!("{people} buyers, {uses} uses, {granted} granted"));
    scene.expect_no_5xx();
    scene.check(&market).await;
}

/// Each order is paid and delivered; then two administrators at two programs want most of the money back at the same moment.
pub async fn refunds(scene: &mut Scene) {
    let orders = scene.size(12, 500);
    let stage = Arc::clone(&scene.stage);
    let sql = stage.connect().await;
    let market = Market::open(&stage, &sql, 1, &[1_000_000]).await;
    let admin = market.admin.clone().expect("an administrator");
    let buyers = stage.people(&sql, "buyer", orders, Role::Buyer).await;
    let outcomes = together(orders, |i| {
        let (stage, buyer, admin) = (Arc::clone(&stage), buyers[i].clone(), admin.clone());
        let (seller, variant) = (market.sellers[0].clone(), market.offers[0].variant);
        async move {
            let (key, until) = (format!("f{i}"), Instant::now() + Duration::from_secs(60));
            let order = stage.settle(&buyer, &Wish::order(&[(variant, 2)], None, &key), until).await.id()?;
            let paid = stage.settle(&buyer, &Wish::pay(order, "tok_success", &key), until).await;
            let Outcome::Ok { text, .. } = paid else { return None };
            stage.settle(&buyer, &Wish::confirm(order, &text, &key), until).await.id()?;
            for kind in [Kind::Accept, Kind::Ship, Kind::Deliver] {
                stage.settle(&seller, &Wish::fulfil(kind, order, seller.seller_id, &key), until).await;
            }
            let amount =
                serde_json::from_str::<serde_json::Value>(&text).ok()?["amount"]["amountMinor"].as_i64()?;
            let wishes: Vec<Wish> =
                (0..4).map(|n| Wish::refund(order, amount * 3 / 5, &format!("{key}-{n}"))).collect();
            let admins: Vec<Person> = (0..4).map(|n| admin.at(&stage.base_of(n % 2))).collect();
            let asked =
                futures::future::join_all((0..4).map(|n| stage.settle(&admins[n], &wishes[n], until))).await;
            Some(asked.iter().filter(|o| o.is_ok()).count())
        }
    })
    .await;
    let granted: Vec<usize> = outcomes.iter().map(|o| o.unwrap_or(0)).collect();
    scene.findings.expect(granted.iter().all(|n| *n == 1), || {
        format!("of four refunds of three fifths each, granted were {granted:?}")
    });
    scene.figure(format!("{orders} orders"));
    scene.check(&market).await;
}
