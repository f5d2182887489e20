-- Which order of the caller the next one would be, for the preview of a basket: cancelled and expired ones do not count. Null for
-- whoever is no buyer. Called by: anybody. Locks: none. Events: none. Problems: identity.unauthenticated (a suspended account).
create or replace function orders.next_order_number(p_ctx core.call_context)
returns integer
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_actor identity.actor := identity._actor_or_anonymous(p_ctx);
begin
  if v_actor.user_id is null or v_actor.role <> 'BUYER' or not 'orderNumber' = any (pricing._facts_needed()) then
    return null;
  end if;
  return (select 1 + count(*) from orders.orders as o
          where o.buyer_id = v_actor.user_id and o.status not in ('CANCELLED', 'EXPIRED'));
end
$$;
comment on function orders.next_order_number(core.call_context) is 'Which order of the caller the next one would be, where promotions ask.';
grant execute on function orders.next_order_number(core.call_context) to tradepost_api;
