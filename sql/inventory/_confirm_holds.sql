-- Turns live holds into sales. A hold that expired (by the clock, not by a job) or lost a line to a reclaim is left alone.
-- Private. Locks: reservations by id, then stock rows by (variant_id, seller_id). Returns the confirmed reservations.
create or replace function inventory._confirm_holds(p_reservation_ids uuid[], p_now timestamptz, p_actor_id uuid)
returns setof uuid
language plpgsql
volatile
as $$
declare
  v_live uuid[];
  v_lines inventory.hold_line[];
begin
  v_live := array(
    select r.reservation_id
    from inventory.reservations as r
    where r.reservation_id = any (p_reservation_ids)
      and (r.status = 'HELD' and r.expires_at > p_now) is true  -- not by the index of all that are held
    order by r.reservation_id
    for no key update);
  if cardinality(v_live) = 0 then
    return;
  end if;

  perform inventory._lock_stock(inventory._hold_keys(v_live));

  -- A new statement, hence a new snapshot: lines that a sale reclaimed while we waited for its locks show up here.
  v_live := array(
    select live.reservation_id
    from unnest(v_live) with ordinality as live (reservation_id, n)
    cross join lateral (
      select r.seller_ids from inventory.reservations as r where r.reservation_id = live.reservation_id offset 0
    ) as r
    where not exists (
      select from unnest(r.seller_ids) as s (seller_id)
      cross join lateral (
        select l.freed_at from inventory.reservation_lines as l
        where l.seller_id = s.seller_id and l.reservation_id = live.reservation_id offset 0
      ) as l
      where l.freed_at is not null)
    order by live.n);
  v_lines := inventory._hold_lines(v_live);

  perform inventory._sell_units(v_lines, -1, true, p_now, p_actor_id);
  update inventory.reservations as r
  set status = 'CONFIRMED', resolved_at = p_now
  where r.reservation_id = any (v_live);
  return query select unnest(v_live);
end
$$;
comment on function inventory._confirm_holds(uuid[], timestamptz, uuid) is
  'Deducts the stock of those reservations that are still live and marks them CONFIRMED; returns their ids.';
