-- Which promotions apply to which baskets, and to which of their lines, in the order in which they act. STABLE, locks nothing.
-- One applies when it is a candidate (pricing._candidates), matches at least one line (its filters, with descendants of its
-- categories, and its line condition must all hold; a seller's own matches that seller's lines only), what these lines cost
-- before discounts reaches min_subtotal_minor, their units min_quantity, one of its tiers is reached, and its condition holds.
-- Turn 1 acts first: greater priority, then smaller promotion_id. The members of an exclusivity group whose first member says
-- BEST share the slot of that member; everybody else has a slot of its own. Facts are built only when a candidate has a condition.
-- A gift acts on its line (gift_of), and on no line when there is none. Promotions in p_excluded count as absent. Private.
-- long: one statement that says who applies, read top to bottom.
create or replace function pricing._basket_promotions(
  p_baskets pricing.basket[], p_lines pricing.basket_line[], p_excluded uuid[], p_now timestamptz
)
returns setof pricing.basket_promotion
language plpgsql
stable
as $$
declare
  v_candidates constant pricing.candidate[] :=
    array(select c from pricing._candidates(p_baskets, p_lines, p_excluded, p_now) as c);
  v_floor_bp integer;
  v_facts jsonb[];
  v_basket_facts jsonb[];
begin
  if cardinality(v_candidates) = 0 then
    return;
  end if;
  v_floor_bp := core._setting_int('pricing.floor_bp');
  if exists (select from unnest(v_candidates) as c where c.is_conditional) then
    v_facts := pricing._line_facts(p_lines);
    v_basket_facts := array(
      select pricing._basket_facts(row(b.basket_no, b.buyer_id, b.currency, b.coupon_codes, b.country, b.group_codes,
                                       b.order_number)::pricing.basket, null, p_lines, v_facts, p_now)
      from unnest(p_baskets) with ordinality as b
      order by b.ordinality);
  end if;
  return query
  with matched as (
    select c.basket_n, c.basket_no, c.coupon_code, c.is_limited, p.promotion_id,
           array_agg(l order by l.line_no) as lines, array_agg(distinct l.seller_id) as seller_ids,
           sum(l.quantity * l.unit_price_minor)::bigint as subtotal_minor, sum(l.quantity) as quantity
    from unnest(v_candidates) as c
    join pricing.promotions as p on p.promotion_id = c.promotion_id
    cross join lateral unnest(c.lines) as l
    where (p.seller_id is null or l.seller_id = p.seller_id)
      and (p.seller_ids is null or l.seller_id = any (p.seller_ids))
      and (p.product_ids is null or l.product_id = any (p.product_ids))
      and (p.variant_ids is null or l.variant_id = any (p.variant_ids))
      and (p.category_ids is null or l.category_path && p.category_ids)
      and case when p.line_path is null then true else jsonb_path_match(v_facts[l.n], p.line_path) end
    group by c.basket_n, c.basket_no, c.coupon_code, c.is_limited, p.promotion_id
  ), applied as (
    select m.basket_no, m.lines as match_lines, m.seller_ids as match_seller_ids, m.coupon_code as by_code,
           m.is_limited or pricing._is_limited(p) as is_limited, p.*, t.tier,
           row_number() over (partition by m.basket_no order by p.priority desc, p.promotion_id) as turn
    from matched as m
    join pricing.promotions as p on p.promotion_id = m.promotion_id
    left join lateral (
      select t.tier from jsonb_array_elements(p.tiers) as t (tier)
      where (t.tier ->> 'from')::bigint <= case p.tier_by when 'SPEND' then m.subtotal_minor else m.quantity end
      order by (t.tier ->> 'from')::bigint desc
      limit 1
    ) as t on p.type = 'TIERED'
    where m.subtotal_minor >= coalesce(p.min_subtotal_minor, 0)
      and m.quantity >= coalesce(p.min_quantity, 0)
      and (p.type <> 'TIERED' or t.tier is not null)
      and case
        when p.condition_path is null then true
        when p.seller_id is null then jsonb_path_match(v_basket_facts[m.basket_n], p.condition_path)
        else jsonb_path_match(
          pricing._basket_facts(p_baskets[m.basket_n], p.seller_id, p_lines, v_facts, p_now), p.condition_path) end
  ), grouped as (
    select a.*,
           first_value(a.turn) over members as group_turn, first_value(a.group_mode) over members as first_mode
    from applied as a
    window members as (partition by a.basket_no, a.exclusivity_group order by a.turn)
  )
  select a.basket_no, (case when a.first_mode = 'BEST' then a.group_turn else a.turn end)::integer, a.turn::integer,
         a.promotion_id, a.version, a.by_code, a.type, a.target,
         case a.type when 'TIERED' then (a.tier ->> 'percentBp')::integer when 'FREE_SHIPPING' then 10000 when 'GIFT' then 10000
                     else a.percent_bp end,
         case a.type when 'TIERED' then (a.tier ->> 'amountMinor')::bigint else a.amount_minor end,
         coalesce((u.pick).price_minor, a.price_minor),
         a.is_limited,
         case a.type when 'GIFT' then array(
                select l.ordinality::integer from unnest(p_lines) with ordinality as l
                where l.basket_no = a.basket_no and l.gift_of = a.promotion_id)
              else array(select l.n from unnest(a.match_lines) as l order by l.line_no) end,
         (u.pick).picks, a.match_seller_ids,
         a.base, a.is_exclusive, a.exclusivity_group, a.combines_with, a.stops_further,
         a.max_order_minor, a.max_line_minor, greatest(a.floor_bp, v_floor_bp), a.seller_share_bp, a.platform_cap_minor
  from grouped as a
  cross join lateral (
    select case
      when a.target <> 'UNITS' and a.type not in ('BUY_X_GET_Y', 'BUNDLE') then null
      when a.type = 'BUNDLE' or cardinality(a.match_lines) > 1 then pricing._pick_units(a.promotion_id, a.match_lines)
      else row(array[case a.type  -- of one line there is nothing to choose
        when 'BUY_X_GET_Y' then a.match_lines[1].quantity / (a.buy_quantity + a.get_quantity) * a.get_quantity
        else least(a.match_lines[1].quantity, a.unit_count) end], null)::pricing.pick end as pick
    offset 0
  ) as u
  order by 1, 2, 3;
end
$$;
comment on function pricing._basket_promotions(pricing.basket[], pricing.basket_line[], uuid[], timestamptz) is
  'The promotions that apply to each basket with the lines they match, numbered in the order in which they act.';
