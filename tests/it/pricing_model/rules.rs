//! What the model knows of the world: plain data, without a rule in it. Money is in minor units throughout.

use serde_json::{Value, json};

use super::commissions::Rule;
use crate::support::Uuid;

pub type Minor = i128;

/// Something for sale, with all that a rule may look at.
#[derive(Clone, Debug)]
pub struct Offer {
    pub seller: Uuid,
    pub variant: Uuid,
    pub product: Uuid,
    /// From the root of the category tree to the product's category.
    pub path: Vec<Uuid>,
    /// Of the product and, where both have it, of the variant.
    pub attributes: Vec<(&'static str, Value)>,
    pub price: Minor,
    pub currency: &'static str,
}

#[derive(Clone, Debug)]
#[allow(clippy::struct_field_names)] // as it is called everywhere
pub struct Line {
    pub line_no: Minor,
    pub offer: Offer,
    pub quantity: Minor,
}

impl Line {
    pub fn gross(&self) -> Minor {
        self.offer.price * self.quantity
    }
}

#[derive(Clone, Debug)]
pub struct Buyer {
    pub id: Uuid,
    pub groups: Vec<&'static str>,
    /// Orders before this one that were neither cancelled nor expired.
    pub orders: Minor,
}

#[derive(Clone, Debug)]
pub struct Basket {
    pub buyer: Option<Buyer>,
    pub currency: &'static str,
    pub coupons: Vec<String>,
    pub country: Option<&'static str>,
    pub lines: Vec<Line>,
    /// Each seller's, in the order of their ids.
    pub fees: Vec<(Uuid, Minor)>,
}

/// When a basket is priced, in UTC.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// Seconds since 1970.
    pub epoch: Minor,
}

impl Moment {
    /// Monday is 1.
    pub fn weekday(self) -> Minor {
        (self.epoch.div_euclid(86_400) + 3).rem_euclid(7) + 1
    }

    pub fn minute_of_day(self) -> Minor {
        self.epoch.rem_euclid(86_400) / 60
    }
}

