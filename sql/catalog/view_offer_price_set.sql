-- All prices of an offer as one document, the base price first, then by currency and quantity.
-- Read by the price functions; not for everybody, because of the sales to come.
create or replace view catalog.offer_price_set as
select o.seller_id, o.variant_id, o.currency::text as currency, o.version, o.updated_at,
       (select jsonb_agg(jsonb_build_object(
                 'minQuantity', p.min_quantity,
                 'price', jsonb_build_object('amountMinor', p.price_minor, 'currency', p.currency),
                 'salePrice', case when p.sale_minor is not null
                                then jsonb_build_object('amountMinor', p.sale_minor, 'currency', p.currency) end,
                 'saleFrom', p.sale_from,
                 'saleUntil', nullif(p.sale_until, 'infinity'))
               order by p.currency <> o.currency, p.currency, p.min_quantity)
          from catalog.offer_price_step as p
         where p.seller_id = o.seller_id and p.variant_id = o.variant_id) as prices,
       (select v.product_id from catalog.variants as v where v.variant_id = o.variant_id) as product_id
  from catalog.offers as o;
comment on view catalog.offer_price_set is 'All prices of an offer as one document (jsonb, camelCase), as its seller sets them.';
