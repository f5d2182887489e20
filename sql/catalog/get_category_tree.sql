-- A page of the category tree: one row per root, in order of position and name, everything below it nested. For everybody.
-- Locks: none. Events: none. Problems: MK400 core.cursor_invalid.
create or replace function catalog.get_category_tree(p_cursor text, p_limit integer)
returns table (category_id uuid, name text, slug text, "position" integer, children jsonb, page_cursor text)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
  with after as (select core._decode_cursor(p_cursor, array['integer', 'text', 'uuid']) as keys),
       roots as (
         select c.category_id, c.name, c.slug, c.position
           from after as a
           join catalog.categories as c
             on c.parent_id is null
            and (a.keys is null
                 or (c.position, c.name, c.category_id) > (a.keys[1]::integer, a.keys[2], a.keys[3]::uuid))
          order by c.position, c.name, c.category_id
          limit core._page_limit(p_limit))
  select r.category_id, r.name, r.slug, r.position, catalog._category_children(r.category_id),
         core._encode_cursor(r.position::text, r.name, r.category_id::text)
    from roots as r
   order by r.position, r.name, r.category_id;
$$;
comment on function catalog.get_category_tree(text, integer) is
  'A page of the category tree: one row per root, everything below it nested as JSON.';
grant execute on function catalog.get_category_tree(text, integer) to tradepost_api;
