-- Where an order stands: status, history with actor and reason, and the actions the caller could take.
-- Called by: the buyer, its sellers, ADMIN. A seller sees neither who acted for other stores nor anybody's words. Reads only. Raises: orders.order_not_found.
create or replace function orders.get_order_status(p_ctx core.call_context, p_order_id uuid)
returns setof orders.view_order_status
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_actor identity.actor := identity._require_actor(p_ctx);
  v_order orders.orders := orders._require_order(v_actor, p_order_id);
begin
  return query
  select s.order_id, s.status, s.version, s.updated_at,
         case when v_actor.role = 'SELLER' then orders._history_for_seller(s.history, v_actor.user_id) else s.history end,
         orders._allowed_actions(v_actor, v_order), false
  from orders.view_order_status as s
  where s.order_id = v_order.order_id;
end
$$;
comment on function orders.get_order_status(core.call_context, uuid) is
  'Status, history and the caller''s allowed actions of one order.';
grant execute on function orders.get_order_status(core.call_context, uuid) to tradepost_api;
