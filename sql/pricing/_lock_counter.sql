-- Locks a slot of a promotion's counter that has this many uses and this much budget left: one that nobody holds, without waiting,
-- beginning elsewhere in each session. When there is none (the end is near, or the limit small) it waits for all slots in order,
-- gathers what is left in slot 0 and answers that one, which may then have less than was asked for. Null without counter.
-- A session that holds such a slot and asks again, for no more, finds it without waiting. Private. Locks: promotion_counters.
create or replace function pricing._lock_counter(p_promotion_id uuid, p_uses bigint, p_minor numeric)
returns pricing.promotion_counters
language plpgsql
volatile
as $$
declare
  v_counter pricing.promotion_counters;
begin
  select c.* into v_counter
  from pricing.promotion_counters as c
  where c.promotion_id = p_promotion_id
    and (c.usage_limit is null or c.usage_limit - c.used >= p_uses)
    and (c.budget_minor is null or c.budget_minor - c.spent_minor >= p_minor)
  order by (c.slot + pg_backend_pid()) % 16
  limit 1
  for no key update skip locked;
  if found then
    return v_counter;
  end if;
  perform from pricing.promotion_counters as c where c.promotion_id = p_promotion_id order by c.slot for no key update;
  if found then
    perform pricing._gather_slots(p_promotion_id);
    select c.* into v_counter from pricing.promotion_counters as c where c.promotion_id = p_promotion_id and c.slot = 0;
  end if;
  return v_counter;
end
$$;
comment on function pricing._lock_counter(uuid, bigint, numeric) is
  'Locks a slot of a promotion''s counter with enough left, or all of them with what is left in slot 0.';
