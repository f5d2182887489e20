-- What is wrong with the components of a bundle: field and sentence, or null. Private; reads nothing.
create or replace function pricing._bad_bundle(p_bundle jsonb)
returns text[]
language plpgsql
immutable
as $$
declare
  v_component jsonb;
  v_no integer := 0;
begin
  if jsonb_typeof(p_bundle) is distinct from 'array' or jsonb_array_length(p_bundle) not between 1 and 10 then
    return array['bundle', 'BUNDLE has 1 to 10 components.'];
  end if;
  for v_component in select * from jsonb_array_elements(p_bundle) loop
    if jsonb_typeof(v_component -> 'quantity') is distinct from 'number'
       or not coalesce((v_component ->> 'quantity')::numeric between 1 and 1000, false) then
      return array[format('bundle/%s/quantity', v_no), 'A component takes 1 to 1000 units.'];
    elsif coalesce(v_component -> 'categoryIds', v_component -> 'productIds', v_component -> 'variantIds', '[]') = '[]' then
      return array[format('bundle/%s', v_no), 'A component names categories, products or variants.'];
    end if;
    v_no := v_no + 1;
  end loop;
  return null;
end
$$;
comment on function pricing._bad_bundle(jsonb) is 'What is wrong with the components of a bundle, as field and sentence.';
