-- The second net below orders._transition: not even a manual UPDATE moves an order along a path that is not in the table.
-- One look at all rows of a statement: row by row it cost as much as the update itself. Rows are paired by order_id, which
-- trigger_snapshots keeps from changing.
create or replace function orders.trigger_order_transitions()
returns trigger
language plpgsql
as $$
declare
  v_refused record;
begin
  select o.status as from_status, n.status as to_status into v_refused
  from old_rows as o
  join new_rows as n on n.order_id = o.order_id
  left join orders.order_transitions as t on t.from_status = o.status and t.to_status = n.status
  where n.status <> o.status and t.to_status is null
  limit 1;
  if found then
    raise exception 'orders.transition_refused' using
      errcode = 'MK409',
      detail = format('An order cannot go from %s to %s.', v_refused.from_status, v_refused.to_status),
      hint = 'orders.order_transitions lists what can.';
  end if;
  return null;
end
$$;
comment on function orders.trigger_order_transitions() is 'Trigger: refuses order status changes that orders.order_transitions lacks.';

create or replace trigger order_transitions
after update on orders.orders
referencing old table as old_rows new table as new_rows
for each statement execute function orders.trigger_order_transitions();
