-- Categories in order of position, all of them or the children of one. For everybody.
-- Locks: none. Events: none. Problems: MK400 core.cursor_invalid.
create or replace function catalog.list_categories(p_parent_id uuid, p_cursor text, p_limit integer)
returns table (category_id uuid, parent_id uuid, path uuid[], name text, slug text, "position" integer, version integer,
               created_at timestamptz, updated_at timestamptz, page_cursor text)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
  with after as (select core._decode_cursor(p_cursor, array['integer', 'uuid']) as keys)
  select c.category_id, c.parent_id, c.path, c.name, c.slug, c.position, c.version, c.created_at, c.updated_at,
         core._encode_cursor(c.position::text, c.category_id::text)
    from after as a
    join catalog.category as c
      on (p_parent_id is null or c.parent_id = p_parent_id)
     and (a.keys is null or (c.position, c.category_id) > (a.keys[1]::integer, a.keys[2]::uuid))
   order by c.position, c.category_id
   limit core._page_limit(p_limit);
$$;
comment on function catalog.list_categories(uuid, text, integer) is
  'A page of categories in order of position: all of them, or the children of p_parent_id.';
grant execute on function catalog.list_categories(uuid, text, integer) to tradepost_api;
