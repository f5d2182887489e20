//! Idempotency: one key is one effect, whoever repeats it and wherever the line is cut.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tradepost::identity::token::Role;

use super::Scene;
use crate::history::{Kind, Outcome};
use crate::nemesis;
use crate::stage::Wish;
use crate::support::dice::Dice;
use crate::support::together;
use crate::workload::Market;

/// ID-1: twenty senders of each key, at two programs. Two accounts use the same keys, and mean different orders.
pub async fn same_key(scene: &mut Scene) {
    let keys = scene.size(40, 1_000);
    let senders = 20;
    let stage = Arc::clone(&scene.stage);
    let sql = stage.connect().await;
    let market = Market::open(&stage, &sql, 2, &[1_000_000; 8]).await;
    let buyers = stage.people(&sql, "buyer", 8, Role::Buyer).await;
    let mut busy = 0;
    for round in 0..keys / 4 {
        // Four keys at a time, two of them the same key of two accounts.
        let outcomes = together(4 * senders, |i| {
            let (stage, wishes) = (Arc::clone(&stage), i / senders);
            let buyer = buyers[wishes % 2 + 2 * (wishes / 2)].at(&stage.base_of(i % 2));
            let key = format!("k{round}-{}", wishes / 2);
            let offer = &market.offers[wishes % market.offers.len()];
            let wish = Wish::order(&[(offer.variant, 1 + i64::try_from(wishes).expect("small"))], None, &key);
            async move { stage.attempt(&buyer, &wish).await }
        })
        .await;
        busy += outcomes
            .iter()
            .filter(|o| matches!(o, Outcome::Unknown { why } if why.starts_with("409")))
            .count();
        for outcome in outcomes {
            if let Outcome::Unknown { why } = outcome {
                scene.findings.expect(why.starts_with("409"), || format!("a sender was answered {why:?}"));
            }
        }
        // The key means this request; another one under it is refused.
        let other = Wish::order(&[(market.offers[0].variant, 9)], None, &format!("k{round}-0"));
        let again = buyers[0].post(&other.path, other.body.clone()).key(&other.key).await;
        scene.findings.expect(again.status == 422 && again["code"] == "core.idempotency_key_reused", || {
            format!("another request under a used key was answered {}", again.describe())
        });
    }
    let orders: i64 = sql.query_one("select count(*) from orders.orders", &[]).await.expect("orders").get(0);
    scene.findings.expect(orders == i64::from(keys), || format!("{orders} orders for {keys} keys"));
    scene.figure(format!("{keys} keys from {senders} senders each: {orders} orders, {busy} told to wait"));
    scene.check(&market).await;
}

/// ID-2: between client and program and between program and Postgres, at any byte, and between a commit and its answer.
pub async fn cuts(scene: &mut Scene) {
    let wanted = scene.size(60, 2_000);
    let stage = Arc::clone(&scene.stage);
    let sql = stage.connect().await;
    let market = Market::open(&stage, &sql, 2, &[1_000_000; 8]).await;
    let buyers = stage.people(&sql, "buyer", 8, Role::Buyer).await;
    let asked = Arc::new(AtomicU64::new(0));
    let struck = {
        let stage = Arc::clone(&stage);
        move || stage.db_proxy.struck() + stage.programs.iter().map(|p| p.proxy.struck()).sum::<u64>()
    };
    let limit = Instant::now() + Duration::from_secs(scene.size(60, 3_600));
    let tasks: Vec<_> = buyers
        .into_iter()
        .enumerate()
        .map(|(n, buyer)| {
            let (stage, market, asked, struck) =
                (Arc::clone(&stage), market.clone(), Arc::clone(&asked), struck.clone());
            tokio::spawn(async move {
                let mut dice = Dice(stage.setup.seed ^ (n as u64 + 1).wrapping_mul(0xA076_1D64_78BD_642F));
                while struck() < wanted && Instant::now() < limit {
                    let key = format!("z{n}-{}", asked.fetch_add(1, Ordering::Relaxed));
                    nemesis::arm(&stage, &mut dice);
                    let offer = dice.pick(&market.offers).variant;
                    let buyer = buyer.at(&stage.base());
                    let wish = Wish::order(&[(offer, 1)], None, &key);
                    let until = Instant::now() + Duration::from_secs(60);
                    if let Some(order) = stage.settle(&buyer, &wish, until).await.id()
                        && dice.once_in(4)
                    {
                        stage.settle(&buyer, &Wish::cancel(order, &key), until).await;
                    }
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.expect("a buyer");
    }
    stage.db_proxy.disarm();
    stage.programs.iter().for_each(|p| p.proxy.disarm());
    let cuts = struck();
    scene.findings.expect(cuts >= wanted, || format!("only {cuts} of {wanted} cuts struck"));
    let after_commit = stage.db_proxy.struck_after_commit();
    scene.findings.expect(after_commit >= wanted / 20, || {
        format!("only {after_commit} of {cuts} cuts struck between a commit and its answer")
    });
    let lost = stage.history.operations().iter().filter(|o| o.outcome.is_unknown()).count();
    scene.figure(format!(
        "{cuts} cuts, {after_commit} of them between a commit and its answer, {lost} answers lost, {} orders of {} keys",
        stage.history.count(Kind::Place, Outcome::is_ok),
        asked.load(Ordering::Relaxed)
    ));
    // Every key was repeated until it had an answer.
    let mut open: std::collections::HashMap<String, bool> = std::collections::HashMap::new();
    for operation in stage.history.operations() {
        *open.entry(operation.key).or_insert(true) &= operation.outcome.is_unknown();
    }
    for (key, _) in open.into_iter().filter(|(_, is_open)| *is_open) {
        scene.findings.add(format!("{key} never had an answer"));
    }
    scene.check(&market).await;
}
