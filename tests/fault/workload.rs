//! The one workload: people who order, pay, confirm, cancel, reserve, fulfil and refund, all drawn from one seed.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio_postgres::Client;
use tradepost::identity::token::Role;

use crate::history::{Kind, Outcome};
use crate::stage::{Stage, Wish};
use crate::support::dice::Dice;
use crate::support::{Person, Uuid, Value};

/// What is traded.
#[derive(Clone, Default)]
pub struct Market {
    pub sellers: Vec<Person>,
    pub admin: Option<Person>,
    pub offers: Vec<Offer>,
    /// With how often they may serve.
    pub coupons: Vec<(String, i64)>,
}

#[derive(Clone, Copy, Debug)]
pub struct Offer {
    pub variant: Uuid,
    pub seller: usize,
    pub stock: i64,
}

impl Market {
    /// Stores that each offer a thing for each number, with that many of it.
    pub async fn open(stage: &Stage, sql: &Client, sellers: usize, stocks: &[i32]) -> Self {
        let mut market = Self {
            sellers: stage.people(sql, "seller", sellers, Role::Seller).await,
            admin: stage.people(sql, "admin", 1, Role::Admin).await.pop(),
            ..Self::default()
        };
        for (n, stock) in stocks.iter().enumerate() {
            let seller = n % sellers;
            let price = 500 + 37 * i64::try_from(n).expect("few");
            let id = market.sellers[seller].seller_id;
            let variant = sql
                .query_one("select test.offer($1, $2, $3)", &[&id, &price, stock])
                .await
                .expect("an offer");
            market.offers.push(Offer { variant: variant.get(0), seller, stock: i64::from(*stock) });
        }
        market
    }

    /// A coupon for a tenth off, with this many uses.
    pub async fn coupon(&mut self, sql: &Client, code: &str, uses: i32) {
        sql.batch_execute(&format!(
            "with promotion as (
               insert into pricing.promotions
                 (promotion_id, name, type, target, percent_bp, coupon_code, starts_at, usage_limit, status, created_at, updated_at)
               values (core.new_id(), 'a coupon', 'PERCENTAGE', 'ORDER', 1000, '{code}', core.now() - interval '1 day', {uses},
                       'ACTIVE', core.now(), core.now())
               returning promotion_id, usage_limit
             )
             insert into pricing.promotion_counters (promotion_id, usage_limit)
             select promotion_id, usage_limit from promotion"
        ))
        .await
        .expect("a coupon");
        self.coupons.push((code.to_owned(), i64::from(uses)));
    }

    pub fn initial(&self, variant: Uuid) -> Option<i64> {
        self.offers.iter().find(|offer| offer.variant == variant).map(|offer| offer.stock)
    }
}

/// How many people do what until when.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    pub clients: usize,
    pub duration: Duration,
    /// How long a client repeats what has no clear answer.
    pub patience: Duration,
}

