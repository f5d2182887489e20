-- Replaces an attribute's definition but for its code. While products have values, its type stays, it stays an axis, and
-- no option that a product has goes. Tighter limits count from the next change of a product. For administrators.
-- Locks: the attribute (product writers hold a share lock on the attributes they check). Events: catalog.attribute_updated.
-- Problems: identity.*, MK404 catalog.attribute_not_found, MK412 core.version_stale, MK428 core.if_match_required, MK422
-- catalog.attribute_invalid, MK409 catalog.attribute_in_use.
create or replace function catalog.update_attribute(
  p_ctx core.call_context, p_attribute_id uuid, p_expected_version integer, p_attribute jsonb)
returns setof catalog.attribute
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_old catalog.attributes;
  v_new catalog.attributes;
  v_category_ids uuid[];
begin
  perform identity._require_actor(p_ctx, 'ADMIN');
  select a.* into v_old from catalog.attributes as a where a.attribute_id = p_attribute_id for no key update;
  if not found then
    perform catalog._refuse_attribute();
  end if;
  perform core._assert_version(v_old.version, p_expected_version);
  v_new := catalog._read_attribute(p_attribute || jsonb_build_object('code', v_old.code));
  v_category_ids := array(
    select c.category_id
      from catalog.categories as c
     where c.path && array(select l.category_id from catalog.category_attributes as l
                            where l.attribute_id = p_attribute_id));
  if v_new.type <> v_old.type or (v_old.is_variant_axis and not v_new.is_variant_axis) then
    perform catalog._assert_attributes_unused(array[p_attribute_id], v_category_ids);
  end if;
  perform catalog._assert_options_unused(v_old.code,
    array(select unnest(v_old.options) except select unnest(v_new.options)), v_category_ids);
  update catalog.attributes as a
     set name = v_new.name, type = v_new.type, unit = v_new.unit, is_required = v_new.is_required,
         is_variant_axis = v_new.is_variant_axis, options = v_new.options, min_value = v_new.min_value,
         max_value = v_new.max_value, version = v_old.version + 1, updated_at = core.now()
   where a.attribute_id = p_attribute_id;
  perform events._append('attribute', p_attribute_id, v_old.version + 1, 'catalog.attribute_updated', p_ctx.actor_id,
                         p_ctx.request_id, '{}', jsonb_build_object('attributeId', p_attribute_id, 'code', v_old.code));
  return query select a.* from catalog.attribute as a where a.attribute_id = p_attribute_id;
end;
$$;
comment on function catalog.update_attribute(core.call_context, uuid, integer, jsonb) is
  'Replaces an attribute''s definition but for its code; refuses what products in use forbid.';
grant execute on function catalog.update_attribute(core.call_context, uuid, integer, jsonb) to tradepost_api;
