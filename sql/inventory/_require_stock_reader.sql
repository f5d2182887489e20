-- The caller as somebody who keeps stock: a member of an active seller, or ADMIN (seller_id null). Private; reads only.
-- Problems: identity.unauthenticated, identity.role_required, identity.seller_inactive.
create or replace function inventory._require_stock_reader(p_ctx core.call_context)
returns identity.actor
language plpgsql
stable
as $$
declare
  v_actor identity.actor := identity._require_actor(p_ctx, 'SELLER', 'ADMIN');
begin
  if v_actor.role = 'SELLER' then
    return identity._require_seller(p_ctx);
  end if;
  return v_actor;
end
$$;
comment on function inventory._require_stock_reader(core.call_context) is 'The caller as a seller''s member or ADMIN.';
