//! Worlds, promotions and baskets made by dice: small, so that things meet, and mostly such that something happens.

use serde_json::{Value, json};

use super::commissions::Rule;
use super::rules::{
    Basket, Benefit, Buyer, Class, Component, Filter, Funding, Group, Line, Minor, Moment, Node, Offer,
    Promotion, Target, Tier, Type,
};
use crate::support::Uuid;
use crate::support::dice::Dice;

pub const GROUPS: [&str; 3] = ["vip", "staff", "fresh"];
pub const COUNTRIES: [&str; 3] = ["DE", "US", "JP"];

/// Kinds of things that have ids.
#[derive(Clone, Copy)]
pub enum Kind {
    Seller = 1,
    User,
    Category,
    Product,
    Variant,
    Promotion,
    Rule,
    Attribute,
}

/// Ids that a seed repeats, and that sort in the order of their numbers.
pub fn id(kind: Kind, n: usize) -> Uuid {
    Uuid::from_u128(0x0000_0000_0000_7000_8000_0000_0000_0000 | ((kind as u128) << 32) | (n as u128 + 1))
}

/// What a world is made of besides its promotions.
#[derive(Clone, Debug)]
pub struct Town {
    pub now: Moment,
    pub sellers: Vec<Uuid>,
    /// Each with its path from the root.
    pub categories: Vec<(Uuid, Vec<Uuid>)>,
    pub products: Vec<Product>,
    pub offers: Vec<Offer>,
    pub buyers: Vec<Buyer>,
    pub rates: Vec<Rate>,
    pub floor_bp: Minor,
}

#[derive(Clone, Debug)]
pub struct Product {
    pub id: Uuid,
    pub seller: Uuid,
    pub category: Uuid,
    pub attributes: Value,
    /// Each with its axis values.
    pub variants: Vec<(Uuid, Value)>,
}

/// A seller's flat shipping fee.
#[derive(Clone, Copy, Debug)]
pub struct Rate {
    pub seller: Uuid,
    pub currency: &'static str,
    pub fee: Minor,
    pub free_from: Option<Minor>,
}

pub fn town(dice: &mut Dice) -> Town {
    let sellers: Vec<Uuid> = (0..3).map(|n| id(Kind::Seller, n)).collect();
    // two trees: 0 ─ 1 ─ 2, 0 ─ 3, and 4 ─ 5
    let parents = [None, Some(0), Some(1), Some(0), None, Some(4)];
    let mut categories: Vec<(Uuid, Vec<Uuid>)> = Vec::new();
    for (n, parent) in parents.into_iter().enumerate() {
        let own = id(Kind::Category, n);
        let above = parent.map(|p: usize| categories[p].1.clone()).unwrap_or_default();
        categories.push((own, [above, vec![own]].concat()));
    }
    let (mut products, mut offers) = (Vec::new(), Vec::new());
    for n in 0..9 {
        let (category, path) = dice.pick(&categories).clone();
        let material = *dice.pick(&["wool", "cotton", "steel"]);
        let organic = dice.once_in(2);
        let mut product = Product {
            id: id(Kind::Product, n),
            seller: *dice.pick(&sellers),
            category,
            attributes: json!({ "material": material, "organic": organic, "watts": 10 + n }),
            variants: Vec::new(),
        };
        for v in 0..=dice.below(2) {
            let variant = id(Kind::Variant, n * 10 + v);
            let color = ["red", "blue"][v];
            product.variants.push((variant, json!({ "color": color })));
            let currency = if dice.once_in(5) { "EUR" } else { "USD" };
            for seller in dice.some(&sellers, 4) {
                offers.push(Offer {
                    seller,
                    variant,
                    product: product.id,
                    path: path.clone(),
                    attributes: vec![
                        ("material", json!(material)),
                        ("organic", json!(organic)),
                        ("watts", json!(10 + n)),
                        ("color", json!(color)),
                    ],
                    price: a_price(dice),
                    currency,
                });
            }
        }
        products.push(product);
    }
    let buyers = (0..24)
        .map(|n| Buyer {
            id: id(Kind::User, n),
            groups: GROUPS.into_iter().filter(|_| dice.once_in(3)).collect(),
            orders: 0,
        })
        .collect();
    let mut rates = Vec::new();
    for &seller in &sellers {
        for currency in ["USD", "EUR"] {
            if !dice.once_in(4) {
                let free_from = dice.once_in(3).then(|| dice.between(500, 5000));
                rates.push(Rate {
                    seller,
                    currency,
                    fee: *dice.pick(&[0, 1, 333, 490, 500, 1999]),
                    free_from,
                });
            }
        }
    }
    let floor_bp = if dice.once_in(4) { *dice.pick(&[1, 1000, 3333, 9000]) } else { 0 };
    // Within two years from 2026, at any minute of the day.
    let now = Moment { epoch: 1_767_225_600 + dice.between(0, 2 * 365 * 24 * 60) * 60 };
    Town { now, sellers, categories, products, offers, buyers, rates, floor_bp }
}

