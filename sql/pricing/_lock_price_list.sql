-- Locks a price list that the caller sees; p_is_own_needed: and that is the caller's to change (the marketplace's are ADMIN's).
-- Private. Locks: the price list. Problems: MK404 pricing.price_list_not_found, MK403 pricing.not_your_price_list.
create or replace function pricing._lock_price_list(p_actor identity.actor, p_price_list_id uuid, p_is_own_needed boolean)
returns pricing.price_lists
language plpgsql
volatile
as $$
declare
  v_list pricing.price_lists;
begin
  perform from pricing.price_lists as l where l.price_list_id = p_price_list_id for no key update;
  v_list := pricing._require_price_list(p_actor, p_price_list_id);
  if p_is_own_needed and p_actor.role <> 'ADMIN' and v_list.seller_id is null then
    raise exception 'pricing.not_your_price_list' using
      errcode = 'MK403', detail = 'The price list is the marketplace''s; a store enters its offers there, and no more.',
      hint = 'Make a list of your own, or PUT /price-lists/{priceListId}/prices/{variantId}/{sellerId} for an offer of yours.';
  end if;
  return v_list;
end
$$;
comment on function pricing._lock_price_list(identity.actor, uuid, boolean) is 'Locks a price list that the caller sees, or may change.';
