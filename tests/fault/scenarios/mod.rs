//! The runs, each with a short and a long form. A scenario says what it does; the checkers say whether that was right.

mod keys;
mod log;
mod sales;
mod trade;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio_postgres::Client;

use crate::bugs::Bug;
use crate::checks::{self, Findings};
use crate::ground::{Ground, shaky, small, steady};
use crate::stage::{Setup, Stage, histories};
use crate::support::block_on;
use crate::workload::Market;

/// What can be run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scenario {
    /// INV-1: many buyers for few units.
    SellOut,
    /// INV-2: the same, with Postgres killed again and again.
    Crash,
    /// INV-3: confirm, release and expiry of one hold at the same moment.
    Holds,
    /// INV-4: baskets that name the same things in different orders.
    Crossing,
    /// EV-1: writers that take their time, roll back and touch several things; two programs and a third sequencer.
    Log,
    /// EV-2: the schedule that a reader by transaction id gets wrong.
    Inversion,
    /// EV-3: streams that are read through kills.
    Stream,
    /// EV-4: a transaction that stays open delays nobody.
    LongTransaction,
    /// EV-5: how long an event takes from the answer to the stream.
    Latency,
    /// EV-5 again, while the connection that listens ends, is slow, or is silent.
    Deaf,
    /// ID-1: one key from twenty senders.
    SameKey,
    /// ID-2: connections that are cut at any byte, and between a commit and its answer.
    Cuts,
    /// A refused request takes nothing from those it travels with.
    Neighbours,
    /// A coupon serves as often as it may.
    Coupons,
    /// Refunds of one order from two sides stay within what was paid.
    Refunds,
    /// The whole workload under the whole nemesis.
    Trade,
    /// HA-7: the disk of Postgres is full for a while.
    FullDisk,
    /// HA-3: Postgres stands still for a while.
    Frozen,
}

impl Scenario {
    pub const ALL: [Self; 18] = [
        Self::SellOut,
        Self::Crash,
        Self::Holds,
        Self::Crossing,
        Self::Log,
        Self::Inversion,
        Self::Stream,
        Self::LongTransaction,
        Self::Latency,
        Self::Deaf,
        Self::SameKey,
        Self::Cuts,
        Self::Neighbours,
        Self::Coupons,
        Self::Refunds,
        Self::Trade,
        Self::FullDisk,
        Self::Frozen,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::SellOut => "sell_out",
            Self::Crash => "crash",
            Self::Holds => "holds",
            Self::Crossing => "crossing",
            Self::Log => "log",
            Self::Inversion => "inversion",
            Self::Stream => "stream",
            Self::LongTransaction => "long_transaction",
            Self::Latency => "latency",
            Self::Deaf => "deaf",
            Self::SameKey => "same_key",
            Self::Cuts => "cuts",
            Self::Neighbours => "neighbours",
            Self::Coupons => "coupons",
            Self::Refunds => "refunds",
            Self::Trade => "trade",
            Self::FullDisk => "full_disk",
            Self::Frozen => "frozen",
        }
    }

    pub fn named(name: &str) -> Self {
        let found = Self::ALL.into_iter().find(|scenario| scenario.name() == name);
        found.unwrap_or_else(|| panic!("there is no scenario {name}"))
    }

    /// Whether bugs are looked for in a form of its own. Those of the others are looked for in the short form, as it is run.
    pub fn has_brief_form(self) -> bool {
        use Scenario::{Crash, Crossing, Latency, Log, SellOut, Stream, Trade};
        matches!(self, Crash | Crossing | Latency | Log | SellOut | Stream | Trade)
    }

    /// Whether it kills or stops the server.
    fn is_violent(self) -> bool {
        matches!(self, Self::Crash | Self::Stream | Self::Trade | Self::FullDisk | Self::Frozen)
    }
}

/// One run of a scenario.
pub struct Run {
    pub scenario: Scenario,
    pub seed: u64,
    pub is_long: bool,
    /// The form in which bugs are looked for.
    pub is_brief: bool,
    pub bug: Option<Bug>,
}

/// What came of it.
pub struct Report {
    title: String,
    took: Duration,
    /// Figures in words.
    pub figures: String,
    pub findings: Findings,
    pub history: PathBuf,
    /// The ends of the programs' logs.
    pub logs: String,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({:.1} s): {}", self.title, self.took.as_secs_f64(), self.figures)
    }
}

