-- The second net below the fulfilment functions, as trigger_order_transitions is for orders.
create or replace function orders.trigger_fulfilment_transitions()
returns trigger
language plpgsql
as $$
begin
  if not exists (
    select from orders.fulfilment_transitions as t
    where t.from_status = old.status and t.to_status = new.status
  ) then
    raise exception 'orders.transition_refused' using
      errcode = 'MK409',
      detail = format('A fulfilment cannot go from %s to %s.', old.status, new.status),
      hint = 'orders.fulfilment_transitions lists what can.';
  end if;
  return new;
end
$$;
comment on function orders.trigger_fulfilment_transitions() is
  'Trigger: refuses fulfilment status changes that orders.fulfilment_transitions lacks.';

create or replace trigger fulfilment_transitions
before update of status on orders.fulfilments
for each row when (old.status is distinct from new.status)
execute function orders.trigger_fulfilment_transitions();