fn a_price(dice: &mut Dice) -> Minor {
    match dice.below(10) {
        0 => dice.between(1, 20),
        1 | 2 => *dice.pick(&[99, 100, 333, 334, 999, 1000, 1999]),
        3 => dice.between(100_000, 10_000_000),
        4 if dice.once_in(10) => dice.between(1_000_000_000, 9_000_000_000),
        _ => dice.between(50, 5000),
    }
}

// --- baskets ---------------------------------------------------------------------------------------------------------

pub fn basket(town: &Town, promotions: &[Promotion], buyer: Option<&Buyer>, dice: &mut Dice) -> Basket {
    let currency = if dice.once_in(5) { "EUR" } else { "USD" };
    let on_sale: Vec<&Offer> = town.offers.iter().filter(|o| o.currency == currency).collect();
    let (currency, on_sale) = if on_sale.is_empty() {
        ("USD", town.offers.iter().filter(|o| o.currency == "USD").collect())
    } else {
        (currency, on_sale)
    };
    let count = 1 + dice.below(5);
    let mut lines: Vec<Line> = Vec::new();
    for offer in (0..count).map(|_| *dice.pick(&on_sale)).collect::<Vec<_>>() {
        let quantity = if dice.once_in(12) { dice.between(6, 40) } else { dice.between(1, 4) };
        let line_no = Minor::try_from(lines.len()).expect("few") + 1;
        lines.push(Line { line_no, offer: offer.clone(), quantity });
    }
    let all_codes: Vec<String> = promotions.iter().filter_map(|p| p.coupon.clone()).collect();
    let mut coupons: Vec<String> = Vec::new();
    while coupons.len() < 8 && !all_codes.is_empty() && !dice.once_in(5) {
        coupons.push(dice.pick(&all_codes).clone());
    }
    coupons.sort();
    coupons.dedup();
    let country = (!dice.once_in(6)).then(|| *dice.pick(&COUNTRIES));
    let fees = fees(town, currency, &lines);
    Basket { buyer: buyer.cloned(), currency, coupons, country, lines, fees }
}

/// The flat fee of each seller in the basket, waived from a subtotal on.
pub fn fees(town: &Town, currency: &str, lines: &[Line]) -> Vec<(Uuid, Minor)> {
    let mut fees = Vec::new();
    for &seller in &town.sellers {
        let own: Vec<&Line> = lines.iter().filter(|l| l.offer.seller == seller).collect();
        if own.is_empty() {
            continue;
        }
        let subtotal: Minor = own.iter().map(|l| l.gross()).sum();
        let rate = town.rates.iter().find(|r| r.seller == seller && r.currency == currency);
        let fee = rate.map_or(0, |r| if r.free_from.is_some_and(|f| subtotal >= f) { 0 } else { r.fee });
        fees.push((seller, fee));
    }
    fees
}

// --- promotions ------------------------------------------------------------------------------------------------------

/// Some are automatic, most by coupon, so that each basket meets others.
pub fn promotions(town: &Town, count: usize, dice: &mut Dice) -> Vec<Promotion> {
    (0..count).map(|n| promotion(town, n, dice)).collect()
}

