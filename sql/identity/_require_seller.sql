-- The caller as somebody who acts for a store: role SELLER and member of an active seller.
-- Called by: public functions of the seller's side.
-- Locks: none.
-- Raises: identity.unauthenticated, identity.role_required, identity.seller_inactive.
create or replace function identity._require_seller(p_ctx core.call_context)
returns identity.actor
language plpgsql
stable
as $$
declare
  v_actor identity.actor;
begin
  v_actor := identity._require_actor(p_ctx, 'SELLER');
  if v_actor.seller_id is null then
    raise exception 'identity.seller_inactive' using
      errcode = 'MK403',
      detail = 'This account does not act for an active store.',
      hint = 'Ask the marketplace''s administrators about the state of the store.';
  end if;
  return v_actor;
end;
$$;
comment on function identity._require_seller(core.call_context) is
  'The caller as a member of an active store; refuses everybody else.';
