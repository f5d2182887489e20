-- A product with its seller and active variants as the API shows it. Read by the product functions and by the
-- reporting role. One row costs a few index reads; lists read the table instead.
create or replace view catalog.product as
select p.product_id, p.seller_id,
       jsonb_build_object('sellerId', s.seller_id, 'storeName', s.store_name, 'slug', s.slug) as seller,
       p.category_id, p.title, p.slug, p.description, p.attributes, p.status, p.review_reason,
       p.price_from_minor, p.price_to_minor, p.currency, p.version, p.created_at, p.updated_at,
       coalesce((select jsonb_agg(jsonb_build_object(
                          'variantId', v.variant_id,
                          'axisValues', v.axis_values,
                          'position', v.position,
                          'status', v.status,
                          'version', v.version,
                          'offers', v.offers) order by v.position, v.variant_id)
                   from catalog.variant as v
                  where v.product_id = p.product_id and v.status = 'ACTIVE'), '[]') as variants
  from catalog.products as p
  join identity.sellers as s on s.seller_id = p.seller_id;
comment on view catalog.product is 'Products with seller and active variants (jsonb, camelCase) as the API shows them.';
grant select on catalog.product to tradepost_readonly;
