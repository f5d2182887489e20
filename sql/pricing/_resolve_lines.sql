-- Finds the offer behind each wanted line: the named seller's, or else the cheapest active one in the basket's currency
-- (ties by seller_id). Only ACTIVE offers of ACTIVE variants of ACTIVE products of ACTIVE sellers can be bought.
-- Private; reads only. One row per line, in the order of p_wanted. A line without such an offer comes back with
-- problem_code set: pricing.variant_unavailable (an unknown id looks the same) or pricing.currency_mismatch.
-- One sort over all lines: a sorted subquery for each line costs twice as much.
create or replace function pricing._resolve_lines(p_wanted pricing.wanted_line[])
returns setof pricing.basket_line
language plpgsql
stable
as $$
begin
  return query
  with found as (
    select distinct on (w.ordinality)
           w.ordinality as n, w.basket_no, w.line_no, w.variant_id, w.seller_id as wanted_seller_id, w.quantity,
           w.currency as wanted_currency,
           o.seller_id, o.price_minor, o.currency, o.sku, o.product_id, o.axis_values, o.title, o.path
    from unnest(p_wanted) with ordinality as w
    left join (
      select o.variant_id, o.seller_id, o.price_minor, o.currency, o.sku, v.product_id, v.axis_values, p.title, c.path
      from catalog.offers as o
      join catalog.variants as v on v.variant_id = o.variant_id
      join catalog.products as p on p.product_id = v.product_id
      join catalog.categories as c on c.category_id = p.category_id
      join identity.sellers as s on s.seller_id = o.seller_id
      where o.status = 'ACTIVE' and v.status = 'ACTIVE' and p.status = 'ACTIVE' and s.status = 'ACTIVE'
    ) as o on o.variant_id = w.variant_id and (w.seller_id is null or o.seller_id = w.seller_id)
    order by w.ordinality, o.currency = w.currency desc nulls last, o.price_minor, o.seller_id
  )
  select f.basket_no, f.line_no, coalesce(f.seller_id, f.wanted_seller_id), f.variant_id, f.product_id, f.path,
         f.quantity, f.price_minor, f.title, f.sku, f.axis_values,
         case
           when f.seller_id is null then 'pricing.variant_unavailable'
           when f.currency <> f.wanted_currency then 'pricing.currency_mismatch'
         end,
         case
           when f.seller_id is null then format('Variant %s is not for sale.', f.variant_id)
           when f.currency <> f.wanted_currency
             then format('Variant %s is sold in %s, not in %s.', f.variant_id, f.currency, f.wanted_currency)
         end,
         null::jsonb, null::uuid
  from found as f
  order by f.n;
end
$$;
comment on function pricing._resolve_lines(pricing.wanted_line[]) is
  'Resolves wanted lines to offers with price and snapshot texts; lines that cannot be bought carry a problem.';
