-- Checks that the categories, products and variants of a bundle's components exist. Private; reads only.
-- Problems: MK422 pricing.category_unknown, product_unknown, variant_unknown.
create or replace function pricing._check_bundle_references(p_bundle jsonb)
returns void
language plpgsql
stable
as $$
declare
  v_component record;
begin
  for v_component in
    select format('bundle/%s/', c.n - 1) as field, c.component
    from jsonb_array_elements(p_bundle) with ordinality as c (component, n)
  loop
    perform pricing._check_references(
      null, pricing._ids_from(v_component.component -> 'categoryIds'), pricing._ids_from(v_component.component -> 'productIds'), null,
      '', v_component.field || 'categoryIds', v_component.field || 'productIds', '');
    perform pricing._check_variants(pricing._ids_from(v_component.component -> 'variantIds'), v_component.field || 'variantIds');
  end loop;
end
$$;
comment on function pricing._check_bundle_references(jsonb) is 'Refuses a bundle that names what does not exist.';
