-- All prices of an offer, sales to come included, as catalog.set_offer_prices takes them. For its seller and administrators.
-- Locks: none. Events: none. Problems: identity.*, MK404 catalog.offer_not_found, MK403 catalog.not_your_offer.
create or replace function catalog.get_offer_prices(p_ctx core.call_context, p_variant_id uuid, p_seller_id uuid)
returns setof catalog.offer_price_set
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform catalog._require_offer(catalog._require_manager(p_ctx), p_variant_id, p_seller_id);
  return query
    select s.* from catalog.offer_price_set as s where s.seller_id = p_seller_id and s.variant_id = p_variant_id;
end;
$$;
comment on function catalog.get_offer_prices(core.call_context, uuid, uuid) is 'All prices of an offer, sales to come included.';
grant execute on function catalog.get_offer_prices(core.call_context, uuid, uuid) to tradepost_api;
