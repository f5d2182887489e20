//! Promotions once more, one basket at a time and in exact fractions: written from the text of docs/pricing.md alone, in the
//! plainest way, without an eye on speed. What the database computes set by set must come out the same.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::ratio::Ratio;
use super::rules::{
    Basket, Benefit, Component, Filter, Funding, Line, Minor, Moment, Node, Offer, Promotion, Target, Tier,
    Type, World,
};
use crate::support::Uuid;

/// What one promotion takes off one line, or off one seller's shipping.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Share {
    pub promotion: Uuid,
    pub seller: Uuid,
    /// None on shipping.
    pub line_no: Option<Minor>,
    pub target: Target,
    /// What it was computed on.
    pub base: Minor,
    /// Before rounding to whole minor units.
    pub exact: Ratio,
    pub amount: Minor,
    pub seller_pays: Minor,
}

#[derive(Clone, Debug)]
pub struct Gift {
    pub line_no: Minor,
    pub offer: Offer,
    pub quantity: Minor,
}

/// Why a candidate did not act.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Skipped {
    MatchesNothing,
    SubtotalTooLow,
    QuantityTooLow,
    NoTierReached,
    ConditionNotMet,
    Stopped,
    Excluded,
    NotCombinable,
    NoEffect,
}

#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// In the order of acting, then of the lines.
    pub shares: Vec<Share>,
    pub gifts: Vec<Gift>,
    pub skipped: Vec<(Uuid, Skipped)>,
    /// What is left of each line and of each fee.
    pub left: BTreeMap<Minor, Minor>,
    pub fees_left: BTreeMap<Uuid, Minor>,
}

/// Prices one basket at one moment.
pub fn price(world: &World, basket: &Basket, now: Moment) -> Outcome {
    let mut state = State {
        left: basket.lines.iter().map(|line| (line.line_no, line.gross())).collect(),
        fees: basket.fees.iter().copied().collect(),
        applied: Vec::new(),
    };
    let mut outcome = Outcome::default();
    let mut candidates: Vec<&Promotion> =
        world.promotions.iter().filter(|p| is_candidate(p, basket, now)).collect();
    candidates.sort_by_key(|p| (Reverse(p.priority), p.id));
    candidates.retain(|p| match unmet(p, basket, now) {
        Some(reason) => {
            outcome.skipped.push((p.id, reason));
            false
        }
        None => true,
    });

    for promotion in &candidates {
        let has_acted = state.applied.iter().any(|a| a.id == promotion.id);
        if has_acted {
            continue; // as the best of its group, at the turn of an earlier member
        }
        let mut acting = *promotion;
        if promotion.group.as_ref().is_some_and(|g| g.is_best) && !state.group_has_acted(promotion) {
            let mut best = 0;
            for member in candidates.iter().filter(|m| same_group(m, promotion)) {
                let total = discount(&work_out(world, basket, member, &state));
                if state.refuses(member).is_none() && total > best {
                    (acting, best) = (member, total);
                }
            }
        }
        if let Some(reason) = state.refuses(acting) {
            outcome.skipped.push((promotion.id, reason));
            continue;
        }
        let result = work_out(world, basket, acting, &state);
        if discount(&result) == 0 {
            outcome.skipped.push((promotion.id, Skipped::NoEffect));
            continue;
        }
        if acting.id != promotion.id {
            outcome.skipped.push((promotion.id, Skipped::Excluded));
        }
        state.applied.push(acting);
        let (mut shares, gift) = result;
        divide_costs(acting.funding, &mut shares);
        for share in &shares {
            let is_gift = matches!(acting.kind, Type::Gift { .. });
            match share.line_no {
                Some(_) if is_gift => {}
                Some(line_no) => *state.left.get_mut(&line_no).expect("a line") -= share.amount,
                None => *state.fees.get_mut(&share.seller).expect("a fee") -= share.amount,
            }
        }
        if let Some((offer, quantity)) = gift {
            let line_no = shares[0].line_no.expect("on a line");
            outcome.gifts.push(Gift { line_no, offer, quantity });
            state.left.insert(line_no, 0);
        }
        outcome.shares.extend(shares.into_iter().filter(|s| s.amount > 0));
    }
    (outcome.left, outcome.fees_left) = (state.left, state.fees);
    outcome
}

/// What earlier promotions left, and which they were.
struct State<'a> {
    left: BTreeMap<Minor, Minor>,
    fees: BTreeMap<Uuid, Minor>,
    applied: Vec<&'a Promotion>,
}

