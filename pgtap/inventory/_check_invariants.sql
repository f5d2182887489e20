begin;
select plan(9);

-- Each invariant is broken once, past the functions.
create function pg_temp.broken() returns text[] language sql as $$
  select coalesce(array_agg(distinct v.invariant order by v.invariant), '{}') from inventory._check_invariants() as v;
$$;
create temporary table f as
select test.buyer('ana') as ana, test.seller_id(test.seller('sam')) as sid, test.seller_id(test.seller('sue')) as other;
alter table f add lamp uuid, add r uuid, add o uuid;
update f set lamp = test.offer(sid, 1000, 10);
update f set r = test.reserve(ana, sid, lamp, 2, 60), o = test.order(ana, lamp, 1);
select is(pg_temp.broken(), '{}', 'all is well');
savepoint well;
update inventory.stock_levels set on_hand = on_hand + 1;
select is(pg_temp.broken(), '{inventory.on_hand_is_sum_of_movements}', 'units that no movement brought');
rollback to well;
update inventory.stock_levels set reserved = reserved - 1;
select is(pg_temp.broken(), '{inventory.reserved_is_sum_of_holds}', 'a held unit that is not counted');
rollback to well;
update inventory.reservation_lines set freed_at = now() where reservation_id = (select r from f);
select is(pg_temp.broken(), '{inventory.reserved_is_sum_of_holds}', 'a counted unit that nobody holds');
rollback to well;
update inventory.stock_levels set is_low = not is_low;
select is(pg_temp.broken(), '{inventory.low_flag_matches_stock}', 'a flag that does not fit');
rollback to well;
update inventory.reservations set seller_ids = array[(select other from f)] where reservation_id = (select o from f);
select is(pg_temp.broken(), '{inventory.reservation_has_lines}', 'a line of a seller whom its hold does not name');
rollback to well;
insert into inventory.reservations (reservation_id, account_id, seller_ids, expires_at, created_at)
select core.new_id(), f.ana, array[f.sid], now(), now() from f;
select is(pg_temp.broken(), '{inventory.reservation_has_lines}', 'a hold of nothing');
rollback to well;
update inventory.reservations set status = 'CONFIRMED', resolved_at = now() where reservation_id = (select o from f);
select is(pg_temp.broken(), '{inventory.reserved_is_sum_of_holds,inventory.sold_units_have_movements}', 'a sale without its movement');
rollback to well;
update f set r = test.reserve(test.seller('sam'), sid, lamp, 1);
select inventory.confirm_reservation(test.ctx(test.seller('sam'), 'k'), (select r from f));
update inventory.reservations set status = 'RELEASED' where reservation_id = (select r from f);
select is(pg_temp.broken(), '{inventory.sold_units_have_movements}', 'a movement without its sale');
rollback to well;

select * from finish();
rollback;
