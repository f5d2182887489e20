//! Prices against an independent model: exact fractions, one basket at a time, written from the text of docs/pricing.md alone.
//!
//! Each seed makes a small world (sellers, a catalogue, fees, buyers, promotions of every kind, commission rules) and many
//! baskets. The database prices all baskets of a world in one call; the model prices each; every row must be equal. Some are
//! previewed and ordered, which must cost the same, and some of the orders are given back in parts, which must close every account.
//! A failure is shrunk to the fewest promotions, rules and lines that still show it and printed with its seed.
//!
//! `TRADEPOST_BASKETS=1000000` makes a long run (`make model`), `TRADEPOST_TEST_SEED=7 TRADEPOST_BASKETS=200` repeats one world.

mod chance;
mod commissions;
mod load;
mod promotions;
mod ratio;
mod rules;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Instant;

use serde_json::Value;
use tokio_postgres::Client;

use self::chance::Town;
use self::load::{Charge, Priced, Row};
use self::promotions::Skipped;
use self::rules::{Basket, Line, Minor, World};
use crate::support::database::{Database, Template};
use crate::support::dice::Dice;
use crate::support::{Uuid, block_on};

const BASKETS: u64 = 20_000;
const BASKETS_OF_A_WORLD: usize = 200;
const PROMOTIONS_OF_A_WORLD: usize = 36;
/// How many baskets of a world are previewed and ordered, each by another buyer, and how many of those orders are given back.
const ORDERS_OF_A_WORLD: usize = 12;
const REFUNDS_OF_A_WORLD: usize = 3;

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |text| text.parse().unwrap_or_else(|_| panic!("{name}: {text}")))
}

/// All that a seed makes.
struct Case {
    seed: u64,
    town: Town,
    world: World,
    baskets: Vec<Basket>,
}

impl Case {
    fn new(seed: u64) -> Self {
        let mut dice = Dice(seed ^ 0x0BA5_4E75);
        let town = chance::town(&mut dice);
        let world = World {
            offers: town.offers.clone(),
            promotions: chance::promotions(&town, PROMOTIONS_OF_A_WORLD, &mut dice),
            rules: chance::rules(&town, &mut dice),
            floor_bp: town.floor_bp,
        };
        let mut baskets = Vec::new();
        for n in 0..BASKETS_OF_A_WORLD {
            let mut buyer = town.buyers[n % town.buyers.len()].clone();
            buyer.orders = dice.between(0, 4);
            let buyer = (!dice.once_in(10)).then_some(&buyer);
            baskets.push(chance::basket(&town, &world.promotions, buyer, &mut dice));
        }
        Self { seed, town, world, baskets }
    }
}

/// What the model expects, as the database would tell it, and which promotions it skipped.
fn expected(world: &World, basket: &Basket, town: &Town) -> (Priced, Vec<(Uuid, Skipped)>) {
    let outcome = promotions::price(world, basket, town.now);
    let shares: Vec<Row> = outcome
        .shares
        .iter()
        .map(|share| Row {
            promotion: share.promotion,
            seller: share.seller,
            line_no: share.line_no,
            target: share.target.name().to_owned(),
            base: share.base,
            amount: share.amount,
            exact_millionths: share.exact.millionths(),
            seller_pays: share.seller_pays,
        })
        .collect();
    let gifts = outcome.gifts.iter().map(|gift| Line {
        line_no: gift.line_no,
        offer: gift.offer.clone(),
        quantity: gift.quantity,
    });
    let mut charges = Vec::new();
    for line in basket.lines.iter().cloned().chain(gifts) {
        let (net, borne) = (outcome.left[&line.line_no], borne(&shares, |s| s.line_no == Some(line.line_no)));
        let charge = commissions::on_line(&world.rules, &line, basket.currency, net, borne, town.now);
        charges.extend(charge.map(|c| of(Some(line.line_no), line.offer.seller, c)));
    }
    for (seller, fee) in basket.fees.iter().filter(|(_, fee)| *fee > 0) {
        let (net, borne) =
            (outcome.fees_left[seller], borne(&shares, |s| s.line_no.is_none() && s.seller == *seller));
        let charge = commissions::on_shipping(&world.rules, *seller, basket.currency, net, borne, town.now);
        charges.extend(charge.map(|c| of(None, *seller, c)));
        debug_assert!(net <= *fee);
    }
    charges.sort();
    (Priced { shares, charges }, outcome.skipped)
}

/// What the platform bears of these shares.
fn borne(shares: &[Row], of: impl Fn(&Row) -> bool) -> Minor {
    shares.iter().filter(|s| of(s)).map(|s| s.amount - s.seller_pays).sum()
}

