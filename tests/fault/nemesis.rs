//! The nemesis: draws faults from the run's seed and does them, one after another.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tradepost::embedded::DbRole;

use crate::proxy::{Cut, End};
use crate::stage::Stage;
use crate::support::dice::Dice;

/// What it may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// `kill -9` of every process of Postgres, and its restart.
    KillPostgres,
    /// `kill -9` of a program, and another run of it.
    KillProgram,
    /// `pg_terminate_backend` of the connection that leads the sequencers.
    TerminateSequencer,
    /// SIGSTOP to Postgres, SIGCONT a while later.
    FreezePostgres,
    /// All connections to Postgres end.
    CutDatabase,
    /// All connections of clients to a program end.
    CutClients,
    /// Single connections are cut, at a byte or between a commit and its answer.
    CutOne,
    /// The way to Postgres is slow for a while.
    Delay,
    /// Nobody gets a new connection to Postgres for a while.
    Refuse,
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Record {
    pub deeds: usize,
    /// When Postgres accepted connections again, in microseconds of the history.
    pub restarts_us: Vec<u64>,
}

/// Works until the end; the last deed is undone when it returns.
pub async fn rage(stage: Arc<Stage>, deeds: &'static [Deed], every: Duration, until: Instant) -> Record {
    let mut dice = Dice(stage.setup.seed ^ 0x006E_656D_6573_6973);
    let mut record = Record::default();
    let mut next = Instant::now() + every;
    let mut deck: Vec<Deed> = Vec::new();
    while !deeds.is_empty() && next < until && Instant::now() < until {
        tokio::time::sleep_until(next.into()).await;
        // Dealt, not drawn: each comes once before any comes again.
        if deck.is_empty() {
            deck.extend(deeds);
        }
        let deed = deck.swap_remove(dice.below(deck.len()));
        stage.history.note(format!("nemesis: {deed:?}"));
        record.deeds += 1;
        act(&stage, deed, &mut dice, &mut record).await;
        // At this rate on the whole; what was done has some time to act.
        next = (next + every).max(Instant::now() + every / 2);
    }
    stage.db_proxy.disarm();
    for program in &stage.programs {
        program.proxy.disarm();
    }
    record
}

fn pause(dice: &mut Dice, low_ms: u64, high_ms: u64) -> Duration {
    Duration::from_millis(low_ms + dice.next() % (high_ms - low_ms))
}

async fn act(stage: &Stage, deed: Deed, dice: &mut Dice, record: &mut Record) {
    let ground = stage.setup.ground;
    match deed {
        Deed::KillPostgres => {
            ground.kill();
            let took = ground.restart().await;
            stage.history.note(format!("postgres is back after {} ms", took.as_millis()));
            record.restarts_us.push(stage.history.now_us());
        }
        Deed::KillProgram => stage.kill_program(dice.below(stage.programs.len())).await,
        Deed::TerminateSequencer => {
            let Ok(sql) = ground.try_connect(&stage.database, DbRole::Superuser).await else { return };
            let leader = "select pg_terminate_backend(pid) from pg_locks
                          where locktype = 'advisory' and pid <> pg_backend_pid()
                            and database = (select oid from pg_database where datname = current_database())";
            let _ = sql.query(leader, &[]).await;
        }
        Deed::FreezePostgres => {
            ground.freeze(true);
            tokio::time::sleep(pause(dice, 200, 1_500)).await;
            ground.freeze(false);
        }
        Deed::CutDatabase => stage.db_proxy.cut_all(end(dice)),
        Deed::CutClients => stage.programs[dice.below(stage.programs.len())].proxy.cut_all(end(dice)),
        Deed::CutOne => {
            for _ in 0..4 {
                arm(stage, dice);
            }
        }
        Deed::Delay => {
            stage.db_proxy.delay(pause(dice, 5, 100));
            tokio::time::sleep(pause(dice, 200, 800)).await;
            stage.db_proxy.delay(Duration::ZERO);
        }
        Deed::Refuse => {
            stage.db_proxy.refuse(true);
            stage.db_proxy.cut_all(End::Reset);
            tokio::time::sleep(pause(dice, 200, 1_000)).await;
            stage.db_proxy.refuse(false);
        }
    }
}

fn end(dice: &mut Dice) -> End {
    *dice.pick(&[End::Close, End::Reset])
}

/// Arms one cut somewhere between client, program and Postgres. Now and then the connection stays open and goes silent, which
/// its user learns from nothing but its own patience.
pub fn arm(stage: &Stage, dice: &mut Dice) {
    let end = if dice.once_in(24) { End::HalfOpen } else { end(dice) };
    let program = dice.below(stage.programs.len());
    match dice.below(6) {
        0 | 1 => stage.db_proxy.arm(Cut::AfterCommit, end),
        2 => stage.db_proxy.arm(Cut::AfterSync, end),
        3 => stage.db_proxy.arm(Cut::Down(dice.next() % 600), end),
        4 => stage.programs[program].proxy.arm(Cut::Up(dice.next() % 900), end),
        _ => stage.programs[program].proxy.arm(Cut::Down(dice.next() % 1_500), end),
    }
}
