begin;
select plan(4);
create temporary table f as
select test.buyer('ana') as ana, test.buyer('ben') as ben, test.admin() as admin, test.seller('sam') as sam,
       test.seller_id(test.seller('sam')) as sid, test.seller('sue') as sue;
select g.name from f, pricing.create_buyer_group(test.ctx(admin), 'vip', 'Friends') as g;
select m.group_code from f, pricing.add_group_member(test.ctx(admin), 'vip', ana) as m;
select pricing.remove_group_member(test.ctx(admin), 'vip', ana) from f;
select is((select count(*)::int from pricing.buyer_group_members), 0, 'out');
select lives_ok($$ select pricing.remove_group_member(test.ctx(admin), 'vip', ana) from f $$, 'who is out stays out');
select throws_ok($$ select pricing.remove_group_member(test.ctx(admin), 'nobody', ana) from f $$, 'MK404', 'pricing.group_not_found', 'an unknown group');
select throws_ok($$ select pricing.remove_group_member(test.ctx(ana), 'vip', ana) from f $$, 'MK403', 'identity.role_required', 'a buyer');

select * from finish();
rollback;