fn of(line_no: Option<Minor>, seller: Uuid, c: commissions::Commission) -> Charge {
    Charge { line_no, seller, rule: c.rule, base: c.base, amount: c.amount, vat: c.vat }
}

/// What must hold of any answer, whatever the model says.
fn broken_law(basket: &Basket, priced: &Priced) -> Option<String> {
    let mut lines: BTreeMap<Minor, Minor> = basket.lines.iter().map(|l| (l.line_no, l.gross())).collect();
    let mut fees: BTreeMap<_, _> = basket.fees.iter().copied().collect();
    for row in &priced.shares {
        if row.amount <= 0 || row.seller_pays < 0 || row.seller_pays > row.amount {
            return Some(format!("an amount out of its bounds: {row:?}"));
        }
        if (row.amount * 1_000_000 - row.exact_millionths).abs() >= 1_000_000 {
            return Some(format!("a share one minor unit or more from exact: {row:?}"));
        }
        let left = match row.line_no {
            Some(line_no) => lines.entry(line_no).or_insert(row.base), // a gift's line is worth its base
            None => fees.entry(row.seller).or_insert(0),
        };
        *left -= row.amount;
        if *left < 0 {
            return Some(format!("less than nothing is left: {row:?}"));
        }
    }
    for charge in &priced.charges {
        let left = match charge.line_no {
            Some(line_no) => lines[&line_no] + borne(&priced.shares, |s| s.line_no == Some(line_no)),
            None => {
                fees[&charge.seller]
                    + borne(&priced.shares, |s| s.line_no.is_none() && s.seller == charge.seller)
            }
        };
        if charge.amount < 0 || charge.vat < 0 || charge.amount > left {
            return Some(format!("a commission out of its bounds: {charge:?}, of {left}"));
        }
    }
    None
}

async fn load(sql: &Client, town: &Town, world: &World) {
    sql.batch_execute("begin").await.expect("begin");
    load::town(sql, town).await;
    load::promotions(sql, &world.promotions).await;
    load::rules(sql, &world.rules).await;
}

/// What differs between the database and the model about one basket; when nothing does, why promotions were skipped.
fn difference(town: &Town, world: &World, basket: &Basket, priced: &Priced) -> Result<Vec<Skipped>, String> {
    if let Some(broken) = broken_law(basket, priced) {
        return Err(broken);
    }
    let (expected, skipped) = expected(world, basket, town);
    let mut priced = priced.clone();
    priced.charges.sort();
    if expected == priced {
        return Ok(skipped.into_iter().map(|(_, reason)| reason).collect());
    }
    let mut text = String::new();
    for (who, what) in [("the model expects", &expected), ("the database has", &priced)] {
        let _ = writeln!(text, "{who}");
        for row in &what.shares {
            let _ = writeln!(text, "  {row:?}");
        }
        for charge in &what.charges {
            let _ = writeln!(text, "  {charge:?}");
        }
    }
    let _ = writeln!(text, "the model skipped {skipped:?}");
    Err(text)
}

/// The same for a basket on its own, in a world of its own.
async fn alone(sql: &Client, town: &Town, world: &World, basket: &Basket) -> Option<String> {
    load(sql, town, world).await;
    let found = match load::price(sql, std::slice::from_ref(basket)).await {
        Ok(priced) => difference(town, world, basket, &priced[0]).err(),
        Err(error) => Some(format!("{error:?}")),
    };
    sql.batch_execute("rollback").await.expect("rollback");
    found
}

/// The fewest promotions, rules and lines that still show a difference.
async fn shrink(sql: &Client, case: &Case, basket: &Basket, first: String) -> String {
    let town = &case.town;
    let (mut world, mut basket, mut found) = (case.world.clone(), basket.clone(), first);
    for of in 0..2 {
        let mut n = 0;
        while n < [world.promotions.len(), world.rules.len()][of] {
            let mut fewer = world.clone();
            if of == 0 {
                fewer.promotions.remove(n);
            } else {
                fewer.rules.remove(n);
            }
            match alone(sql, town, &fewer, &basket).await {
                Some(still) => (world, found) = (fewer, still),
                None => n += 1,
            }
        }
    }
    let mut n = 0;
    while n < basket.lines.len() && basket.lines.len() > 1 {
        let mut fewer = basket.clone();
        fewer.lines.remove(n);
        for (line_no, line) in (1..).zip(&mut fewer.lines) {
            line.line_no = line_no;
        }
        fewer.fees = chance::fees(town, fewer.currency, &fewer.lines);
        match alone(sql, town, &world, &fewer).await {
            Some(still) => (basket, found) = (fewer, still),
            None => n += 1,
        }
    }
    let mut text = format!("{found}\nthe basket: {}\n", load::basket(&basket));
    for line in &basket.lines {
        let _ = writeln!(
            text,
            "  line {}: {} × {} of {:?}",
            line.line_no, line.quantity, line.offer.price, line.offer
        );
    }
    let (fees, floor, now) = (&basket.fees, town.floor_bp, town.now);
    let _ = writeln!(text, "fees: {fees:?}, the marketplace's floor: {floor} bp, at {now:?}");
    for promotion in &world.promotions {
        let (id, owner) = (promotion.id, promotion.seller);
        let _ = writeln!(
            text,
            "promotion {id} of {owner:?}, {}: {}",
            promotion.status,
            load::document(promotion)
        );
    }
    for rule in &world.rules {
        let _ = writeln!(text, "{rule:?}");
    }
    text
}

