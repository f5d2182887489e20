-- Replaces a category's name, position and parent, and its slug when given. Moving takes everything below along.
-- For administrators.
-- Locks: the shape of the tree, then the category. Events: catalog.category_updated.
-- Problems: identity.*, MK404 catalog.category_not_found, MK412 core.version_stale, MK428 core.if_match_required, those of
-- create_category, MK422 catalog.category_cycle, MK409 catalog.attribute_in_use (products would lose an inherited one).
create or replace function catalog.update_category(
  p_ctx core.call_context, p_category_id uuid, p_expected_version integer, p_parent_id uuid, p_name text, p_slug text,
  p_position integer)
returns setof catalog.category
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_old catalog.categories;
  v_slug text;
begin
  perform identity._require_actor(p_ctx, 'ADMIN');
  perform catalog._lock_categories();
  select c.* into v_old from catalog.categories as c where c.category_id = p_category_id for no key update;
  if not found then
    perform catalog._refuse_category(null);
  end if;
  perform core._assert_version(v_old.version, p_expected_version);
  perform catalog._assert_category_fields(p_name, p_position);
  v_slug := (catalog._slug_candidates(coalesce(p_slug, v_old.slug), p_name, 'category', p_category_id))[1];
  if exists (select 1 from catalog.categories as c where c.slug = v_slug and c.category_id <> p_category_id) then
    perform catalog._refuse_slug(v_slug);
  end if;
  if p_parent_id is distinct from v_old.parent_id then
    perform catalog._move_category(v_old, p_parent_id);
  end if;
  update catalog.categories as c
     set name = btrim(p_name), slug = v_slug, position = p_position, version = v_old.version + 1,
         updated_at = core.now()
   where c.category_id = p_category_id;
  perform catalog._append_category_event(p_ctx, 'catalog.category_updated', p_category_id, v_old.version + 1,
    jsonb_build_object('parentId', p_parent_id, 'isMoved', p_parent_id is distinct from v_old.parent_id));
  return query select c.* from catalog.category as c where c.category_id = p_category_id;
end;
$$;
comment on function catalog.update_category(core.call_context, uuid, integer, uuid, text, text, integer) is
  'Replaces a category''s name, position and parent, and its slug when given; moving takes everything below along.';
grant execute on function catalog.update_category(core.call_context, uuid, integer, uuid, text, text, integer) to tradepost_api;
