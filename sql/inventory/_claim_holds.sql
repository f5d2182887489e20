-- Decides which holds may become sales: those that are live and have all their units. One that expired (by the clock, not by a job) or
-- lost a line to a reclaim is left alone. The answer holds until the transaction ends: FOR UPDATE is what inventory._reclaim_expired
-- steps back from; those who end holds lock less, because their units are free for whoever comes first.
-- Private. Locks: reservations by id. Returns the live ones, in the order given; _sell_holds sells them.
create or replace function inventory._claim_holds(p_reservation_ids uuid[], p_now timestamptz)
returns uuid[]
language plpgsql
volatile
as $$
declare
  v_live uuid[];
begin
  v_live := array(
    select r.reservation_id
    from inventory.reservations as r
    where r.reservation_id = any (p_reservation_ids)
      and (r.status = 'HELD' and r.expires_at > p_now) is true  -- not by the index of all that are held
    order by r.reservation_id
    for update);

  -- A new statement, hence a new snapshot: lines that a sale reclaimed while we waited for its locks show up here.
  return array(
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
end
$$;
comment on function inventory._claim_holds(uuid[], timestamptz) is
  'Locks reservations and returns those that are live and whole: their units cannot be taken until the transaction ends.';
