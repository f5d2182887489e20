-- Turns the caller's own live reservation into a sale: its units leave the stock.
-- Called by: the account that reserved, when the stock is its own to give (the store of every line) or it is ADMIN: who buys
-- places an order and pays. Repeated with the same key: the stored answer; with another: a typed refusal.
-- Locks: idempotency key, reservation, stock rows by (variant_id, seller_id). Events: inventory.reservation_confirmed.
-- Problems: identity.unauthenticated, core.idempotency_*, inventory.reservation_not_found, reservation_already_confirmed,
-- reservation_already_released, reservation_expired, not_your_stock; identity.role_required.
create or replace function inventory.confirm_reservation(p_ctx core.call_context, p_reservation_id uuid)
returns setof inventory.reservation
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now constant timestamptz := core.now();
  v_actor identity.actor := identity._require_actor(p_ctx, 'SELLER', 'ADMIN');
  v_reservation inventory.reservations;
  v_stored jsonb;
  v_answer inventory.reservation;
begin
  v_stored := core._claim_idempotency(p_ctx, 'POST /inventory/confirm', jsonb_build_object('reservationId', p_reservation_id));
  if v_stored is not null then
    v_answer := jsonb_populate_record(null::inventory.reservation, v_stored);
    v_answer.is_replayed := true;
    return next v_answer;
    return;
  end if;

  v_reservation := inventory._require_reservation(v_actor.user_id, p_reservation_id, v_now);
  if v_actor.role = 'SELLER' and v_reservation.seller_ids is distinct from array[v_actor.seller_id] then
    raise exception 'inventory.not_your_stock' using
      errcode = 'MK403', detail = 'The reservation holds units of another store.',
      hint = 'Buy them: place an order and pay it.';
  end if;
  perform from inventory._confirm_holds(array[p_reservation_id], v_now, v_actor.user_id);
  if not found then
    raise exception 'inventory.reservation_expired' using
      errcode = 'MK409', detail = 'The reservation has expired; its units are free.',
      hint = 'Reserve again if the units are needed.';
  end if;
  perform inventory._tell_reservations(array[p_reservation_id], 'inventory.reservation_confirmed', v_actor.user_id,
                                       p_ctx.request_id, v_now);
  select r.* into v_answer from inventory._reservation(array[p_reservation_id]) as r;
  perform core._store_response(p_ctx, 'POST /inventory/confirm', to_jsonb(v_answer));
  return next v_answer;
end
$$;
comment on function inventory.confirm_reservation(core.call_context, uuid) is
  'Sells the units of the caller''s own live reservation, when they are its own stock to give.';
grant execute on function inventory.confirm_reservation(core.call_context, uuid) to tradepost_api;
