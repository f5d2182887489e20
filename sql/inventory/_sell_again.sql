-- A payment came after its hold had ended: sell the units after all, if every line is available now.
-- Private; the caller holds the order's lock. Locks: reservation, then stock rows. All or nothing.
create or replace function inventory._sell_again(p_reservation_id uuid, p_now timestamptz, p_actor_id uuid)
returns boolean
language plpgsql
volatile
as $$
declare
  v_keys inventory.stock_key[];
  v_lines inventory.hold_line[];
begin
  perform inventory._end_holds(array[p_reservation_id], 'EXPIRED', p_now);
  perform from inventory.reservations as r
  where r.reservation_id = p_reservation_id and r.status in ('EXPIRED', 'RELEASED')
  for no key update;
  if not found then
    return false;
  end if;

  v_keys := inventory._hold_keys(array[p_reservation_id]);
  perform inventory._lock_stock(v_keys);
  perform inventory._reclaim_expired(v_keys, p_now);
  if exists (
    select from inventory.reservations as r
    join inventory.reservation_lines as l
      on l.seller_id = any (r.seller_ids) and l.reservation_id = r.reservation_id
    join inventory.stock_levels as s
      on s.seller_id = l.seller_id and s.variant_id = l.variant_id
    where r.reservation_id = p_reservation_id and s.on_hand - s.reserved < l.quantity
  ) then
    return false;
  end if;

  update inventory.reservation_lines as l
  set freed_at = null
  from inventory.reservations as r
  where r.reservation_id = p_reservation_id
    and l.seller_id = any (r.seller_ids) and l.reservation_id = r.reservation_id and l.freed_at is not null;
  v_lines := inventory._hold_lines(array[p_reservation_id]);
  perform inventory._sell_units(v_lines, -1, false, p_now, p_actor_id);
  update inventory.reservations
  set status = 'CONFIRMED', resolved_at = p_now
  where reservation_id = p_reservation_id;
  return true;
end
$$;
comment on function inventory._sell_again(uuid, timestamptz, uuid) is
  'Sells the units of an ended hold when all of them are available; false, and nothing sold, otherwise.';