/// What a scenario has at hand.
pub struct Scene {
    pub stage: Arc<Stage>,
    pub is_long: bool,
    /// The shortest form: a bug is planted, or it is the control of those that are.
    pub is_brief: bool,
    /// Whether the first finding is enough.
    pub is_planted: bool,
    pub findings: Findings,
    pub figures: Vec<String>,
}

impl Scene {
    /// The short or the long size of something.
    pub fn size<T>(&self, short: T, long: T) -> T {
        if self.is_long { long } else { short }
    }

    pub fn figure(&mut self, text: impl Into<String>) {
        self.figures.push(text.into());
    }

    /// Everything that the checkers know, after the time of all holds is over and the workers have had their turn.
    pub async fn check(&mut self, market: &Market) {
        let sql = self.stage.connect().await;
        checks::check(&self.stage.history, market, &sql, &mut self.findings).await;
        if self.is_planted && !self.findings.is_empty() {
            return; // found
        }
        let patience = Duration::from_secs(if self.is_brief { 5 } else { 30 });
        let_time_pass(&sql, patience, &mut self.findings).await;
        checks::check(&self.stage.history, market, &sql, &mut self.findings).await;
        let deadlocks = deadlocks(&sql).await;
        self.findings.expect(deadlocks == 0, || format!("{deadlocks} deadlocks"));
    }

    /// In a run without faults nobody is told 5xx.
    pub fn expect_no_5xx(&mut self) {
        for operation in self.stage.history.operations() {
            if let crate::history::Outcome::Unknown { why } = &operation.outcome {
                self.findings.add(format!("{:?} {} ended with {why:?}", operation.kind, operation.key));
            }
        }
    }
}

impl Run {
    pub fn go(&self) -> Report {
        let ground: &'static Ground = match self.scenario {
            Scenario::FullDisk => small(),
            scenario if scenario.is_violent() => shaky(),
            _ => steady(),
        };
        let _turn = self.scenario.is_violent().then(|| ground.turn());
        block_on(self.act(ground))
    }

    async fn act(&self, ground: &'static Ground) -> Report {
        let began = Instant::now();
        let title = match &self.bug {
            Some(bug) => format!("{} with {}", self.scenario.name(), bug.name),
            None if self.is_brief => format!("{} without bugs", self.scenario.name()),
            None => self.scenario.name().to_owned(),
        };
        let setup = Setup {
            name: title.replace(' ', "-"),
            seed: self.seed,
            ground,
            programs: 2,
            bug: self.bug.clone(),
            env: Vec::new(),
            patience: Duration::from_secs(60),
        };
        let name = format!("{}-{}-pg{}", setup.name, self.seed, ground.major());
        let setup = self.adjust(setup);
        let stage = Arc::new(Stage::start(setup).await);
        let mut scene = Scene {
            stage: Arc::clone(&stage),
            is_long: self.is_long,
            is_brief: self.is_brief && self.scenario.has_brief_form(),
            is_planted: self.bug.is_some(),
            findings: Findings::default(),
            figures: Vec::new(),
        };
        match self.scenario {
            Scenario::SellOut => sales::sell_out(&mut scene).await,
            Scenario::Crash => sales::crash(&mut scene).await,
            Scenario::Holds => sales::holds(&mut scene).await,
            Scenario::Crossing => sales::crossing(&mut scene).await,
            Scenario::Neighbours => sales::neighbours(&mut scene).await,
            Scenario::Coupons => sales::coupons(&mut scene).await,
            Scenario::Log => log::log(&mut scene).await,
            Scenario::Inversion => log::inversion(&mut scene).await,
            Scenario::Stream => log::stream(&mut scene).await,
            Scenario::LongTransaction => log::long_transaction(&mut scene).await,
            Scenario::Latency => log::latency(&mut scene).await,
            Scenario::Deaf => log::deaf(&mut scene).await,
            Scenario::SameKey => keys::same_key(&mut scene).await,
            Scenario::Cuts => keys::cuts(&mut scene).await,
            Scenario::Refunds => sales::refunds(&mut scene).await,
            Scenario::Trade => trade::trade(&mut scene).await,
            Scenario::FullDisk => trade::full_disk(&mut scene).await,
            Scenario::Frozen => trade::frozen(&mut scene).await,
        }
        let Scene { findings, figures, stage: last, .. } = scene;
        let logs = stage.logs();
        let history = stage.history.write(&histories(), &name);
        drop(last);
        if let Ok(stage) = Arc::try_unwrap(stage) {
            stage.end().await;
        }
        Report { title, took: began.elapsed(), figures: figures.join(", "), findings, history, logs }
    }

    /// What a scenario wants otherwise than the others.
    fn adjust(&self, setup: Setup) -> Setup {
        match self.scenario {
            // Nobody may wait longer than the fault lasts.
            Scenario::Crash | Scenario::Stream | Scenario::Trade | Scenario::Cuts | Scenario::FullDisk => {
                Setup {
                    env: vec![
                        ("TRADEPOST_POOL_WAIT_MS", "500".to_owned()),
                        ("TRADEPOST_LOCK_TIMEOUT_MS", "2000".to_owned()),
                        ("TRADEPOST_STATEMENT_TIMEOUT_MS", "5000".to_owned()),
                    ],
                    patience: Duration::from_secs(10),
                    ..setup
                }
            }
            // All that bounds a wait is left alone but for this.
            Scenario::Frozen => {
                Setup { env: vec![("TRADEPOST_DATABASE_SILENCE_MS", "1000".to_owned())], ..setup }
            }
            // The streams hang on one of them.
            Scenario::LongTransaction | Scenario::Latency | Scenario::Deaf => Setup { programs: 1, ..setup },
            _ => setup,
        }
    }

    /// Repeats this run.
    pub fn command(&self) -> String {
        let test = match &self.bug {
            Some(bug) => format!("planted::{}", bug.name),
            None if self.is_brief => format!("unplanted::{}", self.scenario.name()),
            None => format!("runs::{}", self.scenario.name()),
        };
        let goal = if self.is_long { "fault-long" } else { "fault" };
        let pg = std::env::var("TRADEPOST_TEST_PG").unwrap_or_default();
        let pg = if pg.is_empty() { pg } else { format!(" PG={pg}") };
        format!("make {goal} SEED={} TEST={test}{pg}", self.seed)
    }
}

