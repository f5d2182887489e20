//! The whole workload under the whole nemesis.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Scene;
use super::sales::first_success;
use crate::history::Outcome;
use crate::nemesis::{self, Deed};
use crate::workload::{self, Market, Plan};

const DEEDS: [Deed; 9] = [
    Deed::KillPostgres,
    Deed::KillProgram,
    Deed::TerminateSequencer,
    Deed::FreezePostgres,
    Deed::CutDatabase,
    Deed::CutClients,
    Deed::CutOne,
    Deed::Delay,
    Deed::Refuse,
];

pub async fn trade(scene: &mut Scene) {
    let duration = scene.size(Duration::from_secs(14), Duration::from_secs(300));
    let stage = Arc::clone(&scene.stage);
    let sql = stage.connect().await;
    let mut market = Market::open(&stage, &sql, 3, &[100_000, 100_000, 100_000, 40, 40, 40]).await;
    market.coupon(&sql, "TENTH", 30).await;
    let plan = Plan { clients: 16, duration, patience: Duration::from_secs(15) };
    let until = Instant::now() + duration;
    // A planted bug is looked for without faults: it must not hide behind them.
    let nemesis = (!scene.is_planted)
        .then(|| tokio::spawn(nemesis::rage(Arc::clone(&stage), &DEEDS, Duration::from_secs(1), until)));
    workload::run(&stage, &sql, &market, plan).await;
    let mut record = nemesis::Record::default();
    if let Some(nemesis) = nemesis {
        record = nemesis.await.expect("the nemesis");
        // Freezes and slow lines come between as well: here only that work goes on at all.
        record.restarts_us.clear();
    }
    first_success(scene, &record);
    let operations = stage.history.operations();
    let count = |is: fn(&Outcome) -> bool| operations.iter().filter(|o| is(&o.outcome)).count();
    scene.figure(format!(
        "{} operations ok, {} refused, {} unknown, {} deeds",
        count(Outcome::is_ok),
        count(|o| matches!(o, Outcome::Refused { .. })),
        count(Outcome::is_unknown),
        record.deeds
    ));
    scene.check(&market).await;
}
