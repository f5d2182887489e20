-- A page of the attributes of a category, own and inherited, from the root down. For everybody.
-- Locks: none. Events: none. Problems: MK404 catalog.category_not_found, MK400 core.cursor_invalid.
create or replace function catalog.list_category_attributes(p_category_id uuid, p_cursor text, p_limit integer)
returns setof catalog.category_attribute_page
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_after constant text[] := core._decode_cursor(p_cursor, array['uuid', 'bigint']);
begin
  if not exists (select 1 from catalog.categories as c where c.category_id = p_category_id) then
    perform catalog._refuse_category(null);
  end if;
  return query
    with attributes as materialized (
      select a.* from catalog.category_attribute_page as a where a.category_id = p_category_id)
    select a.*
      from attributes as a
     where v_after is null
        or a.line_no > coalesce((select l.line_no from attributes as l where l.attribute_id = v_after[1]::uuid), v_after[2]::bigint)
     order by a.line_no
     limit core._page_limit(p_limit);
end;
$$;
comment on function catalog.list_category_attributes(uuid, text, integer) is
  'A page of the attributes of a category, own and inherited.';
grant execute on function catalog.list_category_attributes(uuid, text, integer) to tradepost_api;
