-- Refuses another currency for an offer that has more prices than its base price: they were set beside it.
-- Called by other functions only, under the offer's lock. Locks: none. Events: none. Problems: MK409 catalog.offer_has_prices.
create or replace function catalog._assert_only_price(p_offer catalog.offers, p_currency text)
returns void
language plpgsql
stable
as $$
begin
  if p_offer.currency <> p_currency
     and exists (select 1 from catalog.offer_prices as p
                  where p.seller_id = p_offer.seller_id and p.variant_id = p_offer.variant_id) then
    raise exception 'catalog.offer_has_prices' using
      errcode = 'MK409',
      detail = format('The offer has more prices than its base price in %s.', p_offer.currency),
      hint = 'PUT /offers/{variantId}/{sellerId}/prices with the base price alone, then change the currency.',
      column = 'price/currency';
  end if;
end;
$$;
comment on function catalog._assert_only_price(catalog.offers, text) is
  'Refuses another currency for an offer that has more prices than its base price.';
