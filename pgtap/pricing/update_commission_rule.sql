begin;
select plan(13);
create temporary table f as
select test.buyer('ana') as ana, test.buyer('ben') as ben, test.admin() as admin, test.seller('sam') as sam,
       test.seller_id(test.seller('sam')) as sid, test.seller('sue') as sue, test.seller_id(test.seller('sue')) as sued;
alter table f add lamp uuid, add chair uuid;
update f set lamp = test.offer(sid, 1000, 50), chair = test.offer(sued, 2500, 50);
alter table f add r uuid;
update f set r = (select c.rule_id from pricing.create_commission_rule(test.ctx(admin), 'Sam', sid, null, null, 1000, null, null, null, null) as c);
select c.version from f, pricing.create_commission_rule(test.ctx(admin), 'Sam, euro', sid, null, null, 1000, 0, 'EUR', null, null) as c;

-- allowed: a version is closed, the next one opens
update core.clock set clock_offset = interval '1 hour';
select results_eq(
  $$ select u.version, u.percent_bp, u.seller_id = sid from f, pricing.update_commission_rule(test.ctx(admin), r, 1, 'Sam', 900, 0, null, null) as u $$,
  $$ values (2, 900, true) $$, 'the change is the next version');
select results_eq(
  $$ select c.version, c.percent_bp, c.valid_until = lead(c.valid_from) over (order by c.version) from f, pricing.commission_rules as c where c.rule_id = r $$,
  $$ values (1, 1000, true), (2, 900, null) $$, 'which begins when the last one ends');
select is((select count(*)::int from events.staging where type = 'pricing.rule_changed'), 1, 'an event tells');

-- refused
select throws_ok($$ select u.* from f, pricing.update_commission_rule(test.ctx(admin), r, 1, 'Sam', 900, 0, null, null) as u $$, 'MK412', 'core.version_stale', 'a stale version');
select throws_ok($$ select u.* from f, pricing.update_commission_rule(test.ctx(admin), r, 2, 'Sam', 900, 0, 'EUR', null) as u $$, 'MK409', 'pricing.rule_conflict', 'a currency that another rule has');
select throws_ok($$ select u.* from f, pricing.update_commission_rule(test.ctx(admin), r, 2, 'Sam', 900, 5, null, null) as u $$, 'MK422', 'pricing.rule_invalid', 'a fixed part without currency');
select throws_ok($$ select u.* from f, pricing.update_commission_rule(test.ctx(admin), r, 2, 'Sam', -1, 0, null, null) as u $$, 'MK422', 'pricing.rule_invalid', 'a negative rate');
select throws_ok($$ select u.* from f, pricing.update_commission_rule(test.ctx(admin), sid, 2, 'Sam', 1, 0, null, null) as u $$, 'MK404', 'pricing.rule_not_found', 'an unknown rule');
select throws_ok($$ select u.* from f, pricing.update_commission_rule(test.ctx(sam), r, 2, 'Sam', 1, 0, null, null) as u $$, 'MK403', 'identity.role_required', 'a seller');
select u.version from f, pricing.update_commission_rule(test.ctx(admin), r, 2, 'Sam', 900, 0, null, core.now() + interval '1 hour') as u;
update core.clock set clock_offset = interval '3 hours';
select throws_ok($$ select u.* from f, pricing.update_commission_rule(test.ctx(admin), r, 3, 'Sam', 1, 0, null, null) as u $$, 'MK409', 'pricing.rule_ended', 'one that has ended');

-- not even by hand
select throws_ok($$ update pricing.commission_rules set percent_bp = 1 $$, 'MK409', 'pricing.rule_immutable', 'a version cannot be edited');
select throws_ok($$ delete from pricing.commission_rules $$, 'MK409', 'pricing.rule_immutable', 'nor deleted');
select is_empty($$ select * from pricing._check_invariants() $$, 'the invariants hold');

select * from finish();
rollback;
