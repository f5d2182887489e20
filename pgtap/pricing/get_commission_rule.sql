begin;
select plan(4);
create temporary table f as
select test.buyer('ana') as ana, test.buyer('ben') as ben, test.admin() as admin, test.seller('sam') as sam,
       test.seller_id(test.seller('sam')) as sid, test.seller('sue') as sue, test.seller_id(test.seller('sue')) as sued;
alter table f add lamp uuid, add chair uuid;
update f set lamp = test.offer(sid, 1000, 50), chair = test.offer(sued, 2500, 50);
alter table f add r uuid;
update f set r = (select c.rule_id from pricing.create_commission_rule(test.ctx(admin), 'Sam', sid, null, null, 1000, null, null, null, null) as c);
select u.version from f, pricing.update_commission_rule(test.ctx(admin), r, 1, 'Sam 2', 900, 0, null, null) as u;
select results_eq($$ select g.version, g.name from f, pricing.get_commission_rule(test.ctx(admin), r) as g $$, $$ values (2, 'Sam 2') $$, 'the newest version');
select throws_ok($$ select g.* from f, pricing.get_commission_rule(test.ctx(admin), sid) as g $$, 'MK404', 'pricing.rule_not_found', 'an unknown rule');
select throws_ok($$ select g.* from f, pricing.get_commission_rule(test.ctx(sam), r) as g $$, 'MK403', 'identity.role_required', 'a seller');
select throws_ok($$ select g.* from f, pricing.get_commission_rule(test.ctx(), r) as g $$, 'MK401', 'identity.unauthenticated', 'nobody');

select * from finish();
rollback;
