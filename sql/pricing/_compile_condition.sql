-- Checks a condition tree and compiles it to the jsonpath that is kept beside it: condition_path of what p_scope BASKET facts
-- (pricing._basket_facts) must be, line_path of what LINE facts (pricing._line_facts) must be. No tree, no path. Compiled once,
-- when a promotion is written; an order only evaluates. p_pointer is the field that the tree stands in, without a leading slash.
-- Private; reads only. Problems: MK422 pricing.condition_invalid, category_unknown, product_unknown, variant_unknown,
-- seller_unknown, attribute_unknown, group_unknown; the field is the node at fault, such as condition/all/0/subtotal/min.
create or replace function pricing._compile_condition(p_tree jsonb, p_scope text, p_pointer text)
returns jsonpath
language plpgsql
stable
as $$
begin
  if p_tree is null or p_tree = 'null' then
    return null;
  end if;
  if pricing._check_condition(p_tree, p_scope, p_pointer, 1) > 100 then
    perform pricing._invalid('pricing.condition_invalid', p_pointer, 'A condition has at most 100 nodes.');
  end if;
  return pricing._condition_text(p_tree, p_scope)::jsonpath;
end
$$;
comment on function pricing._compile_condition(jsonb, text, text) is
  'A condition tree as a jsonpath over the facts of a basket or a line; refuses a malformed tree, naming the node.';