/// Everybody at work. Returns when the last one has gone.
pub async fn run(stage: &Arc<Stage>, sql: &Client, market: &Market, plan: Plan) {
    let buyers = stage.people(sql, "buyer", plan.clients, Role::Buyer).await;
    let until = Instant::now() + plan.duration;
    let tasks: Vec<_> = buyers
        .into_iter()
        .enumerate()
        .map(|(n, buyer)| {
            let (stage, market) = (Arc::clone(stage), market.clone());
            let dice = Dice(stage.setup.seed ^ (n as u64 + 1).wrapping_mul(0xA076_1D64_78BD_642F));
            tokio::spawn(async move {
                let mut shopper =
                    Shopper { stage, market, buyer, dice, n, round: 0, patience: plan.patience };
                while Instant::now() < until {
                    shopper.round += 1;
                    shopper.act().await;
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.expect("a client");
    }
}

struct Shopper {
    stage: Arc<Stage>,
    market: Market,
    buyer: Person,
    dice: Dice,
    n: usize,
    round: usize,
    patience: Duration,
}

impl Shopper {
    /// Repeats what has no clear answer; one in eight gives up at once instead, and never learns what became of it.
    async fn settle(&mut self, person: &Person, wish: &Wish) -> Outcome {
        if self.dice.once_in(8) {
            return self.stage.attempt(person, wish).await;
        }
        self.stage.settle(person, wish, Instant::now() + self.patience).await
    }

    async fn act(&mut self) {
        let key = format!("b{}-{}", self.n, self.round);
        self.buyer = self.buyer.at(&self.stage.base());
        if self.dice.once_in(5) { self.reserve(&key).await } else { self.order(&key).await }
    }

    /// A seller sets units of its own aside, then sells them, gives them back, or forgets them.
    async fn reserve(&mut self, key: &str) {
        let offer = *self.dice.pick(&self.market.offers);
        let seller = self.market.sellers[offer.seller].at(&self.stage.base());
        let lines = [(offer.variant, 1 + i64::try_from(self.dice.below(2)).expect("small"))];
        let ttl_s = if self.dice.once_in(4) { 1 } else { 600 };
        let wish = Wish::reserve(seller.seller_id, &lines, ttl_s, key);
        let Some(id) = self.settle(&seller, &wish).await.id() else { return };
        match self.dice.below(4) {
            0 | 1 => self.settle(&seller, &Wish::hold(Kind::ConfirmHold, id, key)).await,
            2 => self.settle(&seller, &Wish::hold(Kind::ReleaseHold, id, key)).await,
            _ => return,
        };
    }

    async fn order(&mut self, key: &str) {
        let mut lines: Vec<(Uuid, i64)> = Vec::new();
        for _ in 0..=self.dice.below(3) {
            let offer = self.dice.pick(&self.market.offers).variant;
            if !lines.iter().any(|(variant, _)| *variant == offer) {
                lines.push((offer, 1 + i64::try_from(self.dice.below(3)).expect("small")));
            }
        }
        let coupon =
            self.market.coupons.first().filter(|_| self.dice.once_in(6)).map(|(code, _)| code.clone());
        let buyer = self.buyer.clone();
        let placed = self.settle(&buyer, &Wish::order(&lines, coupon.as_deref(), key)).await;
        let Some(order) = placed.id() else { return };
        match self.dice.below(10) {
            0 => {} // leaves; the order expires
            1 => {
                self.settle(&buyer, &Wish::cancel(order, key)).await;
            }
            2 => {
                // another method after a declined one
                self.settle(&buyer, &Wish::pay(order, "tok_decline", &format!("{key}-declined"))).await;
                self.pay(order, "tok_success", key).await;
            }
            3 => {
                // the provider's answer is lost: the reconciler has to find out
                self.settle(&buyer, &Wish::pay(order, "tok_slow", key)).await;
            }
            4 => {
                if self.pay(order, "tok_success", key).await {
                    self.settle(&buyer, &Wish::cancel(order, key)).await;
                }
            }
            5 | 6 => {
                if self.pay(order, "tok_success", key).await {
                    self.fulfil(order, &lines, key).await;
                }
            }
            _ => {
                self.pay(order, "tok_success", key).await;
            }
        }
    }

    async fn pay(&mut self, order: Uuid, token: &str, key: &str) -> bool {
        let buyer = self.buyer.clone();
        let started = self.settle(&buyer, &Wish::pay(order, token, key)).await;
        let Outcome::Ok { text, .. } = started else { return false };
        self.settle(&buyer, &Wish::confirm(order, &text, key)).await.is_ok()
    }

    /// All sellers of the order do their part; then some of the money goes back, in two pieces.
    async fn fulfil(&mut self, order: Uuid, lines: &[(Uuid, i64)], key: &str) {
        let mut parts: Vec<usize> = lines
            .iter()
            .filter_map(|(variant, _)| self.market.offers.iter().find(|o| o.variant == *variant))
            .map(|offer| offer.seller)
            .collect();
        parts.sort_unstable();
        parts.dedup();
        for part in parts {
            let seller = self.market.sellers[part].at(&self.stage.base());
            for kind in [Kind::Accept, Kind::Ship, Kind::Deliver] {
                let wish = Wish::fulfil(kind, order, seller.seller_id, &format!("{key}-{part}"));
                self.settle(&seller, &wish).await;
            }
        }
        if self.dice.once_in(2)
            && let Some(admin) = self.market.admin.clone()
        {
            let admin = admin.at(&self.stage.base());
            for n in 0..2 {
                self.settle(&admin, &Wish::refund(order, 300, &format!("{key}-{n}"))).await;
            }
        }
    }
}

/// The member of an answer.
pub fn member(text: &str, name: &str) -> Option<Uuid> {
    serde_json::from_str::<Value>(text).ok()?[name].as_str()?.parse().ok()
}
