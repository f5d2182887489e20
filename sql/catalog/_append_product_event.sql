-- Appends an event about a product; its store sees it. The payload has productId, sellerId, status and version, and what
-- p_payload adds. Called by other functions only, under the product's lock. Locks: none. Events: p_type. Problems: none.
create or replace function catalog._append_product_event(
  p_product catalog.products, p_type text, p_actor_id uuid, p_request_id text, p_payload jsonb)
returns void
language plpgsql
volatile
as $$
begin
  perform events._append('product', p_product.product_id, p_product.version, p_type, p_actor_id, p_request_id,
    array[p_product.seller_id],
    jsonb_build_object('productId', p_product.product_id, 'sellerId', p_product.seller_id, 'status', p_product.status,
                       'version', p_product.version) || p_payload);
end;
$$;
comment on function catalog._append_product_event(catalog.products, text, uuid, text, jsonb) is 'Appends an event about a product.';
