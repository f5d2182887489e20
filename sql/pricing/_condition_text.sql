-- A checked condition tree as the text of a jsonpath. Every leaf is an `exists(…)`, which is false, not unknown, where a fact is
-- missing: so `not` of a leaf about an anonymous buyer is true, as a reader expects. Private.
create or replace function pricing._condition_text(p_node jsonb, p_scope text)
returns text
language plpgsql
immutable
as $$
declare
  v_key text;
  v_value jsonb;
begin
  select n.key, n.value into v_key, v_value from jsonb_each(p_node) as n;
  return case
    when v_key in ('all', 'any') then (
      select '(' || string_agg(pricing._condition_text(n.node, p_scope), case v_key when 'all' then ' && ' else ' || ' end
                               order by n.n) || ')'
      from jsonb_array_elements(v_value) with ordinality as n (node, n))
    when v_key = 'not' then '!(' || pricing._condition_text(v_value, p_scope) || ')'
    else pricing._leaf_text(v_key, v_value, p_scope) end;
end
$$;
comment on function pricing._condition_text(jsonb, text) is 'The text of the jsonpath of a condition tree.';
