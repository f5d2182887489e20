-- The rows that a batch of confirmed payments leaves behind, written by one prepared statement, as floor.sql does for orders.
-- $1-$7 per payment: order, buyer, id, amount, key, request id, sellers; $8-$11 per line: order, seller, variant, price.
-- $12-$14 per stock row: seller, variant, units.
with given as materialized (
  select p.*, core.now() as at
  from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::bigint[], $5::text[], $6::text[], $7::text[])
    as p (order_id, buyer_id, payment_id, amount_minor, key, request_id, sellers)
), lines as materialized (
  select l.*, g.payment_id, g.at
  from unnest($8::uuid[], $9::uuid[], $10::uuid[], $11::bigint[]) as l (order_id, seller_id, variant_id, price_minor)
  join given as g on g.order_id = l.order_id
), paid as (
  update payments.payments as p
  set status = 'SUCCEEDED', provider_reference = 'ref', next_check_at = null, version = 2, updated_at = g.at
  from given as g
  where p.payment_id = g.payment_id
), headers as (
  update orders.orders as o
  set status = 'PAID', due_at = g.at + interval '36 hours', acceptance_due_at = g.at + interval '48 hours', version = 2, updated_at = g.at
  from given as g
  where o.order_id = g.order_id
), history as (
  insert into orders.order_history (order_id, version, from_status, to_status, action, actor_kind, actor_id, created_at)
  select g.order_id, 2, 'PENDING_PAYMENT', 'PAID', 'pay', 'SYSTEM', g.buyer_id, g.at from given as g
), reservations as (
  update inventory.reservations as r
  set status = 'CONFIRMED', resolved_at = g.at
  from given as g
  where r.reservation_id = g.order_id
), stock as (
  update inventory.stock_levels as s
  set on_hand = s.on_hand - d.units, reserved = s.reserved - d.units, change_no = s.change_no + 1, updated_at = core.now()
  from unnest($12::uuid[], $13::uuid[], $14::integer[]) as d (seller_id, variant_id, units)
  where s.seller_id = d.seller_id and s.variant_id = d.variant_id
), movements as (
  insert into inventory.movements (seller_id, movement_id, variant_id, kind, quantity_delta, on_hand_after, reference_id, created_at)
  select l.seller_id, gen_random_uuid(), l.variant_id, 'SALE', -1, 1000000, l.order_id, l.at from lines as l
), entries as (
  insert into payments.ledger_entries (seller_id, entry_id, transaction_id, order_id, account, amount_minor, currency, created_at)
  select '00000000-0000-0000-0000-000000000000', gen_random_uuid(), g.payment_id, g.order_id, 'PROVIDER_CLEARING', g.amount_minor,
         'USD', g.at
  from given as g
  union all
  select l.seller_id, gen_random_uuid(), l.payment_id, l.order_id, a.account, a.amount_minor, 'USD', l.at
  from lines as l
  cross join lateral (values ('SELLER_PAYABLE', (l.price_minor + 5) / 10 - l.price_minor - 490),
                             ('COMMISSION_REVENUE', -((l.price_minor + 5) / 10))) as a (account, amount_minor)
), keys as (
  insert into core.idempotency_keys (account_id, route, idempotency_key, request_hash, response, created_at)
  select g.buyer_id, 'POST /orders/{id}/confirm-payment', g.key, sha256(g.key::bytea), jsonb_build_object('payment_id', g.payment_id), g.at
  from given as g
)
insert into events.outbox (drafts)
select array_agg(d.draft)
from given as g
cross join lateral (values
  (row('payments.payment_succeeded', 'payment', g.payment_id, 2, g.buyer_id, g.request_id, array[g.buyer_id],
       jsonb_build_object('paymentId', g.payment_id, 'orderId', g.order_id, 'status', 'SUCCEEDED', 'amountMinor', g.amount_minor,
                          'currency', 'USD', 'refundedMinor', 0, 'provider', 'sandbox'), g.at)::events.draft),
  (row('orders.order_paid', 'order', g.order_id, 2, g.buyer_id, g.request_id, g.sellers::uuid[] || g.buyer_id,
       jsonb_build_object('orderId', g.order_id, 'status', 'PAID', 'fromStatus', 'PENDING_PAYMENT', 'buyerId', g.buyer_id,
                          'sellerIds', to_jsonb(g.sellers::uuid[]), 'currency', 'USD', 'totalMinor', g.amount_minor), g.at)::events.draft))
  as d (draft)
