-- Puts refunds into the queue of the refund worker. Nothing is checked here: the caller holds the locks of orders and
-- payments and has made sure that a payment's refunds do not exceed what was paid. Requests of nothing are left out.
-- Private. Events: payments.refund_requested.
create or replace function payments._request_refunds(p_requests payments.refund_request[], p_now timestamptz)
returns setof payments.refunds
language plpgsql
volatile
as $$
declare
  v_refund_ids uuid[];
  v_payment_ids uuid[];
begin
  with requested as (
    insert into payments.refunds
      (refund_id, payment_id, order_id, amount_minor, currency, reason, seller_ids, next_attempt_at, requested_by, created_at,
       updated_at)
    select core.new_id(), p.payment_id, p.order_id, r.amount_minor, p.currency, r.reason, r.seller_ids, p_now, r.actor_id, p_now,
           p_now
      from unnest(p_requests) as r
     cross join lateral (
       select p.payment_id, p.order_id, p.currency from payments.payments as p where p.payment_id = r.payment_id offset 0) as p
     where r.amount_minor > 0
    returning refund_id, payment_id
  )
  select coalesce(array_agg(q.refund_id), '{}'), array_agg(q.payment_id) into v_refund_ids, v_payment_ids from requested as q;
  if cardinality(v_refund_ids) = 0 then
    return;
  end if;

  update payments.payments as p
     set version = p.version + 1,
         updated_at = p_now
   where p.payment_id = any (v_payment_ids);
  insert into events.outbox (drafts)
  select array_agg(row(
         'payments.refund_requested', 'payment', p.payment_id, p.version, r.actor_id, r.request_id,
         array[p.buyer_id], payments._refund_payload(p, f), p_now)::events.draft)
    from payments.refunds as f
   cross join lateral (select p.* from payments.payments as p where p.payment_id = f.payment_id offset 0) as p
    join unnest(p_requests) as r on r.payment_id = f.payment_id
   where f.refund_id = any (v_refund_ids)
  having count(*) > 0;
  return query
    select f.* from payments.refunds as f where f.refund_id = any (v_refund_ids);
end;
$$;
comment on function payments._request_refunds(payments.refund_request[], timestamptz) is
  'Inserts PENDING refunds of locked payments, at most one per payment, and tells the log.';
