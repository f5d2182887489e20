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

select results_eq($$ select version, prices from f, pricing.get_list_prices(test.ctx(f.sam), f.vip, f.lamp, f.sid) $$, $$ values (3, '[{"price": {"currency": "USD", "amountMinor": 900}, "minQuantity": 1}]'::jsonb) $$, 'its seller reads it, with the list''s version');
select is((select prices #>> '{0,price,amountMinor}' from f, pricing.get_list_prices(test.ctx(f.admin), f.vip, f.chair, f.sued)), '1500', 'an administrator any');
select is((select prices from f, pricing.get_list_prices(test.ctx(f.sam), f.own, f.lamp, f.sid)), '[]', 'none in a list without it');
select throws_ok($$ select pricing.get_list_prices(test.ctx(sam), vip, chair, sued) from f $$, 'MK404', 'pricing.offer_not_found', 'another store''s offer');
select throws_ok($$ select pricing.get_list_prices(test.ctx(sue), own, chair, sued) from f $$, 'MK404', 'pricing.price_list_not_found', 'another store''s list');
select throws_ok($$ select pricing.get_list_prices(test.ctx(ana), vip, lamp, sid) from f $$, 'MK403', 'identity.role_required', 'a buyer');

select * from finish();
rollback;
