-- Gathers what is left of a promotion's limits in slot 0 of its counter. Private; the caller holds the locks of all slots.
create or replace function pricing._gather_slots(p_promotion_id uuid)
returns void
language sql
volatile
as $$
  update pricing.promotion_counters as c
  set usage_limit = case when c.usage_limit is not null then c.used + case when c.slot = 0 then rest.uses else 0 end end,
      budget_minor = case when c.budget_minor is not null then c.spent_minor + case when c.slot = 0 then rest.minor else 0 end end
  from (select sum(s.usage_limit - s.used) as uses, sum(s.budget_minor - s.spent_minor) as minor,
               bool_or(s.slot > 0 and (s.usage_limit > s.used or s.budget_minor > s.spent_minor)) as is_spread
        from pricing.promotion_counters as s where s.promotion_id = p_promotion_id) as rest
  where c.promotion_id = p_promotion_id and rest.is_spread
$$;
comment on function pricing._gather_slots(uuid) is 'Gathers what is left of a promotion''s limits in slot 0 of its counter.';
