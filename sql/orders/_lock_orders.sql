-- Locks orders and returns them as they are now. Private. Locks: orders by order_id.
create or replace function orders._lock_orders(p_order_ids uuid[])
returns setof orders.orders
language plpgsql
volatile
as $$
begin
  return query
  select o.*
  from orders.orders as o
  where o.order_id = any (p_order_ids)
  order by o.order_id
  for no key update;
end
$$;
comment on function orders._lock_orders(uuid[]) is 'Locks the orders by id and returns their current rows.';
