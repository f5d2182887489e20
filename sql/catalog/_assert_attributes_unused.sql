-- Refuses when a product (or a variant's combination) in one of the categories has a value of one of the attributes.
-- Archived products do not count. Called by other functions only, under the locks that keep new uses out.
-- Locks: none of its own. Events: none. Problems: MK409 catalog.attribute_in_use.
create or replace function catalog._assert_attributes_unused(p_attribute_ids uuid[], p_category_ids uuid[])
returns void
language plpgsql
stable
as $$
declare
  v_codes constant text[] := array(select a.code from catalog.attributes as a where a.attribute_id = any (p_attribute_ids));
begin
  if cardinality(v_codes) > 0 and exists (
       select 1
         from catalog.products as p
        where p.category_id = any (p_category_ids)
          and p.status <> 'ARCHIVED'
          and (p.attributes ?| v_codes
               or exists (select 1 from catalog.variants as v
                           where v.product_id = p.product_id and v.status = 'ACTIVE' and v.axis_values ?| v_codes)))
  then
    raise exception 'catalog.attribute_in_use' using
      errcode = 'MK409',
      detail = format('Products have values of %s.', array_to_string(v_codes, ', ')),
      hint = 'Remove the values from the products first.';
  end if;
end;
$$;
comment on function catalog._assert_attributes_unused(uuid[], uuid[]) is 'Refuses when products in the categories use the attributes.';
