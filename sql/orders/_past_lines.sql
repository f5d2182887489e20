-- The lines that a past order had, at the prices of then and in the categories of now; gifts are left out. Private; reads only.
create or replace function orders._past_lines(p_order orders.orders)
returns pricing.basket_line[]
language sql
stable
as $$
  select array_agg(
    jsonb_populate_record(null::pricing.basket_line, jsonb_build_object(
      'basket_no', 1, 'line_no', l.line_no, 'seller_id', l.seller_id, 'variant_id', l.variant_id, 'product_id', l.product_id,
      'category_path', c.path, 'quantity', l.quantity, 'unit_price_minor', l.unit_price_minor, 'title', l.title, 'sku', l.sku,
      'axis_values', l.axis_values)) order by l.line_no)
  from unnest(p_order.seller_ids) as s (seller_id)
  join orders.order_lines as l on l.seller_id = s.seller_id and l.order_id = p_order.order_id
  join catalog.products as p on p.product_id = l.product_id
  join catalog.categories as c on c.category_id = p.category_id
  where not exists (
    select
    from orders.adjustments as a
    join pricing.promotion_versions as v on v.promotion_id = a.promotion_id and v.version = a.promotion_version
    where a.seller_id = l.seller_id and a.order_id = l.order_id and a.line_no = l.line_no and v.rules ->> 'type' = 'GIFT')
$$;
comment on function orders._past_lines(orders.orders) is 'The lines that a past order had.';