/// Fails with everything that is needed to see a difference again.
async fn fail(sql: &Client, case: &Case, basket: &Basket, found: String) -> ! {
    sql.batch_execute("rollback").await.expect("rollback");
    let text = shrink(sql, case, basket, found).await;
    panic!("{}", again(case.seed, &text));
}

fn again(seed: u64, text: &str) -> String {
    format!(
        "seed {seed}: {text}\nagain: TRADEPOST_TEST_SEED={seed} TRADEPOST_BASKETS={BASKETS_OF_A_WORLD} make model"
    )
}

/// Baskets that can be ordered: by a buyer who has not bought yet, to an address, with coupons that are worth something.
fn orders(case: &Case) -> Vec<Basket> {
    let with_buyer = case.baskets.iter().take(case.town.buyers.len()).filter(|b| b.buyer.is_some());
    with_buyer
        .take(ORDERS_OF_A_WORLD)
        .map(|basket| {
            let mut basket = basket.clone();
            basket.buyer.as_mut().expect("a buyer").orders = 0;
            basket.country = basket.country.or(Some("US"));
            // A condition may ask that a coupon was given or was not, so that dropping one can make others useless.
            loop {
                let usable = promotions::usable_coupons(&case.world, &basket, case.town.now);
                let all = basket.coupons.len();
                basket.coupons.retain(|code| usable.contains(code));
                if basket.coupons.len() == all {
                    return basket;
                }
            }
        })
        .collect()
}

/// Preview, order and model must agree.
fn order_difference(case: &Case, basket: &Basket, bought: &load::Bought) -> Result<(), String> {
    let (preview, order) = (&bought.preview, &bought.order);
    if !order["problem_code"].is_null() {
        return Err(format!("an order was refused: {order}\npreview: {preview}\n{}", load::basket(basket)));
    }
    for total in ["subtotal_minor", "discount_minor", "shipping_minor", "total_minor"] {
        if preview[total] != order[total] {
            return Err(format!(
                "{total} of the preview and of the order: {} and {}",
                preview[total], order[total]
            ));
        }
    }
    let mut previewed: Vec<_> = preview["adjustments"]
        .as_array()
        .expect("adjustments")
        .iter()
        .map(|a| {
            let (promotion, seller) = (a["promotionId"].as_str(), a["sellerId"].as_str());
            let amount = a["amount"]["amountMinor"].as_i64(); // who pays is not shown to buyers
            let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
            (text(promotion), text(seller), a["lineNo"].as_i64().map(Minor::from), amount.map(Minor::from))
        })
        .collect();
    let mut ordered: Vec<_> = bought
        .priced
        .shares
        .iter()
        .map(|s| (s.promotion.to_string(), s.seller.to_string(), s.line_no, Some(s.amount)))
        .collect();
    previewed.sort();
    ordered.sort();
    if previewed != ordered {
        return Err(format!("shares of the preview\n  {previewed:?}\nand of the order\n  {ordered:?}"));
    }
    // Rows of an order stand by seller; the model's in the order of acting.
    let (expected, _) = expected(&case.world, basket, &case.town);
    let mut priced = bought.priced.clone();
    let turn = |row: &Row| expected.shares.iter().position(|s| s.promotion == row.promotion);
    priced.shares.sort_by_key(|row| (turn(row), row.line_no.is_none(), row.line_no, row.seller));
    difference(&case.town, &case.world, basket, &priced).map(drop)
}

