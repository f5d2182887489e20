-- Appends the event of ended reservations, one each; their rows are locked. Private.
-- Events: inventory.reservation_confirmed, reservation_released, reservation_expired (p_type).
create or replace function inventory._tell_reservations(
  p_reservation_ids uuid[], p_type text, p_actor_id uuid, p_request_id text, p_now timestamptz
)
returns void
language plpgsql
volatile
as $$
begin
  insert into events.outbox (drafts)
  select array_agg(row(
         p_type, 'reservation', r.reservation_id, 2, p_actor_id, p_request_id,
         array[h.account_id] || h.seller_ids,
         jsonb_build_object('reservationId', r.reservation_id, 'lines', r.lines), p_now)::events.draft)
  from inventory._reservation(p_reservation_ids) as r
  join inventory.reservations as h on h.reservation_id = r.reservation_id
  having count(*) > 0;
end
$$;
comment on function inventory._tell_reservations(uuid[], text, uuid, text, timestamptz) is
  'Appends one event per ended reservation.';
