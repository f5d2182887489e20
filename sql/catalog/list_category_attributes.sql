-- The attributes of a category, own and inherited, from the root down. For everybody.
-- Locks: none. Events: none. Problems: MK404 catalog.category_not_found.
create or replace function catalog.list_category_attributes(p_category_id uuid)
returns setof catalog.category_attribute
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  if not exists (select 1 from catalog.categories as c where c.category_id = p_category_id) then
    perform catalog._refuse_category(null);
  end if;
  return query
    select a.* from catalog.category_attribute as a where a.category_id = p_category_id order by a.line_no;
end;
$$;
comment on function catalog.list_category_attributes(uuid) is 'The attributes of a category, own and inherited.';
grant execute on function catalog.list_category_attributes(uuid) to tradepost_api;
