-- Finds the offer behind each wanted line: the named seller's, or else the cheapest active one in the basket's currency
-- (ties by seller_id). Only ACTIVE offers of ACTIVE variants of ACTIVE products of ACTIVE sellers can be bought.
-- Private; reads only. A line without such an offer comes back with problem_code set:
-- pricing.variant_unavailable or pricing.currency_mismatch.
create or replace function pricing._resolve_lines(p_wanted pricing.wanted_line[])
returns setof pricing.basket_line
language sql
stable
as $$
  select w.basket_no, w.line_no, coalesce(found.seller_id, w.seller_id), w.variant_id, found.product_id, found.path,
         w.quantity, found.price_minor, found.title, found.sku, found.axis_values,
         case
           when found.seller_id is null then 'pricing.variant_unavailable'
           when found.currency <> w.currency then 'pricing.currency_mismatch'
         end,
         case
           when found.seller_id is null then format('Variant %s is not for sale.', w.variant_id)
           when found.currency <> w.currency
             then format('Variant %s is sold in %s, not in %s.', w.variant_id, found.currency, w.currency)
         end
  from unnest(p_wanted) as w
  left join lateral (
    select o.seller_id, o.price_minor, o.currency, o.sku, v.product_id, v.axis_values, p.title, c.path
    from catalog.offers as o
    join catalog.variants as v on v.variant_id = o.variant_id
    join catalog.products as p on p.product_id = v.product_id
    join catalog.categories as c on c.category_id = p.category_id
    join identity.sellers as s on s.seller_id = o.seller_id
    where o.variant_id = w.variant_id
      and (w.seller_id is null or o.seller_id = w.seller_id)
      and o.status = 'ACTIVE' and v.status = 'ACTIVE' and p.status = 'ACTIVE' and s.status = 'ACTIVE'
    order by o.currency = w.currency desc, o.price_minor, o.seller_id
    limit 1
  ) as found on true
$$;
comment on function pricing._resolve_lines(pricing.wanted_line[]) is
  'Resolves wanted lines to offers with price and snapshot texts; lines that cannot be bought carry a problem.';
