//! The demo marketplace: three stores, a category tree, products, promotions, commission rules, and orders in every state.
//!
//! Everything is done by calling the public functions as the persons it tells of, so the rules check it as they check
//! anybody, and the event log tells how it came about. It is one transaction: there is a whole demo or none. Inside it
//! the database's clock is put back, so that the orders have a past; nobody else sees that.

use std::collections::HashMap;
use std::fmt;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio_postgres::types::ToSql;
use tokio_postgres::{Row, Transaction};
use uuid::Uuid;

use crate::db::migrate;
use crate::http::CallContext;

const MARKETPLACE: &str = include_str!("seed/marketplace.json");
/// "seed" in ASCII: two programs that start at once do not both fill an empty marketplace.
const LOCK_KEY: i64 = 0x7365_6564;
const MINUTES_PER_DAY: i32 = 24 * 60;
/// What the greeting suggests to order.
const SUGGESTED_SKU: &str = "NL-MUG-MOSS";

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Marketplace {
    password: String,
    currency: String,
    admin: Person,
    stores: Vec<Store>,
    buyers: Vec<Buyer>,
    attributes: Vec<Value>,
    categories: Vec<Category>,
    products: Vec<Product>,
    orders: Vec<Order>,
    commission_rules: Vec<CommissionRule>,
    promotions: Vec<Promotion>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Person {
    email: String,
    display_name: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[allow(clippy::struct_field_names)] // as the API calls them
struct Store {
    key: String,
    email: String,
    display_name: String,
    store_name: String,
    shipping_minor: i64,
    free_from_minor: i64,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Buyer {
    key: String,
    email: String,
    display_name: String,
    address: Value,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Category {
    slug: String,
    name: String,
    parent: Option<String>,
    attributes: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Product {
    store: String,
    category: String,
    title: String,
    description: String,
    attributes: Value,
    /// The SKU, or what the SKUs of all combinations begin with.
    sku: String,
    price_minor: i64,
    /// Units of each variant, in the order of the axes.
    stock: Vec<i32>,
    axes: Option<Value>,
    #[serde(default)]
    status: ProductStatus,
    reason: Option<String>,
    low_stock_threshold: Option<i32>,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum ProductStatus {
    Draft,
    PendingApproval,
    Rejected,
    Approved,
    #[default]
    Active,
    Inactive,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Order {
    buyer: String,
    minutes_ago: i32,
    lines: Vec<OrderLine>,
    #[serde(default)]
    coupons: Vec<String>,
    until: Fate,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct OrderLine {
    sku: String,
    quantity: i32,
}

/// How far an order comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Fate {
    PendingPayment,
    PaymentFailed,
    Expired,
    Cancelled,
    PaidThenCancelled,
    Paid,
    Processing,
    Shipped,
    Delivered,
}

#[derive(Debug, Clone, Copy)]
enum Step {
    Place,
    Pay,
    Decline,
    Cancel,
    Expire,
    Accept,
    Ship,
    Deliver,
}

impl Fate {
    /// The steps that lead there, each with the minutes after the order was placed.
    fn steps(self) -> &'static [(i32, Step)] {
        use Step::{Accept, Cancel, Decline, Deliver, Expire, Pay, Place, Ship};
        match self {
            Self::PendingPayment => &[(0, Place)],
            Self::PaymentFailed => &[(0, Place), (1, Decline)],
            Self::Expired => &[(0, Place), (60, Expire)],
            Self::Cancelled => &[(0, Place), (7, Cancel)],
            Self::PaidThenCancelled => &[(0, Place), (3, Pay), (45, Cancel)],
            Self::Paid => &[(0, Place), (2, Pay)],
            Self::Processing => &[(0, Place), (4, Pay), (300, Accept)],
            Self::Shipped => &[(0, Place), (2, Pay), (200, Accept), (1300, Ship)],
            Self::Delivered => &[(0, Place), (3, Pay), (150, Accept), (1200, Ship), (4100, Deliver)],
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct CommissionRule {
    name: String,
    store: Option<String>,
    category: Option<String>,
    percent_bp: i32,
    #[serde(default)]
    fixed_minor: i64,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Promotion {
    name: String,
    description: String,
    r#type: String,
    target: String,
    percent_bp: Option<i32>,
    amount_minor: Option<i64>,
    min_subtotal_minor: Option<i64>,
    category: Option<String>,
    store: Option<String>,
    coupon_code: Option<String>,
    usage_limit: Option<i32>,
    buyer_limit: Option<i32>,
    activate: bool,
}

/// What was made.
#[derive(Debug)]
pub struct Report {
    pub accounts: usize,
    pub products: usize,
    pub variants: usize,
    pub orders: usize,
    pub took: Duration,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} accounts, {} products with {} variants, {} orders in {} ms",
            self.accounts,
            self.products,
            self.variants,
            self.orders,
            self.took.as_millis()
        )
    }
}

/// An account to try things with.
#[derive(Debug)]
pub struct Account {
    pub role: &'static str,
    pub email: String,
    pub who: String,
}

/// Whom and what one can try in a marketplace that holds the demo.
#[derive(Debug)]
pub struct Demo {
    pub accounts: Vec<Account>,
    pub password: String,
    pub suggested_variant_id: Uuid,
}

fn marketplace() -> Marketplace {
    serde_json::from_str(MARKETPLACE).expect("a test reads src/seed/marketplace.json")
}

/// The password of all demo accounts.
pub fn password() -> String {
    marketplace().password
}

/// Fills the marketplace at `owner_url`, unless it has accounts already: then nothing is done, and `None` answered.
pub async fn run(owner_url: &str, password_hash: &str) -> anyhow::Result<Option<Report>> {
    let started = Instant::now();
    let mut client = migrate::connect(owner_url).await?;
    let transaction = client.transaction().await?;
    transaction
        .batch_execute(&format!(
            "set local role tradepost_owner; set local jit = off; select pg_advisory_xact_lock({LOCK_KEY})"
        ))
        .await?;
    let is_empty: bool =
        transaction.query_one("select not exists (select from identity.users)", &[]).await?.get(0);
    if !is_empty {
        return Ok(None);
    }
    let mut seeder = Seeder::new(transaction, password_hash);
    seeder.fill(&marketplace()).await?;
    let report = seeder.commit(started).await?;
    Ok(Some(report))
}

/// What one can try, when the marketplace holds the demo.
pub async fn find_demo(owner_url: &str) -> anyhow::Result<Option<Demo>> {
    let demo = marketplace();
    let mut client = migrate::connect(owner_url).await?;
    let transaction = client.transaction().await?;
    transaction.batch_execute("set local role tradepost_owner").await?;
    let found = transaction
        .query_opt(
            "select o.variant_id
               from catalog.offers as o
              where o.sku = $1 and exists (select from identity.users as u where u.email = $2)",
            &[&SUGGESTED_SKU, &demo.admin.email],
        )
        .await?;
    let account =
        |role, email: &str, who: &str| Account { role, email: email.to_owned(), who: who.to_owned() };
    Ok(found.map(|row| {
        let mut accounts = vec![account("ADMIN", &demo.admin.email, &demo.admin.display_name)];
        accounts.extend(demo.stores.iter().map(|s| account("SELLER", &s.email, &s.store_name)));
        accounts.extend(demo.buyers.iter().map(|b| account("BUYER", &b.email, &b.display_name)));
        Demo { accounts, password: demo.password, suggested_variant_id: row.get(0) }
    }))
}

type Params<'a> = &'a [&'a (dyn ToSql + Sync)];

struct Seeder<'a> {
    transaction: Transaction<'a>,
    password_hash: &'a str,
    /// Keys of the document → ids, by kind.
    people: HashMap<String, Uuid>,
    sellers: HashMap<String, Uuid>,
    categories: HashMap<String, Uuid>,
    attributes: HashMap<String, Uuid>,
    variants: HashMap<String, Uuid>,
    orders: HashMap<usize, Uuid>,
    /// Idempotency keys used so far.
    keys: u32,
    products: usize,
}

impl<'a> Seeder<'a> {
    fn new(transaction: Transaction<'a>, password_hash: &'a str) -> Self {
        Self {
            transaction,
            password_hash,
            people: HashMap::new(),
            sellers: HashMap::new(),
            categories: HashMap::new(),
            attributes: HashMap::new(),
            variants: HashMap::new(),
            orders: HashMap::new(),
            keys: 0,
            products: 0,
        }
    }

    async fn fill(&mut self, demo: &Marketplace) -> anyhow::Result<()> {
        self.at(30 * MINUTES_PER_DAY).await?;
        self.register(demo).await?;
        self.at(29 * MINUTES_PER_DAY).await?;
        self.furnish(demo).await?;
        self.set_terms(demo).await?;
        for (n, product) in demo.products.iter().enumerate() {
            let minutes_later = i32::try_from(n)? * 60;
            self.at(28 * MINUTES_PER_DAY - minutes_later).await?;
            self.list(product, demo).await.with_context(|| format!("product {:?}", product.title))?;
        }
        self.trade(demo).await?;
        self.at(0).await
    }

    async fn commit(self, started: Instant) -> anyhow::Result<Report> {
        self.transaction.commit().await?;
        Ok(Report {
            accounts: self.people.len(),
            products: self.products,
            variants: self.variants.len(),
            orders: self.orders.len(),
            took: started.elapsed(),
        })
    }

    /// Puts the clock of this transaction back.
    async fn at(&self, minutes_ago: i32) -> anyhow::Result<()> {
        let set = "update core.clock set clock_offset = make_interval(mins => $1)";
        self.transaction.execute(set, &[&-minutes_ago]).await?;
        Ok(())
    }

    /// Calls a function that answers at least one row.
    async fn call(&self, statement: &str, params: Params<'_>) -> anyhow::Result<Row> {
        let rows = self.transaction.query(statement, params).await.map_err(explain)?;
        rows.into_iter().next().with_context(|| format!("no answer: {statement}"))
    }

    fn context(&mut self, who: &str) -> anyhow::Result<CallContext> {
        self.keys += 1;
        Ok(CallContext {
            actor_id: Some(find(&self.people, who)?),
            session_id: None,
            request_id: "demo".to_owned(),
            client_ip: None,
            idempotency_key: Some(format!("demo-{}", self.keys)),
        })
    }

    async fn register(&mut self, demo: &Marketplace) -> anyhow::Result<()> {
        let make = "select identity._create_admin($1, $2, $3)";
        let admin =
            self.call(make, &[&demo.admin.email, &self.password_hash, &demo.admin.display_name]).await?;
        self.people.insert("admin".to_owned(), admin.get(0));
        let people = demo.stores.iter().map(|s| (&s.key, &s.email, &s.display_name, Some(&s.store_name)));
        let people = people.chain(demo.buyers.iter().map(|b| (&b.key, &b.email, &b.display_name, None)));
        for (key, email, display_name, store_name) in people {
            let nobody = CallContext {
                actor_id: None,
                session_id: None,
                request_id: "demo".to_owned(),
                client_ip: None,
                idempotency_key: None,
            };
            let role = if store_name.is_some() { "SELLER" } else { "BUYER" };
            let profile = self
                .call(
                    "select user_id, (seller ->> 'sellerId')::uuid
                       from identity.register_user($1, $2, $3, $4, $5, $6, null, null)",
                    &[&nobody, email, &self.password_hash, display_name, &role, &store_name],
                )
                .await?;
            self.people.insert(key.clone(), profile.get(0));
            if let Some(seller_id) = profile.get(1) {
                self.sellers.insert(key.clone(), seller_id);
            }
        }
        Ok(())
    }

    /// Categories with their attributes.
    async fn furnish(&mut self, demo: &Marketplace) -> anyhow::Result<()> {
        let admin = self.context("admin")?;
        for attribute in &demo.attributes {
            let made = self
                .call("select attribute_id, code from catalog.create_attribute($1, $2)", &[&admin, attribute])
                .await?;
            self.attributes.insert(made.get(1), made.get(0));
        }
        for (position, category) in demo.categories.iter().enumerate() {
            let parent = category.parent.as_ref().map(|slug| find(&self.categories, slug)).transpose()?;
            let made = self
                .call(
                    "select category_id from catalog.create_category($1, $2, $3, $4, $5)",
                    &[&admin, &parent, &category.name, &category.slug, &i32::try_from(position)?],
                )
                .await?;
            let category_id: Uuid = made.get(0);
            self.categories.insert(category.slug.clone(), category_id);
            for code in &category.attributes {
                let attribute_id = find(&self.attributes, code)?;
                let link = "select attribute_id from catalog.link_attribute($1, $2, $3)";
                self.call(link, &[&admin, &category_id, &attribute_id]).await?;
            }
        }
        Ok(())
    }

    /// Commission rules, promotions and shipping fees.
    async fn set_terms(&mut self, demo: &Marketplace) -> anyhow::Result<()> {
        let admin = self.context("admin")?;
        for rule in &demo.commission_rules {
            let seller_id = rule.store.as_ref().map(|key| find(&self.sellers, key)).transpose()?;
            let category_id = rule.category.as_ref().map(|slug| find(&self.categories, slug)).transpose()?;
            let fixed = (rule.fixed_minor > 0)
                .then(|| json!({ "amountMinor": rule.fixed_minor, "currency": demo.currency }));
            let document = json!({
                "name": rule.name,
                "sellerId": seller_id,
                "categoryId": category_id,
                "percentBp": rule.percent_bp,
                "fixed": fixed,
            });
            self.call("select rule_id from pricing.create_commission_rule($1, $2)", &[&admin, &document])
                .await?;
        }
        for promotion in &demo.promotions {
            let author = self.context(promotion.store.as_deref().unwrap_or("admin"))?;
            let category_id =
                promotion.category.as_ref().map(|slug| find(&self.categories, slug)).transpose()?;
            let money = |minor: Option<i64>| {
                minor.map(|minor| json!({ "amountMinor": minor, "currency": demo.currency }))
            };
            let document = json!({
                "name": promotion.name,
                "description": promotion.description,
                "type": promotion.r#type,
                "target": promotion.target,
                "percentBp": promotion.percent_bp,
                "amount": money(promotion.amount_minor),
                "minSubtotal": money(promotion.min_subtotal_minor),
                "categoryIds": category_id.map(|id| [id]),
                "couponCode": promotion.coupon_code,
                "usageLimit": promotion.usage_limit,
                "buyerLimit": promotion.buyer_limit,
            });
            let create = "select promotion_id from pricing.create_promotion($1, $2)";
            let promotion_id: Uuid = self.call(create, &[&author, &document]).await?.get(0);
            if promotion.activate {
                let activate = "select promotion_id from pricing.activate_promotion($1, $2)";
                self.call(activate, &[&author, &promotion_id]).await?;
            }
        }
        for store in &demo.stores {
            let seller = self.context(&store.key)?;
            let set = "select seller_id from pricing.set_shipping_rate($1, $2, 0, $3, $4)";
            self.call(set, &[&seller, &demo.currency, &store.shipping_minor, &store.free_from_minor]).await?;
        }
        Ok(())
    }

    /// Puts one product on sale, or as far as it comes.
    async fn list(&mut self, product: &Product, demo: &Marketplace) -> anyhow::Result<()> {
        let seller = self.context(&product.store)?;
        let seller_id = find(&self.sellers, &product.store)?;
        let category_id = find(&self.categories, &product.category)?;
        let made = self
            .call(
                "select product_id from catalog.create_product($1, $2, $3, null, $4, $5)",
                &[&seller, &category_id, &product.title, &product.description, &product.attributes],
            )
            .await?;
        let product_id: Uuid = made.get(0);
        self.products += 1;

        let price = json!({ "amountMinor": product.price_minor, "currency": demo.currency });
        let request = match &product.axes {
            Some(axes) => json!({ "axes": axes, "skuPrefix": product.sku, "price": price }),
            None => json!({ "sku": product.sku, "price": price }),
        };
        let variants = self
            .transaction
            .query(
                "select variant_id, offers #>> '{0,sku}' as sku
                   from catalog.create_variants($1, $2, $3) order by position, variant_id",
                &[&seller, &product_id, &request],
            )
            .await
            .map_err(explain)?;
        if variants.len() != product.stock.len() {
            bail!("{} variants, but {} stock figures", variants.len(), product.stock.len());
        }
        for (variant, units) in variants.iter().zip(&product.stock) {
            let variant_id: Uuid = variant.get("variant_id");
            self.variants.insert(variant.get("sku"), variant_id);
            if *units > 0 {
                let set = "select variant_id from inventory.set_stock($1, $2, $3, 0, 'SET', $4, 'First delivery', $5)";
                self.call(set, &[&seller, &variant_id, &seller_id, units, &product.low_stock_threshold])
                    .await?;
            }
        }
        self.review(product, product_id, &seller).await
    }

    async fn review(
        &mut self,
        product: &Product,
        product_id: Uuid,
        seller: &CallContext,
    ) -> anyhow::Result<()> {
        use ProductStatus::{Active, Draft, Inactive, PendingApproval, Rejected};
        if product.status == Draft {
            return Ok(());
        }
        let submitted =
            self.call("select version from catalog.submit_product($1, $2)", &[seller, &product_id]).await?;
        let version: i32 = submitted.get(0);
        if product.status == PendingApproval {
            return Ok(());
        }
        let admin = self.context("admin")?;
        let decision = if product.status == Rejected { "REJECT" } else { "APPROVE" };
        self.call(
            "select product_id from catalog.review_product($1, $2, $3, $4, $5)",
            &[&admin, &product_id, &decision, &product.reason, &version],
        )
        .await?;
        if matches!(product.status, Active | Inactive) {
            self.call("select product_id from catalog.activate_product($1, $2)", &[seller, &product_id])
                .await?;
        }
        if product.status == Inactive {
            self.call("select product_id from catalog.deactivate_product($1, $2)", &[seller, &product_id])
                .await?;
        }
        Ok(())
    }

    /// All orders at once, step by step in the order of time.
    async fn trade(&mut self, demo: &Marketplace) -> anyhow::Result<()> {
        let mut steps: Vec<(i32, usize, Step)> = Vec::new();
        for (n, order) in demo.orders.iter().enumerate() {
            steps.extend(
                order.until.steps().iter().map(|(after, step)| (order.minutes_ago - after, n, *step)),
            );
        }
        steps.sort_by_key(|(minutes_ago, _, _)| -minutes_ago);
        for (minutes_ago, n, step) in steps {
            self.at(minutes_ago).await?;
            self.step(demo, n, step).await.with_context(|| format!("order {n}, {step:?}"))?;
        }
        Ok(())
    }

    async fn step(&mut self, demo: &Marketplace, n: usize, step: Step) -> anyhow::Result<()> {
        let order = &demo.orders[n];
        if let Step::Place = step {
            return self.place(demo, n).await;
        }
        let order_id = self.orders[&n];
        match step {
            Step::Place => {}
            Step::Pay => self.pay(&order.buyer, order_id, None).await?,
            Step::Decline => self.pay(&order.buyer, order_id, Some("insufficient_funds")).await?,
            Step::Cancel => {
                let buyer = self.context(&order.buyer)?;
                let cancel = "select order_id from orders.cancel_order($1, $2, 'I changed my mind.')";
                self.call(cancel, &[&buyer, &order_id]).await?;
            }
            Step::Expire => {
                self.call("select orders.expire_orders(100)", &[]).await?;
            }
            Step::Accept | Step::Ship | Step::Deliver => self.fulfil(demo, order_id, step).await?,
        }
        Ok(())
    }

    async fn place(&mut self, demo: &Marketplace, n: usize) -> anyhow::Result<()> {
        let order = &demo.orders[n];
        let buyer = self.context(&order.buyer)?;
        let person = demo.buyers.iter().find(|b| b.key == order.buyer).context("no such buyer")?;
        let mut lines = Vec::new();
        for line in &order.lines {
            lines.push(json!({ "variantId": find(&self.variants, &line.sku)?, "quantity": line.quantity }));
        }
        let requests = json!([{
            "actorId": buyer.actor_id,
            "requestId": buyer.request_id,
            "idempotencyKey": buyer.idempotency_key,
            "currency": demo.currency,
            "couponCodes": order.coupons,
            "shippingAddress": person.address,
            "lines": lines,
        }]);
        let answer = self
            .call("select order_id, problem_code, problem_detail from orders.place_orders($1)", &[&requests])
            .await?;
        let placed: Option<Uuid> = answer.get("order_id");
        let Some(order_id) = placed else {
            let (code, detail): (Option<String>, Option<String>) = (answer.get(1), answer.get(2));
            bail!("{}: {}", code.unwrap_or_default(), detail.unwrap_or_default());
        };
        self.orders.insert(n, order_id);
        Ok(())
    }

    /// What the program does around the provider's answer, with the answer made up.
    async fn pay(&mut self, buyer: &str, order_id: Uuid, declined: Option<&str>) -> anyhow::Result<()> {
        let starting = self.context(buyer)?;
        let token = if declined.is_some() { "tok_decline" } else { "tok_success" };
        let requests = json!([{
            "actorId": starting.actor_id,
            "requestId": starting.request_id,
            "idempotencyKey": starting.idempotency_key,
            "orderId": order_id,
            "provider": "sandbox",
            "token": token,
        }]);
        let payment = self
            .call(
                "select payment_id, amount_minor, currency, problem_code from payments.start_payments($1)",
                &[&requests],
            )
            .await?;
        if let Some(code) = payment.get::<_, Option<String>>("problem_code") {
            bail!("the payment was refused: {code}");
        }
        let payment_id: Uuid = payment.get(0);
        let (amount_minor, currency): (i64, String) = (payment.get(1), payment.get(2));
        let confirming = self.context(buyer)?;
        let requests = json!([{
            "actorId": confirming.actor_id,
            "requestId": confirming.request_id,
            "idempotencyKey": confirming.idempotency_key,
            "orderId": order_id,
            "body": { "paymentId": payment_id },
            "settlement": {
                "paymentId": payment_id,
                "amountMinor": amount_minor,
                "currency": currency,
                "isSuccess": declined.is_none(),
                "failureCode": declined,
                "providerReference": format!("sbx_demo_{}", payment_id.simple()),
            },
        }]);
        let answer =
            self.call("select problem_code from payments.confirm_payments($1)", &[&requests]).await?;
        let problem: Option<String> = answer.get(0);
        let wanted = declined.map(|_| "payments.payment_declined");
        if problem.as_deref() != wanted {
            bail!("the confirmation answered {problem:?} instead of {wanted:?}");
        }
        Ok(())
    }

    /// Every seller of the order does this step.
    async fn fulfil(&mut self, demo: &Marketplace, order_id: Uuid, step: Step) -> anyhow::Result<()> {
        let sellers: Vec<Uuid> =
            self.call("select seller_ids from orders.orders where order_id = $1", &[&order_id]).await?.get(0);
        for store in &demo.stores {
            let seller_id = find(&self.sellers, &store.key)?;
            if !sellers.contains(&seller_id) {
                continue;
            }
            let seller = self.context(&store.key)?;
            match step {
                Step::Accept => {
                    let accept = "select order_id from orders.accept_fulfilment($1, $2, $3)";
                    self.call(accept, &[&seller, &order_id, &seller_id]).await?;
                }
                Step::Ship => {
                    let ship = "select order_id from orders.ship_fulfilment($1, $2, $3, 'Parcel Post', $4)";
                    let tracking = format!("PP{:010}US", self.keys);
                    self.call(ship, &[&seller, &order_id, &seller_id, &tracking]).await?;
                }
                _ => {
                    let deliver = "select order_id from orders.deliver_fulfilment($1, $2, $3)";
                    self.call(deliver, &[&seller, &order_id, &seller_id]).await?;
                }
            }
        }
        Ok(())
    }
}

fn find(ids: &HashMap<String, Uuid>, key: &str) -> anyhow::Result<Uuid> {
    ids.get(key).copied().with_context(|| format!("the demo names {key:?}, which is not there"))
}

/// What a rule said, in one line.
fn explain(error: tokio_postgres::Error) -> anyhow::Error {
    let said = error.as_db_error().map(|e| format!("{}: {}", e.message(), e.detail().unwrap_or("no detail")));
    match said {
        Some(said) => anyhow::Error::new(error).context(said),
        None => error.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_is_whole() {
        let demo = marketplace();
        assert!(demo.products.len() >= 40 && demo.stores.len() == 3);
        let find = |slug: &String| demo.categories.iter().any(|c| c.slug == *slug);
        assert!(demo.products.iter().all(|p| find(&p.category)));
        assert!(demo.orders.iter().all(|o| o.until.steps().iter().all(|(after, _)| *after <= o.minutes_ago)));
    }
}
