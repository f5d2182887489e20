-- A variant with its offers as the API shows it. Read by the variant functions and by the reporting role.
-- An active variant shows its active offers, an archived one the offers that were archived with it; prices in the offer's own
-- currency (catalog._in_currency shows another one).
create or replace view catalog.variant as
select v.variant_id, v.product_id, v.axis_values, v.position, v.status, v.version, v.created_at, v.updated_at,
       coalesce((select jsonb_agg(o.document order by o.unit_price_minor, o.seller_id)
                   from catalog.offer_price as o
                  where o.variant_id = v.variant_id and o.status = v.status and o.is_base), '[]') as offers
  from catalog.variants as v;
comment on view catalog.variant is 'Variants with their offers (jsonb, camelCase) as the API shows them.';
grant select on catalog.variant to tradepost_readonly;
