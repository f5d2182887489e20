-- Cancels an order: stock goes back, coupons and uses return, open fulfilments close. Money that was taken goes back too, but not
-- here: the event says paid, and the payments worker refunds.
-- Called by: its buyer until a seller has accepted; ADMIN until a seller has shipped. Idempotent by key.
-- Locks: idempotency key, order, reservation and stock rows, promotion counters.
-- Events: orders.order_cancelled. Raises: orders.order_not_found, orders.reason_too_long,
-- orders.transition_refused, orders.already_shipped.
create or replace function orders.cancel_order(p_ctx core.call_context, p_order_id uuid, p_reason text)
returns setof orders.view_order_status
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now constant timestamptz := core.now();
  v_route constant text := 'POST /orders/{id}/cancel';
  v_actor identity.actor := identity._require_actor(p_ctx, 'BUYER', 'ADMIN');
  v_order orders.orders;
  v_stored jsonb;
  v_is_paid boolean;
begin
  perform orders._require_order(v_actor, p_order_id);
  if length(p_reason) > 500 then
    raise exception 'orders.reason_too_long' using
      errcode = 'MK422', detail = 'A reason has at most 500 characters.', hint = 'Shorten it.', column = 'reason';
  end if;
  v_stored := core._claim_idempotency(
    p_ctx, v_route, jsonb_build_object('orderId', p_order_id, 'reason', p_reason));
  if v_stored is not null then
    return query select s.* from jsonb_populate_record(
      null::orders.view_order_status, v_stored || '{"is_replayed": true}') as s;
    return;
  end if;

  select * into v_order from orders._lock_orders(array[p_order_id]);
  v_is_paid := v_order.status in ('PAID', 'PROCESSING');
  if exists (
    select from orders.fulfilments as f
    where f.seller_id = any (v_order.seller_ids) and f.order_id = p_order_id and f.status in ('SHIPPED', 'DELIVERED')
  ) then
    raise exception 'orders.already_shipped' using
      errcode = 'MK409',
      detail = 'A part of this order is on its way already.',
      hint = 'Wait for the delivery and ask for a refund.';
  end if;
  perform orders._transition(
    array[row(p_order_id, 'cancel', v_actor.role, v_actor.user_id, p_ctx.request_id, p_reason,
              jsonb_build_object('paid', v_is_paid))::orders.transition_request], v_now);
  if v_is_paid then
    perform inventory._return_stock(array[p_order_id], v_now, v_actor.user_id);
  else
    perform inventory._end_holds(array[p_order_id], 'RELEASED', v_now);
  end if;
  perform pricing._return_redemptions(array[p_order_id], v_now);

  select * into v_order from orders.orders as o where o.order_id = p_order_id;
  select to_jsonb(s) || jsonb_build_object('allowed_actions', orders._allowed_actions(v_actor, v_order)) into v_stored
  from orders.view_order_status as s
  where s.order_id = p_order_id;
  perform core._store_response(p_ctx, v_route, v_stored);
  return query select s.* from jsonb_populate_record(null::orders.view_order_status, v_stored) as s;
end
$$;
comment on function orders.cancel_order(core.call_context, uuid, text) is
  'Cancels an order that may still be cancelled and gives everything back; a paid one is refunded by the payments worker.';
grant execute on function orders.cancel_order(core.call_context, uuid, text) to tradepost_api;
