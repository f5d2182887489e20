-- Checks a leaf about an attribute of the product or an axis of the variant: {code, in: [1 to 100 texts, numbers, booleans]}.
-- Private; reads only. Problems: MK422 pricing.condition_invalid, attribute_unknown.
create or replace function pricing._check_leaf_attribute(p_leaf jsonb, p_pointer text)
returns void
language plpgsql
stable
as $$
declare
  v_bad text;
begin
  if jsonb_typeof(p_leaf) <> 'object' then
    perform pricing._invalid('pricing.condition_invalid', p_pointer, 'attribute takes an object with code and in.');
  end if;
  select min(k.key) into v_bad from jsonb_object_keys(p_leaf) as k (key) where k.key not in ('code', 'in');
  if v_bad is not null then
    perform pricing._invalid('pricing.condition_invalid', format('%s/%s', p_pointer, v_bad), 'attribute takes code and in.');
  end if;
  if jsonb_typeof(p_leaf -> 'code') is distinct from 'string' then
    perform pricing._invalid('pricing.condition_invalid', p_pointer || '/code', 'The code of an attribute.');
  end if;
  if not exists (select from catalog.attributes as a where a.code = p_leaf ->> 'code') then
    perform pricing._invalid('pricing.attribute_unknown', p_pointer || '/code', 'There is no such attribute.');
  end if;
  if jsonb_typeof(p_leaf -> 'in') is distinct from 'array' or jsonb_array_length(p_leaf -> 'in') not between 1 and 100 then
    perform pricing._invalid('pricing.condition_invalid', p_pointer || '/in', 'in takes an array of 1 to 100 values.');
  end if;
  select min(v.n) - 1 into v_bad
  from jsonb_array_elements(p_leaf -> 'in') with ordinality as v (value, n)
  where jsonb_typeof(v.value) not in ('string', 'number', 'boolean') or length(v.value #>> '{}') > 200;
  if v_bad is not null then
    perform pricing._invalid('pricing.condition_invalid', format('%s/in/%s', p_pointer, v_bad),
                             'A value is a text of at most 200 characters, a number or a boolean.');
  end if;
end
$$;
comment on function pricing._check_leaf_attribute(jsonb, text) is 'Refuses a malformed leaf about an attribute.';