impl State<'_> {
    fn refuses(&self, promotion: &Promotion) -> Option<Skipped> {
        let class = promotion.target.class();
        if self.applied.iter().any(|a| a.stops_further) {
            Some(Skipped::Stopped)
        } else if self.applied.iter().any(|a| a.is_exclusive)
            || promotion.is_exclusive && !self.applied.is_empty()
            || self.group_has_acted(promotion)
        {
            Some(Skipped::Excluded)
        } else if self.applied.iter().any(|a| {
            !promotion.combines_with.contains(&a.target.class()) || !a.combines_with.contains(&class)
        }) {
            Some(Skipped::NotCombinable)
        } else {
            None
        }
    }

    fn group_has_acted(&self, promotion: &Promotion) -> bool {
        self.applied.iter().any(|a| same_group(a, promotion))
    }
}

fn same_group(a: &Promotion, b: &Promotion) -> bool {
    match (&a.group, &b.group) {
        (Some(a), Some(b)) => a.code == b.code,
        _ => false,
    }
}

// --- which promotions apply ------------------------------------------------------------------------------------------

fn is_candidate(promotion: &Promotion, basket: &Basket, now: Moment) -> bool {
    let is_asked_for = promotion.coupon.as_ref().is_none_or(|code| basket.coupons.contains(code));
    ["ACTIVE", "SCHEDULED"].contains(&promotion.status)
        && promotion.starts <= now.epoch
        && promotion.ends.is_none_or(|ends| now.epoch < ends)
        && promotion.currency.is_none_or(|currency| currency == basket.currency)
        && is_asked_for
}

/// The coupons of a basket that buy something: an order with any other is refused.
pub fn usable_coupons(world: &World, basket: &Basket, now: Moment) -> Vec<String> {
    let applies = |p: &&Promotion| is_candidate(p, basket, now) && unmet(p, basket, now).is_none();
    world.promotions.iter().filter(applies).filter_map(|p| p.coupon.clone()).collect()
}

/// The lines a promotion is for.
fn matched<'a>(promotion: &Promotion, basket: &'a Basket) -> Vec<&'a Line> {
    basket
        .lines
        .iter()
        .filter(|line| {
            promotion.seller.is_none_or(|own| own == line.offer.seller)
                && passes(&promotion.filter, line)
                && promotion.line_condition.as_ref().is_none_or(|c| line_holds(c, line))
        })
        .collect()
}

fn passes(filter: &Filter, line: &Line) -> bool {
    let offer = &line.offer;
    filter.sellers.as_ref().is_none_or(|ids| ids.contains(&offer.seller))
        && filter.categories.as_ref().is_none_or(|ids| offer.path.iter().any(|c| ids.contains(c)))
        && filter.products.as_ref().is_none_or(|ids| ids.contains(&offer.product))
        && filter.variants.as_ref().is_none_or(|ids| ids.contains(&offer.variant))
}

fn gross(lines: &[&Line]) -> Minor {
    lines.iter().map(|line| line.gross()).sum()
}

fn units(lines: &[&Line]) -> Minor {
    lines.iter().map(|line| line.quantity).sum()
}

/// The highest tier that these lines reach.
fn tier(by_spend: bool, tiers: &[Tier], lines: &[&Line]) -> Option<Tier> {
    let value = if by_spend { gross(lines) } else { units(lines) };
    tiers.iter().rfind(|tier| tier.from <= value).copied()
}

/// Why it does not apply to this basket; nothing when it does.
fn unmet(promotion: &Promotion, basket: &Basket, now: Moment) -> Option<Skipped> {
    let matched = matched(promotion, basket);
    if matched.is_empty() {
        Some(Skipped::MatchesNothing)
    } else if promotion.min_subtotal.is_some_and(|min| gross(&matched) < min) {
        Some(Skipped::SubtotalTooLow)
    } else if promotion.min_quantity.is_some_and(|min| units(&matched) < min) {
        Some(Skipped::QuantityTooLow)
    } else if matches!(&promotion.kind, Type::Tiered { by_spend, tiers } if tier(*by_spend, tiers, &matched).is_none())
    {
        Some(Skipped::NoTierReached)
    } else if promotion.condition.as_ref().is_some_and(|c| !basket_holds(c, promotion, basket, now)) {
        Some(Skipped::ConditionNotMet)
    } else {
        None
    }
}

fn within(value: Minor, min: Option<Minor>, max: Option<Minor>) -> bool {
    min.is_none_or(|min| min <= value) && max.is_none_or(|max| value <= max)
}

