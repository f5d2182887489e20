begin;
select plan(16);
create temporary table f as
select test.buyer('ana') as ana, test.buyer('ben') as ben, test.admin() as admin, test.seller('sam') as sam,
       test.seller_id(test.seller('sam')) as sid, test.seller('sue') as sue;
alter table f add lamp uuid, add chair uuid;
update f set lamp = test.offer(sid, 1000, 5), chair = test.offer(sid, 2500, 2);
alter table f add r uuid, add other uuid;
update f set r = test.reserve(sam, sid, lamp, 2, 60), other = test.reserve(sam, sid, chair, 1, 60);

-- allowed
select is((select s.status from f, inventory.release_reservation(test.ctx(sam, 'k1'), r) as s), 'RELEASED', 'the owner may');
select is((select test.stock(lamp) from f), '5/0', 'the stock follows');
select is((select count(*)::int from events.staging where type = 'inventory.reservation_released'), 1, 'one event tells');

-- repeated
select results_eq(
  $$ select s.status, s.is_replayed from f, inventory.release_reservation(test.ctx(sam, 'k1'), r) as s $$,
  $$ values ('RELEASED', true) $$, 'the same key answers the same');
select throws_ok($$ select s.* from f, inventory.release_reservation(test.ctx(sam, 'k2'), r) as s $$, 'MK409', 'inventory.reservation_already_released', 'another key is told that it is done');
select throws_ok($$ select s.* from f, inventory.confirm_reservation(test.ctx(sam, 'k3'), r) as s $$, 'MK409', 'inventory.reservation_already_released', 'and so is the opposite');
select throws_ok($$ select s.* from f, inventory.release_reservation(test.ctx(sam, 'k1'), other) as s $$, 'MK422', 'core.idempotency_key_reused', 'a key is for one reservation');
select is((select test.stock(lamp) from f), '5/0', 'nothing moved twice');

-- not yours
select throws_ok($$ select s.* from f, inventory.release_reservation(test.ctx(ben, 'k4'), other) as s $$, 'MK404', 'inventory.reservation_not_found', 'another account');
select throws_ok($$ select s.* from f, inventory.release_reservation(test.ctx(null, 'k4'), other) as s $$, 'MK401', 'identity.unauthenticated', 'nobody');
select throws_ok($$ select s.* from f, inventory.release_reservation(test.ctx(sam), other) as s $$, 'MK400', 'core.idempotency_key_required', 'no key');
select throws_ok($$ select s.* from f, inventory.release_reservation(test.ctx(sam, 'k5'), test.order(ana, lamp, 1)) as s $$, 'MK404', 'inventory.reservation_not_found', 'the hold of an order');

-- expired
update core.clock set clock_offset = interval '2 minutes';
select throws_ok($$ select s.* from f, inventory.release_reservation(test.ctx(sam, 'k6'), other) as s $$, 'MK409', 'inventory.reservation_expired', 'expired by the clock');
select is(inventory.expire_reservations(10), 1, 'the sweeper finds one');
select throws_ok($$ select s.* from f, inventory.release_reservation(test.ctx(sam, 'k7'), other) as s $$, 'MK409', 'inventory.reservation_expired', 'expired by the sweeper');
select is_empty($$ select * from inventory._check_invariants() $$, 'the invariants hold');

select * from finish();
rollback;
