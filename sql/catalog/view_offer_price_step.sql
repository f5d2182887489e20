-- Every price of every offer as its seller set it, sales to come included: catalog.offer_prices, and the base price as one of them.
-- Read by the price functions; not for everybody, because of the sales to come.
create or replace view catalog.offer_price_step as
select o.seller_id, o.variant_id, o.currency, 1 as min_quantity, o.price_minor, u.sale_minor, u.sale_from, u.sale_until
  from catalog.offers as o
  left join catalog.offer_prices as u
    on u.seller_id = o.seller_id and u.variant_id = o.variant_id and u.currency = o.currency and u.min_quantity = 1
 union all
select q.seller_id, q.variant_id, q.currency, q.min_quantity, q.price_minor, q.sale_minor, q.sale_from, q.sale_until
  from catalog.offer_prices as q
  join catalog.offers as o on o.seller_id = q.seller_id and o.variant_id = q.variant_id
 where (q.currency, q.min_quantity) <> (o.currency, 1);
comment on view catalog.offer_price_step is 'Every price of every offer, the base price among them, as its seller set it.';