fn line_holds(node: &Node, line: &Line) -> bool {
    let offer = &line.offer;
    match node {
        Node::All(nodes) => nodes.iter().all(|n| line_holds(n, line)),
        Node::Any(nodes) => nodes.iter().any(|n| line_holds(n, line)),
        Node::Not(node) => !line_holds(node, line),
        Node::Category(ids) => offer.path.iter().any(|c| ids.contains(c)),
        Node::Product(ids) => ids.contains(&offer.product),
        Node::Variant(ids) => ids.contains(&offer.variant),
        Node::Seller(ids) => ids.contains(&offer.seller),
        Node::Attribute(code, values) => {
            offer.attributes.iter().any(|(name, value)| name == code && values.contains(value))
        }
        Node::UnitPrice(min, max) => within(offer.price, *min, *max),
        other => panic!("{other:?} is no condition on a line"),
    }
}

/// A seller's own promotion sees that seller's lines only.
fn basket_holds(node: &Node, promotion: &Promotion, basket: &Basket, now: Moment) -> bool {
    let seen: Vec<&Line> = basket
        .lines
        .iter()
        .filter(|line| promotion.seller.is_none_or(|own| own == line.offer.seller))
        .collect();
    match node {
        Node::All(nodes) => nodes.iter().all(|n| basket_holds(n, promotion, basket, now)),
        Node::Any(nodes) => nodes.iter().any(|n| basket_holds(n, promotion, basket, now)),
        Node::Not(node) => !basket_holds(node, promotion, basket, now),
        Node::Subtotal(min, max) => within(gross(&seen), *min, *max),
        Node::Quantity(min, max) => within(units(&seen), *min, *max),
        Node::Currency(codes) => codes.contains(&basket.currency),
        Node::Segment(codes) => {
            basket.buyer.as_ref().is_some_and(|b| b.groups.iter().any(|g| codes.contains(g)))
        }
        Node::OrderNumber { min, max, every } => basket.buyer.as_ref().is_some_and(|buyer| {
            let number = buyer.orders + 1;
            within(number, *min, *max) && every.is_none_or(|every| number % every == 0)
        }),
        Node::Weekday(days) => days.contains(&now.weekday()),
        Node::Time(from, until) if from <= until => (*from..*until).contains(&now.minute_of_day()),
        Node::Time(from, until) => !(*until..*from).contains(&now.minute_of_day()),
        Node::Coupon(codes) => basket.coupons.iter().any(|c| codes.contains(c)),
        Node::Country(codes) => basket.country.is_some_and(|c| codes.contains(&c)),
        of_a_line => seen.iter().any(|line| line_holds(of_a_line, line)),
    }
}

// --- what they take off ----------------------------------------------------------------------------------------------

/// Shares and, of a gift, what is given.
type Result = (Vec<Share>, Option<(Offer, Minor)>);

fn discount(result: &Result) -> Minor {
    result.0.iter().map(|s| s.amount).sum()
}

/// What a promotion would do in this state.
fn work_out(world: &World, basket: &Basket, promotion: &Promotion, state: &State) -> Result {
    let lines = matched(promotion, basket);
    if let Type::Gift { variant, seller, quantity } = promotion.kind {
        return give(world, basket, promotion, state, (variant, seller, quantity));
    }
    let mut shares = if promotion.target == Target::Shipping {
        on_shipping(promotion, state, &lines)
    } else {
        on_lines(promotion, state, &lines)
    };
    if promotion.target != Target::Shipping {
        for (share, line) in shares.iter_mut().zip(&lines) {
            let left = state.left[&line.line_no];
            let floor_bp = promotion.floor_bp.max(world.floor_bp);
            let floor = Ratio::new(line.gross() * floor_bp, 10_000).ceil();
            clip(share, (left - floor).max(0));
            if let Some(max) = promotion.max_line {
                clip(share, max);
            }
        }
    }
    let total: Minor = shares.iter().map(|s| s.amount).sum();
    if let Some(max) = promotion.max_order.filter(|max| total > *max) {
        let weights: Vec<Minor> = shares.iter().map(|s| s.amount).collect();
        for (share, (exact, amount)) in shares.iter_mut().zip(split(max, &weights)) {
            (share.exact, share.amount) = (exact, amount);
        }
    }
    (shares, None)
}

fn clip(share: &mut Share, most: Minor) {
    if share.amount > most {
        (share.amount, share.exact) = (most, Ratio::whole(most));
    }
}

