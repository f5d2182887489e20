begin;
select plan(24);
create temporary table f as
select test.admin() as admin, test.seller('sam') as sam, test.buyer('ana') as ana,
       test.seller_id(test.seller('sam')) as sid, test.seller_id(test.seller('sue')) as sued, core.now() as start;
alter table f add lamp uuid, add rug uuid, add standard uuid, add own uuid, add o uuid, add path uuid[];
update f set lamp = test.offer(sid, 1000, 50), rug = test.offer(sued, 2500, 50);
update f set path = (select c.path from catalog.variants as v join catalog.products as p using (product_id) join catalog.categories as c using (category_id) where v.variant_id = lamp);
insert into pricing.shipping_rates (seller_id, currency, fee_minor, updated_at) select sid, 'USD', 490, core.now() from f;
update f set standard = test.rule('{"name": "standard", "percentBp": 1000, "vatBp": 1900}');
update f set own = test.rule(jsonb_build_object('name', 'sue', 'percentBp', 2000, 'sellerId', sued));
create temporary table placed as
select p.order_id from orders.place_orders((select jsonb_agg(test.placing(ana, jsonb_build_object(lamp::text, 2, rug::text, 1))) from f, generate_series(1, 3))) as p;
select test.pay(p.order_id) from (select order_id from placed limit 2) as p;
create function pg_temp.simulate(p_rule jsonb, p_replaces uuid default null) returns table (said text) language sql as $$
  select concat_ws(' ', case s.seller_id when f.sid then 'sam' else 'sue' end, s.currency, s.orders_count, s.charges_count, s.changed_count,
                   s.charged_minor, s.charged_vat_minor, s.simulated_minor, s.simulated_vat_minor, s.difference_minor)
  from f, orders.simulate_commission_rule(test.ctx(admin), '{"name": "proposed"}'::jsonb || p_rule, p_replaces, start - interval '1 day', null) as s
  order by 1 $$;

-- two of the three orders were sold; 20.00 of sam (2.00 and 0.38 VAT) and 25.00 of sue (5.00) each
select results_eq($$ select * from pg_temp.simulate('{"percentBp": 1500, "vatBp": 1900}') $$,
  $$ values ('sam USD 2 2 2 400 76 600 114 200'), ('sue USD 2 2 0 1000 0 1000 0 0') $$, 'a new default takes the place of the old and loses against sue''s own');
select results_eq($$ select * from pg_temp.simulate('{"percentBp": 1500, "priority": 1}') $$,
  $$ values ('sam USD 2 2 2 400 76 600 0 200'), ('sue USD 2 2 2 1000 0 750 0 -250') $$, 'with priority it wins everywhere');
select results_eq($$ select * from pg_temp.simulate('{"percentBp": 1500, "priority": -1}') $$,
  $$ values ('sam USD 2 2 0 400 76 400 76 0'), ('sue USD 2 2 0 1000 0 1000 0 0') $$, 'without, nowhere');
select results_eq($$ select s.* from f, pg_temp.simulate(jsonb_build_object('percentBp', 100, 'sellerId', sid)) as s $$, $$ values ('sam USD 2 2 2 400 76 40 0 -360') $$, 'one for a seller is about that seller');
select results_eq($$ select s.* from f, pg_temp.simulate(jsonb_build_object('percentBp', 100, 'categoryId', path[1])) as s where s.said ~ 'sam' $$, $$ values ('sam USD 2 2 2 400 76 40 0 -360') $$, 'one for a category');
select results_eq($$ select * from pg_temp.simulate(jsonb_build_object('percentBp', 100, 'priority', 1, 'unitPriceFrom', test.usd(2000))) $$, $$ values ('sue USD 2 2 2 1000 0 50 0 -950') $$, 'one for a price band');
select results_eq($$ select * from pg_temp.simulate(jsonb_build_object('percentBp', 100, 'priority', 1, 'unitPriceBelow', test.usd(2000))) $$, $$ values ('sam USD 2 2 2 400 76 40 0 -360') $$, 'or the other one');
select results_eq($$ select * from pg_temp.simulate(jsonb_build_object('priority', 1, 'base', 'GROSS', 'fixed', test.usd(30))) $$,
  $$ values ('sam USD 2 2 2 400 76 120 0 -280'), ('sue USD 2 2 2 1000 0 60 0 -940') $$, 'a fixed part per unit');
