-- A price list that the caller may see: all for ADMIN; for sellers their own, and the marketplace's, where they enter own offers.
-- Private; reads only. Problems: MK404 pricing.price_list_not_found.
create or replace function pricing._require_price_list(p_actor identity.actor, p_price_list_id uuid)
returns pricing.price_lists
language plpgsql
stable
as $$
declare
  v_list pricing.price_lists;
begin
  select l.* into v_list
  from pricing.price_lists as l
  where l.price_list_id = p_price_list_id
    and (p_actor.role = 'ADMIN' or l.seller_id is null or l.seller_id = p_actor.seller_id);
  if not found then
    raise exception 'pricing.price_list_not_found' using
      errcode = 'MK404', detail = 'There is no such price list, or it is not yours to see.',
      hint = 'GET /price-lists lists those that you may see.';
  end if;
  return v_list;
end
$$;
comment on function pricing._require_price_list(identity.actor, uuid) is 'A price list that the caller may see.';
