begin;
select plan(5);
create temporary table f as
select test.buyer('ana') as ana, test.buyer('ben') as ben, test.admin() as admin, test.seller('sam') as sam,
       test.seller_id(test.seller('sam')) as sid, test.seller('sue') as sue;
select g.name from f, pricing.create_buyer_group(test.ctx(admin), 'vip', 'Friends') as g;
select m.group_code from f, pricing.add_group_member(test.ctx(admin), 'vip', ana) as m;
select pricing.remove_group_member(test.ctx(admin), 'vip', ana) from f;
select is((select count(*)::int from pricing.buyer_group_members), 0, 'out');
select lives_ok($$ select pricing.remove_group_member(test.ctx(admin), 'vip', ana) from f $$, 'who is out stays out');
select is((select string_agg(concat_ws(' ', s.type, s.aggregate_version, s.payload ->> 'groupCode', s.payload ->> 'version', s.payload ->> 'buyerId' = (select ana::text from f)), ', ' order by s.staging_id) from events.staging as s where s.aggregate_type = 'buyer_group'), 'pricing.buyer_group_created 1 vip 1, pricing.buyer_group_member_added 2 vip 2 t, pricing.buyer_group_member_removed 3 vip 3 t', 'told once');
select throws_ok($$ select pricing.remove_group_member(test.ctx(admin), 'nobody', ana) from f $$, 'MK404', 'pricing.group_not_found', 'an unknown group');
select throws_ok($$ select pricing.remove_group_member(test.ctx(ana), 'vip', ana) from f $$, 'MK403', 'identity.role_required', 'a buyer');

select * from finish();
rollback;
