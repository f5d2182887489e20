-- The one leaf because of which a condition that does not hold does not hold, as a pointer such as condition/all/0/subtotal; null
-- when there are several, or none that alone would do. p_node is false of p_facts. Private.
create or replace function pricing._failing_leaf(p_node jsonb, p_scope text, p_facts jsonb, p_pointer text)
returns text
language plpgsql
immutable
as $$
declare
  v_key text;
  v_value jsonb;
  v_failing integer[];
begin
  select n.key, n.value into v_key, v_value from jsonb_each(p_node) as n;
  if v_key not in ('all', 'any', 'not') then
    return format('%s/%s', p_pointer, v_key);
  elsif v_key = 'not' then
    select n.key into v_key from jsonb_each(v_value) as n;
    return case when v_key not in ('all', 'any', 'not') then format('%s/not/%s', p_pointer, v_key) end;
  end if;
  v_failing := array(
    select n.n - 1
    from jsonb_array_elements(v_value) with ordinality as n (node, n)
    where not jsonb_path_match(p_facts, pricing._condition_text(n.node, p_scope)::jsonpath));
  if cardinality(v_failing) <> 1 then
    return null;
  end if;
  return pricing._failing_leaf(v_value -> v_failing[1], p_scope, p_facts, format('%s/%s/%s', p_pointer, v_key, v_failing[1]));
end
$$;
comment on function pricing._failing_leaf(jsonb, text, jsonb, text) is 'The one leaf because of which a condition does not hold.';
