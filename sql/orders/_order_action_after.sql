-- The step an order takes after one of its parts moved, or null: accept with the first accepted part, ship with the last shipped
-- one, deliver with the last delivered one. Cancelled parts do not count. Private; reads only.
create or replace function orders._order_action_after(p_order orders.orders)
returns text
language sql
stable
as $$
  select case
    when p_order.status = 'PAID' then 'accept'
    when p_order.status = 'PROCESSING' and bool_and(f.status in ('SHIPPED', 'DELIVERED')) then 'ship'
    when p_order.status = 'SHIPPED' and bool_and(f.status = 'DELIVERED') then 'deliver'
  end
  from orders.fulfilments as f
  where f.seller_id = any (p_order.seller_ids) and f.order_id = p_order.order_id and f.status <> 'CANCELLED'
$$;
comment on function orders._order_action_after(orders.orders) is 'The order''s own action that follows from its fulfilments, if any.';
