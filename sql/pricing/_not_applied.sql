-- Why each promotion that could act on a priced basket did not: what applies but was outdone or is used up, then what does not
-- apply and what is missing for it. At most 100, so that a preview stays small. Private; reads only.
create or replace function pricing._not_applied(
  p_baskets pricing.basket[], p_priced pricing.priced, p_shipping pricing.basket_shipping[], p_now timestamptz
)
returns setof pricing.not_applied
language plpgsql
stable
as $$
declare
  v_applied constant pricing.basket_promotion[] :=
    array(select a from pricing._basket_promotions(p_baskets, p_priced.lines, '{}', p_now) as a);
  v_idle_ids constant uuid[] := array(
    select p.promotion_id from unnest(v_applied) as p
    where p.is_limited and not exists (select from unnest(p_priced.adjustments) as a where a.promotion_id = p.promotion_id));
begin
  return query
  select o.* from pricing._outdone(p_priced.lines, v_applied, p_priced.adjustments,
    array(select i.id  -- a limited one that would act if it were not left out has no use left, or not enough budget
          from unnest(v_idle_ids) as i (id)
          where exists (
            select from pricing._apply_promotions(
              p_baskets, p_priced.lines, p_shipping, array(select o from unnest(v_idle_ids) as o where o <> i.id), p_now) as a
            where a.promotion_id = i.id))) as o
  union all
  select u.* from pricing._unmet(p_baskets[1], p_priced.lines, array(select a.promotion_id from unnest(v_applied) as a), p_now) as u
  limit 100;
end
$$;
comment on function pricing._not_applied(pricing.basket[], pricing.priced, pricing.basket_shipping[], timestamptz) is
  'Why promotions did not act on a basket.';
