-- Puts a product before the reviewers, complete and with at least one offer. For sellers.
-- Locks: the product, the category and its attributes. Events: catalog.product_submitted.
-- Problems: identity.*, MK404 catalog.product_not_found, MK403 catalog.not_your_product, those of catalog._assert_sellable,
-- MK409 catalog.transition_refused.
create or replace function catalog.submit_product(p_ctx core.call_context, p_product_id uuid)
returns setof catalog.product
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_actor constant identity.actor := identity._require_seller(p_ctx);
  v_product catalog.products;
begin
  v_product := catalog._lock_product(v_actor, p_product_id);
  v_product := catalog._transition_product(v_product, 'submit', v_actor, null, p_ctx.request_id);
  perform catalog._assert_sellable(v_product);
  return query select p.* from catalog.product as p where p.product_id = p_product_id;
end;
$$;
comment on function catalog.submit_product(core.call_context, uuid) is 'Puts a product before the reviewers.';
grant execute on function catalog.submit_product(core.call_context, uuid) to tradepost_api;
