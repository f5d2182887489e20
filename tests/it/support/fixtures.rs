//! What tests that are not about it need in one line: crowds, baskets, orders, payments.

use tradepost::identity::token::Role;

use super::{Person, Reply, Test, Uuid, Value, json};

/// The body of `POST /orders` for these variants and quantities.
pub fn basket(lines: &[(Uuid, i64)]) -> Value {
    let lines: Vec<Value> = lines
        .iter()
        .map(|(variant, quantity)| json!({ "variantId": variant, "quantity": quantity }))
        .collect();
    json!({ "currency": "USD", "lines": lines, "shippingAddress": address() })
}

/// The same, with a coupon.
pub fn basket_with(lines: &[(Uuid, i64)], coupon: &str) -> Value {
    let mut basket = basket(lines);
    basket["couponCodes"] = json!([coupon]);
    basket
}

pub fn address() -> Value {
    json!({ "name": "Ana Buyer", "line1": "1 Main Street", "city": "Springfield", "postalCode": "12345", "countryCode": "US" })
}

impl Test {
    /// `n` buyers, logged in, without a password each: hashing a hundred takes a while.
    pub async fn crowd(&self, n: usize) -> Vec<Person> {
        let rows = self
            .sql()
            .query(
                "with people as materialized (
                   select n, test.buyer('buyer' || n) as user_id from generate_series(1, $1) as n
                 ), opened as (
                   insert into identity.sessions (session_id, user_id, token_hash, created_at, expires_at)
                   select core.new_id(), p.user_id, sha256(p.user_id::text::bytea), core.now(), core.now() + interval '1 day'
                   from people as p
                   returning user_id, session_id
                 )
                 select p.user_id, o.session_id from people as p join opened as o using (user_id) order by p.n",
                &[&i32::try_from(n).expect("a crowd of people")],
            )
            .await
            .expect("buyers with sessions");
        rows.iter()
            .enumerate()
            .map(|(i, row)| {
                let mut buyer = self.anybody();
                buyer.name = format!("buyer{}", i + 1);
                buyer.user_id = row.get(0);
                let access = self.app().tokens.sign_access(buyer.user_id, row.get(1), Role::Buyer);
                buyer.access_token = Some(access.expect("a token").token);
                buyer
            })
            .collect()
    }

    /// An order of this buyer, placed over HTTP.
    pub async fn order(&self, buyer: &Person, lines: &[(Uuid, i64)]) -> Reply {
        buyer.post("/orders", basket(lines)).once().await.expect(201)
    }

    /// Pays an order through the sandbox's SQL functions, without HTTP.
    pub async fn pay(&self, order_id: Uuid) {
        self.sql()
            .query("select test.pay_confirm(test.pay_start($1))", &[&order_id])
            .await
            .expect("a payment that succeeds");
    }

    /// An active promotion by coupon: this much of the order, with this many uses.
    pub async fn coupon(&self, code: &str, percent_bp: i32, uses: i32) -> Uuid {
        self.one(
            "with promotion as (
               insert into pricing.promotions
                 (promotion_id, name, type, target, percent_bp, coupon_code, starts_at, usage_limit, status, created_at, updated_at)
               values (core.new_id(), 'a coupon', 'PERCENTAGE', 'ORDER', $2, $1, core.now() - interval '1 day', $3, 'ACTIVE',
                       core.now(), core.now())
               returning promotion_id, usage_limit
             )
             insert into pricing.promotion_counters (promotion_id, usage_limit)
             select promotion_id, usage_limit from promotion
             returning promotion_id",
            &[&code, &percent_bp, &uses],
        )
        .await
    }

    /// Stock of a variant as "on hand/reserved".
    pub async fn stock(&self, variant: Uuid) -> String {
        self.one("select test.stock($1)", &[&variant]).await
    }

    /// Everything that a refused order could have left behind: numbers of rows, and the sums of the counters.
    pub async fn traces(&self) -> String {
        self.one(
            "select concat_ws(' ',
               (select count(*) from orders.orders), (select count(*) from orders.order_history),
               (select concat_ws('/', count(*), sum(version)) from orders.fulfilments),
               (select count(*) from orders.order_lines), (select count(*) from orders.adjustments),
               (select count(*) from orders.commissions), (select count(*) from inventory.reservations),
               (select count(*) from inventory.reservation_lines), (select count(*) from inventory.movements),
               (select string_agg(concat_ws('/', s.on_hand, s.reserved, s.change_no), ',' order by s.variant_id, s.seller_id)
                from inventory.stock_levels as s),
               (select count(*) from pricing.redemptions), (select sum(c.used) from pricing.promotion_counters as c),
               (select count(*) from events.staging) + (select seq from events.head))",
            &[],
        )
        .await
    }
}
