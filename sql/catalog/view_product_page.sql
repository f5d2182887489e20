-- The shape of a row of catalog.list_products: what lists show of a product, and the cursor of the row.
create or replace view catalog.product_page as
select p.product_id, p.seller_id,
       jsonb_build_object('sellerId', s.seller_id, 'storeName', s.store_name, 'slug', s.slug) as seller,
       p.category_id, p.title, p.slug, p.status, p.price_from_minor, p.price_to_minor, p.currency, p.version, p.created_at,
       p.updated_at, core._encode_cursor('newest', p.product_id::text) as page_cursor
  from catalog.products as p
  join identity.sellers as s on s.seller_id = p.seller_id;
comment on view catalog.product_page is 'Products as lists return them, newest first: without description, attributes and variants.';
