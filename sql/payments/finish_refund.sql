-- Records what the provider said about a refund. SUCCEEDED: ledger, payment and order follow. FAILED: a person has to
-- look. UNKNOWN: it is tried again, for ever, with the same refund id: only so can the provider not pay twice. After
-- refund_attempts_max tries it is marked and told as stuck, once: a person should look. A refund that has ended stays as it is.
-- For the worker; answers the refund's status, null when there is no such refund. Locks: order, payments, refund.
-- Events: payments.refund_succeeded, payments.refund_failed, payments.refund_stuck; orders.order_refunded, orders.order_partially_refunded.
-- Problems: none.
create or replace function payments.finish_refund(
  p_refund_id uuid, p_outcome text, p_provider_reference text, p_failure_code text
) returns text
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
set enable_seqscan = off  -- a plan kept from when a table was small must not scan it when it has grown
as $$
declare
  v_now constant timestamptz := core.now();
  v_refund payments.refunds;
  v_payment payments.payments;
begin
  select r.* into v_refund from payments.refunds as r where r.refund_id = p_refund_id;
  perform orders._lock_orders(array[v_refund.order_id]);
  perform payments._lock_payments(array[v_refund.order_id]);
  select r.* into v_refund from payments.refunds as r where r.refund_id = p_refund_id for no key update;
  if p_outcome = 'UNKNOWN' then
    perform payments._mark_stuck_refund(v_refund, v_now);
    return v_refund.status;
  elsif v_refund.status is distinct from 'PENDING' then
    return v_refund.status;
  end if;

  if p_outcome = 'SUCCEEDED' then
    perform payments._book_refund(v_refund, v_now);
  end if;
  update payments.refunds as r
     set status = case p_outcome when 'SUCCEEDED' then 'SUCCEEDED' else 'FAILED' end,
         provider_reference = p_provider_reference,
         stuck_at = null,
         failure_code = case when p_outcome <> 'SUCCEEDED'
                             then coalesce(left(p_failure_code, 100), 'unknown') end,
         updated_at = v_now
   where r.refund_id = p_refund_id
  returning * into v_refund;
  update payments.payments as p
     set refunded_minor = p.refunded_minor + case when v_refund.status = 'SUCCEEDED' then v_refund.amount_minor else 0 end,
         version = p.version + 1,
         updated_at = v_now
   where p.payment_id = v_refund.payment_id
  returning * into v_payment;
  perform events._append(
    'payment', v_payment.payment_id, v_payment.version,
    case v_refund.status when 'SUCCEEDED' then 'payments.refund_succeeded' else 'payments.refund_failed' end,
    null, null, array[v_payment.buyer_id], payments._refund_payload(v_payment, v_refund));
  if v_refund.status = 'SUCCEEDED' then
    perform payments._move_refunded_order(v_payment, v_refund, v_now);
  end if;
  return v_refund.status;
end;
$$;
comment on function payments.finish_refund(uuid, text, text, text) is
  'Records a provider''s answer to a refund (SUCCEEDED, FAILED or UNKNOWN) with ledger, payment and order.';
grant execute on function payments.finish_refund(uuid, text, text, text) to tradepost_worker;
