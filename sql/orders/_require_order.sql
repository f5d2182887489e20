-- An order the caller may see: buyers their own, sellers those they have a part in, administrators all.
-- Private; reads only. Raises orders.order_not_found for everything else.
create or replace function orders._require_order(p_actor identity.actor, p_order_id uuid)
returns orders.orders
language plpgsql
stable
as $$
declare
  v_order orders.orders;
begin
  select * into v_order from orders.orders as o where o.order_id = p_order_id;
  if v_order.order_id is null
    or not (p_actor.role = 'ADMIN'
            or v_order.buyer_id = p_actor.user_id
            or coalesce(p_actor.seller_id = any (v_order.seller_ids), false)) then
    raise exception 'orders.order_not_found' using
      errcode = 'MK404',
      detail = 'There is no such order.',
      hint = 'GET /orders lists the orders you can see.';
  end if;
  return v_order;
end
$$;
comment on function orders._require_order(identity.actor, uuid) is 'The order, if the actor may see it; orders.order_not_found otherwise.';
