-- Puts back the units of single sellers of confirmed reservations (their parts of paid orders were cancelled, the rest was not).
-- Private. The arrays are pairwise. Locks: reservations by id, then stock rows. A line that was returned stays returned.
create or replace function inventory._return_lines(
  p_reservation_ids uuid[], p_seller_ids uuid[], p_now timestamptz, p_actor_id uuid
)
returns void
language plpgsql
volatile
as $$
declare
  v_lines inventory.hold_line[];
begin
  perform from inventory.reservations as r
  where r.reservation_id = any (p_reservation_ids) and r.status = 'CONFIRMED'
  order by r.reservation_id
  for no key update;
  v_lines := array(
    select row(l.reservation_id, l.seller_id, l.variant_id, l.quantity)::inventory.hold_line
    from unnest(p_reservation_ids, p_seller_ids) as p (reservation_id, seller_id)
    join inventory.reservations as r on r.reservation_id = p.reservation_id and r.status = 'CONFIRMED'
    join inventory.reservation_lines as l on l.seller_id = p.seller_id and l.reservation_id = p.reservation_id
    where l.freed_at is null
    order by l.reservation_id, l.variant_id, l.seller_id);
  perform inventory._lock_stock(
    array(select distinct row(l.seller_id, l.variant_id)::inventory.stock_key from unnest(v_lines) as l));
  perform inventory._sell_units(v_lines, 1, false, p_now, p_actor_id);
  update inventory.reservation_lines as l
  set freed_at = p_now
  from unnest(v_lines) as r
  where l.seller_id = r.seller_id and l.reservation_id = r.reservation_id and l.variant_id = r.variant_id;
end
$$;
comment on function inventory._return_lines(uuid[], uuid[], timestamptz, uuid) is
  'Adds the units of single sellers of CONFIRMED reservations to on_hand with RETURN movements and frees their lines.';
