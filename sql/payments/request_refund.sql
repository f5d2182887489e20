-- An administrator gives back a part or all of what was paid for an order. Orders that are not delivered yet are
-- cancelled instead, which refunds them; for cancelled and expired ones this repeats a refund that had failed.
-- For ADMIN. Locks: idempotency key, order, its payments. Events: payments.refund_requested.
-- Problems: 401, 403; 404 orders.order_not_found; 409 payments.refund_not_allowed, refund_exceeds_paid;
-- 422 payments.refund_amount_invalid, refund_reason_invalid, refund_currency_mismatch.
create or replace function payments.request_refund(
  p_ctx core.call_context, p_order_id uuid, p_amount_minor bigint, p_currency text, p_reason text
) returns setof payments.refund_result
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_route constant text := 'POST /orders/{id}/refunds';
  v_actor identity.actor;
  v_stored jsonb;
  v_result payments.refund_result;
  v_payment payments.payments;
begin
  v_actor := identity._require_actor(p_ctx, 'ADMIN');
  v_stored := core._claim_idempotency(
    p_ctx, v_route,
    jsonb_build_object('orderId', p_order_id, 'amountMinor', p_amount_minor, 'currency', p_currency, 'reason', p_reason));
  if v_stored is not null then
    v_result := jsonb_populate_record(null::payments.refund_result, v_stored);
    v_result.is_replayed := true;
    return next v_result;
    return;
  end if;

  perform orders._lock_orders(array[p_order_id]);
  perform payments._lock_payments(array[p_order_id]);
  perform payments._refund_parts(array[p_order_id], core.now());
  v_payment := payments._require_refundable(p_order_id, p_amount_minor, p_currency, p_reason);
  select r.refund_id, r.payment_id, r.order_id, r.amount_minor, r.currency::text, r.reason, r.status, r.failure_code,
         r.created_at, r.updated_at, false
    into v_result
    from payments._request_refunds(
           array[row(v_payment.payment_id, p_amount_minor, btrim(p_reason), v_actor.user_id, p_ctx.request_id, null)::payments.refund_request],
           core.now()) as r;
  perform core._store_response(p_ctx, v_route, to_jsonb(v_result));
  return next v_result;
end;
$$;
comment on function payments.request_refund(core.call_context, uuid, bigint, text, text) is
  'Queues a refund of a part or all of an order''s payment; refunds never add up to more than was paid.';
grant execute on function payments.request_refund(core.call_context, uuid, bigint, text, text) to tradepost_api;
