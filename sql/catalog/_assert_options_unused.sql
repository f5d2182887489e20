-- Refuses when a product (or a variant's combination) has one of the options of a select or multiselect that are to go.
-- Archived products do not count. Called by other functions only, under the attribute's lock.
-- Locks: none of its own. Events: none. Problems: MK409 catalog.attribute_in_use.
create or replace function catalog._assert_options_unused(p_code text, p_options text[], p_category_ids uuid[])
returns void
language plpgsql
stable
as $$
begin
  if cardinality(p_options) > 0 and exists (
       select 1
         from catalog.products as p
        where p.category_id = any (p_category_ids)
          and p.status <> 'ARCHIVED'
          and (p.attributes ->> p_code = any (p_options)
               or p.attributes -> p_code ?| p_options
               or exists (select 1 from catalog.variants as v
                           where v.product_id = p.product_id and v.status = 'ACTIVE'
                             and v.axis_values ->> p_code = any (p_options))))
  then
    raise exception 'catalog.attribute_in_use' using
      errcode = 'MK409',
      detail = format('Products have the value %s.', array_to_string(p_options, ' or ')),
      hint = 'Keep the option, or change the products first.',
      column = 'options';
  end if;
end;
$$;
comment on function catalog._assert_options_unused(text, text[], uuid[]) is 'Refuses when products in the categories use the options.';