select results_eq($$ select * from pg_temp.simulate(jsonb_build_object('priority', 1, 'fixedPer', 'LINE', 'fixed', test.usd(30))) $$,
  $$ values ('sam USD 2 2 2 400 76 60 0 -340'), ('sue USD 2 2 2 1000 0 60 0 -940') $$, 'or per line');
select is_empty($$ select * from pg_temp.simulate('{"percentBp": 100, "priority": 1, "currency": "EUR"}') $$, 'nothing was sold in euro');

-- a change of a rule: without its old self
select results_eq($$ select s.* from f, pg_temp.simulate(jsonb_build_object('percentBp', 1000, 'sellerId', sued, 'unitPriceBelow', test.usd(100)), own) as s $$,
  $$ values ('sue USD 2 2 2 1000 0 500 96 -500') $$, 'where it does not match any more the next rule charges');
select results_eq($$ select s.* from f, pg_temp.simulate(jsonb_build_object('percentBp', 2500, 'sellerId', sued, 'priority', -5), own) as s $$,
  $$ values ('sue USD 2 2 2 1000 0 500 96 -500') $$, 'or where it ranks below it');
select results_eq($$ select s.* from f, pg_temp.simulate(jsonb_build_object('percentBp', 2500, 'currency', 'EUR'), standard) as s $$,
  $$ values ('sam USD 2 2 2 400 76 0 0 -400') $$, 'or none');

-- shipping
select results_eq($$ select * from pg_temp.simulate('{"appliesTo": "SHIPPING", "percentBp": 1000}') $$, $$ values ('sam USD 2 2 2 0 0 98 0 98') $$, 'of fees that were charged nothing');
select is((select count(*)::int from pricing.commission_rules), 2, 'nothing was written');

-- the period
select is_empty($$ select s.* from f, orders.simulate_commission_rule(test.ctx(admin), '{"name": "x", "priority": 1}', null, start - interval '2 days', start - interval '1 day') as s $$, 'before, nothing was sold');
select throws_ok($$ select s.* from f, orders.simulate_commission_rule(test.ctx(admin), '{"name": "x"}', null, start, start) as s $$, 'MK422', 'orders.period_invalid', 'an empty period');
select throws_ok($$ select s.* from f, orders.simulate_commission_rule(test.ctx(admin), '{"name": "x"}', null, null, null) as s $$, 'MK422', 'orders.period_invalid', 'none');
select throws_ok($$ select s.* from f, orders.simulate_commission_rule(test.ctx(admin), '{"name": "x"}', null, start - interval '367 days', start) as s $$, 'MK422', 'orders.period_invalid', 'too long a one');
update core.settings set value = 1 where name = 'orders.simulation_orders_max';
select throws_ok($$ select pg_temp.simulate('{}') $$, 'MK422', 'orders.period_invalid', 'too many orders');

-- refused
select throws_ok($$ select pg_temp.simulate('{"percentBp": 10001}') $$, 'MK422', 'pricing.rule_invalid', 'a rule that could not be made');
select throws_ok($$ select pg_temp.simulate('{}', core.new_id()) $$, 'MK422', 'pricing.rule_unknown', 'an unknown rule to replace');
select throws_ok($$ select s.* from f, orders.simulate_commission_rule(test.ctx(sam), '{"name": "x"}', null, start, null) as s $$, 'MK403', 'identity.role_required', 'a seller');
select throws_ok($$ select s.* from f, orders.simulate_commission_rule(test.ctx(), '{"name": "x"}', null, start, null) as s $$, 'MK401', 'identity.unauthenticated', 'nobody');

select * from finish();
rollback;
