-- What conditions may ask of lines, one document for each, in their order: {category: [ids from the root on], product, variant,
-- seller, unitPrice, attribute: {code: value of the product or of the variant's axis}}. Private; reads products by their keys.
create or replace function pricing._line_facts(p_lines pricing.basket_line[])
returns jsonb[]
language plpgsql
stable
as $$
begin
  return array(
    select jsonb_build_object(
      'category', l.category_path, 'product', l.product_id, 'variant', l.variant_id, 'seller', l.seller_id,
      'unitPrice', l.unit_price_minor, 'attribute', coalesce(p.attributes, '{}') || coalesce(l.axis_values, '{}'))
    from unnest(p_lines) with ordinality as l
    left join lateral (
      select p.attributes from catalog.products as p where p.product_id = l.product_id offset 0
    ) as p on true
    order by l.ordinality);
end
$$;
comment on function pricing._line_facts(pricing.basket_line[]) is 'The facts of lines that conditions are evaluated over.';
