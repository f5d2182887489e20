-- Creates a category at the root or below a parent. The slug is made from the name unless given. For administrators.
-- Locks: the shape of the tree. Events: catalog.category_created.
-- Problems: identity.*, MK422 catalog.category_name_invalid, position_invalid, slug_invalid, category_unknown,
-- category_too_deep, MK409 catalog.slug_taken.
create or replace function catalog.create_category(
  p_ctx core.call_context, p_parent_id uuid, p_name text, p_slug text, p_position integer)
returns setof catalog.category
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_category_id constant uuid := core.new_id();
  v_now constant timestamptz := core.now();
  v_path uuid[];
  v_slug text;
  v_is_new boolean;
begin
  perform identity._require_actor(p_ctx, 'ADMIN');
  perform catalog._assert_category_fields(p_name, p_position);
  perform catalog._lock_categories();
  v_path := catalog._category_path(v_category_id, p_parent_id, 0);
  foreach v_slug in array catalog._slug_candidates(p_slug, p_name, 'category', v_category_id) loop
    insert into catalog.categories (category_id, parent_id, path, name, slug, position, created_at, updated_at)
    values (v_category_id, p_parent_id, v_path, btrim(p_name), v_slug, p_position, v_now, v_now)
    on conflict (slug) do nothing;
    v_is_new := found;
    exit when v_is_new;
  end loop;
  if not v_is_new then
    perform catalog._refuse_slug(v_slug);
  end if;
  perform catalog._append_category_event(p_ctx, 'catalog.category_created', v_category_id, 1,
                                         jsonb_build_object('parentId', p_parent_id));
  return query select c.* from catalog.category as c where c.category_id = v_category_id;
end;
$$;
comment on function catalog.create_category(core.call_context, uuid, text, text, integer) is
  'Creates a category at the root or below a parent.';
grant execute on function catalog.create_category(core.call_context, uuid, text, text, integer) to tradepost_api;
