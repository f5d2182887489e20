begin;
select plan(6);
create temporary table f as
select test.admin() as admin, test.seller('sam') as sam, test.seller('sue') as sue, test.buyer('ana') as ana, test.seller_id(test.seller('sam')) as sid, test.seller_id(test.seller('sue')) as sued;
insert into pricing.buyer_groups (group_code, name, created_at, updated_at) select c, c, core.now(), core.now() from unnest('{vip,staff}'::text[]) as c;
alter table f add vip uuid, add own uuid, add lamp uuid, add chair uuid;
update f set lamp = test.offer(sid, 1000, 5), chair = test.offer(sued, 2000, 5);
update f set vip = (select price_list_id from pricing.create_price_list(test.ctx(f.admin), '{"name": "VIP", "groupCode": "vip", "priority": 3}')),
             own = (select price_list_id from pricing.create_price_list(test.ctx(f.sam), '{"name": "Own", "groupCode": "staff"}'));
create function pg_temp.put(p_user uuid, p_variant uuid, p_seller uuid, p_minor bigint) returns void language sql as $$
  select pricing.set_list_prices(test.ctx(p_user), vip, p_variant, p_seller, (select version from pricing.price_lists where price_list_id = vip),
    jsonb_build_array(jsonb_build_object('price', core._money(p_minor, 'USD')))) from f
$$;
select pg_temp.put(sam, lamp, sid, 900) from f;
select pg_temp.put(sue, chair, sued, 1500) from f;

select is((select array_agg(e.variant_id = f.chair) from f, pricing.list_listed_offers(test.ctx(f.sue), f.vip, null, 100) as e), '{t}', 'a seller sees its own offers in it');
select is((select count(*) from f, pricing.list_listed_offers(test.ctx(f.admin), f.vip, null, 1) as e), 2::bigint, 'administrators all, page by page');
select is((select count(*) from f, pricing.list_listed_offers(test.ctx(f.admin), f.vip, (select page_cursor from pricing.list_listed_offers(test.ctx(f.admin), f.vip, null, 1) limit 1), 1) as e), 1::bigint, 'the cursor goes on');
select throws_ok($$ select pricing.list_listed_offers(test.ctx(sue), own, null, 10) from f $$, 'MK404', 'pricing.price_list_not_found', 'another store''s list');
select throws_ok($$ select pricing.list_listed_offers(test.ctx(ana), vip, null, 10) from f $$, 'MK403', 'identity.role_required', 'a buyer');
select throws_ok($$ select pricing.list_listed_offers(test.ctx(sam), vip, 'x', 10) from f $$, 'MK400', 'core.cursor_invalid', 'a cursor that is none');

select * from finish();
rollback;
