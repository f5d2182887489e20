-- Applies what providers told the reconciler, or by a callback, about payments: the same effects as a confirmation. What comes twice,
-- late or out of order changes nothing that a newer word has settled.
-- For the worker. Each element: paymentId, isSuccess, failureCode, providerReference; one answer row each. Where it names
-- orderId, amountMinor or currency, a word about another order or amount is left out: no row answers it.
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
    select p.order_id
      from jsonb_array_elements(p_settlements) as s
     cross join lateral (
       select p.order_id from payments.payments as p where p.payment_id = (s.value ->> 'paymentId')::uuid offset 0) as p);
begin
  perform orders._lock_orders(v_order_ids);
  perform payments._lock_payments(v_order_ids);
  return query
    select a.*
      from payments._settle(
             array(select row(w.n, w.order_id, w.payment_id, w.is_success, w.failure_code, w.reference, null, null)::payments.settlement
                     from (select s.n, p.order_id, p.payment_id, (s.value ->> 'isSuccess')::boolean as is_success,
                                  left(s.value ->> 'failureCode', 100) as failure_code, s.value ->> 'providerReference' as reference,
                                  s.value ->> 'askedUnder' is null
                                  -- an earlier word of this batch settles the payment, and nobody asks any more
                                  or row_number() over (partition by p.payment_id order by s.n) = 1 as is_current
                             from jsonb_array_elements(p_settlements) with ordinality as s (value, n)
                            cross join lateral (
                              select p.* from payments.payments as p where p.payment_id = (s.value ->> 'paymentId')::uuid offset 0) as p
                            where s.value ->> 'isSuccess' is not null
                              and coalesce((s.value ->> 'orderId')::uuid, p.order_id) = p.order_id
                              and coalesce((s.value ->> 'amountMinor')::bigint, p.amount_minor) = p.amount_minor
                              and coalesce(s.value ->> 'currency', p.currency::text) = p.currency::text
                              and (s.value ->> 'askedUnder' is null
                                   or p.next_check_at = (s.value ->> 'askedUnder')::timestamptz)) as w
                    where w.is_current),
             core.now()) as a;
end;
$$;
comment on function payments.settle_payments(jsonb) is
  'Applies providers'' answers about unresolved payments, for the reconciler; repeating it changes nothing.';
grant execute on function payments.settle_payments(jsonb) to tradepost_worker;
