-- Turns those holds that are live into sales, at once. Private. Locks: reservations by id, then stock rows by (variant_id, seller_id).
-- Returns the confirmed reservations.
create or replace function inventory._confirm_holds(p_reservation_ids uuid[], p_now timestamptz, p_actor_id uuid)
returns setof uuid
language plpgsql
volatile
as $$
declare
  v_live constant uuid[] := inventory._claim_holds(p_reservation_ids, p_now);
begin
  perform inventory._sell_holds(v_live, p_now, p_actor_id);
  return query select unnest(v_live);
end
$$;
comment on function inventory._confirm_holds(uuid[], timestamptz, uuid) is
  'Deducts the stock of those reservations that are still live and marks them CONFIRMED; returns their ids.';
