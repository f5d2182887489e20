-- The seller says that its part of an order has arrived.
-- Called by: a member of that seller. Repeating it is refused (409), so a lost answer is safe to retry and read.
-- Locks: order, fulfilment. Events: orders.fulfilment_delivered and the order's own transition when it follows.
-- Raises: orders.order_not_found, orders.transition_refused.
create or replace function orders.deliver_fulfilment(p_ctx core.call_context, p_order_id uuid, p_seller_id uuid)
returns setof orders.view_order
language sql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
  select o.* from orders._move_fulfilment(p_ctx, p_order_id, p_seller_id, 'deliver', null, null) as o
$$;
comment on function orders.deliver_fulfilment(core.call_context, uuid, uuid) is 'The seller says that its part of an order has arrived. Returns the order as the seller sees it.';
grant execute on function orders.deliver_fulfilment(core.call_context, uuid, uuid) to tradepost_api;
