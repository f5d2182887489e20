-- Live promotions of a basket that do not apply to it, automatic ones and those of its coupons, each with the first thing that is
-- missing: no_match, minimum_not_met (by how much), quantity_not_met (by how many), condition_not_met (the leaf, when it is one).
-- Those of another currency, and those of sellers who are not in the basket, are none of its business. Private; reads only.
-- long: one statement that judges a promotion, read top to bottom.
create or replace function pricing._unmet(
  p_basket pricing.basket, p_lines pricing.basket_line[], p_applied_ids uuid[], p_now timestamptz
)
returns setof pricing.not_applied
language plpgsql
stable
as $$
declare
  v_facts constant jsonb[] := pricing._line_facts(p_lines);
begin
  return query
  with live as (
    select null::text as given_code, p.*
    from pricing.promotions as p
    where p.status in ('ACTIVE', 'SCHEDULED') and p.coupon_code is null and not p.requires_coupon
    union all
    select given.coupon_code, p.*
    from pricing._given_coupons(array[p_basket]) as given
    join pricing.promotions as p on p.promotion_id = given.promotion_id
    where not given.is_redundant
  ), measured as (
    select p.given_code, p.promotion_id, p.min_subtotal_minor, p.min_quantity, p.type, p.tier_by, p.condition, p.priority,
           (select min((t.tier ->> 'from')::bigint) from jsonb_array_elements(p.tiers) as t (tier)) as first_tier,
           m.subtotal_minor, m.quantity,
           case when p.condition is not null then pricing._basket_facts(p_basket, p.seller_id, p_lines, v_facts, p_now) end as facts
    from live as p
    cross join lateral (
      select sum(l.quantity * l.unit_price_minor)::bigint as subtotal_minor, sum(l.quantity)::bigint as quantity
      from unnest(p_lines, v_facts) as l
      where l.gift_of is null
        and (p.seller_id is null or l.seller_id = p.seller_id)
        and (p.seller_ids is null or l.seller_id = any (p.seller_ids))
        and (p.product_ids is null or l.product_id = any (p.product_ids))
        and (p.variant_ids is null or l.variant_id = any (p.variant_ids))
        and (p.category_ids is null or l.category_path && p.category_ids)
        and case when p.line_path is null then true else jsonb_path_match(l.unnest, p.line_path) end
    ) as m
    where p.starts_at <= p_now and (p.ends_at is null or p.ends_at > p_now)
      and (p.currency is null or p.currency = p_basket.currency)
      and (p.seller_id is null or exists (select from unnest(p_lines) as l where l.gift_of is null and l.seller_id = p.seller_id))
      and p.promotion_id <> all (p_applied_ids)
  ), missed as (
    select m.*,
           greatest(m.min_subtotal_minor, case m.tier_by when 'SPEND' then m.first_tier end) - m.subtotal_minor as missing_minor,
           greatest(m.min_quantity, case m.tier_by when 'QUANTITY' then m.first_tier end) - m.quantity as missing_units,
           case when m.condition is not null then pricing._failing_leaf(m.condition, 'BASKET', m.facts, 'condition') end as leaf
    from measured as m
  ), judged as (
    select m.*,
           case when m.subtotal_minor is null then 'no_match' when m.missing_minor > 0 then 'minimum_not_met'
                when m.missing_units > 0 then 'quantity_not_met' else 'condition_not_met' end as reason,
           case
             when m.leaf ~ '(^|/)not/[a-zA-Z]+$' then null  -- less of it would do, not more
             when m.leaf like '%/subtotal' or m.leaf like '%/quantity' then
               m.condition #> (string_to_array(m.leaf, '/'))[2:] end as band
    from missed as m
  )
  select j.promotion_id, j.given_code, j.reason,
         case j.reason
           when 'no_match' then 'No line of the basket is among its goods.'
           when 'minimum_not_met' then format('Add %s more of its goods.', pricing._money_text(j.missing_minor, p_basket.currency))
           when 'quantity_not_met' then format('Add %s more of its goods.', j.missing_units)
           else coalesce('Its condition on ' || substring(j.leaf from '[a-zA-Z]+$') || ' does not hold.', 'Its condition does not hold.')
         end,
         jsonb_strip_nulls(case j.reason
           when 'minimum_not_met' then jsonb_build_object('missing', core._money(j.missing_minor, p_basket.currency))
           when 'quantity_not_met' then jsonb_build_object('missingQuantity', j.missing_units)
           when 'condition_not_met' then jsonb_build_object(
             'pointer', '/' || j.leaf,
             'missing', case when j.leaf like '%/subtotal' and (j.band ->> 'min')::bigint > (j.facts ->> 'subtotal')::bigint
               then core._money((j.band ->> 'min')::bigint - (j.facts ->> 'subtotal')::bigint, p_basket.currency) end,
             'missingQuantity', case when j.leaf like '%/quantity' and (j.band ->> 'min')::bigint > (j.facts ->> 'quantity')::bigint
               then (j.band ->> 'min')::bigint - (j.facts ->> 'quantity')::bigint end)
           else '{}' end)
  from judged as j
  order by j.reason = 'no_match', j.priority desc, j.promotion_id;
end
$$;
comment on function pricing._unmet(pricing.basket, pricing.basket_line[], uuid[], timestamptz) is
  'Promotions that do not apply to a basket, with what is missing.';
