begin;
select plan(8);
create temporary table f as
select test.buyer('ana') as ana, test.buyer('ben') as ben, test.admin() as admin, test.seller('sam') as sam,
       test.seller_id(test.seller('sam')) as sid, test.seller('sue') as sue;
select g.name from f, pricing.create_buyer_group(test.ctx(admin), 'vip', 'Friends') as g;
select is((select m.buyer_id = ana from f, pricing.add_group_member(test.ctx(admin), 'vip', ana) as m), true, 'a member');
select is((select m.buyer_id = ana from f, pricing.add_group_member(test.ctx(admin), 'vip', ana) as m), true, 'stays one');
select is((select g.member_count from f, pricing.get_buyer_group(test.ctx(admin), 'vip') as g), 1, 'and is counted once');
select is((select string_agg(concat_ws(' ', s.type, s.aggregate_version, s.payload ->> 'groupCode', s.payload ->> 'version', s.payload ->> 'buyerId' = (select ana::text from f)), ', ' order by s.staging_id) from events.staging as s where s.aggregate_type = 'buyer_group'), 'pricing.buyer_group_created 1 vip 1, pricing.buyer_group_member_added 2 vip 2 t', 'told once');
select is((select g.version from f, pricing.get_buyer_group(test.ctx(admin), 'vip') as g), 2, 'another version');
select throws_ok($$ select m.* from f, pricing.add_group_member(test.ctx(admin), 'vip', sam) as m $$, 'MK404', 'pricing.buyer_not_found', 'a seller is no buyer');
select throws_ok($$ select m.* from f, pricing.add_group_member(test.ctx(admin), 'nobody', ana) as m $$, 'MK404', 'pricing.group_not_found', 'an unknown group');
select throws_ok($$ select m.* from f, pricing.add_group_member(test.ctx(ana), 'vip', ana) as m $$, 'MK403', 'identity.role_required', 'nobody lets himself in');

select * from finish();
rollback;
