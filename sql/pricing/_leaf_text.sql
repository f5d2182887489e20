-- A checked leaf as the text of a jsonpath over facts. About the lines of a basket a leaf holds when one line is so. Private.
create or replace function pricing._leaf_text(p_name text, p_value jsonb, p_scope text)
returns text
language plpgsql
immutable
as $$
declare
  v_line constant text := case p_scope when 'LINE' then '$' else '$.lines[*]' end;
begin
  return case
    when p_name in ('category', 'product', 'variant', 'seller') then (
      select format('exists(%s.%s ? (%s))', v_line, p_name, string_agg(format('@ == "%s"', lower(i.id)), ' || ' order by i.n))
      from jsonb_array_elements_text(p_value) with ordinality as i (id, n))
    when p_name = 'attribute' then (
      select format('exists(%s.attribute.%s ? (%s))', v_line, p_value -> 'code', string_agg('@ == ' || v.value::text, ' || ' order by v.n))
      from jsonb_array_elements(p_value -> 'in') with ordinality as v (value, n))
    when p_name in ('subtotal', 'quantity', 'unitPrice', 'orderNumber') then
      format('exists($.%s ? (%s))', p_name, concat_ws(' && ',
        '@ >= ' || (p_value ->> 'min'), '@ <= ' || (p_value ->> 'max'), '@ % ' || (p_value ->> 'every') || ' == 0'))
    when p_name = 'time' then (
      select format('exists($.minute ? (@ >= %s %s @ < %s))', t.from_minute,
                    case when t.from_minute < t.until_minute then '&&' else '||' end, t.until_minute)
      from (select left(p_value ->> 'from', 2)::integer * 60 + right(p_value ->> 'from', 2)::integer as from_minute,
                   left(p_value ->> 'until', 2)::integer * 60 + right(p_value ->> 'until', 2)::integer as until_minute) as t)
    when p_name = 'coupon' then (
      select format('exists($.coupon ? (%s))', string_agg(format('@ == "%s"', upper(c.code)), ' || ' order by c.n))
      from jsonb_array_elements_text(p_value) with ordinality as c (code, n))
    else (
      select format('exists($.%s ? (%s))', p_name, string_agg('@ == ' || v.value::text, ' || ' order by v.n))
      from jsonb_array_elements(p_value) with ordinality as v (value, n)) end;
end
$$;
comment on function pricing._leaf_text(text, jsonb, text) is 'The text of the jsonpath of one leaf.';
