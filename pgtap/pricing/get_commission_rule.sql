begin;
select plan(7);
create temporary table f as
select test.admin() as admin, test.seller('sam') as sam, test.seller_id(test.seller('sam')) as sid;
alter table f add r uuid;
update f set r = test.rule(jsonb_build_object('name', 'Sam', 'sellerId', sid, 'percentBp', 1000, 'min', test.usd(5)));
update core.clock set clock_offset = interval '1 hour';
select u.version from f, pricing.update_commission_rule(test.ctx(admin), r, 1, '{"name": "Sam 2", "percentBp": 900}') as u;
select results_eq($$ select g.version, g.name from f, pricing.get_commission_rule(test.ctx(admin), r) as g $$, $$ values (2, 'Sam 2') $$, 'the newest version');
select results_eq(
  $$ select v.value ->> 'name', v.value ->> 'percentBp', v.value -> 'min' from f, pricing.get_commission_rule(test.ctx(admin), r) as g, jsonb_array_elements(g.versions) as v $$,
  $$ values ('Sam', '1000', test.usd(5)), ('Sam 2', '900', 'null'::jsonb) $$, 'and all of them, the oldest first');
select is((select g.versions -> 0 ->> 'validUntil' = g.versions -> 1 ->> 'validFrom' from f, pricing.get_commission_rule(test.ctx(admin), r) as g), true, 'one begins when the other ends');
select is((select g.versions -> 1 ->> 'createdBy' = admin::text from f, pricing.get_commission_rule(test.ctx(admin), r) as g), true, 'with who made it');
select throws_ok($$ select g.* from f, pricing.get_commission_rule(test.ctx(admin), sid) as g $$, 'MK404', 'pricing.rule_not_found', 'an unknown rule');
select throws_ok($$ select g.* from f, pricing.get_commission_rule(test.ctx(sam), r) as g $$, 'MK403', 'identity.role_required', 'a seller');
select throws_ok($$ select g.* from f, pricing.get_commission_rule(test.ctx(), r) as g $$, 'MK401', 'identity.unauthenticated', 'nobody');

select * from finish();
rollback;
