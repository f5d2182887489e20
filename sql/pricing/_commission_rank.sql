-- The order of precedence of commission rules that match the same line: the greater rank wins, compared element by element.
--   1 priority   2 specificity: product 4 + seller 2 + category 1   3 depth of the category: the nearest
--   4 a price band before none   5 a currency before none
-- The exclusion constraint of pricing.commission_rules sees to it that two matching rules never have the same rank.
-- Private; the only place where precedence is written down.
create or replace function pricing._commission_rank(p_rule pricing.commission_rules, p_category_path uuid[])
returns integer[]
language sql
immutable
as $$
  select array[
    p_rule.priority,
    case when p_rule.product_id is null then 0 else 4 end + case when p_rule.seller_id is null then 0 else 2 end
      + case when p_rule.category_id is null then 0 else 1 end,
    coalesce(array_position(p_category_path, p_rule.category_id), 0),
    case when p_rule.band_min_minor is null and p_rule.band_max_minor is null then 0 else 1 end,
    case when p_rule.currency is null then 0 else 1 end]
$$;
comment on function pricing._commission_rank(pricing.commission_rules, uuid[]) is
  'Precedence of a matching commission rule; the greatest wins.';
