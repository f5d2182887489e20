-- Applies what providers told the reconciler about payments that nobody confirmed: the same effects as a confirmation.
-- For the worker. Each element: orderId, paymentId, isSuccess, failureCode, providerReference; one answer row each.
-- With askedUnder (the next_check_at of the claim), when the provider does not know the payment: that holds only while no
-- other claim and no repeated start has moved next_check_at, for the provider may have been asked to create it since.
-- Locks: orders, payments, reservations, stock rows, promotion counters. Events: see payments._settle_once.
-- Problems, as rows: 409 payments.payment_declined, stock_gone_refunded, order_cancelled_refunded, order_already_paid.
create or replace function payments.settle_payments(p_settlements jsonb) returns setof payments.confirmation
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
as $$
declare
  v_order_ids constant uuid[] := array(
    select (s.value ->> 'orderId')::uuid from jsonb_array_elements(p_settlements) as s);
begin
  perform orders._lock_orders(v_order_ids);
  perform payments._lock_payments(v_order_ids);
  return query
    select a.*
      from payments._settle(
             array(select row(s.n, p.order_id, p.payment_id, (s.value ->> 'isSuccess')::boolean,
                              left(s.value ->> 'failureCode', 100), s.value ->> 'providerReference',
                              null, null)::payments.settlement
                     from jsonb_array_elements(p_settlements) with ordinality as s (value, n)
                     join payments.payments as p
                       on p.payment_id = (s.value ->> 'paymentId')::uuid and p.order_id = (s.value ->> 'orderId')::uuid
                    where s.value ->> 'isSuccess' is not null
                      and (s.value ->> 'askedUnder' is null or p.next_check_at = (s.value ->> 'askedUnder')::timestamptz)),
             core.now()) as a;
end;
$$;
comment on function payments.settle_payments(jsonb) is
  'Applies providers'' answers about unresolved payments, for the reconciler; repeating it changes nothing.';
grant execute on function payments.settle_payments(jsonb) to tradepost_worker;
