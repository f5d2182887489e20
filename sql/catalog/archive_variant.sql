-- Archives a variant with its offers, whose SKUs become free. The last variant of a product on sale stays. Archiving twice
-- does nothing more. For sellers.
-- Locks: the product, the variant, its offers. Events: catalog.variant_archived.
-- Problems: identity.*, MK404 catalog.variant_not_found, MK403 catalog.not_your_product, MK409 catalog.last_variant.
create or replace function catalog.archive_variant(p_ctx core.call_context, p_variant_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_actor constant identity.actor := identity._require_seller(p_ctx);
  v_variant catalog.variants;
  v_product catalog.products;
begin
  v_variant := catalog._lock_variant(v_actor, p_variant_id);
  if v_variant.status = 'ARCHIVED' then
    return;
  end if;
  perform catalog._archive_variants(array[p_variant_id]);
  v_product := catalog._refresh_price_range(v_variant.product_id, 1);
  if v_product.status = 'ACTIVE' and v_product.price_from_minor is null then
    raise exception 'catalog.last_variant' using
      errcode = 'MK409',
      detail = 'A product on sale keeps at least one variant.',
      hint = 'Deactivate the product first, or create another variant.';
  end if;
  perform catalog._append_product_event(v_product, 'catalog.variant_archived', v_actor.user_id, p_ctx.request_id,
                                        jsonb_build_object('variantId', p_variant_id));
end;
$$;
comment on function catalog.archive_variant(core.call_context, uuid) is 'Archives a variant with its offers.';
grant execute on function catalog.archive_variant(core.call_context, uuid) to tradepost_api;
