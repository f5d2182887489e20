-- Records that the provider declined a payment at once. Answers like a confirmation: the problem that stands for it.
-- For the buyer of the order, on whose behalf the provider was asked. Repeating it changes nothing. Locks: order, its payments.
-- Events: payments.payment_failed, orders.order_payment_failed.
-- Problems: 401; 422 payments.payment_unknown.
create or replace function payments.fail_payment(p_ctx core.call_context, p_payment_id uuid, p_failure_code text)
returns setof payments.confirmation
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_actor identity.actor;
  v_order_id uuid;
begin
  v_actor := identity._require_actor(p_ctx);
  select p.order_id
    into v_order_id
    from payments.payments as p
   where p.payment_id = p_payment_id and p.buyer_id = v_actor.user_id;
  if not found then
    raise exception 'payments.payment_unknown' using
      errcode = 'MK422',
      detail = 'There is no such payment.',
      hint = 'Take the id from a payment that was started.',
      column = 'paymentId';
  end if;
  perform orders._lock_orders(array[v_order_id]);
  perform payments._lock_payments(array[v_order_id]);
  return query
    select s.*
      from payments._settle(
             array[row(1, v_order_id, p_payment_id, false, left(coalesce(p_failure_code, 'unknown'), 100), null,
                       v_actor.user_id, p_ctx.request_id)::payments.settlement],
             core.now()) as s;
end;
$$;
comment on function payments.fail_payment(core.call_context, uuid, text) is
  'Marks a payment FAILED after the provider declined it; the order may be paid again within its window.';
grant execute on function payments.fail_payment(core.call_context, uuid, text) to tradepost_api;
