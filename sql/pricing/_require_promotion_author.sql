-- The caller as somebody who may write promotions: ADMIN (seller_id null), or a member of an active seller. Private; reads only.
-- Problems: identity.unauthenticated, identity.role_required, identity.seller_inactive.
create or replace function pricing._require_promotion_author(p_ctx core.call_context)
returns identity.actor
language plpgsql
stable
as $$
declare
  v_actor identity.actor := identity._require_actor(p_ctx, 'ADMIN', 'SELLER');
begin
  if v_actor.role = 'SELLER' then
    return identity._require_seller(p_ctx);
  end if;
  return v_actor;
end
$$;
comment on function pricing._require_promotion_author(core.call_context) is 'The caller as ADMIN or a seller''s member.';
