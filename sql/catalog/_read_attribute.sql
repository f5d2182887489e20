-- Reads an attribute's definition from a request {code, name, type, unit, required, options, min, max, isVariantAxis}.
-- Called by other functions only. Locks: none. Events: none. Problems: MK422 catalog.attribute_invalid.
create or replace function catalog._read_attribute(p_attribute jsonb)
returns catalog.attributes
language plpgsql
immutable
as $$
declare
  v_attribute catalog.attributes;
  v_options constant jsonb := nullif(p_attribute -> 'options', 'null');
  v_field text;
begin
  v_attribute.code := p_attribute ->> 'code';
  v_attribute.name := btrim(p_attribute ->> 'name');
  v_attribute.type := p_attribute ->> 'type';
  v_attribute.unit := nullif(btrim(p_attribute ->> 'unit'), '');
  v_attribute.is_required := coalesce((p_attribute ->> 'required')::boolean, false);
  v_attribute.is_variant_axis := coalesce((p_attribute ->> 'isVariantAxis')::boolean, false);
  v_attribute.min_value := (p_attribute ->> 'min')::numeric;
  v_attribute.max_value := (p_attribute ->> 'max')::numeric;
  if jsonb_typeof(v_options) = 'array' then
    v_attribute.options := array(select btrim(o.value) from jsonb_array_elements_text(v_options) as o (value));
  end if;

  v_field := case
    when coalesce(v_attribute.code, '') !~ '^[a-z][a-z0-9_]{0,49}$' then 'code'
    when coalesce(length(v_attribute.name), 0) not between 1 and 100 then 'name'
    when coalesce(v_attribute.type, '') not in ('text', 'number', 'boolean', 'select', 'multiselect', 'date') then 'type'
    when length(v_attribute.unit) > 20 then 'unit'
    when v_attribute.is_variant_axis and v_attribute.type <> 'select' then 'isVariantAxis'
    when (v_attribute.type in ('select', 'multiselect')) <> (v_options is not null) then 'options'
    when v_options is not null and not coalesce(
           cardinality(v_attribute.options) between 1 and 200
           and (select bool_and(length(o) between 1 and 100) and count(distinct o) = cardinality(v_attribute.options)
                  from unnest(v_attribute.options) as o), false) then 'options'
    when v_attribute.min_value is not null and v_attribute.type not in ('number', 'text') then 'min'
    when v_attribute.max_value is not null and v_attribute.type not in ('number', 'text') then 'max'
    when abs(v_attribute.min_value) > 1e15 or scale(v_attribute.min_value) > 6 then 'min'
    when abs(v_attribute.max_value) > 1e15 or scale(v_attribute.max_value) > 6 then 'max'
    when v_attribute.type = 'text' and (v_attribute.min_value < 0 or scale(v_attribute.min_value) > 0) then 'min'
    when v_attribute.type = 'text' and (v_attribute.max_value not between 1 and 5000
                                        or scale(v_attribute.max_value) > 0) then 'max'
    when v_attribute.min_value > v_attribute.max_value then 'max'
  end;
  if v_field is not null then
    raise exception 'catalog.attribute_invalid' using
      errcode = 'MK422',
      detail = format('The definition is not valid at %s.', v_field),
      hint = 'options (1 to 200 different texts) belong to select and multiselect; min and max to number and to the '
             'length of text (at most 5000); only a select can be a variant axis.',
      column = v_field;
  end if;
  return v_attribute;
end;
$$;
comment on function catalog._read_attribute(jsonb) is 'Reads and checks an attribute''s definition.';
