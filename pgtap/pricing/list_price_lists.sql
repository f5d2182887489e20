begin;
select plan(6);
create temporary table f as
select test.admin() as admin, test.seller('sam') as sam, test.seller('sue') as sue, test.buyer('ana') as ana, test.seller_id(test.seller('sam')) as sid;
insert into pricing.buyer_groups (group_code, name, created_at, updated_at) select c, c, core.now(), core.now() from unnest('{vip,staff}'::text[]) as c;
alter table f add vip uuid, add own uuid, add lamp uuid;
update f set lamp = test.offer(sid, 1000, 5);
update f set vip = (select price_list_id from pricing.create_price_list(test.ctx(f.admin), '{"name": "VIP", "groupCode": "vip", "priority": 3}')),
             own = (select price_list_id from pricing.create_price_list(test.ctx(f.sam), '{"name": "Own", "groupCode": "staff"}'));

select is((select array_agg(l.name) from f, pricing.list_price_lists(test.ctx(f.admin), null, null, 10) as l), '{Own,VIP}', 'administrators list all, newest first');
select is((select array_agg(l.name) from f, pricing.list_price_lists(test.ctx(f.sue), null, null, 10) as l), '{VIP}', 'a seller its own and the marketplace''s');
select is((select array_agg(l.name) from f, pricing.list_price_lists(test.ctx(f.sam), 'staff', null, 10) as l), '{Own}', 'of a group');
select is((select array_agg(l.name) from f, pricing.list_price_lists(test.ctx(f.sam), null, (select page_cursor from pricing.list_price_lists(test.ctx(f.sam), null, null, 1) limit 1), 10) as l), '{VIP}', 'the cursor goes on');
select throws_ok($$ select pricing.list_price_lists(test.ctx(ana), null, null, 10) from f $$, 'MK403', 'identity.role_required', 'a buyer lists none');
select throws_ok($$ select pricing.list_price_lists(test.ctx(sam), null, 'x', 10) from f $$, 'MK400', 'core.cursor_invalid', 'a cursor that is none');

select * from finish();
rollback;
