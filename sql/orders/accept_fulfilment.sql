-- The seller takes on its part of a paid order.
-- Called by: a member of that seller. Repeating it is refused (409), so a lost answer is safe to retry and read.
-- Locks: order, fulfilment. Events: orders.fulfilment_accepted and the order's own transition when it follows.
-- Raises: orders.order_not_found, orders.transition_refused, orders.acceptance_window_over.
create or replace function orders.accept_fulfilment(p_ctx core.call_context, p_order_id uuid, p_seller_id uuid)
returns setof orders.view_order
language sql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
  select o.* from orders._move_fulfilment(p_ctx, p_order_id, p_seller_id, 'accept', null, null) as o
$$;
comment on function orders.accept_fulfilment(core.call_context, uuid, uuid) is 'The seller takes on its part of a paid order. Returns the order as the seller sees it.';
grant execute on function orders.accept_fulfilment(core.call_context, uuid, uuid) to tradepost_api;
