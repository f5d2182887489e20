-- What conditions may ask of a line, as a document: {category: [ids from the root on], product, variant, seller, unitPrice,
-- attribute: {code: value of the product or of the variant's axis}}. Private.
create or replace function pricing._line_facts(p_line pricing.basket_line, p_attributes jsonb)
returns jsonb
language sql
immutable
as $$
  select jsonb_build_object(
    'category', p_line.category_path, 'product', p_line.product_id, 'variant', p_line.variant_id, 'seller', p_line.seller_id,
    'unitPrice', p_line.unit_price_minor,
    'attribute', coalesce(p_attributes, '{}') || coalesce(p_line.axis_values, '{}'))
$$;
comment on function pricing._line_facts(pricing.basket_line, jsonb) is 'The facts of a line that conditions are evaluated over.';
