-- Shares what is left of a promotion's usage limit and budget among the slots of its counter, as evenly as it goes.
-- Private; the caller holds the locks of all slots, and has checked that the limits are not below what was used.
create or replace function pricing._share_limits(p_promotion_id uuid, p_usage_limit integer, p_budget_minor bigint)
returns void
language sql
volatile
as $$
  update pricing.promotion_counters as c
  set usage_limit = c.used + div(rest.uses, rest.slots) + case when c.slot < mod(rest.uses, rest.slots) then 1 else 0 end,
      budget_minor = c.spent_minor + div(rest.minor, rest.slots) + case when c.slot < mod(rest.minor, rest.slots) then 1 else 0 end
  from (select p_usage_limit - sum(s.used) as uses, p_budget_minor - sum(s.spent_minor) as minor, count(*) as slots
        from pricing.promotion_counters as s where s.promotion_id = p_promotion_id) as rest
  where c.promotion_id = p_promotion_id
$$;
comment on function pricing._share_limits(uuid, integer, bigint) is 'Shares the rest of a promotion''s limits among its counter''s slots.';
