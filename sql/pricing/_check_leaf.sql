-- Checks a leaf of a condition tree. Private; reads only. Problems: MK422 pricing.condition_invalid, category_unknown,
-- product_unknown, variant_unknown, seller_unknown, attribute_unknown, group_unknown.
--   both scopes  category, product, variant, seller: [ids]; attribute: {code, in: [scalars]}
--   LINE         unitPrice: {min?, max?}
--   BASKET       subtotal, quantity: {min?, max?}; orderNumber: {min?, max?, every?}; currency, segment, coupon, country: [texts];
--                weekday: [1 to 7]; time: {from, until}
create or replace function pricing._check_leaf(p_name text, p_value jsonb, p_scope text, p_pointer text)
returns void
language plpgsql
stable
as $$
declare
  v_scopes constant text[] := case
    when p_name in ('category', 'product', 'variant', 'seller', 'attribute') then '{BASKET,LINE}'
    when p_name = 'unitPrice' then '{LINE}'
    when p_name in ('subtotal', 'quantity', 'orderNumber', 'currency', 'segment', 'coupon', 'country', 'weekday', 'time')
      then '{BASKET}'
    else '{}' end;
begin
  if p_scope <> all (v_scopes) then
    perform pricing._invalid('pricing.condition_invalid', p_pointer, case
      when v_scopes = '{}' then format('There is no leaf %s.', p_name)
      when p_scope = 'LINE' then format('The leaf %s is about a basket, not about a line.', p_name)
      else format('The leaf %s is about a line, not about a basket.', p_name) end);
  end if;
  case p_name
    when 'category', 'product', 'variant', 'seller' then perform pricing._check_leaf_ids(p_name, p_value, p_pointer);
    when 'subtotal', 'quantity', 'unitPrice', 'orderNumber' then perform pricing._check_leaf_band(p_name, p_value, p_pointer);
    when 'time' then perform pricing._check_leaf_time(p_value, p_pointer);
    when 'attribute' then perform pricing._check_leaf_attribute(p_value, p_pointer);
    else perform pricing._check_leaf_list(p_name, p_value, p_pointer);
  end case;
end
$$;
comment on function pricing._check_leaf(text, jsonb, text, text) is 'Refuses a malformed leaf of a condition, naming what is wrong in it.';
