-- One step of a seller's part of an order, and of the order itself when this was the last part that had to take it.
-- Private. Locks: order, then the fulfilment. Events: orders.fulfilment_<past of action>; the order's own transition.
-- Raises: orders.order_not_found, orders.transition_refused, orders.acceptance_window_over (by the clock, whether or not the
-- sweeper has cancelled the part).
create or replace function orders._move_fulfilment(
  p_ctx core.call_context, p_order_id uuid, p_seller_id uuid, p_action text, p_carrier text, p_tracking_number text
)
returns setof orders.view_order
language plpgsql
volatile
as $$
declare
  v_now constant timestamptz := core.now();
  v_actor identity.actor := identity._require_seller(p_ctx);
  v_order orders.orders;
  v_part orders.fulfilments;
  v_next text;
  v_order_action text;
begin
  if v_actor.seller_id is distinct from p_seller_id then
    v_actor.seller_id := null;
  end if;
  perform orders._require_order(v_actor, p_order_id);
  select * into v_order from orders._lock_orders(array[p_order_id]);
  select * into v_part from orders.fulfilments as f
  where f.seller_id = p_seller_id and f.order_id = p_order_id
  for no key update;
  select t.to_status into v_next from orders.fulfilment_transitions as t
  where t.from_status = v_part.status and t.action = p_action and t.actor_kind = 'SELLER';
  if v_next is null or v_order.status not in ('PAID', 'PROCESSING', 'SHIPPED') then
    raise exception 'orders.transition_refused' using
      errcode = 'MK409',
      detail = format('The order is %s and this part of it %s; "%s" is not possible now.', v_order.status, v_part.status, p_action),
      hint = 'GET /orders/{id}/status lists the actions that are.';
  end if;

  if p_action = 'accept' and v_order.acceptance_due_at <= v_now then
    raise exception 'orders.acceptance_window_over' using
      errcode = 'MK409',
      detail = format('This part of the order had to be accepted before %s.', to_json(v_order.acceptance_due_at) #>> '{}'),
      hint = 'It is cancelled and the buyer refunded.';
  end if;

  update orders.fulfilments as f
  set status = v_next, version = f.version + 1, updated_at = v_now,
      carrier = coalesce(p_carrier, f.carrier), tracking_number = coalesce(p_tracking_number, f.tracking_number),
      accepted_at = case when v_next = 'ACCEPTED' then v_now else f.accepted_at end,
      shipped_at = case when v_next = 'SHIPPED' then v_now else f.shipped_at end,
      delivered_at = case when v_next = 'DELIVERED' then v_now else f.delivered_at end
  where f.seller_id = p_seller_id and f.order_id = p_order_id
  returning * into v_part;

  v_order_action := orders._order_action_after(v_order);
  if v_order_action is not null then
    perform orders._transition(
      array[row(p_order_id, v_order_action, 'SELLER', v_actor.user_id, p_ctx.request_id, null, null)::orders.transition_request], v_now);
  elsif p_action = 'accept' then
    -- the last part that was waited for: no deadline runs any more
    update orders.orders as o set due_at = null
    where o.order_id = p_order_id
      and not exists (select from orders.fulfilments as f
                      where f.seller_id = any (o.seller_ids) and f.order_id = o.order_id and f.status = 'PENDING');
  end if;
  perform events._append('fulfilment', inventory._stock_id(p_seller_id, p_order_id), v_part.version,
    'orders.fulfilment_' || lower(v_next), v_actor.user_id, p_ctx.request_id, array[p_seller_id, v_order.buyer_id],
    jsonb_build_object('orderId', p_order_id, 'sellerId', p_seller_id, 'status', v_next)
    || case v_next when 'SHIPPED' then jsonb_build_object('carrier', v_part.carrier) else '{}' end);
  return query select o.* from orders.get_order(p_ctx, p_order_id) as o;
end
$$;
comment on function orders._move_fulfilment(core.call_context, uuid, uuid, text, text, text) is
  'Moves one fulfilment along its transitions and the order with it when all parts got that far.';
