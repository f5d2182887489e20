-- Checks a node of a condition tree and what is below it; returns how many nodes that are. A node has exactly one key: all or any
-- (1 to 20 nodes), not (a node), or the name of a leaf. p_depth is how deep the node stands, at most 8.
-- Private; reads only. Problems: MK422 pricing.condition_invalid, and those of pricing._check_leaf.
create or replace function pricing._check_condition(p_node jsonb, p_scope text, p_pointer text, p_depth integer)
returns integer
language plpgsql
stable
as $$
declare
  v_key text;
  v_value jsonb;
  v_nodes integer := 1;
begin
  if p_depth > 8 then
    perform pricing._invalid('pricing.condition_invalid', p_pointer, 'A condition is at most 8 levels deep.');
  end if;
  if jsonb_typeof(p_node) <> 'object' or (select count(*) from jsonb_object_keys(p_node)) <> 1 then
    perform pricing._invalid('pricing.condition_invalid', p_pointer,
                             'A node is an object with one key: all, any, not, or the name of a leaf.');
  end if;
  select n.key, n.value into v_key, v_value from jsonb_each(p_node) as n;
  case
    when v_key in ('all', 'any') then
      if jsonb_typeof(v_value) <> 'array' or jsonb_array_length(v_value) not between 1 and 20 then
        perform pricing._invalid('pricing.condition_invalid', format('%s/%s', p_pointer, v_key),
                                 format('%s takes an array of 1 to 20 nodes.', v_key));
      end if;
      for i in 0 .. jsonb_array_length(v_value) - 1 loop
        v_nodes := v_nodes + pricing._check_condition(
          v_value -> i, p_scope, format('%s/%s/%s', p_pointer, v_key, i), p_depth + 1);
      end loop;
    when v_key = 'not' then
      v_nodes := v_nodes + pricing._check_condition(v_value, p_scope, p_pointer || '/not', p_depth + 1);
    else
      perform pricing._check_leaf(v_key, v_value, p_scope, format('%s/%s', p_pointer, v_key));
  end case;
  return v_nodes;
end
$$;
comment on function pricing._check_condition(jsonb, text, text, integer) is
  'Refuses a malformed condition tree, naming the node; counts its nodes.';
