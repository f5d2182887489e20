begin;
select plan(17);
create temporary table f as
select test.admin() as admin, test.seller('sam') as sam,
       test.seller_id(test.seller('sam')) as sid, test.seller('sue') as sue, test.seller_id(test.seller('sue')) as sued;
alter table f add r uuid, add later uuid;
update f set r = test.rule(jsonb_build_object('name', 'Sam', 'sellerId', sid, 'percentBp', 1000));
select test.rule(jsonb_build_object('name', 'Sam, euro', 'sellerId', sid, 'percentBp', 1000, 'currency', 'EUR')) from f;
create function pg_temp.change(p_version integer, p_document jsonb) returns setof pricing.view_commission_rule language sql as $$
  select u.* from f, pricing.update_commission_rule(test.ctx(admin), r, p_version, '{"name": "Sam"}'::jsonb || p_document) as u $$;

-- allowed: a version is closed, the next one opens
update core.clock set clock_offset = interval '1 hour';
select results_eq(
  $$ select u.version, u.percent_bp, u.seller_id = sid, u.priority, u.vat_bp from f, pg_temp.change(1, '{"percentBp": 900, "priority": 2, "vatBp": 700}') as u $$,
  $$ values (2, 900, true, 2, 700) $$, 'the change is the next version');
select results_eq(
  $$ select c.version, c.percent_bp, c.valid_until = lead(c.valid_from) over (order by c.version) from f, pricing.commission_rules as c where c.rule_id = r $$,
  $$ values (1, 1000, true), (2, 900, null) $$, 'which begins when the last one ends');
select is((select count(*)::int from events.staging where type = 'pricing.rule_changed'), 1, 'an event tells');
update f set later = test.rule(jsonb_build_object('sellerId', sued, 'validFrom', core.now() + interval '1 day'));
select results_eq(
  $$ select u.version, u.status, u.valid_from = (select c.valid_from from pricing.commission_rules as c where c.rule_id = later and c.version = 1) from f, pricing.update_commission_rule(test.ctx(admin), later, 1, '{"name": "x", "percentBp": 5}') as u $$,
  $$ values (2, 'SCHEDULED', true) $$, 'one that has not begun keeps its begin');
select is((select c.valid_until = c.valid_from from f, pricing.commission_rules as c where c.rule_id = later and c.version = 1), true,
          'its first version is closed unused');

-- refused
select throws_ok($$ select pg_temp.change(1, '{}') $$, 'MK412', 'core.version_stale', 'a stale version');
select throws_ok($$ select pg_temp.change(2, '{"currency": "EUR"}') $$, 'MK409', 'pricing.rule_conflict', 'a currency that another rule has');
select is((select count(*)::int from f, pricing.commission_rules as c where c.rule_id = r and c.valid_until is null), 1, 'a refused change closes nothing');
select throws_ok($$ select pg_temp.change(2, '{"percentBp": -1}') $$, 'MK422', 'pricing.rule_invalid', 'a negative rate');
select throws_ok($$ select u.* from f, pricing.update_commission_rule(test.ctx(admin), sid, 2, '{"name": "x"}') as u $$, 'MK404', 'pricing.rule_not_found', 'an unknown rule');
select throws_ok($$ select u.* from f, pricing.update_commission_rule(test.ctx(sam), r, 2, '{"name": "x"}') as u $$, 'MK403', 'identity.role_required', 'a seller');
select u.version from pg_temp.change(2, jsonb_build_object('validUntil', core.now() + interval '1 hour', 'priority', 2)) as u;
update core.clock set clock_offset = interval '3 hours';
select throws_ok($$ select pg_temp.change(3, '{}') $$, 'MK409', 'pricing.rule_ended', 'one that has ended');
select is((select u.version from pricing.get_commission_rule(test.ctx(test.admin()), (select later from f)) as u), 2, 'get knows the newest');

-- not even by hand
select throws_ok($$ update pricing.commission_rules set percent_bp = 1 $$, 'MK409', 'pricing.rule_immutable', 'a version cannot be edited');
select throws_ok($$ update pricing.commission_rules set vat_bp = 1 $$, 'MK409', 'pricing.rule_immutable', 'in no column');
select throws_ok($$ delete from pricing.commission_rules $$, 'MK409', 'pricing.rule_immutable', 'nor deleted');
select is_empty($$ select * from pricing._check_invariants() $$, 'the invariants hold');

select * from finish();
rollback;
