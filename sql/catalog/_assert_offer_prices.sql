-- Checks the prices of an offer together: each currency and quantity once; one unit has a price in every currency, the offer's own
-- among them; and who buys more pays less for a unit. Called by other functions only. Locks: none. Events: none.
-- Problems: MK422 catalog.offer_prices_invalid.
create or replace function catalog._assert_offer_prices(p_offer catalog.offers, p_prices catalog.offer_prices[])
returns void
language plpgsql
stable
as $$
declare
  v_bad record;
begin
  select p.n - 1 as n, p.currency,
         case
           when p.min_quantity = p.fewer then 'repeated'
           when p.fewer is null and p.min_quantity > 1 then 'minQuantity'
           when p.price_minor >= p.fewer_minor then 'price/amountMinor'
         end as field
    into v_bad
    from (select e.*, lag(e.min_quantity) over steps as fewer, lag(e.price_minor) over steps as fewer_minor
            from unnest(p_prices) with ordinality
                 as e (seller_id, variant_id, currency, min_quantity, price_minor, sale_minor, sale_from, sale_until, n)
          window steps as (partition by e.currency order by e.min_quantity, e.n)) as p
   where p.min_quantity = p.fewer or p.fewer is null and p.min_quantity > 1 or p.price_minor >= p.fewer_minor
   order by p.n
   limit 1;
  if v_bad.field = 'repeated' then
    perform catalog._invalid('catalog.offer_prices_invalid', format('prices/%s/minQuantity', v_bad.n),
                             'The request has two prices for this currency and quantity.', 'Send one of them.');
  elsif v_bad.field = 'minQuantity' then
    perform catalog._invalid('catalog.offer_prices_invalid', format('prices/%s/minQuantity', v_bad.n),
                             format('One unit has no price in %s.', v_bad.currency),
                             'Send a price with minQuantity 1 in each currency.');
  elsif v_bad.field is not null then
    perform catalog._invalid('catalog.offer_prices_invalid', format('prices/%s/price/amountMinor', v_bad.n),
                             'From a greater quantity on, a unit costs less.',
                             'Send a lower amount than that of the smaller quantity, or leave this price out.');
  end if;
  if not exists (select 1 from unnest(p_prices) as p where p.currency = p_offer.currency) then
    perform catalog._invalid('catalog.offer_prices_invalid', 'prices',
                             format('The base price, in %s, is missing.', p_offer.currency),
                             'Send it too; PUT /variants/{variantId} changes the currency of the base price.');
  end if;
end;
$$;
comment on function catalog._assert_offer_prices(catalog.offers, catalog.offer_prices[]) is 'Checks the prices of an offer together.';
