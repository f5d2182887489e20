//! Clients of the database itself: the floors, and the batch function called for one request at a time.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::bail;
use serde_json::json;
use tokio_postgres::types::Json;
use tokio_postgres::{Client, Statement};
use uuid::Uuid;

use crate::drive::Worker;
use crate::http::Basket;
use crate::market::{self, Buyer, Dice, Market};

/// How far an order gets.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    Placed,
    /// Placed, payment begun, confirmed: three statements.
    Paid,
}

/// Writes the rows of a batch of orders, as the batcher does on one connection, without any rule.
pub struct WriteRows {
    client: Client,
    statement: Statement,
    /// What follows in a batch that is paid.
    payment: Option<[Statement; 2]>,
    market: Arc<Market>,
    basket: Basket,
    batch: usize,
    dice: Dice,
}

impl WriteRows {
    pub async fn new(
        client: Client,
        market: Arc<Market>,
        basket: Basket,
        reach: Reach,
        batch: usize,
    ) -> anyhow::Result<Self> {
        let statement = client.prepare(include_str!("floor.sql")).await?;
        let payment = if reach == Reach::Paid {
            Some([
                client.prepare(include_str!("floor_start.sql")).await?,
                client.prepare(include_str!("floor_confirm.sql")).await?,
            ])
        } else {
            None
        };
        Ok(Self { client, statement, payment, market, basket, batch, dice: Dice::new(7) })
    }
}

/// Columns of the orders of a batch.
#[derive(Default)]
struct Orders {
    ids: Vec<Uuid>,
    buyers: Vec<Uuid>,
    sellers: Vec<String>,
    subtotals: Vec<i64>,
    keys: Vec<String>,
    request_ids: Vec<String>,
    events: Vec<Json<serde_json::Value>>,
}

/// Columns of their lines.
#[derive(Default)]
struct Lines<'a> {
    orders: Vec<Uuid>,
    numbers: Vec<i16>,
    sellers: Vec<Uuid>,
    variants: Vec<Uuid>,
    products: Vec<Uuid>,
    titles: Vec<&'a str>,
    skus: Vec<&'a str>,
    prices: Vec<i64>,
}

