-- The whole category tree, one row per root, children nested. For everybody.
-- Locks: none. Events: none. Problems: none.
create or replace function catalog.get_category_tree()
returns table (category_id uuid, name text, slug text, "position" integer, children jsonb)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
  select c.category_id, c.name, c.slug, c.position, catalog._category_children(c.category_id)
    from catalog.categories as c
   where c.parent_id is null
   order by c.position, c.name, c.category_id;
$$;
comment on function catalog.get_category_tree() is 'The whole category tree: one row per root, children nested as JSON.';
grant execute on function catalog.get_category_tree() to tradepost_api;
