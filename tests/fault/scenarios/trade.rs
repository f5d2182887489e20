//! The whole workload under the whole nemesis.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tradepost::identity::token::Role;

use super::Scene;
use super::sales::{AMID_FAULTS_US, first_success, success_within};
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
    let duration = if scene.is_brief { Duration::from_secs(5) } else { duration };
    let stage = Arc::clone(&scene.stage);
    let sql = stage.connect().await;
    let mut market = Market::open(&stage, &sql, 3, &[100_000, 100_000, 100_000, 40, 40, 40]).await;
    market.coupon(&sql, "TENTH", 30).await;
    let plan = Plan { clients: 16, duration, patience: Duration::from_secs(15) };
    let until = Instant::now() + duration;
    // A planted bug is looked for without faults: it must not hide behind them.
    let nemesis = (!scene.is_brief)
        .then(|| tokio::spawn(nemesis::rage(Arc::clone(&stage), &DEEDS, Duration::from_secs(1), until)));
    workload::run(&stage, &sql, &market, plan).await;
    let record = match nemesis {
        Some(nemesis) => nemesis.await.expect("the nemesis"),
        None => nemesis::Record::default(),
    };
    success_within(scene, &record, AMID_FAULTS_US);
    let operations = stage.history.operations();
    let count = |is: fn(&Outcome) -> bool| operations.iter().filter(|o| is(&o.outcome)).count();
    let succeeded = count(Outcome::is_ok);
    scene.findings.expect(succeeded > 0, || "nothing succeeded".to_owned());
    scene.figure(format!(
        "{succeeded} operations ok, {} refused, {} unknown, {} deeds",
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

/// HA-3: Postgres stands still for a while. Whoever asks meanwhile is answered within two seconds, and work goes on at once
/// afterwards.
pub async fn frozen(scene: &mut Scene) {
    const CLIENTS: usize = 16;
    let lasts = scene.size(Duration::from_secs(4), Duration::from_secs(30));
    let stage = Arc::clone(&scene.stage);
    let sql = stage.connect().await;
    let market = Market::open(&stage, &sql, 2, &[1_000_000; 6]).await;
    let readers = stage.people(&sql, "reader", CLIENTS, Role::Buyer).await;
    let (work, memory_before) = (Duration::from_secs(3), stage.memory_kib().await);
    let until = Instant::now() + work + lasts + work;
    let nemesis = {
        let stage = Arc::clone(&stage);
        tokio::spawn(async move {
            tokio::time::sleep(work).await;
            stage.history.note("nemesis: postgres stands still");
            let from = stage.history.now_us();
            stage.setup.ground.freeze(true);
            tokio::time::sleep(lasts).await;
            let memory = stage.memory_kib().await;
            let to = stage.history.now_us();
            stage.setup.ground.freeze(false);
            stage.history.note("nemesis: postgres goes on");
            (from, to, memory)
        })
    };
    let reads: Vec<_> = readers
        .into_iter()
        .map(|reader| {
            let stage = Arc::clone(&stage);
            tokio::spawn(async move {
                let mut reads = Vec::new();
                while Instant::now() < until {
                    let reader = reader.at(&stage.base());
                    let began = stage.history.now_us();
                    let reply = reader.get("/orders").try_send().await;
                    reads.push((
                        began,
                        stage.history.now_us(),
                        reply.map(|r| (r.status, r.header("retry-after").to_owned())),
                    ));
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
                reads
            })
        })
        .collect();
    let plan =
        Plan { clients: CLIENTS, duration: work + lasts + work, patience: lasts + Duration::from_secs(20) };
    workload::run(&stage, &sql, &market, plan).await;
    let (from, to, memory) = nemesis.await.expect("the nemesis");
    let record = nemesis::Record { deeds: 1, restarts_us: vec![to] };
    first_success(scene, &record);

    let is_meanwhile = |began: u64, ended: u64| began < to && ended > from;
    let (mut slowest, mut refused) = (0, 0);
    for operation in stage.history.operations() {
        let ended = operation.ended_us.unwrap_or(u64::MAX);
        if is_meanwhile(operation.began_us, ended) {
            slowest = slowest.max(ended - operation.began_us);
        }
    }
    for reads in reads {
        for (began, ended, reply) in reads.await.expect("a reader") {
            if !is_meanwhile(began, ended) {
                continue;
            }
            slowest = slowest.max(ended - began);
            match reply {
                Some((200, _)) => {}
                Some((503, retry_after)) if retry_after == "1" => refused += 1,
                other => scene.findings.add(format!("a read at {} ms is answered {other:?}", began / 1_000)),
            }
        }
    }
    scene.findings.expect(refused > 0, || "no read is refused".to_owned());
    scene
        .findings
        .expect(slowest <= 2_000_000, || format!("somebody waits {} ms for an answer", slowest / 1_000));
    scene.findings.expect(memory <= memory_before + 32 * 1024, || {
        format!("the programs take {memory_before} KiB, and {memory} KiB while nobody answers")
    });
    scene.figure(format!(
        "still for {} s: {refused} reads refused, the slowest answer after {} ms, {} MiB more",
        lasts.as_secs(),
        slowest / 1_000,
        memory.saturating_sub(memory_before) / 1024
    ));
    scene.check(&market).await;
}
