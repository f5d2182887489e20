-- Deletes a category that nothing uses: no children, products, attributes of its own, commission rules. For administrators.
-- Locks: the shape of the tree, then the category. Events: catalog.category_deleted.
-- Problems: identity.*, MK404 catalog.category_not_found, MK409 catalog.category_in_use.
create or replace function catalog.delete_category(p_ctx core.call_context, p_category_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_version integer;
begin
  perform identity._require_actor(p_ctx, 'ADMIN');
  perform catalog._lock_categories();
  select c.version into v_version from catalog.categories as c where c.category_id = p_category_id for update;
  if not found then
    perform catalog._refuse_category(null);
  end if;
  begin
    delete from catalog.categories as c where c.category_id = p_category_id;
  exception
    when foreign_key_violation then
      -- whoever refers to categories says so with a foreign key, also domains that this one does not know
      raise exception 'catalog.category_in_use' using
        errcode = 'MK409',
        detail = 'The category still has children, products, attributes or rules.',
        hint = 'Move or remove them first.';
  end;
  perform catalog._append_category_event(p_ctx, 'catalog.category_deleted', p_category_id, v_version + 1, '{}');
end;
$$;
comment on function catalog.delete_category(core.call_context, uuid) is 'Deletes a category that nothing uses.';
grant execute on function catalog.delete_category(core.call_context, uuid) to tradepost_api;
