-- Replaces what a product says: title, description, category, attributes, and the slug when given. A product that was
-- reviewed goes back by the action `revise`: ACTIVE and INACTIVE to PENDING_APPROVAL (so it must be complete), APPROVED and
-- REJECTED to DRAFT. One that waits for review keeps waiting, with a new version. A slug alone is no content. For sellers.
-- Locks: the product, the category and its attributes. Events: catalog.product_updated, catalog.product_revised.
-- Problems: identity.*, MK404 catalog.product_not_found, MK403 catalog.not_your_product, MK409 catalog.product_archived,
-- catalog.slug_taken, catalog.axes_in_use, MK412, MK428, MK422 those of catalog._assert_product_content, slug_invalid.
create or replace function catalog.update_product(
  p_ctx core.call_context, p_product_id uuid, p_expected_version integer, p_category_id uuid, p_title text, p_slug text,
  p_description text, p_attributes jsonb)
returns setof catalog.product
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_actor constant identity.actor := identity._require_seller(p_ctx);
  v_attributes constant jsonb := coalesce(p_attributes, '{}');
  v_old catalog.products;
  v_new catalog.products;
  v_is_content boolean;
  v_is_revised boolean;
begin
  v_old := catalog._lock_product(v_actor, p_product_id);
  perform core._assert_version(v_old.version, p_expected_version);
  perform catalog._assert_not_archived(v_old);
  v_new := v_old;
  v_new.category_id := p_category_id;
  v_new.title := btrim(p_title);
  v_new.description := coalesce(p_description, '');
  v_new.attributes := v_attributes;
  v_new.slug := (catalog._slug_candidates(coalesce(p_slug, v_old.slug), p_title, 'product', p_product_id))[1];
  v_is_content := (v_new.category_id, v_new.title, v_new.description, v_new.attributes)
                  is distinct from (v_old.category_id, v_old.title, v_old.description, v_old.attributes);
  v_is_revised := v_is_content and v_old.status in ('APPROVED', 'REJECTED', 'ACTIVE', 'INACTIVE');
  perform catalog._assert_product_content(p_category_id, p_title, v_new.description, v_attributes,
    p_is_complete => v_is_content and v_old.status in ('PENDING_APPROVAL', 'ACTIVE', 'INACTIVE'));

  if v_is_content or v_new.slug <> v_old.slug then
    if exists (select 1 from catalog.products as p where p.slug = v_new.slug and p.product_id <> p_product_id) then
      perform catalog._refuse_slug(v_new.slug);
    end if;
    perform catalog._assert_variants_fit(v_new);
    update catalog.products as p
       set category_id = v_new.category_id, title = v_new.title, slug = v_new.slug, description = v_new.description,
           attributes = v_new.attributes, updated_at = core.now(),
           version = case when v_is_revised then p.version else p.version + 1 end
     where p.product_id = p_product_id
    returning p.* into v_new;
    if v_is_revised then
      v_new := catalog._transition_product(v_new, 'revise', v_actor, null, p_ctx.request_id);
    end if;
    if v_new.status = 'PENDING_APPROVAL' then
      perform catalog._assert_sellable(v_new);
    end if;
    perform catalog._append_product_event(v_new, 'catalog.product_updated', v_actor.user_id, p_ctx.request_id,
                                          jsonb_build_object('categoryId', v_new.category_id));
  end if;
  return query select p.* from catalog.product as p where p.product_id = p_product_id;
exception
  when unique_violation then
    -- another product took the slug between the look and the write
    perform catalog._refuse_slug(v_new.slug);
end;
$$;
comment on function catalog.update_product(core.call_context, uuid, integer, uuid, text, text, text, jsonb) is
  'Replaces what a product says; a reviewed product goes back by the action revise.';
grant execute on function catalog.update_product(core.call_context, uuid, integer, uuid, text, text, text, jsonb) to tradepost_api;