/// Moves the clock past all deadlines and sweeps as the workers do: then nothing is held any more that nobody paid for, and
/// no money is on its way.
async fn let_time_pass(sql: &Client, patience: Duration, findings: &mut Findings) {
    sql.batch_execute("update core.clock set clock_offset = clock_offset + interval '2 hours'")
        .await
        .expect("the clock");
    let until = Instant::now() + patience;
    loop {
        let sweep = "select orders.expire_orders(1000); select inventory.expire_reservations(1000); select events.sequence()";
        if let Err(error) = sql.batch_execute(sweep).await {
            findings.add(format!("the sweepers fail: {error:?}"));
            return;
        }
        let left = sql
            .query_one(
                "select (select count(*) from inventory.reservations where status = 'HELD'),
                        (select count(*) from payments.refunds where status = 'PENDING'),
                        (select count(*) from orders.orders as o
                         where o.status in ('PENDING_PAYMENT', 'PAYMENT_FAILED')),
                        (select count(*) from payments.payments as p where p.status = 'PENDING')",
                &[],
            )
            .await
            .expect("what is left");
        let left: [i64; 4] = [left.get(0), left.get(1), left.get(2), left.get(3)];
        if left == [0; 4] {
            return;
        }
        if Instant::now() > until {
            let [held, refunds, orders, payments] = left;
            findings.add(format!(
                "after all deadlines {held} holds are held, {orders} orders unpaid, {payments} payments and {refunds} refunds open"
            ));
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

async fn deadlocks(sql: &Client) -> i64 {
    // A session hands in its counts when it ends, at the latest.
    let end = "select count(pg_terminate_backend(pid, 5000)) from pg_stat_activity
               where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'";
    let _ = sql.query(end, &[]).await;
    let query = "select deadlocks from pg_stat_database where datname = current_database()";
    sql.query_one(query, &[]).await.expect("statistics").get(0)
}

/// The value at this part of a sorted list, in milliseconds.
fn quantile(sorted_us: &[u64], part: f64) -> f64 {
    if sorted_us.is_empty() {
        return f64::NAN;
    }
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let at = ((sorted_us.len() - 1) as f64 * part).round() as usize;
    sorted_us[at] as f64 / 1_000.0
}