/// Places orders, and gives some of them back in random parts.
async fn check_orders(sql: &Client, case: &Case, tally: &mut Tally) -> Result<(), String> {
    let baskets = orders(case);
    let bought = load::buy(sql, &baskets).await.map_err(|e| format!("{e:?}"))?;
    let mut dice = Dice(case.seed);
    let mut refunds = 0;
    for (basket, bought) in baskets.iter().zip(&bought) {
        order_difference(case, basket, bought).map_err(|found| {
            let mut text = format!("{found}\nthe basket: {}\n", load::basket(basket));
            for share in &bought.priced.shares {
                let promotion = case.world.promotions.iter().find(|p| p.id == share.promotion);
                let _ = writeln!(text, "{share:?}: {}", promotion.map_or(Value::Null, load::document));
            }
            text + &format!("the preview: {}", bought.preview)
        })?;
        tally.count("orders as their preview");
        let total = bought.order["total_minor"].as_i64().expect("a total");
        if total == 0 || refunds == REFUNDS_OF_A_WORLD {
            continue;
        }
        refunds += 1;
        let (mut parts, mut left) = (Vec::new(), Minor::from(total));
        while left > 0 {
            let part = if parts.len() == 4 { left } else { dice.between(1, left) };
            parts.push(i64::try_from(part).expect("64 bits"));
            left -= part;
        }
        let id = bought.order["order_id"].as_str().and_then(|id| id.parse().ok()).expect("an order");
        let open = load::refund(sql, id, &parts).await.map_err(|e| format!("refunds {parts:?}: {e:?}"))?;
        if !open.is_empty() {
            return Err(format!("after refunds of {parts:?} are not closed: {open}"));
        }
        tally.count("orders given back in parts");
    }
    Ok(())
}

/// How often things happened.
#[derive(Default)]
struct Tally(BTreeMap<String, u64>);

impl Tally {
    fn count(&mut self, what: impl Into<String>) {
        *self.0.entry(what.into()).or_insert(0) += 1;
    }

    fn basket(&mut self, case: &Case, priced: &Priced, skipped: &[Skipped]) {
        self.count(if priced.shares.is_empty() {
            "baskets without a discount"
        } else {
            "baskets with a discount"
        });
        for reason in skipped {
            self.count(format!("skipped: {reason:?}"));
        }
        for row in &priced.shares {
            let promotion =
                case.world.promotions.iter().find(|p| p.id == row.promotion).expect("one of them");
            let document = load::document(promotion);
            self.count(format!(
                "shares: {} on {}",
                document["type"].as_str().unwrap_or_default(),
                row.target
            ));
        }
        for charge in &priced.charges {
            self.count(if charge.line_no.is_some() {
                "commissions on lines"
            } else {
                "commissions on shipping"
            });
        }
    }
}

#[test]
fn prices_are_what_the_model_says() {
    block_on(async {
        let (first, baskets) = (number("TRADEPOST_TEST_SEED", 1), number("TRADEPOST_BASKETS", BASKETS));
        let worlds = baskets.div_ceil(BASKETS_OF_A_WORLD as u64);
        let database = Database::create(Template::Migrated).await;
        let sql = database.connect().await;
        sql.batch_execute(load::FUNCTIONS).await.expect("functions of the test");
        let (started, mut tally, mut in_database) = (Instant::now(), Tally::default(), 0.0);
        for seed in first..first + worlds {
            let case = Case::new(seed);
            load(&sql, &case.town, &case.world).await;
            let asked = Instant::now();
            let answers =
                load::price(&sql, &case.baskets).await.unwrap_or_else(|e| panic!("seed {seed}: {e:?}"));
            in_database += asked.elapsed().as_secs_f64();
            for (basket, priced) in case.baskets.iter().zip(&answers) {
                match difference(&case.town, &case.world, basket, priced) {
                    Ok(skipped) => tally.basket(&case, priced, &skipped),
                    Err(found) => fail(&sql, &case, basket, found).await,
                }
            }
            // A basket on its own costs what it costs among others.
            for n in [1, 7, 31].map(|step| usize::try_from(seed * step).expect("small") % case.baskets.len())
            {
                let single = load::price(&sql, &case.baskets[n..=n]).await.expect("a price");
                assert_eq!(single[0], answers[n], "seed {seed}: basket {n} alone, and in the batch");
            }
            if let Err(found) = check_orders(&sql, &case, &mut tally).await {
                panic!("{}", again(seed, &found));
            }
            sql.batch_execute("rollback").await.expect("rollback");
        }
        println!(
            "{} baskets in {:.1?}, {in_database:.1} s of it in the database",
            worlds * BASKETS_OF_A_WORLD as u64,
            started.elapsed()
        );
        for (what, count) in &tally.0 {
            println!("  {what}: {count}");
        }
        // A generator that makes nothing happen would prove nothing.
        let kinds =
            tally.0.iter().filter(|(what, count)| what.starts_with("shares: ") && **count >= 100).count();
        assert!(
            baskets < BASKETS || kinds == 16,
            "every type of promotion with every target acts often: {:?}",
            tally.0
        );
        drop(sql);
        database.drop().await;
    });
}
