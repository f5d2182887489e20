-- One product with its store and active variants. Everybody sees the active ones; its store and administrators see all, and
-- alone the reason of the last rejection. Prices are in p_currency (null = each offer's own); offers that are not sold in it are
-- left out.
-- Locks: none. Events: none.
-- Problems: identity.unauthenticated, MK404 catalog.product_not_found, MK422 catalog.currency_unknown.
create or replace function catalog.get_product(p_ctx core.call_context, p_product_id uuid, p_currency text)
returns setof catalog.product
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_actor constant identity.actor := identity._actor_or_anonymous(p_ctx);
  v_product catalog.product;
begin
  perform catalog._require_currency(p_currency);
  select p.* into v_product from catalog.product as p where p.product_id = p_product_id;
  if not found or not catalog._may_see(v_actor, v_product.seller_id, v_product.status) then
    perform catalog._refuse_product();
  end if;
  if not catalog._may_manage(v_actor, v_product.seller_id) then
    v_product.review_reason := null;
  end if;
  if p_currency is not null then
    v_product.variants := coalesce(
      (select jsonb_agg(v.document || jsonb_build_object('offers', catalog._offers_in((v.document ->> 'variantId')::uuid,
                                                                                       v.document ->> 'status', p_currency))
                        order by v.n)
         from jsonb_array_elements(v_product.variants) with ordinality as v (document, n)), '[]');
  end if;
  return next v_product;
end;
$$;
comment on function catalog.get_product(core.call_context, uuid, text) is 'One product with its store and active variants.';
grant execute on function catalog.get_product(core.call_context, uuid, text) to tradepost_api;