fn promotion(town: &Town, n: usize, dice: &mut Dice) -> Promotion {
    let (kind, target) = kind_and_target(town, dice);
    let is_gift = matches!(kind, Type::Gift { .. });
    let seller = dice.once_in(4).then(|| *dice.pick(&town.sellers));
    let kind = match kind {
        // A seller gives away what is theirs.
        Type::Gift { variant, quantity, .. } if seller.is_some() => Type::Gift { variant, seller, quantity },
        kind => kind,
    };
    let units = (target == Target::Units).then(|| (dice.between(1, 4), dice.once_in(2)));
    let mut filter = Filter::default();
    if seller.is_none() && dice.once_in(6) {
        filter.sellers = Some(dice.some(&town.sellers, 2));
    }
    if dice.once_in(5) {
        filter.categories = Some(some_categories(town, dice));
    }
    if dice.once_in(10) {
        filter.products = Some(some_products(town, dice, 2));
    }
    if dice.once_in(14) {
        filter.variants = Some(some_variants(town, dice, 2));
    }
    let max_order = (!is_gift && dice.once_in(6)).then(|| dice.between(1, 2000));
    let max_line = (!is_gift && dice.once_in(8)).then(|| dice.between(1, 1000));
    let funding = match (seller.is_some(), dice.below(4)) {
        (true, _) | (_, 0) => Funding::Seller,
        (_, 1) => Funding::Platform,
        _ => Funding::Shared {
            seller_bp: dice.between(0, 10_000),
            platform_cap: dice.once_in(2).then(|| dice.between(0, 800)),
        },
    };
    // The policy of a seller's own promotion has no say over others.
    let is_platform = seller.is_none();
    // The mode of a group goes with its code.
    let group = (is_platform && dice.once_in(4)).then(|| {
        let (code, is_best) = *dice.pick(&[("first-a", false), ("best-a", true), ("best-b", true)]);
        Group { code, is_best }
    });
    let combines_with = if is_platform && dice.once_in(4) {
        [Class::Order, Class::Line, Class::Shipping].into_iter().filter(|_| dice.once_in(2)).collect()
    } else {
        vec![Class::Order, Class::Line, Class::Shipping]
    };
    let now = town.now.epoch;
    let in_future = dice.once_in(20);
    Promotion {
        id: id(Kind::Promotion, n),
        seller,
        target,
        units,
        filter,
        line_condition: dice.once_in(5).then(|| line_condition(town, dice, 3)),
        condition: dice.once_in(4).then(|| condition(town, dice, 3)),
        min_subtotal: dice.once_in(6).then(|| dice.between(1, 8000)),
        min_quantity: dice.once_in(8).then(|| dice.between(1, 6)),
        currency: Some(if dice.once_in(8) { "EUR" } else { "USD" }),
        coupon: (!dice.once_in(5)).then(|| format!("CODE-{n}")),
        starts: if in_future { now + 1 } else { now - if dice.once_in(9) { 0 } else { 86_400 } },
        ends: match dice.below(16) {
            0 if !in_future => Some(now),
            1 | 2 => Some(now + 2),
            _ => None,
        }
        .filter(|ends| !in_future || *ends > now + 1),
        status: match dice.below(24) {
            0 => "PAUSED",
            1 => "DRAFT",
            2 => "ENDED",
            3..=5 => "SCHEDULED",
            _ => "ACTIVE",
        },
        priority: dice.between(0, 5),
        is_original: dice.once_in(3),
        is_exclusive: is_platform && dice.once_in(15),
        stops_further: is_platform && dice.once_in(12),
        group,
        combines_with,
        max_order,
        max_line,
        floor_bp: if !is_gift && dice.once_in(6) { dice.between(0, 10_000) } else { 0 },
        funding,
        kind,
    }
    .without_needless_currency(dice)
}

impl Promotion {
    /// One without any amount of money may do without a currency.
    fn without_needless_currency(mut self, dice: &mut Dice) -> Self {
        let amounts = [self.min_subtotal, self.max_order, self.max_line].iter().any(Option::is_some)
            || matches!(self.funding, Funding::Shared { platform_cap: Some(_), .. })
            || match &self.kind {
                Type::Percentage(_) | Type::BuyXGetY { .. } | Type::FreeShipping | Type::Gift { .. } => false,
                Type::FixedAmount(_) | Type::FixedPrice(_) | Type::Bundle { .. } => true,
                Type::Tiered { by_spend, tiers } => {
                    *by_spend || tiers.iter().any(|t| matches!(t.gives, Benefit::Amount(_)))
                }
            };
        if !amounts && !dice.once_in(3) {
            self.currency = None;
        }
        // Starting now and ending now is no window.
        self.ends = self.ends.filter(|ends| *ends > self.starts);
        self
    }
}

