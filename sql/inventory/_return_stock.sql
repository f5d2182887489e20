-- Puts the units of confirmed reservations back on the shelf (a paid order was cancelled).
-- Private. Locks: reservations by id, then stock rows. Returns the returned reservations; a second call returns none.
create or replace function inventory._return_stock(p_reservation_ids uuid[], p_now timestamptz, p_actor_id uuid)
returns setof uuid
language plpgsql
volatile
as $$
declare
  v_sold uuid[];
begin
  v_sold := array(
    select r.reservation_id
    from inventory.reservations as r
    where r.reservation_id = any (p_reservation_ids) and r.status = 'CONFIRMED'
    order by r.reservation_id
    for no key update);
  if cardinality(v_sold) = 0 then
    return;
  end if;

  perform inventory._lock_stock(inventory._hold_keys(v_sold));
  perform inventory._sell_units(inventory._hold_lines(v_sold), 1, false, p_now, p_actor_id);
  update inventory.reservations as r
  set status = 'RETURNED', resolved_at = p_now
  where r.reservation_id = any (v_sold);
  return query select unnest(v_sold);
end
$$;
comment on function inventory._return_stock(uuid[], timestamptz, uuid) is
  'Adds the units of CONFIRMED reservations to on_hand with RETURN movements and marks them RETURNED.';
