-- Defines an attribute; categories link it afterwards. For administrators.
-- Locks: none but the new row. Events: catalog.attribute_created.
-- Problems: identity.*, MK422 catalog.attribute_invalid, MK409 catalog.attribute_code_taken.
create or replace function catalog.create_attribute(p_ctx core.call_context, p_attribute jsonb)
returns setof catalog.attribute
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_attribute_id constant uuid := core.new_id();
  v_now constant timestamptz := core.now();
  v_new catalog.attributes;
begin
  perform identity._require_actor(p_ctx, 'ADMIN');
  v_new := catalog._read_attribute(p_attribute);
  insert into catalog.attributes (attribute_id, code, name, type, unit, is_required, is_variant_axis, options, min_value,
                                  max_value, created_at, updated_at)
  values (v_attribute_id, v_new.code, v_new.name, v_new.type, v_new.unit, v_new.is_required, v_new.is_variant_axis,
          v_new.options, v_new.min_value, v_new.max_value, v_now, v_now)
  on conflict (code) do nothing;
  if not found then
    raise exception 'catalog.attribute_code_taken' using
      errcode = 'MK409',
      detail = format('There is an attribute with the code %s.', v_new.code),
      hint = 'Link that one, or choose another code.',
      column = 'code';
  end if;
  perform events._append('attribute', v_attribute_id, 1, 'catalog.attribute_created', p_ctx.actor_id, p_ctx.request_id,
                         '{}', jsonb_build_object('attributeId', v_attribute_id, 'code', v_new.code));
  return query select a.* from catalog.attribute as a where a.attribute_id = v_attribute_id;
end;
$$;
comment on function catalog.create_attribute(core.call_context, jsonb) is 'Defines an attribute.';
grant execute on function catalog.create_attribute(core.call_context, jsonb) to tradepost_api;
