-- Turns holds into sales: their units leave the shelf. Private; the caller has claimed them (_claim_holds).
-- Locks: stock rows by (variant_id, seller_id). Events: inventory.stock_low.
create or replace function inventory._sell_holds(p_reservation_ids uuid[], p_now timestamptz, p_actor_id uuid)
returns void
language plpgsql
volatile
as $$
declare
  v_lines constant inventory.hold_line[] := inventory._hold_lines(p_reservation_ids);
begin
  if cardinality(p_reservation_ids) = 0 then
    return;
  end if;
  update inventory.reservations as r
  set status = 'CONFIRMED', resolved_at = p_now
  where r.reservation_id = any (p_reservation_ids);
  perform inventory._lock_stock(array(select row(l.seller_id, l.variant_id)::inventory.stock_key from unnest(v_lines) as l));
  perform inventory._sell_units(v_lines, -1, true, p_now, p_actor_id);
end
$$;
comment on function inventory._sell_holds(uuid[], timestamptz, uuid) is 'Deducts the stock of claimed holds and marks them CONFIRMED.';
