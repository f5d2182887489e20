-- One category. For everybody.
-- Locks: none. Events: none. Problems: MK404 catalog.category_not_found.
create or replace function catalog.get_category(p_category_id uuid)
returns setof catalog.category
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  return query select c.* from catalog.category as c where c.category_id = p_category_id;
  if not found then
    perform catalog._refuse_category(null);
  end if;
end;
$$;
comment on function catalog.get_category(uuid) is 'One category.';
grant execute on function catalog.get_category(uuid) to tradepost_api;
