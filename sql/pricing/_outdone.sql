-- Promotions that apply to a basket but did not act, each with the reason: limit_reached, gift_unavailable, stopped_by, excluded_by
-- and not_combinable_with (each names the other promotion), quantity_not_met (a set is not complete), no_effect.
-- p_applied are all that apply, p_lines has the lines of the gifts that could be given, p_adjustments what came out.
-- Private; reads only.
-- long: the rules of pricing._apply_promotions once more, as a query over what acted.
create or replace function pricing._outdone(
  p_lines pricing.basket_line[], p_applied pricing.basket_promotion[],
  p_adjustments pricing.adjustment[], p_exhausted_ids uuid[]
)
returns setof pricing.not_applied
language plpgsql
stable
as $$
begin
  return query
  with acted as (
    select p.*, pricing._class_of(p.target) as class
    from unnest(p_applied) as p
    where exists (select from unnest(p_adjustments) as a where a.promotion_id = p.promotion_id)
  ), idle as (
    select p.*, pricing._class_of(p.target) as class
    from unnest(p_applied) as p
    where not exists (select from acted as a where a.promotion_id = p.promotion_id)
  ), judged as (
    select i.*, o.reason, o.by_id,
           case i.type when 'BUY_X_GET_Y' then (
             select w.buy_quantity + w.get_quantity - sum(p_lines[n].quantity)
             from pricing.promotions as w, unnest(i.line_positions) as n
             where w.promotion_id = i.promotion_id
             group by w.promotion_id) end as missing_units
    from idle as i
    left join lateral (
      select r.reason, a.promotion_id as by_id
      from acted as a
      cross join lateral (
        select case
          when a.slot < i.slot and a.is_exclusive then 1
          when a.slot < i.slot and a.stops_further then 2
          when a.slot < i.slot and i.is_exclusive then 3
          when a.slot <= i.slot and a.exclusivity_group = i.exclusivity_group then 4
          when a.slot < i.slot and (a.class <> all (i.combines_with) or i.class <> all (a.combines_with)) then 5 end as rule
      ) as broken
      cross join lateral (
        select case broken.rule when 2 then 'stopped_by' when 5 then 'not_combinable_with' else 'excluded_by' end as reason
      ) as r
      where broken.rule is not null
      order by broken.rule, a.turn
      limit 1
    ) as o on true
  ), reasons as (
    select j.*,
           case when j.promotion_id = any (p_exhausted_ids) then 'limit_reached'
                when j.type = 'GIFT' and not exists (select from unnest(p_lines) as l where l.gift_of = j.promotion_id)
                  then 'gift_unavailable'
                when j.reason is not null then j.reason
                when j.missing_units > 0 or (j.type = 'BUNDLE' and 0 = all (j.picks)) then 'quantity_not_met'
                else 'no_effect' end as code
    from judged as j
  )
  select r.promotion_id, r.coupon_code, r.code,
         case r.code
           when 'limit_reached' then 'It was used as often as it may be.'
           when 'gift_unavailable' then 'The gift is not in stock.'
           when 'quantity_not_met' then coalesce('Add ' || r.missing_units || ' more of its goods.', 'The set is not complete.')
           when 'no_effect' then 'There is nothing left to take off.'
           else format('%s %s.', case r.code when 'stopped_by' then 'It does not come after' when 'excluded_by' then 'It does not go with'
                                             else 'It cannot be combined with' end,
                       (select p.name from pricing.promotions as p where p.promotion_id = r.by_id)) end,
         jsonb_strip_nulls(jsonb_build_object(
           'byPromotionId', case when r.code in ('stopped_by', 'excluded_by', 'not_combinable_with') then r.by_id end,
           'missingQuantity', case when r.code = 'quantity_not_met' then r.missing_units end))
  from reasons as r
  order by r.turn;
end
$$;
comment on function pricing._outdone(pricing.basket_line[], pricing.basket_promotion[], pricing.adjustment[], uuid[]) is
  'Promotions that apply to a basket but did not act, with the reason.';
