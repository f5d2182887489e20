-- The second net below orders._transition: not even a manual UPDATE moves an order along a path that is not in the table.
create or replace function orders.trigger_order_transitions()
returns trigger
language plpgsql
as $$
begin
  if not exists (
    select from orders.order_transitions as t
    where t.from_status = old.status and t.to_status = new.status
  ) then
    raise exception 'orders.transition_refused' using
      errcode = 'MK409',
      detail = format('An order cannot go from %s to %s.', old.status, new.status),
      hint = 'orders.order_transitions lists what can.';
  end if;
  return new;
end
$$;
comment on function orders.trigger_order_transitions() is 'Trigger: refuses order status changes that orders.order_transitions lacks.';

create or replace trigger order_transitions
before update of status on orders.orders
for each row when (old.status is distinct from new.status)
execute function orders.trigger_order_transitions();
