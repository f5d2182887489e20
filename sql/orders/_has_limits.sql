-- Whether more than the stock decides about a batch: a limited promotion acts, or would when a gift is short or a number is another.
-- Private; the same for all who ask in one call (orders._place, orders._lock_limits).
create or replace function orders._has_limits(p_baskets pricing.basket[], p_lines pricing.basket_line[], p_adjustments pricing.adjustment[])
returns boolean
language plpgsql
immutable
as $$
begin
  return exists (select from unnest(p_adjustments) as a where a.is_limited)
    or exists (select from unnest(p_lines) as l where l.gift_of is not null)
    or exists (select from unnest(p_baskets) as b where b.order_number is not null);
end
$$;
comment on function orders._has_limits(pricing.basket[], pricing.basket_line[], pricing.adjustment[]) is
  'Whether counters of limited promotions, or gifts, are in play for any of the baskets.';
