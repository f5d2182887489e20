-- Writes a changed variant and its offer, with the product's price range and the event.
-- Called by other functions only, after all checks and under the locks of catalog.update_variant. Locks: none of its own.
-- Events: catalog.offer_changed or catalog.variant_updated. Problems: MK409 catalog.sku_taken.
create or replace function catalog._write_variant(
  p_ctx core.call_context, p_variant catalog.variants, p_offer catalog.offers, p_sku text, p_price_minor bigint,
  p_currency text, p_position integer, p_is_offer boolean)
returns void
language plpgsql
volatile
as $$
declare
  v_product catalog.products;
begin
  update catalog.variants as v
     set position = p_position, version = v.version + 1, updated_at = core.now()
   where v.variant_id = p_variant.variant_id;
  if p_is_offer then
    begin
      update catalog.offers as o
         set sku = p_sku, price_minor = p_price_minor, currency = p_currency, version = o.version + 1,
             updated_at = core.now()
       where o.seller_id = p_offer.seller_id and o.variant_id = p_offer.variant_id;
    exception
      when unique_violation then
        perform catalog._refuse_sku(p_sku);
    end;
  end if;
  v_product := catalog._refresh_price_range(p_variant.product_id, 1);
  if p_is_offer then
    perform catalog._append_product_event(v_product, 'catalog.offer_changed', p_ctx.actor_id, p_ctx.request_id,
      jsonb_build_object('variantId', p_variant.variant_id, 'sku', p_sku, 'priceMinor', p_price_minor,
                         'currency', p_currency, 'previousPriceMinor', p_offer.price_minor));
  else
    perform catalog._append_product_event(v_product, 'catalog.variant_updated', p_ctx.actor_id, p_ctx.request_id,
      jsonb_build_object('variantId', p_variant.variant_id));
  end if;
end;
$$;
comment on function catalog._write_variant(core.call_context, catalog.variants, catalog.offers, text, bigint, text, integer, boolean) is
  'Writes a changed variant and its offer.';
