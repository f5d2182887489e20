-- Gives a category an attribute; everything below inherits it. For administrators.
-- Locks: the shape of the tree, the category, the attribute. Events: catalog.attribute_linked.
-- Problems: identity.*, MK404 catalog.category_not_found, catalog.attribute_not_found, MK409
-- catalog.attribute_already_linked.
create or replace function catalog.link_attribute(p_ctx core.call_context, p_category_id uuid, p_attribute_id uuid)
returns setof catalog.category_attribute
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
  if not found then
    perform catalog._refuse_attribute();
  end if;
  if exists (select 1 from catalog._effective_attributes(p_category_id) as e
              where (e.definition).attribute_id = p_attribute_id) then
    raise exception 'catalog.attribute_already_linked' using
      errcode = 'MK409',
      detail = 'The category has this attribute already, its own or inherited.',
      hint = 'GET /categories/{categoryId}/attributes tells where it comes from; nothing needs to be done.';
  end if;
  insert into catalog.category_attributes (category_id, attribute_id, position)
  select p_category_id, p_attribute_id, coalesce(max(l.position) + 1, 0)
    from catalog.category_attributes as l
   where l.category_id = p_category_id;
  perform catalog._append_category_event(p_ctx, 'catalog.attribute_linked', p_category_id, v_version,
                                         jsonb_build_object('attributeId', p_attribute_id));
  return query select a.* from catalog.category_attribute as a
                where a.category_id = p_category_id and a.attribute_id = p_attribute_id;
end;
$$;
comment on function catalog.link_attribute(core.call_context, uuid, uuid) is 'Gives a category an attribute.';
grant execute on function catalog.link_attribute(core.call_context, uuid, uuid) to tradepost_api;
