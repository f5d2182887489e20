-- The coupon codes of many baskets with the live promotions behind them, found by index: a promotion's own code, or one of its
-- batches. Codes are compared in upper case. Of several codes of one promotion the first in the alphabet counts. Private; reads only.
create or replace function pricing._given_coupons(p_baskets pricing.basket[])
returns setof pricing.given_coupon
language plpgsql
stable
as $$
begin
  if not exists (select from unnest(p_baskets) as b where b.coupon_codes <> '{}') then
    return;
  end if;
  return query
  with given as materialized (
    select distinct b.basket_no, upper(c.code) as code
    from unnest(p_baskets) as b
    cross join lateral unnest(b.coupon_codes) as c (code)
  ), found as (
    select g.basket_no, g.code, p.promotion_id, false as is_limited
    from given as g
    join pricing.promotions as p on p.coupon_code = g.code and p.status in ('SCHEDULED', 'ACTIVE')
    union all
    select g.basket_no, g.code, c.promotion_id, c.usage_limit is not null
    from given as g
    join pricing.coupons as c on c.code = g.code
    join pricing.promotions as p on p.promotion_id = c.promotion_id and p.status in ('SCHEDULED', 'ACTIVE')
  )
  select f.basket_no, f.code, f.promotion_id, f.is_limited,
         row_number() over (partition by f.basket_no, f.promotion_id order by f.code) > 1
  from found as f;
end
$$;
comment on function pricing._given_coupons(pricing.basket[]) is 'The coupons of baskets with the live promotions behind them.';
