-- Locks a product for a change by its store (or an administrator, where the caller let one in).
-- Called by other functions only. Locks: the product. Events: none.
-- Problems: MK404 catalog.product_not_found, MK403 catalog.not_your_product (another store's product that is visible).
create or replace function catalog._lock_product(p_actor identity.actor, p_product_id uuid)
returns catalog.products
language plpgsql
volatile
as $$
declare
  v_product catalog.products;
begin
  select p.* into v_product from catalog.products as p where p.product_id = p_product_id for no key update;
  if not found or not catalog._may_see(p_actor, v_product.seller_id, v_product.status) then
    perform catalog._refuse_product();
  end if;
  if not catalog._may_manage(p_actor, v_product.seller_id) then
    raise exception 'catalog.not_your_product' using
      errcode = 'MK403',
      detail = 'The product belongs to another store.',
      hint = 'Change products of your own store; GET /products?mine=true lists them.';
  end if;
  return v_product;
end;
$$;
comment on function catalog._lock_product(identity.actor, uuid) is 'Locks a product for a change by its store or an administrator.';
