-- Replaces SKU, price and position of a variant (its offer of the caller's store). Prices are no content: no new review.
-- Nothing changed, nothing happens. For sellers.
-- Locks: the product, the variant, the offer. Events: catalog.offer_changed (SKU or price), catalog.variant_updated.
-- Problems: identity.*, MK404 catalog.variant_not_found, MK403 catalog.not_your_product, MK409 catalog.product_archived,
-- catalog.variant_archived, catalog.sku_taken, catalog.offer_has_prices, MK412, MK428, MK422 catalog.position_invalid, currency_mismatch, those of
-- catalog._assert_offer.
create or replace function catalog.update_variant(
  p_ctx core.call_context, p_variant_id uuid, p_expected_version integer, p_sku text, p_price_minor bigint,
  p_currency text, p_position integer)
returns setof catalog.variant
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_actor constant identity.actor := identity._require_seller(p_ctx);
  v_variant catalog.variants;
  v_offer catalog.offers;
  v_position integer;
  v_is_offer boolean;
begin
  v_variant := catalog._lock_variant(v_actor, p_variant_id);
  perform core._assert_version(v_variant.version, p_expected_version);
  if v_variant.status = 'ARCHIVED' then
    raise exception 'catalog.variant_archived' using
      errcode = 'MK409', detail = 'An archived variant does not change any more.', hint = 'Create a new variant.';
  end if;
  perform catalog._assert_offer(p_sku, p_price_minor, p_currency, '');
  v_position := coalesce(p_position, v_variant.position);
  if v_position not between 0 and 1000000 then
    raise exception 'catalog.position_invalid' using
      errcode = 'MK422', detail = 'A position is a whole number from 0 to 1000000.',
      hint = 'Send such a number, or leave it out.',
      column = 'position';
  end if;
  select o.* into v_offer
    from catalog.offers as o
   where o.seller_id = v_actor.seller_id and o.variant_id = p_variant_id
     for no key update;
  v_is_offer := (v_offer.sku, v_offer.price_minor, v_offer.currency::text)
                is distinct from (p_sku, p_price_minor, p_currency);
  if v_is_offer or v_position <> v_variant.position then
    perform catalog._assert_currency(v_variant.product_id, p_currency, p_variant_id);
    perform catalog._assert_only_price(v_offer, p_currency);
    perform catalog._write_variant(p_ctx, v_variant, v_offer, p_sku, p_price_minor, p_currency, v_position, v_is_offer);
  end if;
  return query select v.* from catalog.variant as v where v.variant_id = p_variant_id;
end;
$$;
comment on function catalog.update_variant(core.call_context, uuid, integer, text, bigint, text, integer) is
  'Replaces SKU, price and position of a variant.';
grant execute on function catalog.update_variant(core.call_context, uuid, integer, text, bigint, text, integer) to tradepost_api;
