begin;
select plan(23);
create temporary table f as
select test.buyer('ana') as ana, test.buyer('ben') as ben, test.admin() as admin, test.seller('sam') as sam,
       test.seller_id(test.seller('sam')) as sid, test.seller('sue') as sue;
alter table f add lamp uuid, add chair uuid;
update f set lamp = test.offer(sid, 1000, 5), chair = test.offer(sid, 2500, 2);

-- allowed
select results_eq(
  $$ select s.on_hand, s.version, s.low_stock_threshold, s.is_low from f, inventory.set_stock(test.ctx(sam), lamp, sid, 1, 'SET', 10, 'count', 3) as s $$,
  $$ values (10, 2, 3, false) $$, 'SET states the units on hand');
select results_eq(
  $$ select s.on_hand, s.version from f, inventory.set_stock(test.ctx(sam), lamp, sid, 2, 'ADJUST', -2, 'broken', null) as s $$,
  $$ values (8, 3) $$, 'ADJUST takes units away');
select results_eq(
  $$ select m.kind, m.quantity_delta, m.on_hand_after, m.reason, m.actor_id = sam from f, inventory.movements as m where m.variant_id = lamp and m.reason is not null order by m.movement_id $$,
  $$ values ('SET', 5, 10, 'count', true), ('ADJUST', -2, 8, 'broken', true) $$, 'each with its movement');
select is((select count(*)::int from events.staging where type = 'inventory.stock_changed' and payload ->> 'delta' in ('5', '-2') and aggregate_version > 1), 2, 'and its event');

-- low stock is told once per crossing
select is((select count(*)::int from events.staging where type = 'inventory.stock_low'), 0, 'nothing is low yet');
select s.version from f, inventory.set_stock(test.ctx(sam), lamp, sid, 3, 'SET', 3, 'count', null) as s;
select s.version from f, inventory.set_stock(test.ctx(sam), lamp, sid, 4, 'SET', 2, 'count', null) as s;
select is((select count(*)::int from events.staging where type = 'inventory.stock_low'), 1, 'falling to the threshold and on is told once');
select s.version from f, inventory.set_stock(test.ctx(admin), lamp, sid, 5, 'SET', 9, 'delivery', null) as s;
select s.version from f, inventory.set_stock(test.ctx(sam), lamp, sid, 6, 'SET', 9, 'count', 20) as s;
select is((select count(*)::int from events.staging where type = 'inventory.stock_low'), 2, 'a raised threshold is crossed too');

-- refused
select test.reserve(ana, sid, chair, 2, 60) from f;
select throws_ok($$ select s.* from f, inventory.set_stock(test.ctx(sam), chair, sid, 1, 'SET', 1, 'count', null) as s $$, 'MK409', 'inventory.stock_reserved', 'not below what is reserved');
select throws_ok($$ select s.* from f, inventory.set_stock(test.ctx(sam), chair, sid, 1, 'ADJUST', -3, 'count', null) as s $$, 'MK409', 'inventory.stock_reserved', 'nor below zero');
update core.clock set clock_offset = interval '2 minutes';
select results_eq(
  $$ select s.on_hand, s.reserved from f, inventory.set_stock(test.ctx(sam), chair, sid, 1, 'SET', 1, 'count', null) as s $$,
  $$ values (1, 0) $$, 'an expired hold does not stand in the way');
select throws_ok($$ select s.* from f, inventory.set_stock(test.ctx(sam), chair, sid, 1, 'SET', 1, 'count', null) as s $$, 'MK412', 'core.version_stale', 'a stale version');
select throws_ok($$ select s.* from f, inventory.set_stock(test.ctx(sam), chair, sid, null, 'SET', 1, 'count', null) as s $$, 'MK428', 'core.if_match_required', 'no version');
select throws_ok($$ select s.* from f, inventory.set_stock(test.ctx(sam), chair, sid, 2, 'MOVE', 1, 'count', null) as s $$, 'MK422', 'inventory.stock_mode_invalid', 'an unknown mode');
select throws_ok($$ select s.* from f, inventory.set_stock(test.ctx(sam), chair, sid, 2, 'SET', -1, 'count', null) as s $$, 'MK422', 'inventory.quantity_invalid', 'SET below zero');
select throws_ok($$ select s.* from f, inventory.set_stock(test.ctx(sam), chair, sid, 2, 'SET', 1000000001, 'count', null) as s $$, 'MK422', 'inventory.quantity_invalid', 'too many units');
select throws_ok($$ select s.* from f, inventory.set_stock(test.ctx(sam), chair, sid, 2, 'ADJUST', 2147483647, 'count', null) as s $$, 'MK422', 'inventory.quantity_invalid', 'far too many units');
select throws_ok($$ select s.* from f, inventory.set_stock(test.ctx(sam), chair, sid, 2, 'SET', 1, '  ', null) as s $$, 'MK422', 'inventory.reason_required', 'no reason');
select throws_ok($$ select s.* from f, inventory.set_stock(test.ctx(sam), chair, sid, 2, 'SET', 1, 'count', -1) as s $$, 'MK422', 'inventory.threshold_invalid', 'a negative threshold');

-- never set: version 0
delete from inventory.movements as m using f where m.variant_id = lamp;
delete from inventory.stock_levels as s using f where s.variant_id = lamp;
select throws_ok($$ select s.* from f, inventory.set_stock(test.ctx(sam), lamp, sid, 1, 'SET', 1, 'count', null) as s $$, 'MK412', 'core.version_stale', 'what was never set is in version 0');
select results_eq(
  $$ select s.on_hand, s.version, s.low_stock_threshold from f, inventory.set_stock(test.ctx(sam), lamp, sid, 0, 'ADJUST', 7, 'first', null) as s $$,
  $$ values (7, 1, 5) $$, 'which a first change makes 1');

-- not yours
select throws_ok($$ select s.* from f, inventory.set_stock(test.ctx(sue), lamp, sid, 1, 'SET', 1, 'count', null) as s $$, 'MK404', 'inventory.stock_not_found', 'another seller');
select throws_ok($$ select s.* from f, inventory.set_stock(test.ctx(ana), lamp, sid, 1, 'SET', 1, 'count', null) as s $$, 'MK404', 'inventory.stock_not_found', 'a buyer');
select is_empty($$ select * from inventory._check_invariants() $$, 'the invariants hold');

select * from finish();
rollback;
