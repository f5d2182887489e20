-- Writes the granted requests of a batch: holds, their lines, counters and events, set-based.
-- Private; the caller holds the stock rows' locks. Events: inventory.stock_reserved (and stock_low by _move_stock).
create or replace function inventory._write_reservings(p_granted inventory.reserving[], p_now timestamptz)
returns void
language plpgsql
volatile
as $$
declare
  v_units constant inventory.hold_line[] := array(
    select row(r.reservation_id, (l.line ->> 'sellerId')::uuid, (l.line ->> 'variantId')::uuid,
               (l.line ->> 'quantity')::integer)::inventory.hold_line
    from unnest(p_granted) as r, jsonb_array_elements(r.lines) as l (line));
begin
  perform inventory._write_holds(
    array(
      select row(r.reservation_id, r.account_id, false, r.reference,
                 array(select distinct (l.line ->> 'sellerId')::uuid from jsonb_array_elements(r.lines) as l (line) order by 1),
                 p_now + make_interval(secs => r.ttl_s))::inventory.hold
      from unnest(p_granted) as r),
    v_units, p_now);
  perform inventory._hold_units(v_units, p_now);

  insert into events.outbox (drafts)
  select array_agg(row(
         'inventory.stock_reserved', 'reservation', s.reservation_id, 1, r.account_id, r.request_id,
         array[r.account_id] || h.seller_ids,
         jsonb_build_object('reservationId', s.reservation_id, 'expiresAt', s.expires_at, 'lines', s.lines), p_now)::events.draft
         order by r.request_no)
  from unnest(p_granted) as r
  join inventory._reservation(array(select g.reservation_id from unnest(p_granted) as g)) as s
    on s.reservation_id = r.reservation_id
  join inventory.reservations as h on h.reservation_id = s.reservation_id
  having count(*) > 0;
end
$$;
comment on function inventory._write_reservings(inventory.reserving[], timestamptz) is
  'Inserts the holds of a reserve_stock batch and their events.';
