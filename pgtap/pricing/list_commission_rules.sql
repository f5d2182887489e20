begin;
select plan(9);
create temporary table f as
select test.buyer('ana') as ana, test.buyer('ben') as ben, test.admin() as admin, test.seller('sam') as sam,
       test.seller_id(test.seller('sam')) as sid, test.seller('sue') as sue, test.seller_id(test.seller('sue')) as sued;
alter table f add lamp uuid, add chair uuid;
update f set lamp = test.offer(sid, 1000, 50), chair = test.offer(sued, 2500, 50);
select c.version from f, pricing.create_commission_rule(test.ctx(admin), 'one', null, null, null, 1000, null, null, null, null) as c;
select c.version from f, pricing.create_commission_rule(test.ctx(admin), 'two', sid, null, null, 1000, null, null, core.now() + interval '1 hour', null) as c;
select c.version from f, pricing.create_commission_rule(test.ctx(admin), 'three', sued, null, null, 1000, null, null, null, null) as c;
select results_eq($$ select l.name from f, pricing.list_commission_rules(test.ctx(admin), null, null, null, null, null, 2) as l $$, $$ values ('three'), ('two'), ('one') $$, 'newest first, one row more than the page');
select results_eq(
  $$ select l.name from f, pricing.list_commission_rules(test.ctx(admin), null, null, null, null,
       (select x.page_cursor from pricing.list_commission_rules(test.ctx(admin), null, null, null, null, null, 2) as x offset 1 limit 1), 2) as l $$, $$ values ('one') $$, 'the next page');
select is((select string_agg(l.name, ' ') from f, pricing.list_commission_rules(test.ctx(admin), sid, null, null, null, null, 9) as l), 'two', 'by seller');
select is((select string_agg(l.name, ' ') from f, pricing.list_commission_rules(test.ctx(admin), null, null, null, 'SCHEDULED', null, 9) as l), 'two', 'by status');
select is((select string_agg(l.name, ' ') from f, pricing.list_commission_rules(test.ctx(admin), null, lamp, null, null, null, 9) as l), null, 'by category');
select throws_ok($$ select l.* from f, pricing.list_commission_rules(test.ctx(admin), null, null, null, 'OPEN', null, 9) as l $$, 'MK422', 'pricing.filter_invalid', 'an unknown status');
select throws_ok($$ select l.* from f, pricing.list_commission_rules(test.ctx(admin), null, null, null, null, 'x', 9) as l $$, 'MK400', 'core.cursor_invalid', 'a bad cursor');
select throws_ok($$ select l.* from f, pricing.list_commission_rules(test.ctx(sam), null, null, null, null, null, 9) as l $$, 'MK403', 'identity.role_required', 'a seller');
select throws_ok($$ select l.* from f, pricing.list_commission_rules(test.ctx(), null, null, null, null, null, 9) as l $$, 'MK401', 'identity.unauthenticated', 'nobody');

select * from finish();
rollback;
