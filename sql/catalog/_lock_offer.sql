-- Locks an offer for a change of its prices by its seller or an administrator: the product, the variant, the offer.
-- Called by other functions only. Locks: as said. Events: none.
-- Problems: MK404 catalog.offer_not_found, MK403 catalog.not_your_offer, MK409 catalog.offer_archived.
create or replace function catalog._lock_offer(p_actor identity.actor, p_variant_id uuid, p_seller_id uuid)
returns catalog.offers
language plpgsql
volatile
as $$
declare
  v_offer catalog.offers;
begin
  perform catalog._require_offer(p_actor, p_variant_id, p_seller_id);
  perform 1
     from catalog.products as p
    where p.product_id = (select v.product_id from catalog.variants as v where v.variant_id = p_variant_id)
      for no key update;
  perform 1 from catalog.variants as v where v.variant_id = p_variant_id for no key update;
  select o.* into v_offer
    from catalog.offers as o
   where o.seller_id = p_seller_id and o.variant_id = p_variant_id
     for no key update;
  if v_offer.status = 'ARCHIVED' then
    raise exception 'catalog.offer_archived' using
      errcode = 'MK409', detail = 'An archived offer does not change any more.', hint = 'Create a new variant.';
  end if;
  return v_offer;
end;
$$;
comment on function catalog._lock_offer(identity.actor, uuid, uuid) is 'Locks an offer for a change of its prices.';
