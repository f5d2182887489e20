-- The rows that a batch of orders leaves behind, written by one prepared statement: no rules, no checks but the tables' own, no
-- locks but those of the rows. Every value comes from the client.
-- $1-$7 per order: id, buyer, sellers, subtotal, key, request id, event; $8 address, $9 commission rule.
-- $10-$17 per line: order, number, seller, variant, product, title, sku, price. $18-$20 per stock row: seller, variant, units.
with given as materialized (
  select o.*, core.now() as at, o.subtotal_minor + 490 * cardinality(o.sellers::uuid[]) as total_minor
  from unnest($1::uuid[], $2::uuid[], $3::text[], $4::bigint[], $5::text[], $6::text[], $7::jsonb[])
    as o (order_id, buyer_id, sellers, subtotal_minor, key, request_id, event)
), lines as materialized (
  select l.*, core.now() as at
  from unnest($10::uuid[], $11::smallint[], $12::uuid[], $13::uuid[], $14::uuid[], $15::text[], $16::text[], $17::bigint[])
    as l (order_id, line_no, seller_id, variant_id, product_id, title, sku, price_minor)
), stock as (
  update inventory.stock_levels as s
  set reserved = s.reserved + d.units, change_no = s.change_no + 1, updated_at = core.now()
  from unnest($18::uuid[], $19::uuid[], $20::integer[]) as d (seller_id, variant_id, units)
  where s.seller_id = d.seller_id and s.variant_id = d.variant_id
), headers as (
  insert into orders.orders (order_id, buyer_id, seller_ids, currency, subtotal_minor, discount_minor, shipping_minor, total_minor,
                             shipping_address, placed_at, payment_due_at, due_at, updated_at)
  select g.order_id, g.buyer_id, g.sellers::uuid[], 'USD', g.subtotal_minor, 0, g.total_minor - g.subtotal_minor, g.total_minor,
         $8, g.at, g.at + interval '15 minutes', g.at + interval '15 minutes', g.at
  from given as g
), fulfilments as (
  insert into orders.fulfilments (seller_id, order_id, subtotal_minor, discount_minor, shipping_minor, total_minor, updated_at)
  select l.seller_id, l.order_id, l.price_minor, 0, 490, l.price_minor + 490, l.at from lines as l
), order_lines as (
  insert into orders.order_lines (seller_id, order_id, line_no, variant_id, product_id, title, sku, axis_values,
                                  quantity, unit_price_minor, subtotal_minor, discount_minor, total_minor)
  select l.seller_id, l.order_id, l.line_no, l.variant_id, l.product_id, l.title, l.sku, '{"size": "M", "color": "blue"}',
         1, l.price_minor, l.price_minor, 0, l.price_minor
  from lines as l
), commissions as (
  insert into orders.commissions (seller_id, order_id, line_no, rule_id, rule_version, percent_bp, fixed_minor, base_minor, amount_minor,
                                  limit_minor, exact_percent)
  select l.seller_id, l.order_id, l.line_no, $9, 1, 1000, 0, l.price_minor, (l.price_minor + 5) / 10, l.price_minor,
         l.price_minor::numeric / 10
  from lines as l
), history as (
  insert into orders.order_history (order_id, version, to_status, action, actor_kind, actor_id, created_at)
  select g.order_id, 1, 'PENDING_PAYMENT', 'place', 'BUYER', g.buyer_id, g.at from given as g
), reservations as (
  insert into inventory.reservations (reservation_id, account_id, is_order, seller_ids, expires_at, created_at)
  select g.order_id, g.buyer_id, true, g.sellers::uuid[], g.at + interval '15 minutes', g.at from given as g
), reservation_lines as (
  insert into inventory.reservation_lines (seller_id, reservation_id, variant_id, quantity)
  select l.seller_id, l.order_id, l.variant_id, 1 from lines as l
), keys as (
  insert into core.idempotency_keys (account_id, route, idempotency_key, request_hash, response, created_at)
  select g.buyer_id, 'POST /orders', g.key, sha256(g.key::bytea), jsonb_build_object('orderId', g.order_id), g.at
  from given as g
)
insert into events.outbox (drafts)
select array_agg(row('orders.order_placed', 'order', g.order_id, 1, g.buyer_id, g.request_id, g.sellers::uuid[] || g.buyer_id, g.event, g.at)::events.draft)
from given as g
