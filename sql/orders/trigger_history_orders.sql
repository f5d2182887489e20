-- History is of an order. What a foreign key would look up row by row, with a lock on each parent, is one look
-- at all rows of a statement here: orders are never deleted (trigger_snapshots), so there is nothing to lock.
-- OFFSET 0: always a lookup by key, whatever was in the tables when the statement was planned.
-- Raises: 23503.
create or replace function orders.trigger_history_orders()
returns trigger
language plpgsql
as $$
begin
  if exists (
    select from new_rows as n
    left join lateral (
      select true as is_there from orders.orders as o
      where o.order_id = n.order_id offset 0) as o on true
    where o.is_there is null
  ) then
    raise exception 'the history of no order' using errcode = 'foreign_key_violation', constraint = 'order_history_order';
  end if;
  return null;
end
$$;
comment on function orders.trigger_history_orders() is 'Trigger: refuses order history without its order.';

create or replace trigger order_history_order
after insert on orders.order_history
referencing new table as new_rows
for each statement execute function orders.trigger_history_orders();
