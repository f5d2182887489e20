-- Everything that is wrong with a product's attribute values in a category, in the order of the attributes. Required ones
-- count only when p_is_complete; a required axis may be on the variants instead (catalog._assert_sellable looks there).
-- Called by other functions only. Locks: none. Events: none. Problems: none (it names them).
create or replace function catalog._attribute_violations(p_category_id uuid, p_attributes jsonb, p_is_complete boolean)
returns table (code text, problem text, sentence text)
language sql
stable
as $$
  with effective as (select e.* from catalog._effective_attributes(p_category_id) as e),
       given as (select g.key, g.value from jsonb_each(p_attributes) as g)
  select v.code, v.problem, v.sentence
    from (select g.key as code, x.violation[1] as problem, x.violation[2] as sentence, e.line_no
            from given as g
            join effective as e on e.code = g.key
           cross join lateral (select catalog._attribute_violation(e.definition, g.value) as violation) as x
           where x.violation is not null
          union all
          select g.key, 'catalog.attribute_unknown', format('The category has no attribute %s.', left(g.key, 50)), 0
            from given as g
           where not exists (select 1 from effective as e where e.code = g.key)
          union all
          select e.code, 'catalog.attribute_required', format('%s is required.', e.code), e.line_no
            from effective as e
           where p_is_complete
             and (e.definition).is_required
             and not (e.definition).is_variant_axis
             and not p_attributes ? e.code) as v
   order by v.line_no, v.code;
$$;
comment on function catalog._attribute_violations(uuid, jsonb, boolean) is
  'Everything that is wrong with attribute values in a category.';
