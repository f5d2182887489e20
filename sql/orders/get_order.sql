-- One order. A seller sees its own part: its fulfilment, its sums, and the address once the order is paid.
-- Called by: the buyer, its sellers, ADMIN. Reads only. Raises: orders.order_not_found.
create or replace function orders.get_order(p_ctx core.call_context, p_order_id uuid)
returns setof orders.view_order
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_actor identity.actor := identity._require_actor(p_ctx);
  v_order orders.orders := orders._require_order(v_actor, p_order_id);
begin
  if v_actor.seller_id is null then
    return query select o.* from orders.view_order as o where o.order_id = v_order.order_id;
    return;
  end if;
  return query
  select o.order_id, o.buyer_id, o.status, o.currency::text,
         f.subtotal_minor, f.discount_minor, f.shipping_minor, f.total_minor,
         '{}'::text[],
         case when o.status in ('PENDING_PAYMENT', 'PAYMENT_FAILED', 'EXPIRED', 'CANCELLED') then null else o.shipping_address end,
         o.placed_at, o.payment_due_at, o.version, o.updated_at,
         (select jsonb_build_array(d.document) from orders.view_fulfilment as d
          where d.seller_id = f.seller_id and d.order_id = f.order_id)
  from orders.orders as o
  join orders.fulfilments as f on f.seller_id = v_actor.seller_id and f.order_id = o.order_id
  where o.order_id = v_order.order_id;
end
$$;
comment on function orders.get_order(core.call_context, uuid) is
  'The order as the caller may see it: buyers and administrators whole, a seller its own part.';
grant execute on function orders.get_order(core.call_context, uuid) to tradepost_api;
