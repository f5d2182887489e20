-- Reads what an offer costs in a price list, [{price, minQuantity?}], and checks it: each currency and quantity once, and who buys
-- more pays less for a unit. None is none. Private; reads only.
-- Problems: MK422 pricing.list_prices_invalid, currency_unknown.
create or replace function pricing._read_list_prices(
  p_price_list_id uuid, p_variant_id uuid, p_seller_id uuid, p_prices jsonb
)
returns setof pricing.list_prices
language plpgsql
stable
as $$
declare
  v_max constant bigint := core._setting_int('catalog.offer_prices_max');
  v_quantity_max constant bigint := core._setting_int('orders.line_quantity_max');
  v_bad record;
begin
  if jsonb_typeof(p_prices) is distinct from 'array' or jsonb_array_length(p_prices) > v_max then
    perform pricing._invalid('pricing.list_prices_invalid', 'prices', format('An offer has at most %s prices in a list.', v_max));
  end if;
  select b.n, b.problem
  into v_bad
  from (select p.n,
         case
           when not coalesce(p.price_minor between 1 and 100000000000, false)
             then array['pricing.list_prices_invalid', 'price/amountMinor', 'A price is from 1 to 100000000000 minor units.']
           when not exists (select from core.currencies as c where c.currency = p.currency)
             then array['pricing.currency_unknown', 'price/currency', 'The currency is not one this marketplace trades in.']
           when p.min_quantity not between 1 and v_quantity_max
             then array['pricing.list_prices_invalid', 'minQuantity', format('A line has 1 to %s units.', v_quantity_max)]
           when p.min_quantity = lag(p.min_quantity) over steps
             then array['pricing.list_prices_invalid', 'minQuantity', 'There are two prices for this currency and quantity.']
           when p.price_minor >= lag(p.price_minor) over steps
             then array['pricing.list_prices_invalid', 'price/amountMinor', 'From a greater quantity on, a unit costs less.']
         end as problem
  from (select e.n - 1 as n, e.price #>> '{price,currency}' as currency, (e.price #>> '{price,amountMinor}')::bigint as price_minor,
               coalesce((e.price ->> 'minQuantity')::integer, 1) as min_quantity
        from jsonb_array_elements(p_prices) with ordinality as e (price, n)) as p
  window steps as (partition by p.currency order by p.min_quantity, p.n)) as b
  where b.problem is not null
  order by b.n
  limit 1;
  if v_bad.problem is not null then
    perform pricing._invalid(v_bad.problem[1], format('prices/%s/%s', v_bad.n, v_bad.problem[2]), v_bad.problem[3]);
  end if;
  return query
  select p_seller_id, p_price_list_id, p_variant_id, (e.price #>> '{price,currency}')::char(3),
         coalesce((e.price ->> 'minQuantity')::integer, 1), (e.price #>> '{price,amountMinor}')::bigint
  from jsonb_array_elements(p_prices) as e (price);
end
$$;
comment on function pricing._read_list_prices(uuid, uuid, uuid, jsonb) is 'Reads and checks what an offer costs in a price list.';
