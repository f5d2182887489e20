//! Many hands on the same stock: exactly as many win as there are units, and a hold ends in exactly one way.

use std::time::Duration;

use crate::support::{Person, Test, Uuid, json, run, together};

async fn buyers(t: &Test, n: usize) -> Vec<Person> {
    let mut buyers = Vec::with_capacity(n);
    for i in 0..n {
        buyers.push(t.buyer(&format!("buyer{i}")).await);
    }
    buyers
}

/// All reserve one unit at the same moment; how many got it.
async fn rush(t: &Test, buyers: &[Person], seller: &Person, variant: Uuid) -> usize {
    let body = json!({ "lines": [{ "variantId": variant, "sellerId": seller.seller_id, "quantity": 1 }] });
    let answers = together(buyers.len(), |i| {
        let (buyer, body) = (buyers[i].clone(), body.clone());
        async move { buyer.post("/inventory/reserve", body).once().await }
    })
    .await;
    let won = answers.iter().filter(|a| a.status == 201).count();
    for lost in answers.into_iter().filter(|a| a.status != 201) {
        lost.problem(409, "inventory.insufficient_stock");
    }
    assert_eq!(
        t.int("select sum(reserved) from inventory.stock_levels where variant_id = $1", &[&variant]).await,
        i64::try_from(won).expect("few")
    );
    won
}

#[test]
fn two_buyers_for_the_last_unit() {
    run(async |t| {
        let sam = t.seller("sam").await;
        let buyers = buyers(&t, 2).await;
        for _ in 0..10 {
            let lamp = t.offer(&sam, 1000, 1).await;
            assert_eq!(rush(&t, &buyers, &sam, lamp).await, 1);
        }
    });
}

#[test]
fn sixty_four_buyers_for_ten_units() {
    run(async |t| {
        let sam = t.seller("sam").await;
        let buyers = buyers(&t, 64).await;
        let lamp = t.offer(&sam, 1000, 10).await;
        assert_eq!(rush(&t, &buyers, &sam, lamp).await, 10);
    });
}

#[test]
fn confirm_release_and_expire_have_one_winner() {
    run(async |t| {
        let sam = t.seller("sam").await;
        for round in 0..12 {
            let lamp = t.offer(&sam, 1000, 3).await;
            let body = json!({
                "lines": [{ "variantId": lamp, "sellerId": sam.seller_id, "quantity": 2 }], "ttlSeconds": 60
            });
            let held = sam.post("/inventory/reserve", body).once().await.expect(201).id("reservationId");
            // In every other round the clock has just run out: then only expiry may win.
            let is_over = round % 2 == 1;
            if is_over {
                t.advance(Duration::from_secs(60)).await;
            }
            let outcomes = together(3, |i| {
                let (t, sam) = (t.clone(), sam.clone());
                async move {
                    match i {
                        0 => {
                            sam.post(&format!("/inventory/confirm/{held}"), json!({})).once().await.status
                                == 200
                        }
                        1 => {
                            sam.post(&format!("/inventory/release/{held}"), json!({})).once().await.status
                                == 200
                        }
                        _ => {
                            tradepost::deadlines::sweep(&t.app().worker_pool).await.expect("the sweeper") == 1
                        }
                    }
                }
            })
            .await;
            // A sweeper passes by what others hold, so the three may have left an expired hold to the next round; and the
            // server's own may be at it still, which `for update` waits for.
            tradepost::deadlines::sweep(&t.app().worker_pool).await.expect("the sweeper");
            let lock = "select status from inventory.reservations where reservation_id = $1 for update";
            let status: String = t.one(lock, &[&held]).await;
            let won: Vec<_> = ["CONFIRMED", "RELEASED", "EXPIRED"]
                .into_iter()
                .zip(outcomes)
                .filter(|(_, won)| *won)
                .collect();
            // The server's own sweeper may have been first.
            assert!(
                won.len() <= 1 && won.first().is_none_or(|(name, _)| *name == status),
                "{won:?} but {status}"
            );
            assert!(won.len() == 1 || is_over, "nobody won: {status}");
            assert_eq!(status == "EXPIRED", is_over);
            let on_hand = t
                .int("select on_hand::bigint from inventory.stock_levels where variant_id = $1", &[&lamp])
                .await;
            assert_eq!(on_hand, if status == "CONFIRMED" { 1 } else { 3 });
        }
    });
}
