-- Makes the use counter of a promotion with a usage limit when it is first activated. Private; the promotion is locked.
create or replace function pricing._open_counters(p_promotion pricing.promotions)
returns void
language sql
volatile
as $$
  insert into pricing.promotion_counters (promotion_id, usage_limit)
  select p_promotion.promotion_id, p_promotion.usage_limit
  where p_promotion.usage_limit is not null
  on conflict do nothing
$$;
comment on function pricing._open_counters(pricing.promotions) is 'Makes the use counter of a promotion with a usage limit.';
