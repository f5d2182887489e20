-- The coupons of many baskets that cannot be used, with the reason: one row per basket and refused code, in the order given;
-- a code given twice counts once; codes are compared in upper case. Reads without locks: limits are decided for good under the
-- counters' locks when the order is placed. Reasons, first that holds:
--   pricing.coupon_unknown, coupon_inactive, coupon_not_started, coupon_expired, coupon_redundant (another code of the promotion is
--   given too), coupon_currency_mismatch, coupon_no_match, coupon_minimum_not_met (names the missing amount),
--   coupon_quantity_not_met (names the missing units), coupon_condition_not_met, coupon_usage_limit_reached (also of the code, or its
--   budget is spent), coupon_buyer_limit_reached.
-- Private.
-- long: one statement that judges a coupon, read top to bottom.
create or replace function pricing._refuse_coupons(
  p_baskets pricing.basket[], p_lines pricing.basket_line[], p_now timestamptz
)
returns setof pricing.coupon_refusal
language plpgsql
stable
as $$
begin
  if not exists (select from unnest(p_baskets) as b where b.coupon_codes <> '{}') then
    return;
  end if;
  return query
  with given as (
    select b.basket_no, b.buyer_id, b.currency, upper(c.code) as code, min(c.n) as n
    from unnest(p_baskets) as b
    cross join lateral unnest(b.coupon_codes) with ordinality as c (code, n)
    group by b.basket_no, b.buyer_id, b.currency, upper(c.code)
  ), judged as (
    select g.basket_no, g.n, g.code, g.currency as basket_currency, p.*, m.subtotal_minor, m.quantity,
           u.uses, u.buyer_uses, u.code_uses, u.budget_minor as left_minor,
           row_number() over (partition by g.basket_no, p.promotion_id order by g.code) > 1 as is_redundant
    from given as g
    left join lateral (
      select p as whole, p.*
      from pricing.promotions as p
      where p.status <> 'DRAFT'
        and (p.coupon_code = g.code or p.promotion_id = (select c.promotion_id from pricing.coupons as c where c.code = g.code))
      order by p.status = 'ENDED', p.promotion_id desc
      limit 1
    ) as p on true
    left join lateral (
      select sum(l.quantity * l.unit_price_minor)::bigint as subtotal_minor, sum(l.quantity) as quantity
      from unnest(p_lines) as l
      where l.basket_no = g.basket_no
        and (p.seller_id is null or p.seller_id = l.seller_id)
        and (p.seller_ids is null or l.seller_id = any (p.seller_ids))
        and (p.product_ids is null or l.product_id = any (p.product_ids))
        and (p.variant_ids is null or l.variant_id = any (p.variant_ids))
        and (p.category_ids is null or l.category_path && p.category_ids)
    ) as m on true
    left join lateral pricing._remaining_uses(p.whole, g.buyer_id, g.code) as u on p.promotion_id is not null
  ), applied as materialized (
    -- what the engine says about those that have conditions of their own; asked only when there are such
    select a.basket_no, a.promotion_id
    from (select from judged as j where coalesce(j.line_path, j.condition_path) is not null or j.tiers is not null limit 1) as asked
    cross join lateral pricing._basket_promotions(p_baskets, p_lines, '{}', p_now) as a
  ), reasons as (
    select j.*,
           case when j.promotion_id is null then 'pricing.coupon_unknown'
                when j.status not in ('ACTIVE', 'SCHEDULED') and not (j.status = 'ENDED' and j.ends_at <= p_now)
                  then 'pricing.coupon_inactive'
                when j.starts_at > p_now then 'pricing.coupon_not_started'
                when j.ends_at <= p_now then 'pricing.coupon_expired'
                when j.is_redundant then 'pricing.coupon_redundant'
                when j.currency <> j.basket_currency then 'pricing.coupon_currency_mismatch'
                when j.subtotal_minor is null then 'pricing.coupon_no_match'
                when j.subtotal_minor < j.min_subtotal_minor then 'pricing.coupon_minimum_not_met'
                when j.quantity < j.min_quantity then 'pricing.coupon_quantity_not_met'
                when (coalesce(j.line_path, j.condition_path) is not null or j.tiers is not null)
                  and not exists (select from applied as a where a.basket_no = j.basket_no and a.promotion_id = j.promotion_id)
                  then 'pricing.coupon_condition_not_met'
                when least(j.uses, j.code_uses, j.left_minor) <= 0 then 'pricing.coupon_usage_limit_reached'
                when j.buyer_uses <= 0 then 'pricing.coupon_buyer_limit_reached' end as reason
    from judged as j
  )
  select r.basket_no, r.code, r.reason,
         case r.reason
           when 'pricing.coupon_unknown' then format('There is no coupon %s.', r.code)
           when 'pricing.coupon_inactive' then format('Coupon %s is not active.', r.code)
           when 'pricing.coupon_not_started' then format('Coupon %s is valid from %s on.', r.code, pricing._time_text(r.starts_at))
           when 'pricing.coupon_expired' then format('Coupon %s was valid until %s.', r.code, pricing._time_text(r.ends_at))
           when 'pricing.coupon_redundant' then format('Coupon %s is for the same promotion as another one.', r.code)
           when 'pricing.coupon_currency_mismatch' then format('Coupon %s is for orders in %s.', r.code, r.currency)
           when 'pricing.coupon_no_match' then format('Coupon %s is for other goods than these.', r.code)
           when 'pricing.coupon_minimum_not_met' then
             format('Coupon %s needs %s more.', r.code,
                    pricing._money_text(r.min_subtotal_minor - r.subtotal_minor, r.basket_currency))
           when 'pricing.coupon_quantity_not_met' then format('Coupon %s needs %s more units.', r.code, r.min_quantity - r.quantity)
           when 'pricing.coupon_condition_not_met' then format('The basket does not meet the conditions of coupon %s.', r.code)
           when 'pricing.coupon_usage_limit_reached' then format('Coupon %s is used up.', r.code)
           else format('You have used coupon %s as often as it allows.', r.code) end
  from reasons as r
  where r.reason is not null
  order by r.basket_no, r.n;
end
$$;
comment on function pricing._refuse_coupons(pricing.basket[], pricing.basket_line[], timestamptz) is
  'Coupons that cannot be used in their baskets, each with a problem code and a sentence.';
