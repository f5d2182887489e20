-- Locks the caller's own reservation and refuses, with the reason, one that can no longer be confirmed or released.
-- Private. Locks: the reservation. An order's hold is ended by the order alone and looks like an unknown id to everybody.
-- Problems: MK404 inventory.reservation_not_found; MK409 inventory.reservation_already_confirmed,
-- reservation_already_released, reservation_expired.
create or replace function inventory._require_reservation(p_actor_id uuid, p_reservation_id uuid, p_now timestamptz)
returns inventory.reservations
language plpgsql
volatile
as $$
declare
  v_reservation inventory.reservations;
  v_code text;
begin
  select r.* into v_reservation
  from inventory.reservations as r
  where r.reservation_id = p_reservation_id and r.account_id = p_actor_id and not r.is_order
  for no key update;
  if not found then
    raise exception 'inventory.reservation_not_found' using
      errcode = 'MK404', detail = 'You have no such reservation.',
      hint = 'Use the id that the reserve call returned. The hold of an order ends with the order.';
  end if;
  v_code := case
    when v_reservation.status in ('CONFIRMED', 'RETURNED') then 'already_confirmed'
    when v_reservation.status = 'RELEASED' then 'already_released'
    when v_reservation.status = 'EXPIRED' or v_reservation.expires_at <= p_now then 'expired' end;
  if v_code = 'already_confirmed' then
    raise exception 'inventory.reservation_already_confirmed' using
      errcode = 'MK409', detail = 'The reservation was confirmed; its units are sold.',
      hint = 'There is nothing left to do for this reservation.';
  elsif v_code = 'already_released' then
    raise exception 'inventory.reservation_already_released' using
      errcode = 'MK409', detail = 'The reservation was released; its units are free.',
      hint = 'Reserve again if the units are needed.';
  elsif v_code = 'expired' then
    raise exception 'inventory.reservation_expired' using
      errcode = 'MK409', detail = 'The reservation has expired; its units are free.',
      hint = 'Reserve again if the units are needed.';
  end if;
  return v_reservation;
end
$$;
comment on function inventory._require_reservation(uuid, uuid, timestamptz) is
  'Locks the caller''s own live reservation; refuses with a typed problem when it is over.';