/// By largest remainder, ties to the earlier part: the exact parts and the whole ones.
fn split(total: Minor, weights: &[Minor]) -> Vec<(Ratio, Minor)> {
    let sum: Minor = weights.iter().sum();
    if sum == 0 {
        return vec![(Ratio::whole(0), 0); weights.len()];
    }
    let mut parts: Vec<(Ratio, Minor)> =
        weights.iter().map(|w| Ratio::new(total * w, sum)).map(|exact| (exact, exact.floor())).collect();
    let missing = total - parts.iter().map(|(_, amount)| amount).sum::<Minor>();
    let mut by_remainder: Vec<usize> = (0..parts.len()).collect();
    by_remainder.sort_by_key(|&i| (Reverse(parts[i].0.remainder()), i));
    for &i in by_remainder.iter().take(usize::try_from(missing).expect("fewer than parts")) {
        parts[i].1 += 1;
    }
    parts
}

fn rounded(exact: Ratio) -> (Ratio, Minor) {
    (exact, exact.half_up())
}

/// One share for each matched line, in their order, before floors and caps.
fn on_lines(promotion: &Promotion, state: &State, lines: &[&Line]) -> Vec<Share> {
    let left: Vec<Minor> = lines.iter().map(|line| state.left[&line.line_no]).collect();
    let bases: Vec<Minor> =
        if promotion.is_original { lines.iter().map(|line| line.gross()).collect() } else { left.clone() };
    let base: Minor = bases.iter().sum();
    let percent = |bp: Minor| match promotion.target {
        Target::Order => split(Ratio::new(base * bp, 10_000).half_up(), &bases),
        _ => of_units(&bases, &picked(promotion, lines), lines, bp),
    };
    let amount = |minor: Minor| match promotion.target {
        Target::Order => {
            let most: Minor = bases.iter().zip(&left).map(|(b, l)| b.min(l)).sum();
            split(minor.min(most), &bases)
        }
        _ => picked(promotion, lines).iter().map(|p| rounded(Ratio::whole(minor * p))).collect(),
    };
    let parts: Vec<(Ratio, Minor)> = match &promotion.kind {
        Type::Percentage(bp) => percent(*bp),
        Type::FixedAmount(minor) => amount(*minor),
        Type::FixedPrice(price) => {
            let picked = picked(promotion, lines);
            (0..lines.len())
                .map(|i| {
                    let quantity = lines[i].quantity;
                    Ratio::new((bases[i] * picked[i] - price * picked[i] * quantity).max(0), quantity)
                })
                .map(rounded)
                .collect()
        }
        Type::BuyXGetY { buy, get, percent } => {
            let sets = units(lines) / (buy + get);
            let picked = pick(lines, sets * get, |line| line.offer.price);
            of_units(&bases, &picked, lines, *percent)
        }
        Type::Tiered { by_spend, tiers } => match tier(*by_spend, tiers, lines).expect("it applies").gives {
            Benefit::Percent(bp) => percent(bp),
            Benefit::Amount(minor) => amount(minor),
        },
        Type::Bundle { price, components } => {
            let (sets, picked) = bundle(components, lines);
            let weights = worth(&bases, &picked, lines);
            let saved = weights.iter().sum::<Minor>() - sets * price;
            split(saved.max(0), &weights)
        }
        Type::FreeShipping | Type::Gift { .. } => panic!("not on lines"),
    };
    lines
        .iter()
        .zip(parts)
        .enumerate()
        .map(|(i, (line, (exact, amount)))| {
            let mut share = Share {
                promotion: promotion.id,
                seller: line.offer.seller,
                line_no: Some(line.line_no),
                target: promotion.target,
                base: bases[i],
                exact,
                amount,
                seller_pays: 0,
            };
            clip(&mut share, left[i]);
            share
        })
        .collect()
}

/// How many units of each line a promotion on lines or units acts on.
fn picked(promotion: &Promotion, lines: &[&Line]) -> Vec<Minor> {
    match promotion.units {
        None => lines.iter().map(|line| line.quantity).collect(),
        Some((count, true)) => pick(lines, count, |line| line.offer.price),
        Some((count, false)) => pick(lines, count, |line| -line.offer.price),
    }
}

/// The first `count` units in the order of `key`, then of the lines.
fn pick(lines: &[&Line], count: Minor, key: impl Fn(&Line) -> Minor) -> Vec<Minor> {
    let mut order: Vec<usize> = (0..lines.len()).collect();
    order.sort_by_key(|&i| (key(lines[i]), lines[i].line_no));
    let (mut picked, mut missing) = (vec![0; lines.len()], count);
    for i in order {
        picked[i] = missing.min(lines[i].quantity);
        missing -= picked[i];
    }
    picked
}

