-- Reads the prices of an offer from a request, [{price, minQuantity?, salePrice?, saleFrom?, saleUntil?}], each checked for itself
-- (catalog._assert_offer_prices checks them together). One row per element, in order; the base price is among them, with its
-- amount. Called by other functions only. Locks: none. Events: none.
-- Problems: MK422 catalog.offer_prices_invalid, price_invalid, currency_unknown, sale_invalid.
create or replace function catalog._read_offer_prices(p_offer catalog.offers, p_prices jsonb, p_now timestamptz)
returns setof catalog.offer_prices
language plpgsql
stable
as $$
declare
  v_max constant bigint := core._setting_int('catalog.offer_prices_max');
  v_quantity_max constant bigint := core._setting_int('orders.line_quantity_max');
  v_price jsonb;
  v_at text;
  v_row catalog.offer_prices;
begin
  if jsonb_typeof(p_prices) is distinct from 'array' or jsonb_array_length(p_prices) not between 1 and v_max then
    perform catalog._invalid('catalog.offer_prices_invalid', 'prices', format('An offer has 1 to %s prices.', v_max),
                             'Send all prices of the offer; what is not sent is removed.');
  end if;
  for v_price, v_at in
    select e.price, format('prices/%s/', e.n - 1) from jsonb_array_elements(p_prices) with ordinality as e (price, n)
  loop
    v_row := row(p_offer.seller_id, p_offer.variant_id, left(v_price #>> '{price,currency}', 3),
                 coalesce((v_price ->> 'minQuantity')::integer, 1), catalog._read_price(v_price -> 'price', v_at),
                 (v_price #>> '{salePrice,amountMinor}')::bigint, null, null)::catalog.offer_prices;
    if v_row.price_minor not between 1 and 100000000000 then
      perform catalog._invalid('catalog.price_invalid', v_at || 'price/amountMinor',
                               'A price is from 1 to 100000000000 minor units.',
                               'Give an amount in minor units, such as 1999 for 19.99.');
    elsif not exists (select 1 from core.currencies as c where c.currency = v_price #>> '{price,currency}') then
      perform catalog._invalid('catalog.currency_unknown', v_at || 'price/currency',
                               format('%s is not a currency of this marketplace.', coalesce(v_row.currency, 'Nothing')),
                               'Use an ISO 4217 code that the marketplace trades in, such as USD.');
    elsif v_row.min_quantity not between 1 and v_quantity_max then
      perform catalog._invalid('catalog.offer_prices_invalid', v_at || 'minQuantity',
                               format('A line has 1 to %s units, so a price holds from such a quantity on.', v_quantity_max),
                               'Send such a quantity, or leave it out for 1.');
    end if;
    if v_row.sale_minor is not null then
      v_row.sale_from := coalesce((v_price ->> 'saleFrom')::timestamptz, p_now);
      v_row.sale_until := coalesce((v_price ->> 'saleUntil')::timestamptz, 'infinity');
    elsif coalesce(v_price ->> 'saleFrom', v_price ->> 'saleUntil') is not null then
      perform catalog._invalid('catalog.sale_invalid', v_at || 'salePrice', 'A window of a sale without its price.',
                               'Send salePrice too, or leave saleFrom and saleUntil out.');
    end if;
    if v_price #>> '{salePrice,currency}' <> v_row.currency::text then
      perform catalog._invalid('catalog.sale_invalid', v_at || 'salePrice/currency',
                               'A sale is in the currency of the price it lowers.', 'Send both in one currency.');
    elsif v_row.sale_minor not between 1 and v_row.price_minor - 1 then
      perform catalog._invalid('catalog.sale_invalid', v_at || 'salePrice/amountMinor',
                               'A sale price is lower than the regular price, and not nothing.',
                               'Send a lower amount, or change the regular price instead.');
    elsif v_row.sale_until <= v_row.sale_from then
      perform catalog._invalid('catalog.sale_invalid', v_at || 'saleUntil', 'A sale ends after it begins.',
                               'Send a later saleUntil, or none for a sale without an end.');
    end if;
    return next v_row;
  end loop;
end;
$$;
comment on function catalog._read_offer_prices(catalog.offers, jsonb, timestamptz) is 'Reads the prices of an offer from a request.';
