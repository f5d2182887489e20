-- Ends holds that are still HELD, whether expired or not, and gives their units back.
-- Private. Locks: reservations by id, then stock rows by (variant_id, seller_id). Returns the ended reservations.
create or replace function inventory._end_holds(p_reservation_ids uuid[], p_status text, p_now timestamptz)
returns setof uuid
language plpgsql
volatile
as $$
declare
  v_held uuid[];
begin
  v_held := array(
    select r.reservation_id
    from inventory.reservations as r
    where r.reservation_id = any (p_reservation_ids) and (r.status = 'HELD') is true  -- not by the index of all that are held
    order by r.reservation_id
    for no key update);
  if cardinality(v_held) = 0 then
    return;
  end if;

  perform inventory._lock_stock(inventory._hold_keys(v_held));
  perform inventory._move_stock(
    array(
      select row(l.seller_id, l.variant_id, 0, -l.quantity)::inventory.stock_move
      from unnest(inventory._hold_lines(v_held)) as l), p_now);
  update inventory.reservations as r
  set status = p_status, resolved_at = p_now
  where r.reservation_id = any (v_held);
  return query select unnest(v_held);
end
$$;
comment on function inventory._end_holds(uuid[], text, timestamptz) is
  'Marks HELD reservations RELEASED or EXPIRED and lowers the reserved counters; returns the ids that were still HELD.';
