begin;
select plan(12);
-- The facts about buyers that promotions ask for, in batches as one by one.
create temporary table f as select test.buyer('ana') as ana, test.buyer('ben') as ben, test.seller_id(test.seller('sam')) as sid;
alter table f add lamp uuid, add rare uuid;
update f set lamp = test.offer(sid, 1000, 50), rare = test.offer(sid, 1000, 1);
create function pg_temp.placed(variadic p_requests jsonb[]) returns text language sql as $$
  select string_agg(concat_ws(' ', o.problem_code, o.discount_minor), ', ' order by o.request_no)
  from orders.place_orders((select jsonb_agg(r order by n) from unnest(p_requests) with ordinality as u (r, n))) as o $$;
create function pg_temp.lamps(p_buyer uuid, p_quantity integer default 1, p_country text default 'US') returns jsonb language sql as $$
  select jsonb_set(test.placing(p_buyer, jsonb_build_object(lamp::text, p_quantity)), '{shippingAddress,countryCode}', to_jsonb(p_country)) from f $$;
create function pg_temp.rare(p_buyer uuid) returns jsonb language sql as $$ select test.placing(p_buyer, jsonb_build_object(rare::text, 2)) from f $$;
create function pg_temp.off() returns void language sql as $$ update pricing.promotions set status = 'ENDED' where status in ('ACTIVE', 'SCHEDULED') $$;

select is(pricing._facts_needed(), '{}', 'no condition, no fact');
select test.promotion('{"percentBp": 1000, "condition": {"country": ["DE"]}}');
select is(pricing._facts_needed(), '{buyer}', 'a condition');
select is((select pg_temp.placed(pg_temp.lamps(ana), pg_temp.lamps(ana, 1, 'DE')) from f), '0, 100', 'the shipping country');
select pg_temp.off();
insert into pricing.buyer_groups (group_code, name, created_at, updated_at) values ('vip', 'VIP', core.now(), core.now());
insert into pricing.buyer_group_members (buyer_id, group_code, added_at) select ana, 'vip', core.now() from f;
select test.promotion('{"percentBp": 1000, "condition": {"segment": ["vip"]}}');
select is((select pg_temp.placed(pg_temp.lamps(ana), pg_temp.lamps(ben)) from f), '100, 0', 'the groups of the buyer');
select pg_temp.off();
-- ana has 3 orders, ben 1
select test.promotion('{"percentBp": 1000, "condition": {"orderNumber": {"every": 2}}, "buyerLimit": 9}');
select is(pricing._facts_needed(), '{buyer,orderNumber}', 'a condition on the number of the order');
select is((select pg_temp.placed(pg_temp.lamps(ana), pg_temp.lamps(ana), pg_temp.lamps(ana), pg_temp.lamps(ben), pg_temp.lamps(ben)) from f),
          '100, 0, 100, 100, 0', 'every second: ana''s 4th to 6th, ben''s 2nd and 3rd');
select is((select pg_temp.placed(pg_temp.lamps(ana), pg_temp.rare(ana), pg_temp.lamps(ana)) from f), '0, inventory.insufficient_stock, 100',
          'one that was refused for its stock does not count: the 7th, and the 8th');
select is((select pg_temp.placed(pg_temp.lamps(ana), test.placing(ana, jsonb_build_object(sid::text, 1)), pg_temp.lamps(ana)) from f), '0, pricing.variant_unavailable, 100',
          'nor does one for its lines: the 9th, and the 10th');
select is((select pg_temp.placed(pg_temp.rare(ben), pg_temp.lamps(ben)) from f), 'inventory.insufficient_stock, 100', 'a limited promotion that shows up only then is counted, too');
select is((select count(*)::int from f, pricing.redemptions as r where r.buyer_id = ben), 2, 'each use once');
select pg_temp.off();
select test.promotion('{"percentBp": 5000, "condition": {"orderNumber": {"max": 1}}}');
select is((select pg_temp.placed(pg_temp.rare(cai), pg_temp.lamps(cai), pg_temp.lamps(cai)) from (select test.buyer('cai') as cai) as c), 'inventory.insufficient_stock, 500, 0', 'the first order, once');
select is_empty($$ select * from orders._check_invariants() union all select * from pricing._check_invariants() $$, 'the invariants hold');
select * from finish();
rollback;
