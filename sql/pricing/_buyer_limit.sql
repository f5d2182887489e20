-- How many orders of one buyer may use a promotion; null = any number. One that asks which order of the buyer it is counts as
-- limited to one use unless it says otherwise, so that two first orders placed at once cannot both have it. Private.
create or replace function pricing._buyer_limit(p_promotion pricing.promotions)
returns integer
language sql
immutable
as $$
  select coalesce(p_promotion.buyer_limit,
                  case when p_promotion.condition is not null and jsonb_path_exists(p_promotion.condition, '$.**.orderNumber') then 1 end)
$$;
comment on function pricing._buyer_limit(pricing.promotions) is 'How many orders of one buyer may use a promotion.';
