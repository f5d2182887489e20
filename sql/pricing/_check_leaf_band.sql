-- Checks a leaf of numbers: {min?, max?} with at least one of them, both inclusive, whole, min not above max; orderNumber takes
-- every (2 to 1000: each n-th order), too. Private; reads only. Problems: MK422 pricing.condition_invalid.
create or replace function pricing._check_leaf_band(p_name text, p_band jsonb, p_pointer text)
returns void
language plpgsql
stable
as $$
declare
  v_keys constant text[] := case when p_name = 'orderNumber' then '{min,max,every}' else '{min,max}' end;
  v_least constant bigint := case when p_name in ('quantity', 'orderNumber') then 1 else 0 end;
  v_bad text;
begin
  if jsonb_typeof(p_band) <> 'object' or p_band = '{}' then
    perform pricing._invalid('pricing.condition_invalid', p_pointer,
                             format('%s takes an object with %s.', p_name, array_to_string(v_keys, ', ')));
  end if;
  select min(b.key) into v_bad from jsonb_each(p_band) as b where b.key <> all (v_keys);
  if v_bad is not null then
    perform pricing._invalid('pricing.condition_invalid', format('%s/%s', p_pointer, v_bad),
                             format('%s takes %s.', p_name, array_to_string(v_keys, ', ')));
  end if;
  select min(b.key) into v_bad
  from jsonb_each(p_band) as b
  where case when jsonb_typeof(b.value) = 'number'
             then (b.value)::numeric % 1 <> 0
                  or not (b.value)::numeric between case b.key when 'every' then 2 else v_least end
                                                and case b.key when 'every' then 1000 else 10000000000000 end
             else true end;
  if v_bad is not null then
    perform pricing._invalid('pricing.condition_invalid', format('%s/%s', p_pointer, v_bad),
                             format('A whole number of at least %s.', case v_bad when 'every' then 2 else v_least end));
  end if;
  if (p_band -> 'min')::numeric > (p_band -> 'max')::numeric then
    perform pricing._invalid('pricing.condition_invalid', p_pointer || '/max', 'max is not below min.');
  end if;
end
$$;
comment on function pricing._check_leaf_band(text, jsonb, text) is 'Refuses a malformed band of numbers in a condition.';
