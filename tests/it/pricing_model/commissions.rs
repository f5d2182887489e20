//! Commissions once more, from the text of docs/pricing.md alone.

use super::ratio::Ratio;
use super::rules::{Line, Minor, Moment};
use crate::support::Uuid;

#[derive(Clone, Debug)]
pub struct Rule {
    pub id: Uuid,
    /// On a seller's shipping instead of lines; such a rule has no category and no product.
    pub is_on_shipping: bool,
    pub seller: Option<Uuid>,
    pub category: Option<Uuid>,
    pub product: Option<Uuid>,
    pub currency: Option<&'static str>,
    /// Unit prices from the first, below the second.
    pub band: Option<(Option<Minor>, Option<Minor>)>,
    /// Seconds since 1970.
    pub from: Minor,
    pub until: Option<Minor>,
    pub priority: Minor,
    pub percent_bp: Minor,
    pub fixed: Minor,
    pub is_fixed_per_line: bool,
    pub is_on_gross: bool,
    pub floor: Option<Minor>,
    pub cap: Option<Minor>,
    pub vat_bp: Minor,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Commission {
    pub rule: Uuid,
    pub base: Minor,
    pub amount: Minor,
    pub vat: Minor,
}

/// The rule that counts for a line: by priority, then the most specific one.
fn winner<'a>(rules: &'a [Rule], line: &Line, currency: &str, now: Moment) -> Option<&'a Rule> {
    let offer = &line.offer;
    let depth = |rule: &Rule| rule.category.and_then(|id| offer.path.iter().position(|c| *c == id));
    rules
        .iter()
        .filter(|r| !r.is_on_shipping)
        .filter(|r| in_force(r, currency, now))
        .filter(|r| r.seller.is_none_or(|s| s == offer.seller))
        .filter(|r| r.category.is_none() || depth(r).is_some())
        .filter(|r| r.product.is_none_or(|p| p == offer.product))
        .filter(|r| {
            r.band.is_none_or(|(min, max)| {
                min.is_none_or(|min| min <= offer.price) && max.is_none_or(|max| offer.price < max)
            })
        })
        .max_by_key(|r| {
            let specific = 4 * u8::from(r.product.is_some())
                + 2 * u8::from(r.seller.is_some())
                + u8::from(r.category.is_some());
            (r.priority, specific, depth(r), r.band.is_some(), r.currency.is_some())
        })
}

fn in_force(rule: &Rule, currency: &str, now: Moment) -> bool {
    rule.from <= now.epoch
        && rule.until.is_none_or(|until| now.epoch < until)
        && rule.currency.is_none_or(|c| c == currency)
}

/// `net` is the line after all discounts, `borne` what the platform bears of those.
pub fn on_line(
    rules: &[Rule],
    line: &Line,
    currency: &str,
    net: Minor,
    borne: Minor,
    now: Moment,
) -> Option<Commission> {
    let rule = winner(rules, line, currency, now)?;
    let base = if rule.is_on_gross { line.gross() } else { net };
    Some(charge(rule, base, line.quantity, net + borne))
}

/// `net` is a seller's shipping after all discounts.
pub fn on_shipping(
    rules: &[Rule],
    seller: Uuid,
    currency: &str,
    net: Minor,
    borne: Minor,
    now: Moment,
) -> Option<Commission> {
    let rule = rules
        .iter()
        .filter(|r| r.is_on_shipping && in_force(r, currency, now))
        .filter(|r| r.seller.is_none_or(|s| s == seller))
        .max_by_key(|r| (r.priority, r.seller.is_some(), r.currency.is_some()))?;
    Some(charge(rule, net, 1, net + borne))
}

fn charge(rule: &Rule, base: Minor, quantity: Minor, earned: Minor) -> Commission {
    let pieces = if rule.is_fixed_per_line { 1 } else { quantity };
    let computed = Ratio::new(base * rule.percent_bp, 10_000).half_up() + rule.fixed * pieces;
    let raised = computed.max(rule.floor.unwrap_or(0));
    let amount = raised.min(rule.cap.unwrap_or(raised)).min(earned);
    let vat = Ratio::new(amount * rule.vat_bp, 10_000).half_up();
    Commission { rule: rule.id, base, amount, vat }
}
