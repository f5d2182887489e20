-- Begins to pay an order: the payment is PENDING until its provider answers. The provider is called by the program after
-- this statement, outside of any transaction, with the payment's id as its idempotency key. Repeated, it answers the
-- payment as it is now, and moves a PENDING one's next_check_at: what the reconciler heard before is out of date then.
-- For the buyer of the order. Locks: idempotency key, order, its payments.
-- Events: payments.payment_started; orders.order_payment_retried when an earlier payment had failed.
-- Problems: 401; 404 orders.order_not_found; 409 payments.payment_in_progress, order_already_paid, order_not_payable,
-- orders.payment_window_over; 422 payments.method_token_invalid.
create or replace function payments.start_payment(
  p_ctx core.call_context, p_order_id uuid, p_provider text, p_method_token text
) returns setof payments.started_payment
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
as $$
declare
  v_route constant text := 'POST /orders/{id}/payment';
  v_now constant timestamptz := core.now();
  v_actor identity.actor;
  v_stored jsonb;
  v_order orders.orders;
  v_payment payments.payments;
  v_result payments.started_payment;
begin
  v_actor := identity._require_actor(p_ctx);
  if length(coalesce(p_method_token, '')) not between 1 and 200 then
    raise exception 'payments.method_token_invalid' using
      errcode = 'MK422',
      detail = 'A payment method token has 1 to 200 characters.',
      hint = 'Send the token that the provider gave for the method.',
      column = 'method/token';
  end if;
  v_stored := core._claim_idempotency(
    p_ctx, v_route, jsonb_build_object('orderId', p_order_id, 'provider', p_provider, 'token', p_method_token));
  if v_stored is not null then
    v_result := jsonb_populate_record(null::payments.started_payment, v_stored);
    update payments.payments as p
       set next_check_at = v_now + make_interval(secs => core._setting_int('payments.check_after_s'))
     where p.payment_id = v_result.payment_id and p.status = 'PENDING';
    select o.status, p.status, p.version
      into v_result.order_status, v_result.status, v_result.version
      from payments.payments as p
      join orders.orders as o using (order_id)
     where p.payment_id = v_result.payment_id;
    v_result.is_replayed := true;
    return next v_result;
    return;
  end if;

  select o.* into v_order from orders._lock_orders(array[p_order_id]) as o;
  perform payments._require_buyer(v_order, v_actor);
  perform payments._lock_payments(array[p_order_id]);
  perform payments._require_payable(v_order, v_now);
  if v_order.status = 'PAYMENT_FAILED' then
    select o.* into v_order
      from orders._transition(
             array[row(p_order_id, 'retry_payment', 'BUYER', v_actor.user_id, p_ctx.request_id, null, null)::orders.transition_request],
             v_now) as o;
  end if;

  insert into payments.payments
    (payment_id, order_id, buyer_id, provider, method_token, amount_minor, currency, next_check_at, created_at, updated_at)
  values (core.new_id(), p_order_id, v_order.buyer_id, p_provider, p_method_token, v_order.total_minor, v_order.currency,
          v_now + make_interval(secs => core._setting_int('payments.check_after_s')), v_now, v_now)
  returning * into v_payment;
  perform events._append('payment', v_payment.payment_id, v_payment.version, 'payments.payment_started', v_actor.user_id,
                         p_ctx.request_id, array[v_payment.buyer_id], payments._payment_payload(v_payment));

  v_result := row(v_payment.payment_id, p_order_id, v_order.status, v_payment.status, v_payment.amount_minor,
                  v_payment.currency::text, p_provider, v_payment.version, v_payment.created_at, false);
  perform core._store_response(p_ctx, v_route, to_jsonb(v_result));
  return next v_result;
end;
$$;
comment on function payments.start_payment(core.call_context, uuid, text, text) is
  'Inserts the PENDING payment of an order of the caller; the program then asks the provider.';
grant execute on function payments.start_payment(core.call_context, uuid, text, text) to tradepost_api;