fn kind_and_target(town: &Town, dice: &mut Dice) -> (Type, Target) {
    let any = [Target::Order, Target::Lines, Target::Units, Target::Shipping];
    let percent = |dice: &mut Dice| match dice.below(5) {
        0 => 10_000,
        1 => *dice.pick(&[1, 333, 1250, 3333, 5000, 9999]),
        _ => dice.between(1, 4000),
    };
    let small =
        |dice: &mut Dice| if dice.once_in(6) { dice.between(1, 20_000) } else { dice.between(1, 800) };
    match dice.below(16) {
        0..=3 => (Type::Percentage(percent(dice)), *dice.pick(&any)),
        4..=6 => (Type::FixedAmount(small(dice)), *dice.pick(&any)),
        7 | 8 => (Type::FixedPrice(dice.between(0, 900)), *dice.pick(&[Target::Lines, Target::Units])),
        9 | 10 => {
            let (buy, get) = (dice.between(1, 3), dice.between(1, 2));
            (Type::BuyXGetY { buy, get, percent: percent(dice) }, Target::Lines)
        }
        11 | 12 => {
            let by_spend = dice.once_in(2);
            let (mut from, mut tiers) = (0, Vec::new());
            for _ in 0..=dice.below(3) {
                from += if by_spend { dice.between(1, 3000) } else { dice.between(1, 4) };
                let gives = if dice.once_in(2) {
                    Benefit::Percent(percent(dice))
                } else {
                    Benefit::Amount(small(dice))
                };
                tiers.push(Tier { from, gives });
            }
            (Type::Tiered { by_spend, tiers }, *dice.pick(&[Target::Order, Target::Lines]))
        }
        13 => {
            let components = (0..2 + dice.below(2))
                .map(|_| Component { quantity: dice.between(1, 2), filter: component_filter(town, dice) })
                .collect();
            (Type::Bundle { price: dice.between(0, 3000), components }, Target::Lines)
        }
        14 => (Type::FreeShipping, Target::Shipping),
        _ => {
            let offer = dice.pick(&town.offers);
            let seller = dice.once_in(2).then_some(offer.seller);
            (Type::Gift { variant: offer.variant, seller, quantity: dice.between(1, 2) }, Target::Lines)
        }
    }
}

fn component_filter(town: &Town, dice: &mut Dice) -> Filter {
    let mut filter = Filter::default();
    match dice.below(5) {
        0 => filter.products = Some(some_products(town, dice, 2)),
        1 => filter.variants = Some(some_variants(town, dice, 2)),
        2 => {
            filter.categories = Some(some_categories(town, dice));
            filter.products = Some(some_products(town, dice, 2));
        }
        _ => filter.categories = Some(some_categories(town, dice)),
    }
    filter
}

fn some_categories(town: &Town, dice: &mut Dice) -> Vec<Uuid> {
    let all: Vec<Uuid> = town.categories.iter().map(|(id, _)| *id).collect();
    dice.some(&all, 3)
}

fn some_products(town: &Town, dice: &mut Dice, n: usize) -> Vec<Uuid> {
    let all: Vec<Uuid> = town.products.iter().map(|p| p.id).collect();
    dice.some(&all, n)
}

fn some_variants(town: &Town, dice: &mut Dice, n: usize) -> Vec<Uuid> {
    let all: Vec<Uuid> = town.products.iter().flat_map(|p| p.variants.iter().map(|(id, _)| *id)).collect();
    dice.some(&all, n)
}

// --- conditions ------------------------------------------------------------------------------------------------------

fn bounds(dice: &mut Dice, least: Minor, most: Minor) -> (Option<Minor>, Option<Minor>) {
    let (one, other) = (dice.between(least, most), dice.between(least, most));
    match dice.below(3) {
        0 => (Some(one), None),
        1 => (None, Some(one)),
        _ => (Some(one.min(other)), Some(one.max(other))),
    }
}

fn branch(dice: &mut Dice, depth: usize, mut leaf: impl FnMut(&mut Dice, usize) -> Node) -> Option<Node> {
    if depth == 0 || dice.once_in(2) {
        return None;
    }
    Some(match dice.below(3) {
        0 => Node::Not(Box::new(leaf(dice, depth - 1))),
        n => {
            let nodes = (0..=dice.below(3)).map(|_| leaf(dice, depth - 1)).collect();
            if n == 1 { Node::All(nodes) } else { Node::Any(nodes) }
        }
    })
}

fn line_condition(town: &Town, dice: &mut Dice, depth: usize) -> Node {
    if let Some(node) = branch(dice, depth, |dice, depth| line_condition(town, dice, depth)) {
        return node;
    }
    if dice.once_in(4) {
        let (min, max) = bounds(dice, 0, 3000);
        return Node::UnitPrice(min, max);
    }
    leaf_of_both(town, dice)
}

