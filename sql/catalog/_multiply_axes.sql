-- All combinations of axes {"color": ["red", "blue"], "size": ["S"]}, the axes in the order of the category's attributes,
-- the options in the order of the request, each with a SKU made of the prefix and the options ("TS-RED-S").
-- Called by other functions only, after catalog._assert_axes. Locks: none. Events: none. Problems: none.
create or replace function catalog._multiply_axes(p_category_id uuid, p_axes jsonb, p_sku_prefix text)
returns table (line_no bigint, axis_values jsonb, sku text)
language sql
stable
as $$
  with recursive axes as (
    select row_number() over (order by e.line_no) as axis_no, e.code, p_axes -> e.code as options
      from catalog._effective_attributes(p_category_id) as e
     where p_axes ? e.code
  ), combinations as (
    select 0::bigint as axis_no, '{}'::jsonb as axis_values, p_sku_prefix as sku, '{}'::bigint[] as places
    union all
    select a.axis_no, c.axis_values || jsonb_build_object(a.code, o.value),
           c.sku || '-' || coalesce(nullif(upper(regexp_replace(o.value, '[^A-Za-z0-9]+', '', 'g')), ''), o.place::text),
           c.places || o.place
      from combinations as c
      join axes as a on a.axis_no = c.axis_no + 1
     cross join lateral jsonb_array_elements_text(a.options) with ordinality as o (value, place)
  )
  select row_number() over (order by c.places), c.axis_values, c.sku
    from combinations as c
   where c.axis_no = (select max(a.axis_no) from axes as a);
$$;
comment on function catalog._multiply_axes(uuid, jsonb, text) is 'All combinations of axes, each with a SKU.';
