-- What an offer costs everybody now, in each currency it is sold in: one row per offer and currency, and the offer as the API
-- shows it in that currency. The lowest price of 30 days counts, while a sale runs, from the begin of that sale; else from now.
-- Read by catalog.variant, the price functions and the reporting role, by the key of the offer; a few index reads a row.
create or replace view catalog.offer_price as
select o.seller_id, o.variant_id, o.status, c.currency, c.currency = o.currency as is_base, p.price_minor, p.sale_minor,
       least(p.price_minor, p.sale_minor) as unit_price_minor, l.lowest_minor,
       jsonb_build_object(
         'sellerId', o.seller_id,
         'sku', o.sku,
         'price', jsonb_build_object('amountMinor', p.price_minor, 'currency', c.currency),
         'salePrice', case when p.sale_minor is not null
                        then jsonb_build_object('amountMinor', p.sale_minor, 'currency', c.currency) end,
         'saleUntil', case when p.sale_minor is not null then nullif(u.sale_until, 'infinity') end,
         'lowestPrice30Days', case when l.lowest_minor is not null
                                then jsonb_build_object('amountMinor', l.lowest_minor, 'currency', c.currency) end,
         'quantityBreaks', coalesce(b.breaks, '[]'),
         'currencies', (select jsonb_agg(x.currency order by x.currency <> o.currency, x.currency)
                          from (select o.currency
                                 union
                                select q.currency from catalog.offer_prices as q
                                 where q.seller_id = o.seller_id and q.variant_id = o.variant_id) as x),
         'version', o.version) as document
  from (select statement_timestamp() + k.clock_offset as now from core.clock as k) as t
 cross join catalog.offers as o
 cross join lateral (select o.currency
                      union
                     select q.currency from catalog.offer_prices as q
                      where q.seller_id = o.seller_id and q.variant_id = o.variant_id) as c
  left join catalog.offer_prices as u
    on u.seller_id = o.seller_id and u.variant_id = o.variant_id and u.currency = c.currency and u.min_quantity = 1
 cross join lateral (
       select least(case when c.currency = o.currency then o.price_minor end, u.price_minor) as price_minor) as r
 cross join lateral (
       select r.price_minor,
              case when u.sale_from <= t.now and u.sale_until > t.now and u.sale_minor < r.price_minor
                then u.sale_minor end as sale_minor) as p
  left join lateral (
       -- a break counts where it is lower than what fewer units cost, sales included
       select jsonb_agg(jsonb_build_object(
                          'minQuantity', f.min_quantity,
                          'price', jsonb_build_object('amountMinor', f.price_minor, 'currency', c.currency))
                        order by f.min_quantity) as breaks
         from (select g.min_quantity, g.price_minor,
                      min(g.price_minor) over (order by g.min_quantity
                                               rows between unbounded preceding and 1 preceding) as fewer_minor
                 from (select q.min_quantity,
                              least(q.price_minor, case when q.sale_from <= t.now and q.sale_until > t.now
                                                     then q.sale_minor end) as price_minor
                         from catalog.offer_prices as q
                        where q.seller_id = o.seller_id and q.variant_id = o.variant_id and q.currency = c.currency
                          and q.min_quantity > 1) as g) as f
        where f.price_minor < least(p.price_minor, p.sale_minor, f.fewer_minor)) as b on true
  left join lateral (
       select h.valid_from, h.sale_from, h.reduced_since
         from catalog.price_history as h
        where h.seller_id = o.seller_id and h.variant_id = o.variant_id and h.currency = c.currency
        order by h.valid_from desc, h.change_no desc
        limit 1) as h on true
 cross join lateral (
       select case when p.sale_minor is null then t.now + interval '1 microsecond'
                else coalesce(h.reduced_since, greatest(h.valid_from, h.sale_from)) end as until) as w
  left join lateral (
       select min(s.price_minor) as lowest_minor
         from catalog.price_period as s
        where s.seller_id = o.seller_id and s.variant_id = o.variant_id and s.currency = c.currency
          and s.decided_at < w.until
          and s.decided_at >= coalesce((select max(d.valid_from)
                                          from catalog.price_history as d
                                         where d.seller_id = o.seller_id and d.variant_id = o.variant_id
                                           and d.currency = c.currency and d.valid_from <= w.until - interval '30 days'),
                                       '-infinity')
          and s.since < w.until
          and s.until > w.until - interval '30 days') as l on true
 where p.price_minor is not null;
comment on view catalog.offer_price is
  'What each offer costs everybody now, by currency: regular and running sale price, quantity breaks, lowest price of 30 days.';
grant select on catalog.offer_price to tradepost_readonly;
