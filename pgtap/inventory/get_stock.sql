begin;
select plan(9);
create temporary table f as
select test.buyer('ana') as ana, test.buyer('ben') as ben, test.admin() as admin, test.seller('sam') as sam,
       test.seller_id(test.seller('sam')) as sid, test.seller('sue') as sue;
alter table f add lamp uuid, add chair uuid;
update f set lamp = test.offer(sid, 1000, 5), chair = test.offer(sid, 2500, 2);

-- allowed
select results_eq(
  $$ select s.on_hand, s.reserved, s.available, s.is_low, s.version from f, inventory.get_stock(test.ctx(sam), lamp, sid) as s $$,
  $$ values (5, 0, 5, false, 1) $$, 'a seller sees its stock');
select is((select s.on_hand from f, inventory.get_stock(test.ctx(admin), lamp, sid) as s), 5, 'so does an administrator');

-- expired holds are available
select test.reserve(ana, sid, lamp, 3, 60) from f;
select results_eq(
  $$ select s.reserved, s.available from f, inventory.get_stock(test.ctx(sam), lamp, sid) as s $$, $$ values (3, 2) $$,
  'held units are reserved');
update core.clock set clock_offset = interval '2 minutes';
select results_eq(
  $$ select s.reserved, s.available from f, inventory.get_stock(test.ctx(sam), lamp, sid) as s $$, $$ values (0, 5) $$,
  'until the hold expires, whether or not somebody tidied up');

-- never set
delete from inventory.movements as m using f where m.variant_id = chair;
delete from inventory.stock_levels as s using f where s.variant_id = chair;
select results_eq(
  $$ select s.on_hand, s.version, s.updated_at from f, inventory.get_stock(test.ctx(sam), chair, sid) as s $$,
  $$ values (0, 0, null::timestamptz) $$, 'stock that was never set is zero in version 0');

-- not yours
select throws_ok($$ select s.* from f, inventory.get_stock(test.ctx(sue), lamp, sid) as s $$, 'MK404', 'inventory.stock_not_found', 'another seller');
select throws_ok($$ select s.* from f, inventory.get_stock(test.ctx(ana), lamp, sid) as s $$, 'MK404', 'inventory.stock_not_found', 'a buyer');
select throws_ok($$ select s.* from f, inventory.get_stock(test.ctx(), lamp, sid) as s $$, 'MK401', 'identity.unauthenticated', 'nobody');
select throws_ok($$ select s.* from f, inventory.get_stock(test.ctx(sam), sid, sid) as s $$, 'MK404', 'inventory.stock_not_found', 'an unknown variant');

select * from finish();
rollback;
