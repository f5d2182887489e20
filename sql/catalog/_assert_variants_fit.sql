-- Refuses a category in which the combinations of a product's active variants would mean nothing.
-- Called by other functions only, under the product's lock. Locks: none. Events: none. Problems: MK409 catalog.axes_in_use.
create or replace function catalog._assert_variants_fit(p_product catalog.products)
returns void
language plpgsql
stable
as $$
begin
  if exists (
       select 1
         from catalog.variants as v
        cross join lateral jsonb_each_text(v.axis_values) as x
        where v.product_id = p_product.product_id
          and v.status = 'ACTIVE'
          and not exists (select 1 from catalog._effective_attributes(p_product.category_id) as e
                           where e.code = x.key and (e.definition).is_variant_axis
                             and x.value = any ((e.definition).options))) then
    raise exception 'catalog.axes_in_use' using
      errcode = 'MK409',
      detail = 'The product has variants along an axis, or with a value of it, that the category does not have.',
      hint = 'Archive those variants first.',
      column = 'categoryId';
  end if;
end;
$$;
comment on function catalog._assert_variants_fit(catalog.products) is 'Refuses a category in which a product''s variants would mean nothing.';
