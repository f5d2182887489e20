begin;
select plan(8);
create temporary table f as
select test.buyer('ana') as ana, test.buyer('ben') as ben, test.admin() as admin, test.seller('sam') as sam,
       test.seller_id(test.seller('sam')) as sid, test.seller('sue') as sue;
alter table f add p uuid;
select g.name from f, unnest(array['vip', 'staff']) as c (code), pricing.create_buyer_group(test.ctx(admin), c.code, c.code) as g;
select m.group_code from f, pricing.add_group_member(test.ctx(admin), 'staff', ana) as m;
update f set p = test.promotion('{"condition": {"any": [{"segment": ["vip"]}]}}');
select throws_ok($$ select pricing.delete_buyer_group(test.ctx(admin), 'vip') from f $$, 'MK409', 'pricing.group_in_use', 'a promotion is for it');
select lives_ok($$ select pricing.delete_buyer_group(test.ctx(admin), 'staff') from f $$, 'one that nothing names');
select is((select count(*)::int from pricing.buyer_group_members), 0, 'goes with its members');
select throws_ok($$ select pricing.delete_buyer_group(test.ctx(admin), 'staff') from f $$, 'MK404', 'pricing.group_not_found', 'once');
select e.status from f, pricing.end_promotion(test.ctx(admin), p) as e;
select lives_ok($$ select pricing.delete_buyer_group(test.ctx(admin), 'vip') from f $$, 'an ended promotion does not hold it');
select throws_ok($$ select pricing.delete_buyer_group(test.ctx(sam), 'vip') from f $$, 'MK403', 'identity.role_required', 'a seller');
select throws_ok($$ select pricing.delete_buyer_group(test.ctx(), 'vip') $$, 'MK401', 'identity.unauthenticated', 'nobody');
select is((select string_agg(concat_ws(' ', s.payload ->> 'groupCode', s.payload ->> 'version'), ', ' order by s.staging_id) from events.staging as s where s.type = 'pricing.buyer_group_deleted'), 'staff 3, vip 2', 'told, each as its last version');

select * from finish();
rollback;
