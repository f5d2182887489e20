-- Prices one basket and leaves out limited promotions that have no use, or not enough budget, left for its buyer, as placing the
-- order now would. Reads the counters without locks. Leaving one out can let another show up, hence the loop; each round leaves out
-- at least one. Private; reads only.
create or replace function pricing._drop_exhausted(
  p_baskets pricing.basket[], p_lines pricing.basket_line[], p_shipping pricing.basket_shipping[], p_now timestamptz
)
returns setof pricing.adjustment
language plpgsql
stable
as $$
declare
  v_adjustments pricing.adjustment[];
  v_exhausted uuid[];
  v_excluded uuid[] := '{}';
begin
  loop
    v_adjustments := array(
      select a from pricing._apply_promotions(p_baskets, p_lines, p_shipping, v_excluded, p_now) as a);
    v_exhausted := array(
      select u.promotion_id
      from (select a.promotion_id, b.buyer_id, min(a.coupon_code) as coupon_code, sum(a.amount_minor) as amount_minor
            from unnest(v_adjustments) as a
            join unnest(p_baskets) as b on b.basket_no = a.basket_no
            where a.is_limited
            group by a.promotion_id, b.buyer_id) as u
      join pricing.promotions as p on p.promotion_id = u.promotion_id
      cross join lateral pricing._remaining_uses(p, u.buyer_id, u.coupon_code) as r
      where r.uses < 1 or r.buyer_uses < 1 or r.code_uses < 1 or r.budget_minor < u.amount_minor);
    exit when cardinality(v_exhausted) = 0;
    v_excluded := v_excluded || v_exhausted;
  end loop;
  return query select * from unnest(v_adjustments);
end
$$;
comment on function pricing._drop_exhausted(pricing.basket[], pricing.basket_line[], pricing.basket_shipping[], timestamptz) is
  'The adjustments of one basket without promotions that are used up.';
