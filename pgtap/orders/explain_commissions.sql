begin;
select plan(16);
create temporary table f as
select test.admin() as admin, test.seller('sam') as sam, test.seller('sue') as sue, test.seller('eve') as eve, test.buyer('ana') as ana,
       test.seller_id(test.seller('sam')) as sid, test.seller_id(test.seller('sue')) as sued;
alter table f add lamp uuid, add rug uuid, add standard uuid, add o uuid;
update f set lamp = test.offer(sid, 1000, 50), rug = test.offer(sued, 2500, 50);
insert into pricing.shipping_rates (seller_id, currency, fee_minor, updated_at) select sid, 'USD', 490, core.now() from f;
insert into pricing.shipping_rates (seller_id, currency, fee_minor, updated_at) select sued, 'USD', 300, core.now() from f;
update f set standard = test.rule('{"name": "standard", "percentBp": 1005, "vatBp": 1900}');
select test.rule(jsonb_build_object('name', 'freight', 'appliesTo', 'SHIPPING', 'percentBp', 1000, 'sellerId', sid)) from f;
select test.promotion('{"percentBp": 1000, "couponCode": "TEN"}');
update f set o = (select p.order_id from orders.place_orders(jsonb_build_array(
  test.placing(ana, jsonb_build_object(lamp::text, 2, rug::text, 1), null, '{TEN}'))) as p);
create function pg_temp.said(p_user uuid, p_at timestamptz default null) returns table (said text) language sql as $$
  select concat_ws(' ', e.applies_to, e.base_minor, e.exact_percent::real, e.amount_minor, e.vat_minor, e.limit_minor,
                   (select string_agg((c ->> 'name') || ' v' || (c ->> 'version') || ':' || (c ->> 'outcome') || coalesce(':' || (c ->> 'reason'), ''), ',')
                    from jsonb_array_elements(e.candidates) as c))
  from f, orders.explain_commissions(test.ctx(p_user), o, p_at) with ordinality as e order by e.ordinality $$;

select results_eq($$ select s.said from f, pg_temp.said(admin) as s order by 1 $$,
  $$ values ('LINE 1800 180.9 181 34 1800 standard v1:WINS'), ('LINE 2250 226.125 226 43 2250 standard v1:WINS'), ('SHIPPING 490 49 49 0 490 freight v1:WINS') $$,
  'base, exact percentage, amount, VAT and what the seller earns, with the rules');
select results_eq($$ select s.said from f, pg_temp.said(sam) as s order by 1 $$,
  $$ values ('LINE 1800 180.9 181 34 1800'), ('SHIPPING 490 49 49 0 490') $$, 'a seller sees what it was charged, and not the other rules');
select results_eq($$ select s.said from f, pg_temp.said(sue) as s $$, $$ values ('LINE 2250 226.125 226 43 2250') $$, 'each its own part');

-- rules change, the order does not
update core.clock set clock_offset = interval '1 hour';
select u.version from f, pricing.update_commission_rule(test.ctx(admin), standard, 1, '{"name": "standard, later", "percentBp": 2000}') as u;
select test.rule(jsonb_build_object('name', 'rush', 'percentBp', 50, 'sellerId', sued)) from f;
select results_eq($$ select s.said from f, pg_temp.said(admin) as s where s.said ~ 'LINE' order by 1 $$,
  $$ values ('LINE 1800 180.9 181 34 1800 standard v1:WINS'),
            ('LINE 2250 226.125 226 43 2250 standard v1:WINS,rush v1:DOES_NOT_MATCH:NOT_YET_IN_FORCE') $$, 'the version of then wins for ever');
select results_eq($$ select s.said from f, pg_temp.said(admin, core.now()) as s where s.said ~ 'LINE' order by 1 $$,
  $$ values ('LINE 1800 180.9 181 34 1800 standard, later v2:WINS'),
            ('LINE 2250 226.125 226 43 2250 rush v1:WINS,standard, later v2:LOSES:LESS_SPECIFIC') $$, 'one may ask how it would be charged now');
-- a rule that was opened between pricing and the moment of the order is told apart
select test.disarm('orders.orders');
update orders.orders as x set placed_at = core.now() from f where x.order_id = f.o;
select results_eq($$ select s.said from f, pg_temp.said(sam) as s where s.said ~ 'LINE' $$, $$ values ('LINE 1800 180.9 181 34 1800') $$, 'still the same');
select results_eq($$ select s.said from f, pg_temp.said(admin) as s where s.said ~ 'LINE 1800' $$,
  $$ values ('LINE 1800 180.9 181 34 1800 standard v1:WINS,standard, later v2:LOSES:CHANGED_SINCE') $$, 'the rule that charged it wins, whatever came at that moment');
select is((select count(*)::int from f, orders.explain_commissions(test.ctx(admin), o, null) as e where e.rule_id is not null and e.rule_version = 1), 3, 'rule and version are named');
select is((select distinct e.currency from f, orders.explain_commissions(test.ctx(admin), o, null) as e), 'USD', 'in the order''s currency');
select is((select e.at from f, orders.explain_commissions(test.ctx(admin), o, '2030-01-01') as e limit 1), '2030-01-01', 'and the moment');

-- refused
select throws_ok($$ select e.* from f, orders.explain_commissions(test.ctx(ana), o, null) as e $$, 'MK403', 'identity.role_required', 'not the buyer''s business');
select throws_ok($$ select e.* from f, orders.explain_commissions(test.ctx(eve), o, null) as e $$, 'MK404', 'orders.order_not_found', 'nor another seller''s');
select throws_ok($$ select e.* from f, orders.explain_commissions(test.ctx(admin), core.new_id(), null) as e $$, 'MK404', 'orders.order_not_found', 'an unknown order');
select throws_ok($$ select e.* from f, orders.explain_commissions(test.ctx(), o, null) as e $$, 'MK401', 'identity.unauthenticated', 'nobody');

-- an order that no rule charged
select e.version from f, pricing.commission_rules as r, pricing.end_commission_rule(test.ctx(admin), r.rule_id, null) as e where r.valid_until is null;
update f set o = test.order(ana, lamp);
select results_eq($$ select e.rule_id, e.amount_minor, e.candidates -> 0 ->> 'outcome' from f, orders.explain_commissions(test.ctx(admin), o, null) as e $$,
  $$ values (null::uuid, 0::bigint, 'DOES_NOT_MATCH') $$, 'no rule, no commission');
select is_empty($$ select * from pricing._check_invariants() $$, 'the invariants hold');

select * from finish();
rollback;
