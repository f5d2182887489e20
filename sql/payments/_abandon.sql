-- Gives up the unresolved payments of orders that have ended. Their provider is asked soon, in case the money came.
-- Private; the caller holds the locks of orders and payments. Events: payments.payment_abandoned.
create or replace function payments._abandon(p_order_ids uuid[], p_now timestamptz) returns void
language sql
volatile
as $$
  with abandoned as (
    update payments.payments as p
       set status = 'ABANDONED',
           checks = 0,
           next_check_at = p_now,
           version = p.version + 1,
           updated_at = p_now
      from orders.orders as o
     where p.order_id = any (p_order_ids) and p.status = 'PENDING'
       and o.order_id = p.order_id and o.status in ('CANCELLED', 'EXPIRED')
    returning p.*
  )
  insert into events.outbox (drafts)
  select array_agg(row(
         'payments.payment_abandoned', 'payment', a.payment_id, a.version, null, null, array[a.buyer_id],
         jsonb_build_object(
           'paymentId', a.payment_id, 'orderId', a.order_id, 'status', a.status, 'amountMinor', a.amount_minor,
           'currency', a.currency, 'refundedMinor', a.refunded_minor, 'provider', a.provider),
         p_now)::events.draft)
    from abandoned as a
  having count(*) > 0
$$;
comment on function payments._abandon(uuid[], timestamptz) is 'Marks the PENDING payments of ended orders ABANDONED.';
