-- The hot calls that growth.rs measures, each as one statement that counts their rows, on the generated marketplace.
create temp table calls (no integer generated always as identity, name text not null, call text not null);
with who as (
  select (select u.user_id from identity.users as u where u.email = 'buyer-0@example.test') as buyer,
         (select u.user_id from identity.users as u where u.email = 'owner-0@example.test') as member,
         (select s.seller_id from identity.sellers as s where s.slug = 'store-0') as seller,
         (select u.user_id from identity.users as u where u.role = 'ADMIN') as admin,
         (select c.category_id from catalog.categories as c where c.slug = 'category-3') as category,
         (select v.variant_id from catalog.offers as v where v.sku = 'SKU-0') as variant,
         (select p.product_id from catalog.products as p where p.slug = 'product-0') as product,
         (select o.order_id from orders.orders as o where o.status = 'COMPLETED' order by o.order_id desc limit 1) as placed,
         (select h.seq from events.head as h) as head
)
insert into calls (name, call)
select c.name,
       format('with given as (select ''(%s,,r,,)''::core.call_context as ctx) select count(*) from given as g cross join lateral %s',
              c.actor, c.call)
from who as w
cross join lateral (values
  ('orders of a buyer', w.buyer, 'orders.list_orders(g.ctx, null, null, 20)'),
  ('orders of a buyer by status', w.buyer, 'orders.list_orders(g.ctx, ''PAID'', null, 20)'),
  ('orders of a seller', w.member, 'orders.list_orders(g.ctx, null, null, 20)'),
  ('completed orders of a seller', w.member, 'orders.list_orders(g.ctx, ''COMPLETED'', null, 20)'),
  ('paid orders of a seller', w.member, 'orders.list_orders(g.ctx, ''PAID'', null, 20)'),
  ('orders of a seller by a status that none has', w.member, 'orders.list_orders(g.ctx, ''PENDING_PAYMENT'', null, 20)'),
  ('orders of all', w.admin, 'orders.list_orders(g.ctx, null, null, 20)'),
  ('paid orders of all', w.admin, 'orders.list_orders(g.ctx, ''PAID'', null, 20)'),
  ('an order', w.admin, format('orders.get_order(g.ctx, %L)', w.placed)),
  ('payments of an order', w.admin, format('payments.list_payments(g.ctx, %L, null, 20)', w.placed)),
  ('products', null, 'catalog.list_products(g.ctx, null, null, false, null, null, null, null, null, null, null, 20)'),
  ('products of a category', null,
   format('catalog.list_products(g.ctx, %L, null, false, null, null, null, null, null, null, null, 20)', w.category)),
  ('products of a store', null,
   format('catalog.list_products(g.ctx, null, %L, false, null, null, null, null, null, null, null, 20)', w.seller)),
  ('a product', null, format('catalog.get_product(g.ctx, %L, null)', w.product)),
  ('a product by its slug', null, 'catalog.get_product_by_slug(g.ctx, ''product-0'', null)'),
  ('variants of a product', null, format('catalog.list_variants(g.ctx, %L, null, null, 20)', w.product)),
  ('price history', null, format('catalog.list_price_history(g.ctx, %L, %L, ''USD'', null, 20)', w.variant, w.seller)),
  ('stock', w.member, format('inventory.get_stock(g.ctx, %L, %L)', w.variant, w.seller)),
  ('low stock', w.member, format('inventory.list_low_stock(g.ctx, %L, null, 20)', w.seller)),
  ('events of an order', w.admin, format('events.list_events(g.ctx, null, %L, null, null, 20)', w.placed)),
  ('events of a type', w.admin, 'events.list_events(g.ctx, ''orders.order_expired'', null, null, null, 20)'),
  ('the stream of a buyer', w.buyer, 'events.read_after(g.ctx, 0, 256, null)'),
  ('the stream of a seller', w.member, format('events.read_after(g.ctx, %s, 256, null)', w.head - 256)),
  ('the stream of all', w.admin, 'events.read_after(g.ctx, 0, 256, null)'),
  ('the sweeper', null, 'core.sweep_deadlines(200)'),
  ('holds that end', null, 'inventory.expire_reservations(200)'),
  ('refunds that are due', null, 'payments.claim_refunds(20)'),
  ('payments to ask about', null, 'payments.claim_unresolved(20)'),
  ('idempotency keys past their time', null, 'core.purge_idempotency(1000)'),
  ('metrics of orders', null, 'orders.metrics()'),
  ('metrics of the stream', null, 'events.metrics()'),
  ('metrics of deadlines', null, 'core.deadline_metrics()')
) as c (name, actor, call);
