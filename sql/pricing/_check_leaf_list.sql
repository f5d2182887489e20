-- Checks a leaf that lists values: currency, segment (codes of buyer groups), coupon, country (two letters), weekday (1 to 7,
-- Monday is 1). Private; reads only. Problems: MK422 pricing.condition_invalid, group_unknown.
create or replace function pricing._check_leaf_list(p_name text, p_list jsonb, p_pointer text)
returns void
language plpgsql
stable
as $$
declare
  v_pattern constant text := case p_name
    when 'currency' then '^[A-Z]{3}$'
    when 'country' then '^[A-Z]{2}$'
    when 'weekday' then '^[1-7]$'
    when 'coupon' then '^[A-Za-z0-9][A-Za-z0-9_-]{2,39}$'
    else '^[a-z0-9][a-z0-9_-]{0,39}$' end;
  v_bad integer;
begin
  if jsonb_typeof(p_list) <> 'array' or jsonb_array_length(p_list) not between 1 and 100 then
    perform pricing._invalid('pricing.condition_invalid', p_pointer, format('%s takes an array of 1 to 100 values.', p_name));
  end if;
  select min(v.n) - 1 into v_bad
  from jsonb_array_elements(p_list) with ordinality as v (value, n)
  where jsonb_typeof(v.value) <> case p_name when 'weekday' then 'number' else 'string' end
     or v.value #>> '{}' !~ v_pattern;
  if v_bad is not null then
    perform pricing._invalid('pricing.condition_invalid', format('%s/%s', p_pointer, v_bad), case p_name
      when 'currency' then 'A currency is an ISO 4217 code.'
      when 'country' then 'A country is an ISO 3166 code of two letters.'
      when 'weekday' then 'A weekday is 1 (Monday) to 7 (Sunday).'
      when 'coupon' then 'A coupon code has 3 to 40 letters, digits, dashes or underscores.'
      else 'A segment is the code of a buyer group.' end);
  end if;
  if p_name = 'segment' then
    select min(v.n) - 1 into v_bad
    from jsonb_array_elements_text(p_list) with ordinality as v (code, n)
    where not exists (select from pricing.buyer_groups as g where g.group_code = v.code);
    if v_bad is not null then
      perform pricing._invalid('pricing.group_unknown', format('%s/%s', p_pointer, v_bad), 'There is no such buyer group.');
    end if;
  end if;
end
$$;
comment on function pricing._check_leaf_list(text, jsonb, text) is 'Refuses a malformed list of values in a condition.';
