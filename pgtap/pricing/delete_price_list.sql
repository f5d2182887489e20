begin;
select plan(8);
create temporary table f as
select test.admin() as admin, test.seller('sam') as sam, test.seller('sue') as sue, test.buyer('ana') as ana, test.seller_id(test.seller('sam')) as sid;
insert into pricing.buyer_groups (group_code, name, created_at, updated_at) select c, c, core.now(), core.now() from unnest('{vip,staff}'::text[]) as c;
alter table f add vip uuid, add own uuid, add lamp uuid;
update f set lamp = test.offer(sid, 1000, 5);
update f set vip = (select price_list_id from pricing.create_price_list(test.ctx(f.admin), '{"name": "VIP", "groupCode": "vip", "priority": 3}')),
             own = (select price_list_id from pricing.create_price_list(test.ctx(f.sam), '{"name": "Own", "groupCode": "staff"}'));

select lives_ok($$ select pricing.set_list_prices(test.ctx(sam), own, lamp, sid, 1, '[{"price": {"amountMinor": 900, "currency": "USD"}}]') from f $$, 'with a price');
select lives_ok($$ select pricing.delete_price_list(test.ctx(sam), own) from f $$, 'it is deleted');
select is((select count(*) from pricing.list_prices), 0::bigint, 'and its prices with it');
select is((select payload ->> 'version' from events.staging where type = 'pricing.price_list_deleted'), '3', 'which is its last event');
select throws_ok($$ select pricing.delete_price_list(test.ctx(sam), vip) from f $$, 'MK403', 'pricing.not_your_price_list', 'nor deleted');
select throws_ok($$ select pricing.get_price_list(test.ctx(sue), own) from f $$, 'MK404', 'pricing.price_list_not_found', 'a deleted one');
select throws_ok($$ select pricing.delete_price_list(test.ctx(sam), own) from f $$, 'MK404', 'pricing.price_list_not_found', 'once');
select is_empty('select * from core.check_invariants()', 'nothing is broken');

select * from finish();
rollback;
