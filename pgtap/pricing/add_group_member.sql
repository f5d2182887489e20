begin;
select plan(6);
create temporary table f as
select test.buyer('ana') as ana, test.buyer('ben') as ben, test.admin() as admin, test.seller('sam') as sam,
       test.seller_id(test.seller('sam')) as sid, test.seller('sue') as sue;
select g.name from f, pricing.create_buyer_group(test.ctx(admin), 'vip', 'Friends') as g;
select is((select m.buyer_id = ana from f, pricing.add_group_member(test.ctx(admin), 'vip', ana) as m), true, 'a member');
select is((select m.buyer_id = ana from f, pricing.add_group_member(test.ctx(admin), 'vip', ana) as m), true, 'stays one');
select is((select g.member_count from f, pricing.get_buyer_group(test.ctx(admin), 'vip') as g), 1, 'and is counted once');
select throws_ok($$ select m.* from f, pricing.add_group_member(test.ctx(admin), 'vip', sam) as m $$, 'MK404', 'pricing.buyer_not_found', 'a seller is no buyer');
select throws_ok($$ select m.* from f, pricing.add_group_member(test.ctx(admin), 'nobody', ana) as m $$, 'MK404', 'pricing.group_not_found', 'an unknown group');
select throws_ok($$ select m.* from f, pricing.add_group_member(test.ctx(ana), 'vip', ana) as m $$, 'MK403', 'identity.role_required', 'nobody lets himself in');

select * from finish();
rollback;
