//! The event log: dense, ordered, complete, and on its way to everybody in time.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::task::JoinHandle;
use tokio_postgres::Client;
use tokio_util::sync::CancellationToken;
use tradepost::db::listen::{Listener, Signal};
use tradepost::embedded::DbRole;
use tradepost::identity::token::Role;

use super::sales::{AMID_FAULTS_US, success_within};
use super::{Scene, quantile};
use crate::checks;
use crate::history::Outcome;
use crate::nemesis::{self, Deed};
use crate::stage::{Stage, Wish};
use crate::support::dice::Dice;
use crate::support::{Person, Uuid};
use crate::workload::{self, Market, Plan};

/// EV-1: each transaction touches one to three things, waits in between, and one in ten is rolled back. The sequencers of two
/// programs and a third by hand compete.
pub async fn log(scene: &mut Scene) {
    let (transactions, writers, pause_ms) = scene.size((2_400, 32, 12), (100_000, 64, 200));
    let transactions = if scene.is_brief { 1_200 } else { transactions };
    let things = if scene.is_brief { 12 } else { 200 };
    let stage = Arc::clone(&scene.stage);
    let sql = stage.connect().await;
    let left = Arc::new(AtomicI64::new(transactions));
    let committed = Arc::new(AtomicU64::new(0));
    let ends = Arc::new(AtomicBool::new(false));
    let began = Instant::now();
    let sequencers: Vec<_> = (0..2)
        .map(|_| {
            let (stage, ends) = (Arc::clone(&stage), Arc::clone(&ends));
            tokio::spawn(async move {
                let worker = stage.connect_as(DbRole::Worker).await;
                while !ends.load(Ordering::Relaxed) {
                    if let Err(error) = worker.query("select events.sequence(40)", &[]).await {
                        return Some(format!("a sequencer fails: {error:?}"));
                    }
                    tokio::time::sleep(Duration::from_millis(3)).await;
                }
                None
            })
        })
        .collect();
    let tasks: Vec<_> = (0..writers)
        .map(|n: u64| {
            let (stage, left, committed) = (Arc::clone(&stage), Arc::clone(&left), Arc::clone(&committed));
            tokio::spawn(async move {
                let mut dice = Dice(stage.setup.seed ^ (n + 1).wrapping_mul(0xA076_1D64_78BD_642F));
                let client = stage.connect().await;
                while left.fetch_sub(1, Ordering::Relaxed) > 0 {
                    let mut touched: Vec<i32> = (0..=dice.below(3))
                        .map(|_| i32::try_from(dice.below(things)).expect("few") + 1)
                        .collect();
                    touched.sort_unstable();
                    touched.dedup();
                    let pauses: Vec<i32> = touched
                        .iter()
                        .map(|_| {
                            if dice.once_in(2) {
                                0
                            } else {
                                i32::try_from(dice.below(pause_ms)).expect("short")
                            }
                        })
                        .collect();
                    let fails = dice.once_in(10);
                    match client.query_one("select lab.touch($1, $2, $3)", &[&touched, &pauses, &fails]).await
                    {
                        Ok(row) => committed
                            .fetch_add(u64::from(row.get::<_, i32>(0).unsigned_abs()), Ordering::Relaxed),
                        Err(error) => {
                            let said = error.as_db_error().map_or("", |e| e.message());
                            assert_eq!(said, "lab.rolled_back", "{error:?}");
                            0
                        }
                    };
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.expect("a writer");
    }
    ends.store(true, Ordering::Relaxed);
    for sequencer in sequencers {
        if let Some(failure) = sequencer.await.expect("a sequencer") {
            scene.findings.add(failure);
        }
    }
    checks::number_all(&sql, &mut scene.findings).await;
    checks::log(&sql, &mut scene.findings).await;
    let told: i64 = sql
        .query_one("select count(*) from events.log where aggregate_type = 'lab'", &[])
        .await
        .expect("the log")
        .get(0);
    let committed = i64::try_from(committed.load(Ordering::Relaxed)).expect("few");
    scene
        .findings
        .expect(told == committed, || format!("{committed} events were committed, {told} are in the log"));
    checks::invariants(&sql, &mut scene.findings).await;
    scene.figure(format!(
        "{transactions} transactions of {writers} writers in {:.1} s, {told} events",
        began.elapsed().as_secs_f64()
    ));
}

/// EV-2: T1 takes a transaction id and waits; T2, whose id is later, changes a thing and commits; T1 then changes the same thing
/// and commits; T3, whose id is between the two, stays open.
pub async fn inversion(scene: &mut Scene) {
    let rounds = scene.size(3, 100);
    let stage = Arc::clone(&scene.stage);
    let sql = stage.connect().await;
    let touch = async |client: &Client, thing: i32| {
        client
            .query_one("select lab.touch(array[$1::integer], '{0}', false)", &[&thing])
            .await
            .expect("a change");
    };
    for round in 0..rounds {
        let (t1, t2, t3) = (stage.connect().await, stage.connect().await, stage.connect().await);
        let thing = round % 100 + 1;
        t1.batch_execute("begin; select pg_current_xact_id()").await.expect("T1 begins");
        t3.batch_execute("begin; select pg_current_xact_id()").await.expect("T3 begins");
        t2.batch_execute("begin").await.expect("T2 begins");
        touch(&t2, thing).await;
        t2.batch_execute("commit").await.expect("T2 commits");
        touch(&t1, thing).await;
        t1.batch_execute("commit").await.expect("T1 commits");
        touch(&t3, thing + 100).await;
        let numbered = async || -> i64 {
            sql.query("select events.sequence()", &[]).await.expect("events.sequence()");
            let query = "select count(*) from events.log as l join lab.things as t on t.id = l.aggregate_id where t.n = $1";
            sql.query_one(query, &[&thing]).await.expect("the log").get(0)
        };
        let expected = i64::from(round / 100 + 1) * 2;
        let mut found = numbered().await;
        for _ in 0..20 {
            if found < expected {
                tokio::time::sleep(Duration::from_millis(10)).await;
                found = numbered().await;
            }
        }
        scene.findings.expect(found == expected, || {
            format!("round {round}: {found} of two committed changes are numbered while another transaction is open")
        });
        t3.batch_execute("commit").await.expect("T3 commits");
    }
    checks::number_all(&sql, &mut scene.findings).await;
    checks::log(&sql, &mut scene.findings).await;
    checks::invariants(&sql, &mut scene.findings).await;
    scene.figure(format!("{rounds} rounds"));
}

/// What somebody who follows the stream has seen.
#[derive(Default)]
struct Seen {
    last: i64,
    connects: usize,
    repeated: usize,
    wrong: Vec<String>,
}

/// Follows the stream from its beginning, and goes on where it was whenever it breaks.
async fn follow(
    stage: Arc<Stage>,
    admin: Person,
    seen: Arc<Mutex<Seen>>,
    arrivals: Arc<Mutex<HashMap<Uuid, Instant>>>,
) {
    let http = reqwest::Client::builder()
        .no_proxy()
        .read_timeout(Duration::from_secs(20))
        .build()
        .expect("an HTTP client");
    loop {
        let last = {
            let mut seen = seen.lock().expect("not poisoned");
            seen.connects += 1;
            seen.last
        };
        let url = format!("{}/api/v1/events/stream?after=0", stage.base());
        let request = http
            .get(url)
            .bearer_auth(admin.access_token.clone().unwrap_or_default())
            .header("last-event-id", last.to_string());
        if let Ok(mut response) = request.send().await
            && response.status() == 200
        {
            let mut text = String::new();
            while let Ok(Some(chunk)) = response.chunk().await {
                text.push_str(&String::from_utf8_lossy(&chunk));
                while let Some((block, rest)) = text.split_once("\n\n") {
                    take(block, &seen, &arrivals);
                    text = rest.to_owned();
                }
            }
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn take(block: &str, seen: &Mutex<Seen>, arrivals: &Mutex<HashMap<Uuid, Instant>>) {
    let id = block.lines().find_map(|line| line.strip_prefix("id: ")?.trim().parse::<i64>().ok());
    let Some(id) = id else { return };
    let mut seen = seen.lock().expect("not poisoned");
    if id <= seen.last {
        seen.repeated += 1;
    } else {
        if id != seen.last + 1 {
            let text = format!("the stream went from {} to {id}", seen.last);
            seen.wrong.push(text);
        }
        seen.last = id;
    }
    if let Some(data) = block.lines().find_map(|line| line.strip_prefix("data: "))
        && block.contains("orders.order_placed")
        && let Some(order) = workload::member(data, "aggregateId")
    {
        arrivals.lock().expect("not poisoned").entry(order).or_insert_with(Instant::now);
    }
}

/// In the long form the sequencer's connection ends once a second, and Postgres is killed every five.
const DEEDS: [Deed; 8] = [
    Deed::TerminateSequencer,
    Deed::TerminateSequencer,
    Deed::TerminateSequencer,
    Deed::TerminateSequencer,
    Deed::TerminateSequencer,
    Deed::CutClients,
    Deed::KillProgram,
    Deed::KillPostgres,
];

/// EV-3: five that read, while the program, the sequencer and Postgres are killed.
pub async fn stream(scene: &mut Scene) {
    let (duration, every) = scene.size((12, 1_000), (300, 625));
    let (duration, every) = (Duration::from_secs(duration), Duration::from_millis(every));
    let stage = Arc::clone(&scene.stage);
    let sql = stage.connect().await;
    let market = Market::open(&stage, &sql, 2, &[1_000_000; 6]).await;
    let admin = market.admin.clone().expect("an administrator");
    let readers: Vec<(Arc<Mutex<Seen>>, _)> = (0..5)
        .map(|_| {
            let seen = Arc::new(Mutex::new(Seen::default()));
            let reading =
                tokio::spawn(follow(Arc::clone(&stage), admin.clone(), Arc::clone(&seen), Arc::default()));
            (seen, reading)
        })
        .collect();
    let until = Instant::now() + duration;
    // A planted bug is looked for without faults: it must not hide behind them.
    let deeds = if scene.is_brief { &[][..] } else { &DEEDS[..] };
    let nemesis = tokio::spawn(nemesis::rage(Arc::clone(&stage), deeds, every, until));
    let plan = Plan { clients: 6, duration, patience: Duration::from_secs(15) };
    workload::run(&stage, &sql, &market, plan).await;
    let record = nemesis.await.expect("the nemesis");
    success_within(scene, &record, AMID_FAULTS_US);
    let sql = stage.connect().await;
    checks::number_all(&sql, &mut scene.findings).await;
    let limit = Instant::now() + Duration::from_secs(15);
    let mut connects = 0;
    // The workers may still add some.
    loop {
        let head: i64 = sql.query_one("select seq from events.head", &[]).await.expect("the head").get(0);
        let behind: Vec<i64> = readers
            .iter()
            .map(|(seen, _)| head - seen.lock().expect("not poisoned").last)
            .filter(|n| *n > 0)
            .collect();
        if behind.is_empty() {
            scene.figure(format!("{head} events"));
            break;
        }
        if Instant::now() > limit {
            scene.findings.add(format!("readers are behind by {behind:?} of {head} events"));
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let mut repeated = 0;
    for (seen, reading) in readers {
        reading.abort();
        let seen = seen.lock().expect("not poisoned");
        connects += seen.connects;
        repeated += seen.repeated;
        seen.wrong.iter().take(3).for_each(|wrong| scene.findings.add(wrong.clone()));
    }
    scene.figure(format!(
        "5 readers connected {connects} times through {} deeds, {repeated} events twice",
        record.deeds
    ));
    scene.check(&market).await;
}

/// How long after its answer an order is on the stream, for each of these orders.
async fn delays(stage: &Arc<Stage>, market: &Market, buyer: &Person, orders: usize) -> Vec<u64> {
    let admin = market.admin.clone().expect("an administrator");
    let (seen, arrivals) = (Arc::new(Mutex::new(Seen::default())), Arc::new(Mutex::new(HashMap::new())));
    let reading = tokio::spawn(follow(Arc::clone(stage), admin, Arc::clone(&seen), Arc::clone(&arrivals)));
    let mut times = Vec::new();
    for _ in 0..=orders {
        let wish = Wish::order(&[(market.offers[0].variant, 1)], None, &format!("d-{}", Uuid::new_v4()));
        let Some(id) = stage.attempt(buyer, &wish).await.id() else { continue };
        let answered = Instant::now();
        let arrived = loop {
            if let Some(arrived) = arrivals.lock().expect("not poisoned").get(&id) {
                break Some(*arrived);
            }
            if answered.elapsed() > Duration::from_secs(5) {
                break None;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        };
        let Some(arrived) = arrived else { break };
        times.push(u64::try_from(arrived.saturating_duration_since(answered).as_micros()).expect("short"));
    }
    reading.abort();
    // The first one waited for the stream to open.
    let mut times = times.split_off(1.min(times.len()));
    times.sort_unstable();
    times
}

/// EV-4: one write transaction stays open, here and in another database.
pub async fn long_transaction(scene: &mut Scene) {
    let changes = scene.size(40, 2_000);
    let stage = Arc::clone(&scene.stage);
    let sql = stage.connect().await;
    let market = Market::open(&stage, &sql, 1, &[1_000_000]).await;
    let buyer = stage.people(&sql, "buyer", 1, Role::Buyer).await.remove(0);
    let before = delays(&stage, &market, &buyer, changes).await;
    let here = stage.connect().await;
    here.batch_execute("begin; update lab.things set version = version + 1 where n = 200")
        .await
        .expect("it begins");
    let opened = Instant::now();
    let elsewhere = stage.setup.ground.connect("postgres", DbRole::Superuser).await;
    elsewhere.batch_execute("begin; select pg_current_xact_id()").await.expect("it begins");
    let mut during = delays(&stage, &market, &buyer, changes).await;
    while scene.is_long && opened.elapsed() < Duration::from_secs(60) {
        during.extend(delays(&stage, &market, &buyer, 100).await);
    }
    during.sort_unstable();
    // The contrast: who reads by transaction id has to wait for the oldest that is open.
    let withheld =
        "select count(*), count(*) filter (where transaction_id >= pg_snapshot_xmin(pg_current_snapshot()))
                    from events.log where type = 'orders.order_placed'";
    let withheld = sql.query_one(withheld, &[]).await.expect("the log");
    let (told, withheld): (i64, i64) = (withheld.get(0), withheld.get(1));
    let open_s = opened.elapsed().as_secs_f64();
    let _ = here.batch_execute("rollback").await;
    let _ = elsewhere.batch_execute("rollback").await;
    let (without, with) = (quantile(&before, 0.5), quantile(&during, 0.5));
    scene.findings.expect(during.len() >= changes && with - without < 50.0, || {
        format!("{} of {changes} orders came, the median {with:.0} ms after their answer; without the open transaction {without:.0} ms", during.len())
    });
    scene.figure(format!(
        "answer to stream p50 {without:.1} ms p99 {:.1} ms; beside a transaction open for {open_s:.0} s p50 {with:.1} ms \
         p99 {:.1} ms ({} orders); a reader by xmin would hold back {withheld} of {told} events until it ends",
        quantile(&before, 0.99),
        quantile(&during, 0.99),
        during.len()
    ));
    scene.check(&market).await;
}

/// Somebody who reads the stream, and when each order came on it.
struct Audience {
    seen: Arc<Mutex<Seen>>,
    arrivals: Arc<Mutex<HashMap<Uuid, Instant>>>,
    reading: JoinHandle<()>,
}

impl Audience {
    /// Returns once the stream has told of an order.
    async fn gather(stage: &Arc<Stage>, market: &Market, buyer: &Person) -> Self {
        let admin = market.admin.clone().expect("an administrator");
        let (seen, arrivals) = (Arc::<Mutex<Seen>>::default(), Arc::default());
        let reading =
            tokio::spawn(follow(Arc::clone(stage), admin, Arc::clone(&seen), Arc::clone(&arrivals)));
        while seen.lock().expect("not poisoned").last == 0 {
            let wish =
                Wish::order(&[(market.offers[0].variant, 1)], None, &format!("first-{}", Uuid::new_v4()));
            stage.attempt(buyer, &wish).await;
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Self { seen, arrivals, reading }
    }

    fn arrival(&self, order: Uuid) -> Option<Instant> {
        self.arrivals.lock().expect("not poisoned").get(&order).copied()
    }

    /// Waits until the order has come, at most this long.
    async fn awaits(&self, order: Uuid, patience: Duration) -> bool {
        let limit = Instant::now() + patience;
        while self.arrival(order).is_none() {
            if Instant::now() > limit {
                return false;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        true
    }

    fn leave(self, findings: &mut checks::Findings) {
        self.reading.abort();
        let seen = self.seen.lock().expect("not poisoned");
        seen.wrong.iter().take(3).for_each(|wrong| findings.add(wrong.clone()));
    }
}

/// Orders at a constant rate, whoever is still waiting for an answer; how long after its answer each was on the stream, sorted, and how
/// many never were.
async fn flow(
    stage: &Arc<Stage>,
    market: &Market,
    buyers: &[Person],
    audience: &Audience,
    rate: u32,
    duration: Duration,
) -> (Vec<u64>, usize) {
    let began = Instant::now();
    let orders = u32::try_from(duration.as_secs()).expect("short") * rate;
    let answered: Arc<Mutex<BTreeMap<Uuid, Instant>>> = Arc::default();
    let tasks: Vec<_> = (0..orders)
        .map(|n| {
            let (stage, answered) = (Arc::clone(stage), Arc::clone(&answered));
            let buyer = buyers[n as usize % buyers.len()].clone();
            let variant = market.offers[n as usize % market.offers.len()].variant;
            tokio::spawn(async move {
                tokio::time::sleep_until((began + Duration::from_secs(1) * n / rate).into()).await;
                let wish = Wish::order(&[(variant, 1)], None, &format!("l-{}", Uuid::new_v4()));
                if let Outcome::Ok { id: Some(id), .. } = stage.attempt(&buyer, &wish).await {
                    answered.lock().expect("not poisoned").insert(id, Instant::now());
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.expect("an order");
    }
    let answered = answered.lock().expect("not poisoned").clone();
    let mut patience = Duration::from_secs(5);
    let mut missing = 0;
    for order in answered.keys() {
        if !audience.awaits(*order, patience).await {
            missing += 1;
            patience = Duration::ZERO;
        }
    }
    let mut times: Vec<u64> = answered
        .iter()
        .filter_map(|(id, answered)| {
            let late = audience.arrival(*id)?.saturating_duration_since(*answered);
            Some(u64::try_from(late.as_micros()).expect("short"))
        })
        .collect();
    times.sort_unstable();
    (times, missing)
}

/// Counts what whoever listens is told until the token is cancelled.
fn notifications(stage: &Stage) -> (CancellationToken, JoinHandle<u64>) {
    let ends = CancellationToken::new();
    let config = stage.url(DbRole::Superuser).parse().expect("a URL");
    let listener = Listener::start(config, &["events"], ends.clone());
    let mut hears = listener.subscribe();
    let hearing = tokio::spawn(async move {
        let mut heard = 0;
        while let Some(signal) = hears.recv().await {
            heard += u64::from(matches!(signal, Signal::Notification { .. }));
        }
        heard
    });
    (ends, hearing)
}

/// EV-5: from the answer of an order to its event on the stream, at a constant rate.
pub async fn latency(scene: &mut Scene) {
    let (rate, duration, p50_ms, p99_ms) =
        scene.size((30, Duration::from_secs(4), 200.0, 1_000.0), (300, Duration::from_secs(60), 25.0, 100.0));
    let stage = Arc::clone(&scene.stage);
    let sql = stage.connect().await;
    let market = Market::open(&stage, &sql, 2, &[1_000_000; 32]).await;
    let buyers = stage.people(&sql, "buyer", 64, Role::Buyer).await;
    let audience = Audience::gather(&stage, &market, &buyers[0]).await;
    let (ends, hearing) = notifications(&stage);
    let (times, missing) = flow(&stage, &market, &buyers, &audience, rate, duration).await;
    audience.leave(&mut scene.findings);
    ends.cancel();
    let heard = hearing.await.expect("a listener");
    scene.findings.expect(heard > 0, || "the log grew and nobody was notified".to_owned());
    let (p50, p99) = (quantile(&times, 0.5), quantile(&times, 0.99));
    scene.findings.expect(missing == 0, || format!("{missing} orders never came on the stream"));
    // A busy machine is as slow as a bug: times say something of the product only, not of what is planted.
    scene.findings.expect(scene.is_brief || p50 <= p50_ms && p99 <= p99_ms, || {
        format!("from answer to stream p50 {p50:.1} ms, p99 {p99:.1} ms; at most {p50_ms} and {p99_ms} were promised")
    });
    scene.figure(format!(
        "{} orders at {rate}/s, answer to stream p50 {p50:.1} ms p99 {p99:.1} ms",
        times.len()
    ));
    scene.expect_no_5xx();
    scene.check(&market).await;
}

/// EV-5 without notifications. First the LISTEN connection ends on a slow line again and again, and orders fall into the time that it is
/// away. Then it stays as it is, and nothing comes through it any more.
pub async fn deaf(scene: &mut Scene) {
    let rounds = scene.size(8, 200);
    let (rate, duration, p99_ms) =
        scene.size((30, Duration::from_secs(4), 2_000.0), (300, Duration::from_secs(60), 500.0));
    let stage = Arc::clone(&scene.stage);
    let sql = stage.connect().await;
    let market = Market::open(&stage, &sql, 2, &[1_000_000; 32]).await;
    let buyers = stage.people(&sql, "buyer", 64, Role::Buyer).await;
    let audience = Audience::gather(&stage, &market, &buyers[0]).await;
    let mut dice = Dice(stage.setup.seed ^ 0x6465_6166);
    stage.db_proxy.delay(Duration::from_millis(30));
    let mut late = 0;
    for round in 0..rounds {
        let end = "select pg_terminate_backend(pid) from pg_stat_activity
                   where application_name = 'tradepost listen' and datname = current_database()";
        sql.query(end, &[]).await.expect("its end");
        tokio::time::sleep(Duration::from_millis(dice.next() % 300)).await;
        let wish = Wish::order(&[(market.offers[0].variant, 1)], None, &format!("a{round}"));
        let Some(order) = stage.attempt(&buyers[0], &wish).await.id() else { continue };
        late += u32::from(!audience.awaits(order, Duration::from_secs(3)).await);
    }
    stage.db_proxy.delay(Duration::ZERO);
    scene.findings.expect(late == 0, || {
        format!("{late} of {rounds} orders were not on the stream 3 s after their answer: the program was listening anew")
    });
    scene.figure(format!("{rounds} orders while the program listened anew"));
    stage.db_proxy.deafen(true);
    let (times, missing) = flow(&stage, &market, &buyers, &audience, rate, duration).await;
    stage.db_proxy.deafen(false);
    let (p50, p99) = (quantile(&times, 0.5), quantile(&times, 0.99));
    scene.findings.expect(missing == 0, || format!("{missing} orders never came on the stream"));
    scene.findings.expect(p99 <= p99_ms, || {
        format!("without notifications from answer to stream p99 {p99:.1} ms; at most {p99_ms} were promised")
    });
    scene.figure(format!(
        "{} orders at {rate}/s without notifications, answer to stream p50 {p50:.1} ms p99 {p99:.1} ms",
        times.len()
    ));
    audience.leave(&mut scene.findings);
    if scene.is_long {
        hears_again(scene, &market, &buyers[0]).await;
    }
    scene.expect_no_5xx();
    scene.check(&market).await;
}

/// A connection that was silent for a while is given up, and another one takes its place.
async fn hears_again(scene: &mut Scene, market: &Market, buyer: &Person) {
    let began = Instant::now();
    loop {
        let median = quantile(&delays(&scene.stage, market, buyer, 40).await, 0.5);
        if median < 60.0 {
            scene.figure(format!(
                "hears again after {:.0} s, p50 {median:.1} ms",
                began.elapsed().as_secs_f64()
            ));
            return;
        }
        if began.elapsed() > Duration::from_secs(60) {
            scene.findings.add(format!("a minute after the silence the median is still {median:.0} ms"));
            return;
        }
    }
}
