-- Whether uses of a promotion are counted, whatever code it comes by. Private.
create or replace function pricing._is_limited(p_promotion pricing.promotions)
returns boolean
language sql
immutable
as $$
  select p_promotion.usage_limit is not null or p_promotion.budget_minor is not null or pricing._buyer_limit(p_promotion) is not null
$$;
comment on function pricing._is_limited(pricing.promotions) is 'Whether uses of a promotion are counted.';
