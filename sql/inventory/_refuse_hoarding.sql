-- Refuses a request of a buyer who would hold too much by reservations. Private.
create or replace function inventory._refuse_hoarding(p_reserving inventory.reserving, p_room bigint)
returns inventory.reserving
language plpgsql
stable
as $$
declare
  v_reserving inventory.reserving := p_reserving;
begin
  v_reserving.problem_status := 409;
  v_reserving.problem_code := 'inventory.too_much_held';
  v_reserving.problem_detail := format('A buyer may hold %s units by reservations; you may hold %s more.',
                                       core._setting_int('inventory.buyer_held_units_max'), greatest(p_room, 0));
  v_reserving.problem_hint := 'Place the order, or release a reservation, before you reserve more.';
  return v_reserving;
end
$$;
comment on function inventory._refuse_hoarding(inventory.reserving, bigint) is
  'The request refused with inventory.too_much_held.';
