begin;
select plan(7);
create temporary table f as
select test.buyer('ana') as ana, test.buyer('ben') as ben, test.admin() as admin, test.seller('sam') as sam,
       test.seller_id(test.seller('sam')) as sid, test.seller('sue') as sue;
alter table f add lamp uuid, add chair uuid;
update f set lamp = test.offer(sid, 1000, 5), chair = test.offer(sid, 2500, 2);
alter table f add r uuid, add o uuid;
update f set r = test.reserve(ana, sid, lamp, 2, 60), o = test.order(ana, chair, 1);
select test.reserve(ana, sid, lamp, 1, 3600) from f;

select is(inventory.expire_reservations(10), 0, 'nothing is over yet');
update core.clock set clock_offset = interval '20 minutes';
select is(inventory.expire_reservations(10), 1, 'the expired one ends');
select results_eq(
  $$ select i.status, test.stock(lamp) from f, inventory.reservations as i where i.reservation_id = r $$,
  $$ values ('EXPIRED', '5/1') $$, 'and its units are free, those of the live one are not');
select is((select i.status from f, inventory.reservations as i where i.reservation_id = o), 'HELD', 'the hold of an order is left to the order');
select is((select count(*)::int from events.staging where type = 'inventory.reservation_expired'), 1, 'one event tells');
select is(inventory.expire_reservations(10), 0, 'once');
select is_empty($$ select * from inventory._check_invariants() $$, 'the invariants hold');

select * from finish();
rollback;
