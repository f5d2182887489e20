-- The attributes of a category: its own and those of its ancestors, from the root down. inherited_from is null for its own.
-- An attribute linked twice on the way counts where it is linked first. Called by other functions only.
-- Locks: none. Events: none. Problems: none.
create or replace function catalog._effective_attributes(p_category_id uuid)
returns table (code text, definition catalog.attributes, inherited_from uuid, line_no bigint)
language sql
stable
as $$
  select e.code, e.definition, e.inherited_from, row_number() over (order by e.depth, e.position, e.code)
    from (select distinct on (a.attribute_id)
                 a.code, a as definition, nullif(l.category_id, c.category_id) as inherited_from, u.depth, l.position
            from catalog.categories as c
           cross join lateral unnest(c.path) with ordinality as u (category_id, depth)
            join catalog.category_attributes as l on l.category_id = u.category_id
            join catalog.attributes as a on a.attribute_id = l.attribute_id
           where c.category_id = p_category_id
           order by a.attribute_id, u.depth) as e;
$$;
comment on function catalog._effective_attributes(uuid) is 'The attributes of a category, own and inherited, from the root down.';
