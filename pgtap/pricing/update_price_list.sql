begin;
select plan(8);
create temporary table f as
select test.admin() as admin, test.seller('sam') as sam, test.seller('sue') as sue, test.buyer('ana') as ana, test.seller_id(test.seller('sam')) as sid;
insert into pricing.buyer_groups (group_code, name, created_at, updated_at) select c, c, core.now(), core.now() from unnest('{vip,staff}'::text[]) as c;
alter table f add vip uuid, add own uuid, add lamp uuid;
update f set lamp = test.offer(sid, 1000, 5);
update f set vip = (select price_list_id from pricing.create_price_list(test.ctx(f.admin), '{"name": "VIP", "groupCode": "vip", "priority": 3}')),
             own = (select price_list_id from pricing.create_price_list(test.ctx(f.sam), '{"name": "Own", "groupCode": "staff"}'));

select results_eq($$ select l.name, l.is_active, l.version from f, pricing.update_price_list(test.ctx(f.sam), f.own, 1, '{"name": "Ours", "groupCode": "vip", "active": false}') as l $$, $$ values ('Ours', false, 2) $$, 'a change is a new version');
select is((select starts_at from f join pricing.price_lists on price_list_id = own), (select created_at from f join pricing.price_lists on price_list_id = own), 'and leaves its begin alone');
select is((select array_agg(s.type order by s.staging_id) from f join events.staging as s on s.aggregate_id = f.own), '{pricing.price_list_created,pricing.price_list_changed}', 'an event each');
select throws_ok($$ select pricing.update_price_list(test.ctx(sam), vip, 1, '{"name": "X", "groupCode": "vip"}') from f $$, 'MK403', 'pricing.not_your_price_list', 'the marketplace''s list is seen, not changed');
select throws_ok($$ select pricing.update_price_list(test.ctx(admin), vip, 2, '{"name": "X", "groupCode": "vip"}') from f $$, 'MK412', 'core.version_stale', 'a stale version');
select throws_ok($$ select pricing.update_price_list(test.ctx(sam), own, 2, '{"name": "X", "groupCode": "nobody"}') from f $$, 'MK422', 'pricing.group_unknown', 'a group that is none');
select throws_ok($$ select pricing.update_price_list(test.ctx(sue), own, 2, '{"name": "X", "groupCode": "vip"}') from f $$, 'MK404', 'pricing.price_list_not_found', 'another store''s');
select lives_ok($$ select pricing.update_price_list(test.ctx(admin), own, 2, '{"name": "X", "groupCode": "vip"}') from f $$, 'an administrator changes any');

select * from finish();
rollback;
