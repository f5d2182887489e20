//! Exact fractions: what a share would be if there were no whole minor units.

use std::cmp::Ordering;
use std::fmt;

/// Reduced, with a positive denominator; never negative here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ratio {
    numerator: i128,
    denominator: i128,
}

impl Ratio {
    pub fn new(numerator: i128, denominator: i128) -> Self {
        assert!(numerator >= 0 && denominator > 0, "{numerator}/{denominator}");
        let divisor = gcd(numerator, denominator);
        Self { numerator: numerator / divisor, denominator: denominator / divisor }
    }

    pub fn whole(number: i128) -> Self {
        Self::new(number, 1)
    }

    pub fn floor(self) -> i128 {
        self.numerator / self.denominator
    }

    pub fn ceil(self) -> i128 {
        (self.numerator + self.denominator - 1) / self.denominator
    }

    /// To the nearest whole number, a half upwards.
    pub fn half_up(self) -> i128 {
        (2 * self.numerator + self.denominator) / (2 * self.denominator)
    }

    /// What the floor leaves out.
    pub fn remainder(self) -> Self {
        Self::new(self.numerator % self.denominator, self.denominator)
    }

    /// Millionths, rounded half up: how the database records it.
    pub fn millionths(self) -> i128 {
        Self::new(self.numerator * 1_000_000, self.denominator).half_up()
    }
}

fn gcd(a: i128, b: i128) -> i128 {
    if b == 0 { a } else { gcd(b, a % b) }
}

impl Ord for Ratio {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.numerator * other.denominator).cmp(&(other.numerator * self.denominator))
    }
}

impl PartialOrd for Ratio {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.numerator, self.denominator)
    }
}
