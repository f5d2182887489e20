begin;
select plan(22);
create temporary table f as
select test.buyer('ana') as ana, test.buyer('ben') as ben, test.admin() as admin, test.seller('sam') as sam,
       test.seller_id(test.seller('sam')) as sid, test.seller('sue') as sue, test.seller_id(test.seller('sue')) as sued;
alter table f add lamp uuid, add chair uuid;
update f set lamp = test.offer(sid, 1000, 50), chair = test.offer(sued, 2500, 50);
-- allowed
select results_eq(
  $$ select r.version, r.status, r.percent_bp, r.valid_until from f, pricing.create_commission_rule(test.ctx(admin), ' Default ', null, null, null, 1000, null, null, null, null) as r $$,
  $$ values (1, 'IN_FORCE', 1000, null::timestamptz) $$, 'a default rule is in force at once');
select results_eq(
  $$ select s.payload ->> 'percentBp', s.audience from events.staging as s where s.type = 'pricing.rule_created' $$, $$ values ('1000', '{}'::uuid[]) $$, 'an event tells');
select is((select r.status from f, pricing.create_commission_rule(test.ctx(admin), 'Sam', sid, null, null, 900, 30, 'USD', core.now() + interval '1 hour', core.now() + interval '2 hours') as r),
          'SCHEDULED', 'one may be scheduled');
select is((select s.audience = array[sid] from f, events.staging as s where s.payload ->> 'sellerId' = sid::text), true, 'its seller is told');
select is((select r.status from f, pricing.create_commission_rule(test.ctx(admin), 'Sam later', sid, null, null, 900, 30, 'USD', core.now() + interval '2 hours', null) as r),
          'SCHEDULED', 'the next may follow without a gap');

-- refused
select throws_ok($$ select r.* from f, pricing.create_commission_rule(test.ctx(admin), 'again', null, null, null, 1000, null, null, null, null) as r $$, 'MK409', 'pricing.rule_conflict', 'the same scope');
select throws_ok($$ select r.* from f, pricing.create_commission_rule(test.ctx(admin), 'again', sid, null, null, 1000, 1, 'USD', core.now() + interval '90 minutes', core.now() + interval '3 hours') as r $$, 'MK409', 'pricing.rule_conflict', 'an overlap');
select lives_ok($$ select r.* from f, pricing.create_commission_rule(test.ctx(admin), 'euro', null, null, null, 1000, 0, 'EUR', null, null) as r $$, 'another currency is another scope');
select throws_ok($$ select r.* from f, pricing.create_commission_rule(test.ctx(admin), '', null, null, null, 1000, null, null, null, null) as r $$, 'MK422', 'pricing.rule_invalid', 'no name');
select throws_ok($$ select r.* from f, pricing.create_commission_rule(test.ctx(admin), 'x', sued, null, null, 10001, null, null, null, null) as r $$, 'MK422', 'pricing.rule_invalid', 'more than everything');
select throws_ok($$ select r.* from f, pricing.create_commission_rule(test.ctx(admin), 'x', sued, null, null, 0, 5, null, null, null) as r $$, 'MK422', 'pricing.rule_invalid', 'a fixed part without currency');
select throws_ok($$ select r.* from f, pricing.create_commission_rule(test.ctx(admin), 'x', sued, null, null, 0, -5, 'USD', null, null) as r $$, 'MK422', 'pricing.rule_invalid', 'a negative one');
select throws_ok($$ select r.* from f, pricing.create_commission_rule(test.ctx(admin), 'x', null, (select category_id from catalog.categories limit 1), (select product_id from catalog.products limit 1), 0, null, null, null, null) as r $$, 'MK422', 'pricing.rule_invalid', 'product and category');
select throws_ok($$ select r.* from f, pricing.create_commission_rule(test.ctx(admin), 'x', sued, null, null, 0, null, null, core.now() - interval '1 s', null) as r $$, 'MK422', 'pricing.rule_invalid', 'in the past');
select throws_ok($$ select r.* from f, pricing.create_commission_rule(test.ctx(admin), 'x', sued, null, null, 0, null, null, null, core.now()) as r $$, 'MK422', 'pricing.rule_invalid', 'ending before it begins');
select throws_ok($$ select r.* from f, pricing.create_commission_rule(test.ctx(admin), 'x', lamp, null, null, 0, null, null, null, null) as r $$, 'MK422', 'pricing.seller_unknown', 'an unknown seller');
select throws_ok($$ select r.* from f, pricing.create_commission_rule(test.ctx(admin), 'x', null, lamp, null, 0, null, null, null, null) as r $$, 'MK422', 'pricing.category_unknown', 'an unknown category');
select throws_ok($$ select r.* from f, pricing.create_commission_rule(test.ctx(admin), 'x', null, null, lamp, 0, null, null, null, null) as r $$, 'MK422', 'pricing.product_unknown', 'an unknown product');
select throws_ok($$ select r.* from f, pricing.create_commission_rule(test.ctx(admin), 'x', sued, null, null, 0, 1, 'XXX', null, null) as r $$, 'MK422', 'pricing.currency_unknown', 'an unknown currency');
select throws_ok($$ select r.* from f, pricing.create_commission_rule(test.ctx(sam), 'x', null, null, null, 0, null, null, null, null) as r $$, 'MK403', 'identity.role_required', 'a seller');
select throws_ok($$ select r.* from f, pricing.create_commission_rule(test.ctx(), 'x', null, null, null, 0, null, null, null, null) as r $$, 'MK401', 'identity.unauthenticated', 'nobody');
select is_empty($$ select * from pricing._check_invariants() $$, 'the invariants hold');

select * from finish();
rollback;
