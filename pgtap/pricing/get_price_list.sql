begin;
select plan(6);
create temporary table f as
select test.admin() as admin, test.seller('sam') as sam, test.seller('sue') as sue, test.buyer('ana') as ana, test.seller_id(test.seller('sam')) as sid;
insert into pricing.buyer_groups (group_code, name, created_at, updated_at) select c, c, core.now(), core.now() from unnest('{vip,staff}'::text[]) as c;
alter table f add vip uuid, add own uuid, add lamp uuid;
update f set lamp = test.offer(sid, 1000, 5);
update f set vip = (select price_list_id from pricing.create_price_list(test.ctx(f.admin), '{"name": "VIP", "groupCode": "vip", "priority": 3}')),
             own = (select price_list_id from pricing.create_price_list(test.ctx(f.sam), '{"name": "Own", "groupCode": "staff"}'));

select is((select name from f, pricing.get_price_list(test.ctx(f.sue), f.vip)), 'VIP', 'a seller sees the marketplace''s');
select is((select name from f, pricing.get_price_list(test.ctx(f.sam), f.own)), 'Own', 'and its own');
select is((select name from f, pricing.get_price_list(test.ctx(f.admin), f.own)), 'Own', 'administrators see any');
select throws_ok($$ select pricing.get_price_list(test.ctx(sue), own) from f $$, 'MK404', 'pricing.price_list_not_found', 'another store''s is not there');
select throws_ok($$ select pricing.get_price_list(test.ctx(admin), core.new_id()) from f $$, 'MK404', 'pricing.price_list_not_found', 'an unknown one');
select throws_ok($$ select pricing.get_price_list(test.ctx(ana), vip) from f $$, 'MK403', 'identity.role_required', 'a buyer sees none');

select * from finish();
rollback;
