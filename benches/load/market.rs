//! What is traded, and by whom.

use anyhow::Context;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::machine::Database;
use tradepost::identity::token::Role;

pub struct Offer {
    pub seller_id: Uuid,
    pub variant_id: Uuid,
    pub product_id: Uuid,
    pub title: String,
    pub sku: String,
    pub price_minor: i64,
}

#[derive(Clone)]
pub struct Buyer {
    pub user_id: Uuid,
    pub session_id: Uuid,
    /// The whole header.
    pub token: String,
}

pub struct Market {
    pub offers: Vec<Offer>,
    pub buyers: Vec<Buyer>,
    /// Of the default commission rule.
    pub rule_id: Uuid,
}

impl Market {
    pub async fn read(database: &Database) -> anyhow::Result<Self> {
        let rows = database
            .sql
            .query(
                "select o.seller_id, o.variant_id, v.product_id, p.title, o.sku, o.price_minor
                 from catalog.offers as o
                 join catalog.variants as v on v.variant_id = o.variant_id
                 join catalog.products as p on p.product_id = v.product_id
                 order by o.sku",
                &[],
            )
            .await?;
        let offers = rows.iter().map(|row| Offer {
            seller_id: row.get(0),
            variant_id: row.get(1),
            product_id: row.get(2),
            title: row.get(3),
            sku: row.get(4),
            price_minor: row.get(5),
        });
        let rows = database.sql.query("select user_id, session_id from identity.sessions", &[]).await?;
        let buyers = rows.iter().map(|row| {
            let (user_id, session_id) = (row.get(0), row.get(1));
            let access = database.tokens.sign_access(user_id, session_id, Role::Buyer)?;
            Ok(Buyer { user_id, session_id, token: format!("Bearer {}", access.token) })
        });
        let rule = database
            .sql
            .query_one("select rule_id from pricing.commission_rules where name = 'default'", &[])
            .await
            .context("the default commission rule")?;
        Ok(Self {
            offers: offers.collect(),
            buyers: buyers.collect::<anyhow::Result<_>>()?,
            rule_id: rule.get(0),
        })
    }

    /// The token of an administrator, made for it.
    pub async fn admin(&self, database: &Database) -> anyhow::Result<String> {
        let row = database
            .sql
            .query_one(
                "with a as (
                   insert into identity.users (user_id, email, password_hash, display_name, role, created_at, updated_at)
                   select id, id || '@example.test', 'none', 'Admin', 'ADMIN', core.now(), core.now() from core.new_id() as id
                   returning user_id)
                 insert into identity.sessions (session_id, user_id, token_hash, created_at, expires_at)
                 select core.new_id(), user_id, sha256(user_id::text::bytea), core.now(), core.now() + interval '1 day' from a
                 returning user_id, session_id",
                &[],
            )
            .await
            .context("an administrator")?;
        let access = database.tokens.sign_access(row.get(0), row.get(1), Role::Admin)?;
        Ok(format!("Bearer {}", access.token))
    }

    /// The body of `POST /orders`.
    pub fn order(&self, lines: &[usize]) -> Value {
        let lines: Vec<Value> = lines
            .iter()
            .map(|&line| json!({ "variantId": self.offers[line].variant_id, "quantity": 1 }))
            .collect();
        json!({ "currency": "USD", "couponCodes": [], "shippingAddress": address(), "lines": lines })
    }

    /// The same as one request of an `orders.place_orders` batch.
    pub fn request(&self, buyer: &Buyer, lines: &[usize]) -> Value {
        let mut request = self.order(lines);
        request["actorId"] = json!(buyer.user_id);
        request["sessionId"] = json!(buyer.session_id);
        request["requestId"] = json!(Uuid::now_v7());
        request["idempotencyKey"] = json!(Uuid::now_v7());
        request
    }
}

pub fn address() -> Value {
    json!({
        "name": "Ana Buyer", "line1": "1 Main Street", "city": "Springfield", "postalCode": "12345", "countryCode": "US"
    })
}

/// Cheap random numbers: the same ones in each run.
#[derive(Clone)]
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: usize) -> Self {
        Self((seed as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15))
    }

    pub fn below(&mut self, limit: usize) -> usize {
        // xorshift64*
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % limit
    }
}
