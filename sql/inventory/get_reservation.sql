-- The caller's own reservation with its lines. One whose time is over but that nobody tidied up yet is shown as EXPIRED.
-- Locks: none. Events: none. Problems: identity.unauthenticated, MK404 inventory.reservation_not_found.
create or replace function inventory.get_reservation(p_ctx core.call_context, p_reservation_id uuid)
returns setof inventory.reservation
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_actor identity.actor := identity._require_actor(p_ctx);
begin
  return query
  select r.reservation_id,
         case when r.status = 'HELD' and r.expires_at <= core.now() then 'EXPIRED' else r.status end,
         r.reference, r.expires_at, r.created_at, r.resolved_at, r.lines, r.is_replayed
  from inventory.reservations as h
  cross join lateral inventory._reservation(array[h.reservation_id]) as r
  where h.reservation_id = p_reservation_id and h.account_id = v_actor.user_id and not h.is_order;
  if not found then
    raise exception 'inventory.reservation_not_found' using
      errcode = 'MK404', detail = 'You have no such reservation.',
      hint = 'Use the id that the reserve call returned. The hold of an order is shown with the order.';
  end if;
end
$$;
comment on function inventory.get_reservation(core.call_context, uuid) is 'The caller''s own reservation.';
grant execute on function inventory.get_reservation(core.call_context, uuid) to tradepost_api;