impl Worker for WriteRows {
    async fn step(&mut self) -> anyhow::Result<u64> {
        let market = Arc::clone(&self.market);
        let mut orders = Orders::default();
        let mut lines = Lines::default();
        let mut stock = BTreeMap::new();
        for _ in 0..self.batch {
            let order_id = Uuid::now_v7();
            let buyer = &market.buyers[self.dice.below(market.buyers.len())];
            let offers: Vec<_> =
                self.basket.lines(&market, &mut self.dice).iter().map(|&line| &market.offers[line]).collect();
            let subtotal = offers.iter().map(|offer| offer.price_minor).sum();
            let mut sellers: Vec<_> = offers.iter().map(|offer| offer.seller_id.to_string()).collect();
            sellers.sort();
            let shown: Vec<_> = (1_i16..)
                .zip(&offers)
                .map(|(number, offer)| {
                    lines.orders.push(order_id);
                    lines.numbers.push(number);
                    lines.sellers.push(offer.seller_id);
                    lines.variants.push(offer.variant_id);
                    lines.products.push(offer.product_id);
                    lines.titles.push(&offer.title);
                    lines.skus.push(&offer.sku);
                    lines.prices.push(offer.price_minor);
                    *stock.entry((offer.variant_id, offer.seller_id)).or_insert(0_i32) += 1;
                    json!({ "lineNo": number, "quantity": 1, "sellerId": offer.seller_id,
                            "variantId": offer.variant_id, "unitPriceMinor": offer.price_minor })
                })
                .collect();
            orders.events.push(Json(json!({
                "orderId": order_id, "status": "PENDING_PAYMENT", "buyerId": buyer.user_id, "sellerIds": sellers,
                "currency": "USD", "subtotalMinor": subtotal, "discountMinor": 0, "lines": shown,
                "shippingMinor": 490 * offers.len(), "totalMinor": subtotal + 490 * i64::try_from(offers.len())?,
                "paymentDueAt": "2030-01-01T00:00:00.000000+00:00",
            })));
            orders.ids.push(order_id);
            orders.buyers.push(buyer.user_id);
            orders.sellers.push(format!("{{{}}}", sellers.join(",")));
            orders.subtotals.push(subtotal);
            orders.keys.push(Uuid::now_v7().to_string());
            orders.request_ids.push(Uuid::now_v7().to_string());
        }
        let (mut stock_sellers, mut stock_variants, mut units) = (Vec::new(), Vec::new(), Vec::new());
        for ((variant_id, seller_id), demand) in stock {
            stock_sellers.push(seller_id);
            stock_variants.push(variant_id);
            units.push(demand);
        }
        self.client
            .execute(
                &self.statement,
                &[
                    &orders.ids,
                    &orders.buyers,
                    &orders.sellers,
                    &orders.subtotals,
                    &orders.keys,
                    &orders.request_ids,
                    &orders.events,
                    &market::address(),
                    &market.rule_id,
                    &lines.orders,
                    &lines.numbers,
                    &lines.sellers,
                    &lines.variants,
                    &lines.products,
                    &lines.titles,
                    &lines.skus,
                    &lines.prices,
                    &stock_sellers,
                    &stock_variants,
                    &units,
                ],
            )
            .await?;
        if let Some([start, confirm]) = &self.payment {
            let payments: Vec<_> = orders.ids.iter().map(|_| Uuid::now_v7()).collect();
            let fees = 490 * i64::try_from(lines.orders.len() / orders.ids.len())?;
            let totals: Vec<_> = orders.subtotals.iter().map(|subtotal| subtotal + fees).collect();
            let keys = |_: &Uuid| Uuid::now_v7().to_string();
            let start_keys: Vec<_> = payments.iter().map(keys).collect();
            let confirm_keys: Vec<_> = payments.iter().map(keys).collect();
            self.client
                .execute(
                    start,
                    &[&orders.ids, &orders.buyers, &payments, &totals, &start_keys, &orders.request_ids],
                )
                .await?;
            self.client
                .execute(
                    confirm,
                    &[
                        &orders.ids,
                        &orders.buyers,
                        &payments,
                        &totals,
                        &confirm_keys,
                        &orders.request_ids,
                        &orders.sellers,
                        &lines.orders,
                        &lines.sellers,
                        &lines.variants,
                        &lines.prices,
                        &stock_sellers,
                        &stock_variants,
                        &units,
                    ],
                )
                .await?;
        }
        Ok(self.batch as u64)
    }
}

/// `orders.place_orders` with one request per call: what each order would cost without batching.
pub struct PlaceOne {
    pub client: Client,
    pub statement: Statement,
    pub market: Arc<Market>,
    pub buyer: Buyer,
    pub basket: Basket,
    pub dice: Dice,
}

impl PlaceOne {
    pub const STATEMENT: &str = "select * from orders.place_orders($1)";
}

impl Worker for PlaceOne {
    async fn step(&mut self) -> anyhow::Result<u64> {
        let lines = self.basket.lines(&self.market, &mut self.dice);
        let requests = json!([self.market.request(&self.buyer, &lines)]);
        let row = self.client.query_one(&self.statement, &[&requests]).await?;
        if let Some(code) = row.get::<_, Option<String>>("problem_code") {
            bail!("orders.place_orders refused: {code}");
        }
        Ok(1)
    }
}

/// The statement behind a GET, prepared.
pub struct Read {
    pub client: Client,
    pub statement: Statement,
    /// What to read, one after another; none when the statement takes no argument.
    pub ids: Arc<Vec<Uuid>>,
    pub dice: Dice,
}

impl Read {
    pub const PRODUCT: &str = "select * from catalog.get_product(row(null, null, 'bench', null, null)::core.call_context, $1, null)";
    pub const PRODUCTS: &str =
        "select * from catalog.list_products(row(null, null, 'bench', null, null)::core.call_context,
       null, null, false, null, null, null, null, null, $1, null, 20)";
}

impl Worker for Read {
    async fn step(&mut self) -> anyhow::Result<u64> {
        let rows = if self.ids.is_empty() {
            self.client.query(&self.statement, &[&None::<String>]).await?
        } else {
            let id = self.ids[self.dice.below(self.ids.len())];
            self.client.query(&self.statement, &[&id]).await?
        };
        if rows.is_empty() {
            bail!("nothing was read");
        }
        Ok(1)
    }
}
