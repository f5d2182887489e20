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
    let duration = if scene.is_planted { Duration::from_secs(5) } else { duration };
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

/// Postgres on a small file system that is filled and emptied again. Needs root, who may mount one.
pub async fn full_disk(scene: &mut Scene) {
    let rounds = scene.size(1, 20);
    let stage = Arc::clone(&scene.stage);
    let ground = stage.setup.ground;
    if !ground.is_small() {
        scene.figure("skipped: only root can mount a small file system");
        println!("full_disk is skipped: only root can mount a small file system");
        return;
    }
    let sql = stage.connect().await;
    let market = Market::open(&stage, &sql, 2, &[1_000_000; 6]).await;
    drop(sql);
    let duration = Duration::from_secs(8) * rounds;
    let nemesis = {
        let stage = Arc::clone(&stage);
        tokio::spawn(async move {
            let mut record = nemesis::Record::default();
            for _ in 0..rounds {
                tokio::time::sleep(Duration::from_secs(2)).await;
                stage.history.note("nemesis: the disk is full");
                ground.fill();
                tokio::time::sleep(Duration::from_secs(3)).await;
                ground.empty();
                stage.history.note("nemesis: the disk has space again");
                if !ground.is_alive() {
                    stage.history.note("postgres has ended and is started again");
                    ground.kill();
                    ground.restart().await;
                }
                record.deeds += 1;
                record.restarts_us.push(stage.history.now_us());
                tokio::time::sleep(Duration::from_secs(2)).await;
            }
            record
        })
    };
    let plan = Plan { clients: 8, duration, patience: Duration::from_secs(15) };
    let sql = stage.connect().await;
    workload::run(&stage, &sql, &market, plan).await;
    let record = nemesis.await.expect("the nemesis");
    first_success(scene, &record);
    let operations = stage.history.operations();
    scene.figure(format!(
        "full {} times, {} operations ok, {} unknown",
        record.deeds,
        operations.iter().filter(|o| o.outcome.is_ok()).count(),
        operations.iter().filter(|o| o.outcome.is_unknown()).count()
    ));
    scene.check(&market).await;
}
