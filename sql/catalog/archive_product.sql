-- Archives a product for good, with its variants and offers, whose SKUs become free. Archiving twice does nothing more.
-- For its store; for administrators once it was on sale.
-- Locks: the product, its variants and offers. Events: catalog.product_archived.
-- Problems: identity.*, MK404 catalog.product_not_found, MK403 catalog.not_your_product, MK409 catalog.transition_refused.
create or replace function catalog.archive_product(p_ctx core.call_context, p_product_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_actor constant identity.actor := catalog._require_manager(p_ctx);
  v_product catalog.products;
begin
  v_product := catalog._lock_product(v_actor, p_product_id);
  if v_product.status = 'ARCHIVED' then
    return;
  end if;
  perform catalog._transition_product(v_product, 'archive', v_actor, null, p_ctx.request_id);
  perform catalog._archive_variants(array(
    select v.variant_id from catalog.variants as v
     where v.product_id = p_product_id and v.status = 'ACTIVE'));
  perform catalog._refresh_price_range(p_product_id, 0);
end;
$$;
comment on function catalog.archive_product(core.call_context, uuid) is 'Archives a product for good, with its variants and offers.';
grant execute on function catalog.archive_product(core.call_context, uuid) to tradepost_api;
