-- Creates one variant with its offer, or all combinations of axes at once; all or none (see catalog._read_variants for the
-- request). New variants count as no change of content: no new review. For sellers.
-- Locks: the product, the category and its attributes. Events: catalog.variants_created.
-- Problems: identity.*, MK404 catalog.product_not_found, MK403 catalog.not_your_product, MK409 catalog.product_archived,
-- those of catalog._read_variants and catalog._assert_new_variants.
create or replace function catalog.create_variants(p_ctx core.call_context, p_product_id uuid, p_request jsonb)
returns setof catalog.variant
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_actor constant identity.actor := identity._require_seller(p_ctx);
  v_max constant bigint := core._setting_int('catalog.variants_max');
  v_now constant timestamptz := core.now();
  v_product catalog.products;
  v_new catalog.new_variant[];
  v_ids uuid[];
  v_position integer;
begin
  v_product := catalog._lock_product(v_actor, p_product_id);
  perform catalog._assert_not_archived(v_product);
  perform catalog._lock_attributes(v_product.category_id);
  v_new := array(select n from catalog._read_variants(v_product.category_id, p_request, v_max) as n);
  perform catalog._assert_new_variants(v_product, v_new, v_max);
  v_ids := array(select core.new_id() from generate_subscripts(v_new, 1));
  select coalesce(max(v.position) + 1, 0) into v_position
    from catalog.variants as v
   where v.product_id = p_product_id;
  begin
    insert into catalog.variants (variant_id, product_id, axis_values, position, created_at, updated_at)
    select v_ids[n.line_no], p_product_id, n.axis_values, v_position + n.line_no - 1, v_now, v_now
      from unnest(v_new) as n;
    insert into catalog.offers (seller_id, variant_id, sku, price_minor, currency, created_at, updated_at)
    select v_product.seller_id, v_ids[n.line_no], n.sku, n.price_minor, n.currency, v_now, v_now
      from unnest(v_new) as n;
  exception
    when unique_violation then
      -- the store's other product took a SKU between the look and the write
      perform catalog._refuse_sku(null);
  end;
  v_product := catalog._refresh_price_range(p_product_id, 1);
  perform catalog._append_product_event(v_product, 'catalog.variants_created', v_actor.user_id, p_ctx.request_id,
                                        jsonb_build_object('variantIds', v_ids));
  return query
    select v.* from catalog.variant as v where v.variant_id = any (v_ids) order by v.position, v.variant_id;
end;
$$;
comment on function catalog.create_variants(core.call_context, uuid, jsonb) is
  'Creates one variant with its offer, or all combinations of axes at once; all or none.';
grant execute on function catalog.create_variants(core.call_context, uuid, jsonb) to tradepost_api;
