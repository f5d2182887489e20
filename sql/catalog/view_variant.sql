-- A variant with its offers as the API shows it. Read by the variant functions and by the reporting role.
-- An active variant shows its active offers, an archived one the offers that were archived with it.
create or replace view catalog.variant as
select v.variant_id, v.product_id, v.axis_values, v.position, v.status, v.version, v.created_at, v.updated_at,
       coalesce((select jsonb_agg(jsonb_build_object(
                          'sellerId', o.seller_id,
                          'sku', o.sku,
                          'price', jsonb_build_object('amountMinor', o.price_minor, 'currency', o.currency),
                          'version', o.version) order by o.price_minor, o.seller_id)
                   from catalog.offers as o
                  where o.variant_id = v.variant_id and o.status = v.status), '[]') as offers
  from catalog.variants as v;
comment on view catalog.variant is 'Variants with their offers (jsonb, camelCase) as the API shows them.';
grant select on catalog.variant to tradepost_readonly;
