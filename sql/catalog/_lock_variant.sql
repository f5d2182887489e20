-- Locks the product of a variant, then the variant, for a change by the store.
-- Called by other functions only. Locks: the product, the variant. Events: none.
-- Problems: MK404 catalog.variant_not_found, MK403 catalog.not_your_product, MK409 catalog.product_archived.
create or replace function catalog._lock_variant(p_actor identity.actor, p_variant_id uuid)
returns catalog.variants
language plpgsql
volatile
as $$
declare
  v_variant catalog.variants;
  v_seller_id uuid;
  v_status text;
begin
  select p.seller_id, p.status into v_seller_id, v_status
    from catalog.variants as v
    join catalog.products as p on p.product_id = v.product_id
   where v.variant_id = p_variant_id;
  if not found or not catalog._may_see(p_actor, v_seller_id, v_status) then
    perform catalog._refuse_variant();
  end if;
  perform catalog._assert_not_archived(catalog._lock_product(p_actor,
    (select v.product_id from catalog.variants as v where v.variant_id = p_variant_id)));
  select v.* into v_variant from catalog.variants as v where v.variant_id = p_variant_id for no key update;
  return v_variant;
end;
$$;
comment on function catalog._lock_variant(identity.actor, uuid) is 'Locks a variant and its product for a change by the store.';
