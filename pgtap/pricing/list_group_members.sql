begin;
select plan(4);
create temporary table f as
select test.buyer('ana') as ana, test.buyer('ben') as ben, test.admin() as admin, test.seller('sam') as sam,
       test.seller_id(test.seller('sam')) as sid, test.seller('sue') as sue;
select g.name from f, pricing.create_buyer_group(test.ctx(admin), 'vip', 'Friends') as g;
select m.group_code from f, unnest(array[ana, ben]) as b (id), pricing.add_group_member(test.ctx(admin), 'vip', b.id) as m;
select is((select array_agg(m.buyer_id) from f, pricing.list_group_members(test.ctx(admin), 'vip', null, 10) as m), array[ana, ben], 'both, in order') from f;
select is((select array_agg(m.buyer_id) from f, pricing.list_group_members(test.ctx(admin), 'vip',
            (select x.page_cursor from f, pricing.list_group_members(test.ctx(admin), 'vip', null, 1) as x limit 1), 10) as m), array[ben], 'the next page') from f;
select throws_ok($$ select m.* from f, pricing.list_group_members(test.ctx(admin), 'nobody', null, 10) as m $$, 'MK404', 'pricing.group_not_found', 'an unknown group');
select throws_ok($$ select m.* from f, pricing.list_group_members(test.ctx(sam), 'vip', null, 10) as m $$, 'MK403', 'identity.role_required', 'a seller');

select * from finish();
rollback;