fn condition(town: &Town, dice: &mut Dice, depth: usize) -> Node {
    if let Some(node) = branch(dice, depth, |dice, depth| condition(town, dice, depth)) {
        return node;
    }
    match dice.below(14) {
        0 | 1 => {
            let (min, max) = bounds(dice, 0, 10_000);
            Node::Subtotal(min, max)
        }
        2 => {
            let (min, max) = bounds(dice, 1, 10);
            Node::Quantity(min, max)
        }
        3 => Node::Currency(dice.some(&["USD", "EUR"], 2)),
        4 => Node::Segment(dice.some(&GROUPS, 2)),
        5 => {
            let (min, max) = bounds(dice, 1, 4);
            let every = dice.once_in(2).then(|| dice.between(2, 4));
            Node::OrderNumber { min, max, every }
        }
        6 => Node::Weekday(dice.some(&[1, 2, 3, 4, 5, 6, 7], 2)),
        7 => {
            let from = dice.between(0, 1439);
            let until = (from + dice.between(1, 1439)) % 1440;
            Node::Time(from, until)
        }
        8 => Node::Coupon((0..4).map(|_| format!("CODE-{}", dice.below(40))).collect()),
        9 => Node::Country(dice.some(&COUNTRIES, 2)),
        _ => leaf_of_both(town, dice),
    }
}

fn leaf_of_both(town: &Town, dice: &mut Dice) -> Node {
    match dice.below(5) {
        0 => Node::Category(some_categories(town, dice)),
        1 => Node::Product(some_products(town, dice, 3)),
        2 => Node::Variant(some_variants(town, dice, 3)),
        3 => Node::Seller(dice.some(&town.sellers, 2)),
        _ => match dice.below(4) {
            0 => Node::Attribute("organic", vec![json!(dice.once_in(2))]),
            1 => Node::Attribute("watts", (0..5).map(|_| json!(10 + dice.below(9))).collect()),
            2 => Node::Attribute("color", vec![json!(*dice.pick(&["red", "blue"]))]),
            _ => Node::Attribute(
                "material",
                dice.some(&["wool", "cotton", "steel"], 2).into_iter().map(|m| json!(m)).collect(),
            ),
        },
    }
}

// --- commission rules ------------------------------------------------------------------------------------------------

/// Rules of which never two stand on the same rank.
pub fn rules(town: &Town, dice: &mut Dice) -> Vec<Rule> {
    let mut rules: Vec<Rule> = Vec::new();
    for n in 0..24 {
        let rule = rule(town, n, dice);
        let rank = |r: &Rule| {
            (r.is_on_shipping, r.product, r.seller, r.category, r.priority, r.currency, r.band.is_some())
        };
        if !rules.iter().any(|other| rank(other) == rank(&rule)) {
            rules.push(rule);
        }
    }
    rules
}

fn rule(town: &Town, n: usize, dice: &mut Dice) -> Rule {
    let is_on_shipping = dice.once_in(6);
    let is_on_lines = !is_on_shipping;
    let now = town.now.epoch;
    let mut rule = Rule {
        id: id(Kind::Rule, n),
        is_on_shipping,
        seller: dice.once_in(2).then(|| *dice.pick(&town.sellers)),
        category: (is_on_lines && dice.once_in(2)).then(|| dice.pick(&town.categories).0),
        product: (is_on_lines && dice.once_in(4)).then(|| dice.pick(&town.products).id),
        currency: dice.once_in(2).then(|| *dice.pick(&["USD", "USD", "EUR"])),
        band: None,
        from: now - if dice.once_in(8) { 0 } else { 3600 },
        until: dice.once_in(5).then(|| now + dice.between(0, 1)),
        priority: if dice.once_in(5) { dice.between(-1, 2) } else { 0 },
        percent_bp: if dice.once_in(8) { *dice.pick(&[0, 1, 10_000]) } else { dice.between(1, 3000) },
        fixed: 0,
        is_fixed_per_line: is_on_shipping || dice.once_in(3),
        is_on_gross: is_on_lines && dice.once_in(3),
        floor: None,
        cap: None,
        vat_bp: if dice.once_in(2) { *dice.pick(&[700, 1900, 2000]) } else { 0 },
    };
    if dice.once_in(12) {
        rule.from = now + 1;
        rule.until = None;
    }
    if rule.until.is_some_and(|until| until <= rule.from) {
        rule.until = None;
    }
    if rule.currency.is_some() {
        rule.fixed = if dice.once_in(2) { dice.between(1, 60) } else { 0 };
        rule.floor = dice.once_in(4).then(|| dice.between(1, 120));
        rule.cap = dice.once_in(4).then(|| rule.floor.unwrap_or(0) + dice.between(1, 400));
        if is_on_lines && dice.once_in(3) {
            let from = dice.between(0, 2000);
            rule.band = Some(match dice.below(3) {
                0 => (Some(from), None),
                1 => (None, Some(from + 1)),
                _ => (Some(from), Some(from + dice.between(1, 3000))),
            });
        }
    }
    rule
}
