-- Checks that each override names one of the combinations of the axes, and none twice.
-- Called by other functions only, after catalog._assert_axes. Locks: none. Events: none.
-- Problems: MK422 catalog.override_unknown.
create or replace function catalog._assert_overrides(p_axes jsonb, p_overrides jsonb)
returns void
language plpgsql
immutable
as $$
declare
  v_override record;
begin
  if jsonb_typeof(p_overrides) <> 'array' then
    raise exception 'catalog.override_unknown' using
      errcode = 'MK422', detail = 'Overrides are a list.',
      hint = 'Send a list of {axisValues, price, sku}, or leave it out.',
      column = 'overrides';
  end if;
  for v_override in
    select o.value -> 'axisValues' as axis_values, o.place - 1 as place,
           count(*) over (partition by o.value -> 'axisValues') as times
      from jsonb_array_elements(p_overrides) with ordinality as o (value, place)
     order by o.place
  loop
    if jsonb_typeof(v_override.axis_values) is distinct from 'object'
       or v_override.times > 1
       or (select count(*) from jsonb_object_keys(v_override.axis_values))
          <> (select count(*) from jsonb_object_keys(p_axes))
       or exists (select 1 from jsonb_each(v_override.axis_values) as x
                   where not coalesce(p_axes -> x.key @> jsonb_build_array(x.value), false)) then
      raise exception 'catalog.override_unknown' using
        errcode = 'MK422',
        detail = 'An override names one combination of the axes, and each combination at most once.',
        hint = 'Take axisValues from the axes of the same request, once each.',
        column = format('overrides/%s/axisValues', v_override.place);
    end if;
  end loop;
end;
$$;
comment on function catalog._assert_overrides(jsonb, jsonb) is 'Checks that each override names one combination.';
