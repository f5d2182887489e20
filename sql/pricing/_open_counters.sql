-- Makes the counter of a promotion with a usage limit or a budget when it is first activated. Private; the promotion is locked.
-- A large limit is counted in 16 slots, so that orders do not queue for one row; each must hold several batches of orders.
create or replace function pricing._open_counters(p_promotion pricing.promotions)
returns void
language plpgsql
volatile
as $$
declare
  p constant pricing.promotions := p_promotion;
begin
  if (p.usage_limit is null and p.budget_minor is null)
     or exists (select from pricing.promotion_counters as c where c.promotion_id = p.promotion_id) then
    return;
  end if;
  insert into pricing.promotion_counters (promotion_id, slot, usage_limit, budget_minor)
  select p.promotion_id, s.slot,
         case when p.usage_limit is not null then 0 end, case when p.budget_minor is not null then 0 end
  from generate_series(0, case when coalesce(p.usage_limit, 4096) >= 4096 and coalesce(p.budget_minor, 160000000) >= 160000000
                               then 15 else 0 end) as s (slot);
  perform pricing._share_limits(p.promotion_id, p.usage_limit, p.budget_minor);
end
$$;
comment on function pricing._open_counters(pricing.promotions) is 'Makes the counter of a promotion with a usage limit or a budget.';
