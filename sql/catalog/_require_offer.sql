-- The offer, for those who may see all of it: its seller and administrators. Others learn no more than everybody does.
-- Called by other functions only. Locks: none. Events: none.
-- Problems: MK404 catalog.offer_not_found, MK403 catalog.not_your_offer (of a product that the caller sees).
create or replace function catalog._require_offer(p_actor identity.actor, p_variant_id uuid, p_seller_id uuid)
returns catalog.offers
language plpgsql
stable
as $$
declare
  v_offer catalog.offers;
begin
  select o.* into v_offer from catalog.offers as o where o.seller_id = p_seller_id and o.variant_id = p_variant_id;
  if not found or not (catalog._may_manage(p_actor, p_seller_id) or catalog._may_see_offer(p_actor, v_offer)) then
    perform catalog._refuse_offer();
  end if;
  if not catalog._may_manage(p_actor, p_seller_id) then
    raise exception 'catalog.not_your_offer' using
      errcode = 'MK403',
      detail = 'The offer belongs to another store.',
      hint = 'What everybody pays is told by GET /variants/{variantId}; a store sees the whole of its own offers.';
  end if;
  return v_offer;
end;
$$;
comment on function catalog._require_offer(identity.actor, uuid, uuid) is 'The offer, for its seller and administrators.';
