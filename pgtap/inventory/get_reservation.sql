begin;
select plan(6);
create temporary table f as
select test.buyer('ana') as ana, test.buyer('ben') as ben, test.admin() as admin, test.seller('sam') as sam,
       test.seller_id(test.seller('sam')) as sid, test.seller('sue') as sue;
alter table f add lamp uuid, add chair uuid;
update f set lamp = test.offer(sid, 1000, 5), chair = test.offer(sid, 2500, 2);
alter table f add r uuid;
update f set r = test.reserve(ana, sid, lamp, 2, 60);

select results_eq(
  $$ select s.status, s.lines #>> '{0,quantity}' from f, inventory.get_reservation(test.ctx(ana), r) as s $$,
  $$ values ('HELD', '2') $$, 'the owner sees it');
update core.clock set clock_offset = interval '2 minutes';
select is((select s.status from f, inventory.get_reservation(test.ctx(ana), r) as s), 'EXPIRED', 'expired by the clock');
select throws_ok($$ select s.* from f, inventory.get_reservation(test.ctx(ben), r) as s $$, 'MK404', 'inventory.reservation_not_found', 'another account');
select throws_ok($$ select s.* from f, inventory.get_reservation(test.ctx(sam), r) as s $$, 'MK404', 'inventory.reservation_not_found', 'the seller');
select throws_ok($$ select s.* from f, inventory.get_reservation(test.ctx(), r) as s $$, 'MK401', 'identity.unauthenticated', 'nobody');
select throws_ok($$ select s.* from f, inventory.get_reservation(test.ctx(ana), test.order(ana, chair, 1)) as s $$, 'MK404', 'inventory.reservation_not_found', 'the hold of an order');

select * from finish();
rollback;
