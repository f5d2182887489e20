-- Everything below a category as nested JSON, in order of position and name (at most catalog.category_depth_max levels).
-- Called by other functions only. Locks: none. Events: none. Problems: none.
create or replace function catalog._category_children(p_parent_id uuid)
returns jsonb
language sql
stable
as $$
  select coalesce(jsonb_agg(jsonb_build_object(
           'categoryId', c.category_id,
           'name', c.name,
           'slug', c.slug,
           'position', c.position,
           'children', catalog._category_children(c.category_id)) order by c.position, c.name, c.category_id), '[]')
    from catalog.categories as c
   where c.parent_id = p_parent_id;
$$;
comment on function catalog._category_children(uuid) is 'Everything below a category as nested JSON.';
