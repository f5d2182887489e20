-- The line that a gift promotion would have added to a past order with these lines, after the last of them: from the named seller,
-- or from the cheapest of then (ties: the smaller seller id), at what one unit cost everybody when the order was placed. No row when
-- nobody sold it then in the order's currency. It is taken to have been in stock, because nobody knows any more. Private; reads only.
create or replace function orders._past_gift(p_order orders.orders, p_promotion pricing.promotions, p_lines pricing.basket_line[])
returns setof pricing.basket_line
language plpgsql
stable
as $$
begin
  return query
  select (jsonb_populate_record(null::pricing.basket_line, jsonb_build_object(
    'basket_no', 1, 'line_no', (select max(l.line_no) + 1 from unnest(p_lines) as l), 'seller_id', h.seller_id,
    'variant_id', v.variant_id, 'product_id', v.product_id, 'category_path', c.path, 'quantity', p_promotion.gift_quantity,
    'unit_price_minor', h.price_minor, 'title', p.title, 'sku', o.sku, 'axis_values', v.axis_values,
    'gift_of', p_promotion.promotion_id))).*
  from catalog.offers as o
  join catalog.price_period as h
    on h.seller_id = o.seller_id and h.variant_id = o.variant_id and h.currency = p_order.currency
   and h.since <= p_order.placed_at and h.until > p_order.placed_at
  join catalog.variants as v on v.variant_id = o.variant_id
  join catalog.products as p on p.product_id = v.product_id
  join catalog.categories as c on c.category_id = p.category_id
  where o.variant_id = p_promotion.gift_variant_id
    and (p_promotion.gift_seller_id is null or o.seller_id = p_promotion.gift_seller_id)
  order by h.price_minor, h.seller_id
  limit 1;
end
$$;
comment on function orders._past_gift(orders.orders, pricing.promotions, pricing.basket_line[]) is
  'The line that a gift promotion would have added to a past order.';
