//! Money as the API shows it: whole minor units and a currency, never a float.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An amount of money.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"amountMinor": 1999, "currency": "USD"}))]
pub struct Money {
    /// Minor units (cents) of the currency.
    #[schema(minimum = 0, maximum = 100_000_000_000_i64)]
    pub amount_minor: i64,
    /// ISO 4217 code.
    #[schema(pattern = "^[A-Z]{3}$", min_length = 3, max_length = 3)]
    pub currency: String,
}

/// A difference of two amounts: negative where the second is smaller. Only describes; its value is a [`Money`].
#[derive(ToSchema)]
#[schema(rename_all = "camelCase", example = json!({"amountMinor": -189, "currency": "USD"}))]
pub struct MoneyDifference {
    /// Minor units (cents) of the currency.
    #[schema(minimum = -10_000_000_000_000_000_i64, maximum = 10_000_000_000_000_000_i64)]
    pub amount_minor: i64,
    /// ISO 4217 code.
    #[schema(pattern = "^[A-Z]{3}$", min_length = 3, max_length = 3)]
    pub currency: String,
}

impl Money {
    pub fn new(amount_minor: i64, currency: impl Into<String>) -> Self {
        Self { amount_minor, currency: currency.into() }
    }
}