/// A condition on a line or on a basket.
#[derive(Clone, Debug)]
pub enum Node {
    All(Vec<Node>),
    Any(Vec<Node>),
    Not(Box<Node>),
    Category(Vec<Uuid>),
    Product(Vec<Uuid>),
    Variant(Vec<Uuid>),
    Seller(Vec<Uuid>),
    Attribute(&'static str, Vec<Value>),
    UnitPrice(Option<Minor>, Option<Minor>),
    Subtotal(Option<Minor>, Option<Minor>),
    Quantity(Option<Minor>, Option<Minor>),
    Currency(Vec<&'static str>),
    Segment(Vec<&'static str>),
    OrderNumber {
        min: Option<Minor>,
        max: Option<Minor>,
        every: Option<Minor>,
    },
    Weekday(Vec<Minor>),
    /// Minutes of the day.
    Time(Minor, Minor),
    Coupon(Vec<String>),
    Country(Vec<&'static str>),
}

impl Node {
    /// As the API takes it.
    pub fn document(&self) -> Value {
        let bounds = |min: &Option<Minor>, max: &Option<Minor>| {
            let mut bounds = json!({});
            for (name, bound) in [("min", min), ("max", max)] {
                if let Some(bound) = bound {
                    bounds[name] = number(*bound);
                }
            }
            bounds
        };
        let clock = |minute: Minor| format!("{:02}:{:02}", minute / 60, minute % 60);
        let all = |nodes: &[Node]| nodes.iter().map(Node::document).collect::<Value>();
        match self {
            Self::All(nodes) => json!({ "all": all(nodes) }),
            Self::Any(nodes) => json!({ "any": all(nodes) }),
            Self::Not(node) => json!({ "not": node.document() }),
            Self::Category(ids) => json!({ "category": ids }),
            Self::Product(ids) => json!({ "product": ids }),
            Self::Variant(ids) => json!({ "variant": ids }),
            Self::Seller(ids) => json!({ "seller": ids }),
            Self::Attribute(code, values) => json!({ "attribute": { "code": code, "in": values } }),
            Self::UnitPrice(min, max) => json!({ "unitPrice": bounds(min, max) }),
            Self::Subtotal(min, max) => json!({ "subtotal": bounds(min, max) }),
            Self::Quantity(min, max) => json!({ "quantity": bounds(min, max) }),
            Self::Currency(codes) => json!({ "currency": codes }),
            Self::Segment(codes) => json!({ "segment": codes }),
            Self::OrderNumber { min, max, every } => {
                let mut of = bounds(min, max);
                if let Some(every) = every {
                    of["every"] = number(*every);
                }
                json!({ "orderNumber": of })
            }
            Self::Weekday(days) => json!({ "weekday": days.iter().map(|d| number(*d)).collect::<Value>() }),
            Self::Time(from, until) => json!({ "time": { "from": clock(*from), "until": clock(*until) } }),
            Self::Coupon(codes) => json!({ "coupon": codes }),
            Self::Country(codes) => json!({ "country": codes }),
        }
    }
}

/// JSON numbers are 64 bits wide.
pub fn number(minor: Minor) -> Value {
    json!(i64::try_from(minor).expect("64 bits"))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    Order,
    Lines,
    Units,
    Shipping,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    Order,
    Line,
    Shipping,
}

impl Target {
    pub fn class(self) -> Class {
        match self {
            Self::Order => Class::Order,
            Self::Lines | Self::Units => Class::Line,
            Self::Shipping => Class::Shipping,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Order => "ORDER",
            Self::Lines => "LINES",
            Self::Units => "UNITS",
            Self::Shipping => "SHIPPING",
        }
    }
}

impl Class {
    pub fn name(self) -> &'static str {
        match self {
            Self::Order => "ORDER",
            Self::Line => "LINE",
            Self::Shipping => "SHIPPING",
        }
    }
}

/// A percentage in basis points, or an amount.
#[derive(Clone, Copy, Debug)]
pub enum Benefit {
    Percent(Minor),
    Amount(Minor),
}

#[derive(Clone, Copy, Debug)]
pub struct Tier {
    pub from: Minor,
    pub gives: Benefit,
}

/// What one set of a bundle needs.
#[derive(Clone, Debug)]
pub struct Component {
    pub quantity: Minor,
    pub filter: Filter,
}

#[derive(Clone, Debug)]
pub enum Type {
    Percentage(Minor),
    FixedAmount(Minor),
    FixedPrice(Minor),
    BuyXGetY { buy: Minor, get: Minor, percent: Minor },
    Tiered { by_spend: bool, tiers: Vec<Tier> },
    Bundle { price: Minor, components: Vec<Component> },
    FreeShipping,
    Gift { variant: Uuid, seller: Option<Uuid>, quantity: Minor },
}

/// Lists that must all hold; an absent one holds always.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub sellers: Option<Vec<Uuid>>,
    pub categories: Option<Vec<Uuid>>,
    pub products: Option<Vec<Uuid>>,
    pub variants: Option<Vec<Uuid>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Funding {
    Platform,
    Seller,
    Shared { seller_bp: Minor, platform_cap: Option<Minor> },
}

#[derive(Clone, Debug)]
pub struct Group {
    pub code: &'static str,
    pub is_best: bool,
}

#[derive(Clone, Debug)]
#[allow(clippy::struct_excessive_bools)] // each is a column
pub struct Promotion {
    pub id: Uuid,
    pub seller: Option<Uuid>,
    pub kind: Type,
    pub target: Target,
    /// For [`Target::Units`]: how many, and whether the cheapest.
    pub units: Option<(Minor, bool)>,
    pub filter: Filter,
    pub line_condition: Option<Node>,
    pub condition: Option<Node>,
    pub min_subtotal: Option<Minor>,
    pub min_quantity: Option<Minor>,
    pub currency: Option<&'static str>,
    pub coupon: Option<String>,
    /// Seconds since 1970.
    pub starts: Minor,
    pub ends: Option<Minor>,
    pub status: &'static str,
    pub priority: Minor,
    pub is_original: bool,
    pub is_exclusive: bool,
    pub stops_further: bool,
    pub group: Option<Group>,
    pub combines_with: Vec<Class>,
    pub max_order: Option<Minor>,
    pub max_line: Option<Minor>,
    pub floor_bp: Minor,
    pub funding: Funding,
}

#[derive(Clone, Debug)]
pub struct World {
    pub offers: Vec<Offer>,
    pub promotions: Vec<Promotion>,
    pub rules: Vec<Rule>,
    /// The marketplace's own floor.
    pub floor_bp: Minor,
}
