-- Takes a product off sale for a while. For its store and administrators.
-- Locks: the product. Events: catalog.product_deactivated.
-- Problems: identity.*, MK404 catalog.product_not_found, MK403 catalog.not_your_product, MK409 catalog.transition_refused.
create or replace function catalog.deactivate_product(p_ctx core.call_context, p_product_id uuid)
returns setof catalog.product
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
  v_product := catalog._transition_product(v_product, 'deactivate', v_actor, null, p_ctx.request_id);
  return query select p.* from catalog.product as p where p.product_id = p_product_id;
end;
$$;
comment on function catalog.deactivate_product(core.call_context, uuid) is 'Takes a product off sale for a while.';
grant execute on function catalog.deactivate_product(core.call_context, uuid) to tradepost_api;
