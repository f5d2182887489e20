-- Finds the offer behind each wanted line, and what its buyer pays for one unit: the named seller's, or else the offer that is
-- cheapest for this buyer in the basket's currency (ties by seller_id). Only ACTIVE offers of ACTIVE variants of ACTIVE products
-- of ACTIVE sellers can be bought. The unit price of an offer, first that exists:
--   1. price lists in force of the buyer's groups, greatest priority first, then the older list: the first that has a price for
--      the offer in the currency from a quantity that the line reaches;
--   2. the offer's own prices: the lowest of what the line reaches of base price, other currency, quantity breaks, running sales.
-- Within a list, as within an offer, breaks only fall, so the greatest break reached is the lowest price.
-- Private; reads only. One row per line, in the order of p_wanted. A line without such an offer comes back with
-- problem_code set: pricing.variant_unavailable (an unknown id looks the same) or pricing.currency_mismatch.
-- One sort over all lines: a sorted subquery for each line costs twice as much.
create or replace function pricing._resolve_lines(p_wanted pricing.wanted_line[], p_now timestamptz)
returns setof pricing.basket_line
language plpgsql
stable
as $$
begin
  return query
  with listed as (
    select distinct on (w.ordinality, e.seller_id)
           w.ordinality as n, e.seller_id, e.price_minor, e.min_quantity, e.price_list_id
    from unnest(p_wanted) with ordinality as w
    join pricing.buyer_group_members as m on m.buyer_id = w.buyer_id
    join pricing.price_lists as l
      on l.group_code = m.group_code and l.is_active and l.starts_at <= p_now and coalesce(l.ends_at, 'infinity') > p_now
    join catalog.offers as o on o.variant_id = w.variant_id
    join pricing.list_prices as e
      on e.seller_id = o.seller_id and e.price_list_id = l.price_list_id and e.variant_id = o.variant_id
     and e.currency = w.currency::bpchar and e.min_quantity <= w.quantity
    order by w.ordinality, e.seller_id, l.priority desc, l.price_list_id, e.price_minor, e.min_quantity
  ), found as (
    select distinct on (w.ordinality)
           w.ordinality as n, w.basket_no, w.line_no, w.variant_id, w.seller_id as wanted_seller_id, w.quantity,
           w.currency as wanted_currency,
           o.seller_id, o.currency, o.sku, o.product_id, o.axis_values, o.title, o.path, x.price_minor,
           case
             when l.price_minor is not null then 'LIST'
             when r.sale_minor < r.regular_minor then 'SALE'
             when t.min_quantity > 1 and t.price_minor = r.regular_minor then 'BREAK'
           end as kind, coalesce(l.min_quantity, t.min_quantity) as min_quantity, l.price_list_id
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
    left join catalog.offer_prices as t
      on t.seller_id = o.seller_id and t.variant_id = o.variant_id and t.currency = w.currency::bpchar
     and t.min_quantity <= w.quantity
    left join listed as l on l.n = w.ordinality and l.seller_id = o.seller_id
    cross join lateral (
      select least(case when o.currency = w.currency then o.price_minor end, t.price_minor) as regular_minor,
             case when t.sale_from <= p_now and t.sale_until > p_now then t.sale_minor end as sale_minor) as r
    cross join lateral (select coalesce(l.price_minor, least(r.regular_minor, r.sale_minor)) as price_minor) as x
    order by w.ordinality, x.price_minor, o.seller_id, t.min_quantity nulls first
  )
  select f.basket_no, f.line_no, coalesce(f.seller_id, f.wanted_seller_id), f.variant_id, f.product_id, f.path,
         f.quantity, f.price_minor, f.title, f.sku, f.axis_values,
         case
           when f.seller_id is null then 'pricing.variant_unavailable'
           when f.price_minor is null then 'pricing.currency_mismatch'
         end,
         case
           when f.seller_id is null then format('Variant %s is not for sale.', f.variant_id)
           when f.price_minor is null
             then format('Variant %s is sold in %s, not in %s.', f.variant_id, f.currency, f.wanted_currency)
         end,
         null::jsonb, null::uuid,
         case
           when f.kind = 'LIST'
             then jsonb_build_object('kind', f.kind, 'minQuantity', f.min_quantity, 'priceListId', f.price_list_id)
           when f.kind is not null then jsonb_build_object('kind', f.kind, 'minQuantity', f.min_quantity)
         end
  from found as f
  order by f.n;
end
$$;
comment on function pricing._resolve_lines(pricing.wanted_line[], timestamptz) is
  'Resolves wanted lines to offers with price and snapshot texts; lines that cannot be bought carry a problem.';
