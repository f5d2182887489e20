-- The caller as an administrator or a member of an active store.
-- Called by other functions only. Locks: none. Events: none.
-- Problems: identity.unauthenticated, identity.role_required, identity.seller_inactive.
create or replace function catalog._require_manager(p_ctx core.call_context)
returns identity.actor
language plpgsql
stable
as $$
declare
  v_actor identity.actor;
begin
  v_actor := identity._require_actor(p_ctx, 'SELLER', 'ADMIN');
  if v_actor.role = 'SELLER' then
    v_actor := identity._require_seller(p_ctx);
  end if;
  return v_actor;
end;
$$;
comment on function catalog._require_manager(core.call_context) is 'The caller as an administrator or a member of an active store.';
