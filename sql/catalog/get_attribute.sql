-- One attribute's definition, at the version that update_attribute asks for. For everybody.
-- Locks: none. Events: none. Problems: MK404 catalog.attribute_not_found.
create or replace function catalog.get_attribute(p_attribute_id uuid)
returns setof catalog.attribute
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  return query select a.* from catalog.attribute as a where a.attribute_id = p_attribute_id;
  if not found then
    perform catalog._refuse_attribute();
  end if;
end;
$$;
comment on function catalog.get_attribute(uuid) is 'One attribute''s definition.';
grant execute on function catalog.get_attribute(uuid) to tradepost_api;
