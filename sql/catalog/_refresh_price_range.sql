-- Sets a product's price range and currency from its active offers, and moves its version on by p_step. Every writer of
-- variants and offers ends with it. Called by other functions only, under the product's lock.
-- Locks: none of its own. Events: none. Problems: none.
create or replace function catalog._refresh_price_range(p_product_id uuid, p_step integer)
returns catalog.products
language sql
volatile
as $$
  update catalog.products as p
     set price_from_minor = r.price_from_minor, price_to_minor = r.price_to_minor, currency = r.currency,
         version = p.version + p_step, updated_at = core.now()
    from (select min(o.price_minor) as price_from_minor, max(o.price_minor) as price_to_minor, min(o.currency) as currency
            from catalog.variants as v
            join catalog.offers as o on o.variant_id = v.variant_id and o.status = 'ACTIVE'
           where v.product_id = p_product_id and v.status = 'ACTIVE') as r
   where p.product_id = p_product_id
  returning p.*;
$$;
comment on function catalog._refresh_price_range(uuid, integer) is 'Sets a product''s price range from its active offers.';
