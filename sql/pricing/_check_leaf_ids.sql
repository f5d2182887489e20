-- Checks a leaf of ids: an array of 1 to 100 ids of rows that exist. Private; reads only.
-- Problems: MK422 pricing.condition_invalid, category_unknown, product_unknown, variant_unknown, seller_unknown.
create or replace function pricing._check_leaf_ids(p_name text, p_ids jsonb, p_pointer text)
returns void
language plpgsql
stable
as $$
declare
  v_bad integer;
begin
  if jsonb_typeof(p_ids) <> 'array' or jsonb_array_length(p_ids) not between 1 and 100 then
    perform pricing._invalid('pricing.condition_invalid', p_pointer, format('%s takes an array of 1 to 100 ids.', p_name));
  end if;
  select min(i.n) - 1 into v_bad
  from jsonb_array_elements(p_ids) with ordinality as i (id, n)
  where jsonb_typeof(i.id) <> 'string'
     or i.id #>> '{}' !~ '^[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}$';
  if v_bad is not null then
    perform pricing._invalid('pricing.condition_invalid', format('%s/%s', p_pointer, v_bad), 'An id is a UUID.');
  end if;
  select min(i.n) - 1 into v_bad
  from jsonb_array_elements_text(p_ids) with ordinality as i (id, n)
  where not case p_name
    when 'category' then exists (select from catalog.categories as c where c.category_id = i.id::uuid)
    when 'product' then exists (select from catalog.products as p where p.product_id = i.id::uuid)
    when 'variant' then exists (select from catalog.variants as v where v.variant_id = i.id::uuid)
    else exists (select from identity.sellers as s where s.seller_id = i.id::uuid) end;
  if v_bad is null then
    return;
  end if;
  case p_name
    when 'category' then
      perform pricing._invalid('pricing.category_unknown', format('%s/%s', p_pointer, v_bad), 'There is no such category.');
    when 'product' then
      perform pricing._invalid('pricing.product_unknown', format('%s/%s', p_pointer, v_bad), 'There is no such product.');
    when 'variant' then
      perform pricing._invalid('pricing.variant_unknown', format('%s/%s', p_pointer, v_bad), 'There is no such variant.');
    else
      perform pricing._invalid('pricing.seller_unknown', format('%s/%s', p_pointer, v_bad), 'There is no such seller.');
  end case;
end
$$;
comment on function pricing._check_leaf_ids(text, jsonb, text) is 'Refuses a leaf whose ids are malformed or of nothing.';
