-- Reads which variants a request asks for, checked but for what exists already:
--   {sku, price, axisValues?}                                one
--   {axes, skuPrefix, price, overrides?: [{axisValues, sku?, price?}]}   all combinations of the axes
-- Called by other functions only, under the locks of catalog._lock_attributes. Locks: none of its own. Events: none.
-- Problems: MK422 catalog.variants_request_invalid, override_unknown, those of _assert_axes, _assert_axis_values, _assert_offer.
create or replace function catalog._read_variants(p_category_id uuid, p_request jsonb, p_max bigint)
returns setof catalog.new_variant
language plpgsql
stable
as $$
declare
  v_axes constant jsonb := nullif(p_request -> 'axes', 'null');
  v_variant catalog.new_variant;
begin
  if (v_axes is null) = (nullif(p_request -> 'sku', 'null') is null)
     or v_axes is null and nullif(p_request -> 'overrides', 'null') is not null
     or (v_axes is null) <> (nullif(p_request -> 'skuPrefix', 'null') is null)
     or v_axes is not null and nullif(p_request -> 'axisValues', 'null') is not null then
    raise exception 'catalog.variants_request_invalid' using
      errcode = 'MK422',
      detail = 'The request names either one variant or axes to multiply.',
      hint = 'Send {sku, price, axisValues?} or {axes, skuPrefix, price, overrides?}.';
  end if;
  if v_axes is null then
    v_variant := row(1, coalesce(nullif(p_request -> 'axisValues', 'null'), '{}'), p_request ->> 'sku',
                     catalog._read_price(p_request -> 'price', ''), p_request #>> '{price,currency}');
    perform catalog._assert_axis_values(p_category_id, v_variant.axis_values, 'axisValues');
    perform catalog._assert_offer(v_variant.sku, v_variant.price_minor, v_variant.currency, '');
    return next v_variant;
    return;
  end if;
  perform catalog._assert_axes(p_category_id, v_axes, p_max);
  perform catalog._assert_overrides(v_axes, coalesce(nullif(p_request -> 'overrides', 'null'), '[]'));
  for v_variant in
    select m.line_no::integer, m.axis_values, coalesce(o.value ->> 'sku', m.sku),
           catalog._read_price(coalesce(nullif(o.value -> 'price', 'null'), p_request -> 'price'), ''),
           coalesce(o.value #>> '{price,currency}', p_request #>> '{price,currency}')
      from catalog._multiply_axes(p_category_id, v_axes, p_request ->> 'skuPrefix') as m
      left join jsonb_array_elements(coalesce(nullif(p_request -> 'overrides', 'null'), '[]')) as o (value)
        on o.value -> 'axisValues' = m.axis_values
     order by m.line_no
  loop
    perform catalog._assert_offer(v_variant.sku, v_variant.price_minor, v_variant.currency, '');
    return next v_variant;
  end loop;
end;
$$;
comment on function catalog._read_variants(uuid, jsonb, bigint) is 'Reads and checks which variants a request asks for.';
