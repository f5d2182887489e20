-- Takes an attribute from a category, unless products there or below have values of it. For administrators.
-- Locks: the shape of the tree, the category, the attribute. Events: catalog.attribute_unlinked.
-- Problems: identity.*, MK404 catalog.category_not_found, catalog.attribute_not_linked, MK409 catalog.attribute_in_use.
create or replace function catalog.unlink_attribute(p_ctx core.call_context, p_category_id uuid, p_attribute_id uuid)
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
  update catalog.categories as c set version = c.version + 1, updated_at = core.now()
   where c.category_id = p_category_id
  returning c.version into v_version;
  if not found then
    perform catalog._refuse_category(null);
  end if;
  perform 1 from catalog.attributes as a where a.attribute_id = p_attribute_id for no key update;
  delete from catalog.category_attributes as l
   where l.category_id = p_category_id and l.attribute_id = p_attribute_id;
  if not found then
    raise exception 'catalog.attribute_not_linked' using
      errcode = 'MK404',
      detail = 'The category has no such attribute of its own.',
      hint = 'An inherited attribute is removed where it is linked: see inheritedFrom.';
  end if;
  -- a category further down may have it of its own: what is still effective there stays usable
  perform catalog._assert_attributes_unused(array[p_attribute_id], array(
    select c.category_id
      from catalog.categories as c
     where c.path @> array[p_category_id]
       and not exists (select 1 from catalog.category_attributes as l
                        where l.attribute_id = p_attribute_id and l.category_id = any (c.path))));
  perform catalog._append_category_event(p_ctx, 'catalog.attribute_unlinked', p_category_id, v_version,
                                         jsonb_build_object('attributeId', p_attribute_id));
end;
$$;
comment on function catalog.unlink_attribute(core.call_context, uuid, uuid) is 'Takes an attribute from a category.';
grant execute on function catalog.unlink_attribute(core.call_context, uuid, uuid) to tradepost_api;