/// A percentage of the picked units' part of each base.
fn of_units(bases: &[Minor], picked: &[Minor], lines: &[&Line], bp: Minor) -> Vec<(Ratio, Minor)> {
    (0..lines.len())
        .map(|i| rounded(Ratio::new(bases[i] * picked[i] * bp, lines[i].quantity * 10_000)))
        .collect()
}

/// The picked units' part of each base, in whole minor units.
fn worth(bases: &[Minor], picked: &[Minor], lines: &[&Line]) -> Vec<Minor> {
    (0..lines.len()).map(|i| Ratio::new(bases[i] * picked[i], lines[i].quantity).half_up()).collect()
}

/// How many sets there are, and how many units of each line take part.
fn bundle(components: &[Component], lines: &[&Line]) -> (Minor, Vec<Minor>) {
    let of = |line: &Line| components.iter().position(|c| passes(&c.filter, line));
    let in_component =
        |n: usize| -> Vec<&Line> { lines.iter().filter(|line| of(line) == Some(n)).copied().collect() };
    let sets = components
        .iter()
        .enumerate()
        .map(|(n, component)| units(&in_component(n)) / component.quantity)
        .min()
        .expect("components");
    let mut picked = vec![0; lines.len()];
    for (n, component) in components.iter().enumerate() {
        let own = in_component(n);
        for (line, p) in own.iter().zip(pick(&own, sets * component.quantity, |line| -line.offer.price)) {
            let i = lines.iter().position(|l| l.line_no == line.line_no).expect("one of them");
            picked[i] = p;
        }
    }
    (sets, picked)
}

/// One share for each seller with a matched line, in the order of their ids.
fn on_shipping(promotion: &Promotion, state: &State, lines: &[&Line]) -> Vec<Share> {
    let fees: Vec<(Uuid, Minor)> = state
        .fees
        .iter()
        .filter(|(seller, _)| lines.iter().any(|line| line.offer.seller == **seller))
        .map(|(seller, fee)| (*seller, *fee))
        .collect();
    let amounts: Vec<Minor> = fees.iter().map(|(_, fee)| *fee).collect();
    let parts: Vec<(Ratio, Minor)> = match promotion.kind {
        Type::Percentage(bp) => amounts.iter().map(|fee| rounded(Ratio::new(fee * bp, 10_000))).collect(),
        Type::FixedAmount(minor) => split(minor.min(amounts.iter().sum()), &amounts),
        Type::FreeShipping => amounts.iter().map(|fee| rounded(Ratio::whole(*fee))).collect(),
        ref other => panic!("{other:?} is not for shipping"),
    };
    fees.iter()
        .zip(parts)
        .map(|((seller, fee), (exact, amount))| Share {
            promotion: promotion.id,
            seller: *seller,
            line_no: None,
            target: Target::Shipping,
            base: *fee,
            exact,
            amount,
            seller_pays: 0,
        })
        .collect()
}

/// A gift is a line of its own after the last, at its price, with all of it taken off. Stock is no matter here.
fn give(
    world: &World,
    basket: &Basket,
    promotion: &Promotion,
    state: &State,
    (variant, seller, quantity): (Uuid, Option<Uuid>, Minor),
) -> Result {
    let offer = world
        .offers
        .iter()
        .filter(|o| o.variant == variant && o.currency == basket.currency)
        .filter(|o| seller.is_none_or(|s| s == o.seller))
        .min_by_key(|o| (o.price, o.seller));
    let Some(offer) = offer else { return (Vec::new(), None) };
    let worth = offer.price * quantity;
    let share = Share {
        promotion: promotion.id,
        seller: offer.seller,
        line_no: Some(state.left.keys().max().expect("a line") + 1),
        target: promotion.target,
        base: worth,
        exact: Ratio::whole(worth),
        amount: worth,
        seller_pays: 0,
    };
    (vec![share], Some((offer.clone(), quantity)))
}

// --- who pays --------------------------------------------------------------------------------------------------------

fn divide_costs(funding: Funding, shares: &mut [Share]) {
    let total: Minor = shares.iter().map(|s| s.amount).sum();
    let platform = match funding {
        Funding::Platform => total,
        Funding::Seller => 0,
        Funding::Shared { seller_bp, platform_cap } => {
            let part = Ratio::new(total * (10_000 - seller_bp), 10_000).half_up();
            platform_cap.map_or(part, |cap| part.min(cap))
        }
    };
    let weights: Vec<Minor> = shares.iter().map(|s| s.amount).collect();
    for (share, (_, part)) in shares.iter_mut().zip(split(platform, &weights)) {
        share.seller_pays = share.amount - part;
    }
}
