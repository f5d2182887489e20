begin;
select plan(7);
create temporary table f as
select test.buyer('ana') as ana, test.buyer('ben') as ben, test.admin() as admin, test.seller('sam') as sam,
       test.seller_id(test.seller('sam')) as sid, test.seller('sue') as sue;
select g.name from f, pricing.create_buyer_group(test.ctx(admin), 'vip', 'Friends') as g;
select is((select g.name || ' ' || g.version from f, pricing.update_buyer_group(test.ctx(admin), 'vip', 1, 'Good friends') as g), 'Good friends 2', 'another name');
select throws_ok($$ select g.* from f, pricing.update_buyer_group(test.ctx(admin), 'vip', 1, 'x') as g $$, 'MK412', 'core.version_stale', 'a stale version');
select throws_ok($$ select g.* from f, pricing.update_buyer_group(test.ctx(admin), 'vip', 2, '') as g $$, 'MK422', 'pricing.group_invalid', 'no name');
select throws_ok($$ select g.* from f, pricing.update_buyer_group(test.ctx(admin), 'nobody', 1, 'x') as g $$, 'MK404', 'pricing.group_not_found', 'an unknown one');
select throws_ok($$ select g.* from f, pricing.update_buyer_group(test.ctx(sam), 'vip', 2, 'x') as g $$, 'MK403', 'identity.role_required', 'a seller');
select is((select string_agg(concat_ws(' ', s.type, s.aggregate_version, s.payload ->> 'groupCode', s.payload ->> 'version', s.payload ->> 'buyerId' = (select ana::text from f)), ', ' order by s.staging_id) from events.staging as s where s.aggregate_type = 'buyer_group'), 'pricing.buyer_group_created 1 vip 1, pricing.buyer_group_changed 2 vip 2', 'told');
select is((select count(*)::int from events.staging where payload::text like '%riends%'), 0, 'without the name');

select * from finish();
rollback;
