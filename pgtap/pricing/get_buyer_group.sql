begin;
select plan(3);
create temporary table f as
select test.buyer('ana') as ana, test.buyer('ben') as ben, test.admin() as admin, test.seller('sam') as sam,
       test.seller_id(test.seller('sam')) as sid, test.seller('sue') as sue;
select g.name from f, pricing.create_buyer_group(test.ctx(admin), 'vip', 'Friends') as g;
select is((select g.name from f, pricing.get_buyer_group(test.ctx(admin), 'vip') as g), 'Friends', 'there it is');
select throws_ok($$ select g.* from f, pricing.get_buyer_group(test.ctx(admin), 'nobody') as g $$, 'MK404', 'pricing.group_not_found', 'an unknown one');
select throws_ok($$ select g.* from f, pricing.get_buyer_group(test.ctx(ana), 'vip') as g $$, 'MK403', 'identity.role_required', 'a buyer');

select * from finish();
rollback;
