-- Checks axes {"color": ["red", "blue"], …} that are about to be multiplied: at least one axis, each of the category, each
-- with at least one option of it and none twice, and not more combinations than p_max.
-- Called by other functions only. Locks: none. Events: none.
-- Problems: MK422 catalog.axes_invalid, axis_value_repeated, too_many_variants, those of catalog._assert_axis_values.
create or replace function catalog._assert_axes(p_category_id uuid, p_axes jsonb, p_max bigint)
returns void
language plpgsql
stable
as $$
declare
  v_axis record;
  v_value record;
  v_count numeric := 1;
begin
  if jsonb_typeof(p_axes) is distinct from 'object' or p_axes = '{}' then
    raise exception 'catalog.axes_invalid' using
      errcode = 'MK422', detail = 'Axes are an object with a list of options for each axis.',
      hint = 'Send something like {"color": ["red", "blue"]}.',
      column = 'axes';
  end if;
  for v_axis in select a.key, a.value from jsonb_each(p_axes) as a order by a.key loop
    if jsonb_typeof(v_axis.value) <> 'array' or v_axis.value = '[]' then
      raise exception 'catalog.axes_invalid' using
        errcode = 'MK422', detail = 'An axis has a list of at least one option.',
        hint = 'Name its options, or leave the axis out.',
        column = left('axes/' || v_axis.key, 120);
    end if;
    v_count := v_count * jsonb_array_length(v_axis.value);
    if v_count > p_max then
      raise exception 'catalog.too_many_variants' using
        errcode = 'MK422',
        detail = format('A product has at most %s variants.', p_max),
        hint = 'Name fewer options.',
        column = 'axes';
    end if;
    for v_value in
      select x.value, count(*) over (partition by x.value) as times from jsonb_array_elements(v_axis.value) as x (value)
    loop
      perform catalog._assert_axis_values(p_category_id, jsonb_build_object(v_axis.key, v_value.value), 'axes');
      if v_value.times > 1 then
        raise exception 'catalog.axis_value_repeated' using
          errcode = 'MK422', detail = format('%s names an option twice.', v_axis.key),
          hint = 'Name each option once.',
          column = 'axes/' || v_axis.key;
      end if;
    end loop;
  end loop;
end;
$$;
comment on function catalog._assert_axes(uuid, jsonb, bigint) is 'Checks axes that are about to be multiplied.';
