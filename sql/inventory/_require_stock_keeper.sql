-- The caller, if the stock of this offer is the caller's business: a member of the seller, or ADMIN.
-- Private; reads only. Problems: MK401 identity.unauthenticated, MK404 inventory.stock_not_found.
create or replace function inventory._require_stock_keeper(p_ctx core.call_context, p_variant_id uuid, p_seller_id uuid)
returns identity.actor
language plpgsql
stable
as $$
declare
  v_actor identity.actor := identity._require_actor(p_ctx);
begin
  if not (v_actor.role = 'ADMIN' or (v_actor.role = 'SELLER' and v_actor.seller_id is not distinct from p_seller_id))
     or not exists (
       select from catalog.offers as o where o.seller_id = p_seller_id and o.variant_id = p_variant_id
     ) then
    raise exception 'inventory.stock_not_found' using
      errcode = 'MK404',
      detail = 'There is no such offer, or its stock is not yours to see.',
      hint = 'Check the variant and the seller in the path.';
  end if;
  return v_actor;
end
$$;
comment on function inventory._require_stock_keeper(core.call_context, uuid, uuid) is
  'The caller, when it is the offer''s seller or ADMIN; 404 for everybody else.';
