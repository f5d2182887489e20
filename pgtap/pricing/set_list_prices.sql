-- Prices of offers in lists of buyer groups: who enters them, which are refused, who pays them.
begin;
select plan(26);
create temporary table f as
select test.admin() as admin, test.seller('sam') as sam, test.seller('sue') as sue, test.buyer('ana') as ana, test.seller_id(test.seller('sam')) as sid, test.seller_id(test.seller('sue')) as sued;
alter table f add lamp uuid, add chair uuid, add vip uuid, add own uuid;
update f set lamp = test.offer(sid, 1000, 50), chair = test.offer(sued, 2000, 50);
insert into pricing.buyer_groups (group_code, name, created_at, updated_at) values ('vip', 'VIP', core.now(), core.now());
insert into pricing.buyer_group_members (buyer_id, group_code, added_at) select ana, 'vip', core.now() from f;
update f set vip = (select price_list_id from pricing.create_price_list(test.ctx(f.admin), '{"name": "VIP", "groupCode": "vip"}')),
             own = (select price_list_id from pricing.create_price_list(test.ctx(f.sam), '{"name": "Sam''s", "groupCode": "vip", "priority": 5}'));

create function pg_temp.put(p_list uuid, p_user uuid, p_variant uuid, p_seller uuid, p_prices jsonb, p_version integer default null) returns setof pricing.view_listed_offer language sql as $$
  select * from pricing.set_list_prices(test.ctx(p_user), p_list, p_variant, p_seller,
    coalesce(p_version, (select version from pricing.price_lists where price_list_id = p_list)),
    (select coalesce(jsonb_agg(jsonb_strip_nulls(jsonb_build_object('price', core._money((e ->> 0)::bigint, e ->> 1), 'minQuantity', e -> 2))), '[]') from jsonb_array_elements(p_prices) as e))
$$;
create function pg_temp.pays(p_quantity integer default 1) returns text language sql as $$
  select concat_ws(' ', l #>> '{unitPrice,amountMinor}', l #>> '{priceSource,kind}', case l #>> '{priceSource,priceListId}' when vip::text then 'vip' when own::text then 'own' end)
  from f, pricing.apply_promotions(test.ctx(f.ana), jsonb_build_array(jsonb_build_object('variantId', f.lamp, 'quantity', p_quantity)), 'USD', '{}', null, null) as p, jsonb_array_elements(p.lines) as l
$$;

-- allowed
select is(pg_temp.pays(), '1000', 'an empty list changes nothing');
select results_eq($$ select version, jsonb_array_length(prices) from f, pg_temp.put(vip, sam, lamp, sid, '[[900, "USD"], [850, "USD", 10], [800, "EUR"]]') $$, $$ values (2, 3) $$, 'a seller enters an offer in the marketplace''s list');
select is(pg_temp.pays(), '900 LIST vip', 'and the group pays it');
select is(pg_temp.pays(10), '850 LIST vip', 'with its breaks');
select results_eq($$ select payload ->> 'version', payload #>> '{prices,0,currency}', jsonb_array_length(payload -> 'prices') from events.staging where type = 'pricing.list_prices_changed' $$, $$ values ('2', 'EUR', 3) $$, 'an event tells it');
select lives_ok($$ select pg_temp.put(own, sam, lamp, sid, '[[950, "USD"]]') from f $$, 'and in its own');
select is(pg_temp.pays(), '950 LIST own', 'the greater priority wins');
select lives_ok($$ select pricing.update_price_list(test.ctx(sam), own, 2, '{"name": "Sam''s", "groupCode": "vip", "priority": 5, "active": false}') from f $$, 'a list that does not count');
select is(pg_temp.pays(), '900 LIST vip', 'does not');
select lives_ok($$ select pg_temp.put(vip, admin, chair, sued, '[[1500, "USD"]]') from f $$, 'an administrator enters any offer');
select is((select prices from f, pricing.get_list_prices(test.ctx(f.sam), f.vip, f.lamp, f.sid)), '[{"price": {"currency": "EUR", "amountMinor": 800}, "minQuantity": 1}, {"price": {"currency": "USD", "amountMinor": 900}, "minQuantity": 1}, {"price": {"currency": "USD", "amountMinor": 850}, "minQuantity": 10}]', 'what is read is what was set');
select results_eq($$ select prices, version from f, pg_temp.put(vip, sam, lamp, sid, '[]') $$, $$ values ('[]'::jsonb, 4) $$, 'no prices take it off');
select is(pg_temp.pays(), '1000', 'and the public price holds again');

-- refused
create function pg_temp.refusal(p_document jsonb) returns text language plpgsql as $$
declare v_column text;
begin
  perform pricing.set_list_prices(test.ctx(sam), vip, lamp, sid, (select version from pricing.price_lists where price_list_id = vip), p_document) from f;
  return 'accepted';
exception when others then
  get stacked diagnostics v_column = column_name;
  return concat_ws(' ', sqlerrm, v_column);
end
$$;
select is(pg_temp.refusal(d::jsonb), r, w) from (values
  ('{}', 'pricing.list_prices_invalid prices', 'no list'),
  ('[{"minQuantity": 1}]', 'pricing.list_prices_invalid prices/0/price/amountMinor', 'no price'),
  ('[{"price": {"amountMinor": 1, "currency": "XXX"}}]', 'pricing.currency_unknown prices/0/price/currency', 'an unknown currency'),
  ('[{"price": {"amountMinor": 1, "currency": "USD"}, "minQuantity": 1001}]', 'pricing.list_prices_invalid prices/0/minQuantity', 'more than a line takes'),
  ('[{"price": {"amountMinor": 2, "currency": "USD"}}, {"price": {"amountMinor": 1, "currency": "USD"}}]', 'pricing.list_prices_invalid prices/1/minQuantity', 'twice the same quantity'),
  ('[{"price": {"amountMinor": 2, "currency": "USD"}, "minQuantity": 5}, {"price": {"amountMinor": 2, "currency": "USD"}}]', 'pricing.list_prices_invalid prices/0/price/amountMinor', 'a break that is none')) as t (d, r, w);
select throws_ok($$ select pg_temp.put(vip, sue, lamp, sid, '[]') from f $$, 'MK404', 'pricing.offer_not_found', 'another store''s offer');
select throws_ok($$ select pg_temp.put(own, admin, chair, sued, '[]') from f $$, 'MK404', 'pricing.offer_not_found', 'another store''s offer in a store''s list, by whomever');
select throws_ok($$ select pg_temp.put(own, sue, chair, sued, '[]') from f $$, 'MK404', 'pricing.price_list_not_found', 'another store''s list');
select throws_ok($$ select pg_temp.put(vip, ana, lamp, sid, '[]') from f $$, 'MK403', 'identity.role_required', 'a buyer');
select throws_ok($$ select pg_temp.put(vip, sam, lamp, sid, '[]', 1) from f $$, 'MK412', 'core.version_stale', 'a stale version');
select throws_ok($$ select pg_temp.put(core.new_id(), sam, lamp, sid, '[]', 1) from f $$, 'MK404', 'pricing.price_list_not_found', 'an unknown list');
select is_empty('select * from core.check_invariants()', 'nothing is broken');

select * from finish();
rollback;
