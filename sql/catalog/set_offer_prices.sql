-- Replaces all prices of an offer at once: [{price, minQuantity?, salePrice?, saleFrom?, saleUntil?}]. The one of the offer's own
-- currency and one unit is its base price. Prices are no content: no new review. Nothing changed, nothing happens.
-- For the seller of the offer and administrators; p_expected_version is the offer's.
-- Locks: the product, the variant, the offer. Events: catalog.offer_prices_changed.
-- Problems: identity.*, MK404 catalog.offer_not_found, MK403 catalog.not_your_offer, MK409 catalog.offer_archived, MK412, MK428,
-- those of catalog._read_offer_prices and catalog._assert_offer_prices.
create or replace function catalog.set_offer_prices(
  p_ctx core.call_context, p_variant_id uuid, p_seller_id uuid, p_expected_version integer, p_prices jsonb)
returns setof catalog.offer_price_set
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_actor constant identity.actor := catalog._require_manager(p_ctx);
  v_now constant timestamptz := core.now();
  v_offer catalog.offers;
  v_product catalog.products;
  v_prices catalog.offer_prices[];
begin
  v_offer := catalog._lock_offer(v_actor, p_variant_id, p_seller_id);
  perform core._assert_version(v_offer.version, p_expected_version);
  v_prices := array(select p from catalog._read_offer_prices(v_offer, p_prices, v_now) as p);
  perform catalog._assert_offer_prices(v_offer, v_prices);
  if array(select p from unnest(v_prices) as p order by p.currency, p.min_quantity)
     is distinct from array(select row(p.*)::catalog.offer_prices
                              from catalog.offer_price_step as p
                             where p.seller_id = p_seller_id and p.variant_id = p_variant_id
                             order by p.currency, p.min_quantity) then
    perform catalog._write_offer_prices(v_offer, v_prices, v_now);
    v_product := catalog._refresh_price_range(
      (select v.product_id from catalog.variants as v where v.variant_id = p_variant_id), 1);
    perform events._append('product', v_product.product_id, v_product.version, 'catalog.offer_prices_changed', v_actor.user_id,
      p_ctx.request_id, array[p_seller_id],
      jsonb_build_object(
        'productId', v_product.product_id, 'sellerId', p_seller_id, 'variantId', p_variant_id, 'status', v_product.status,
        'version', v_product.version,
        'prices', (select jsonb_agg(jsonb_build_object(
                            'currency', p.currency, 'minQuantity', p.min_quantity, 'priceMinor', p.price_minor,
                            'saleMinor', p.sale_minor, 'saleFrom', p.sale_from, 'saleUntil', nullif(p.sale_until, 'infinity'))
                          order by p.currency <> v_offer.currency, p.currency, p.min_quantity)
                     from unnest(v_prices) as p)));
  end if;
  return query
    select s.* from catalog.offer_price_set as s where s.seller_id = p_seller_id and s.variant_id = p_variant_id;
end;
$$;
comment on function catalog.set_offer_prices(core.call_context, uuid, uuid, integer, jsonb) is 'Replaces all prices of an offer at once.';
grant execute on function catalog.set_offer_prices(core.call_context, uuid, uuid, integer, jsonb) to tradepost_api;
