-- An offer whose prices in a list are the caller's business: any for ADMIN, a seller's own; in a seller's list only that seller's.
-- Private; reads only. Problems: MK404 pricing.offer_not_found.
create or replace function pricing._require_listable_offer(
  p_actor identity.actor, p_list pricing.price_lists, p_variant_id uuid, p_seller_id uuid
)
returns void
language plpgsql
stable
as $$
begin
  if not (p_actor.role = 'ADMIN' or coalesce(p_actor.seller_id = p_seller_id, false))
     or coalesce(p_list.seller_id <> p_seller_id, false)
     or not exists (select from catalog.offers as o
                    where o.seller_id = p_seller_id and o.variant_id = p_variant_id and o.status = 'ACTIVE') then
    raise exception 'pricing.offer_not_found' using
      errcode = 'MK404', detail = 'There is no such active offer, or its prices in this list are not yours to see.',
      hint = 'Check the variant and the seller in the path; a store''s own list takes the offers of that store.';
  end if;
end
$$;
comment on function pricing._require_listable_offer(identity.actor, pricing.price_lists, uuid, uuid) is
  'Refuses an offer whose prices in a list are not the caller''s business.';
