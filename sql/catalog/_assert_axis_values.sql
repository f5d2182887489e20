-- Checks one combination {"color": "red", …}: each key is an axis of the category, each value one of its options. p_field is
-- where it stands in the request. Called by other functions only. Locks: none. Events: none.
-- Problems: MK422 catalog.axis_values_invalid, catalog.axis_unknown, catalog.axis_value_unknown.
create or replace function catalog._assert_axis_values(p_category_id uuid, p_axis_values jsonb, p_field text)
returns void
language plpgsql
stable
as $$
declare
  v_axis record;
begin
  if jsonb_typeof(p_axis_values) is distinct from 'object' then
    raise exception 'catalog.axis_values_invalid' using
      errcode = 'MK422',
      detail = 'A combination is an object with one option for each axis.',
      hint = 'Send something like {"color": "red"}.',
      column = p_field;
  end if;
  for v_axis in
    select g.key, g.value, e.definition
      from jsonb_each(p_axis_values) as g
      left join catalog._effective_attributes(p_category_id) as e
        on e.code = g.key and (e.definition).is_variant_axis
     order by g.key
  loop
    if (v_axis.definition).attribute_id is null then
      raise exception 'catalog.axis_unknown' using
        errcode = 'MK422',
        detail = format('%s is not a variant axis of the category.', left(v_axis.key, 50)),
        hint = 'GET /categories/{id}/attributes tells which attributes are axes.',
        column = left(p_field || '/' || v_axis.key, 120);
    end if;
    if jsonb_typeof(v_axis.value) <> 'string' or v_axis.value #>> '{}' <> all ((v_axis.definition).options) then
      raise exception 'catalog.axis_value_unknown' using
        errcode = 'MK422',
        detail = format('%s has no option %s.', v_axis.key, left(v_axis.value #>> '{}', 100)),
        hint = 'Choose one of the options that GET /categories/{categoryId}/attributes lists.',
        column = p_field || '/' || v_axis.key;
    end if;
  end loop;
end;
$$;
comment on function catalog._assert_axis_values(uuid, jsonb, text) is 'Checks one combination of axis values.';
