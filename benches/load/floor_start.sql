-- The rows that a batch of begun payments leaves behind, written by one prepared statement, as floor.sql does for orders.
-- $1-$6 per payment: order, buyer, id, amount, key, request id.
with given as materialized (
  select p.*, core.now() as at
  from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::bigint[], $5::text[], $6::text[])
    as p (order_id, buyer_id, payment_id, amount_minor, key, request_id)
), begun as (
  insert into payments.payments (payment_id, order_id, buyer_id, provider, method_token, amount_minor, currency, next_check_at,
                                 created_at, updated_at)
  select g.payment_id, g.order_id, g.buyer_id, 'sandbox', 'tok_success', g.amount_minor, 'USD', g.at + interval '1 minute', g.at, g.at
  from given as g
), keys as (
  insert into core.idempotency_keys (account_id, route, idempotency_key, request_hash, response, created_at)
  select g.buyer_id, 'POST /orders/{id}/payment', g.key, sha256(g.key::bytea), jsonb_build_object('payment_id', g.payment_id), g.at
  from given as g
)
insert into events.outbox (drafts)
select array_agg(row('payments.payment_started', 'payment', g.payment_id, 1, g.buyer_id, g.request_id, array[g.buyer_id],
       jsonb_build_object('paymentId', g.payment_id, 'orderId', g.order_id, 'status', 'PENDING', 'amountMinor', g.amount_minor,
                          'currency', 'USD', 'refundedMinor', 0, 'provider', 'sandbox'), g.at)::events.draft)
from given as g
