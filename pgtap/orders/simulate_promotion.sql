begin;
select plan(25);
create temporary table f as
select test.buyer('ana') as ana, test.buyer('ben') as ben, test.admin() as admin, test.seller('sam') as sam,
       test.seller_id(test.seller('sam')) as sid, test.seller('sue') as sue, test.seller_id(test.seller('sue')) as sued;
alter table f add lamp uuid, add chair uuid;
update f set lamp = test.offer(sid, 1000, 50), chair = test.offer(sued, 3000, 50);
-- one that acts on all past orders, so that it must be left out of what another one would have done
select test.promotion('{"priority": 100, "percentBp": 5000}');
create function pg_temp.place(p_buyer uuid, p_lines jsonb) returns uuid language sql as $$
  select o.order_id from orders.place_orders(jsonb_build_array(test.placing(p_buyer, p_lines))) as o $$;
select pg_temp.place(ana, jsonb_build_object(lamp, 1, chair, 1)) is not null, pg_temp.place(ana, jsonb_build_object(lamp, 3)) is not null,
       pg_temp.place(ben, jsonb_build_object(chair, 1)) is not null from f;
create temporary table last as select pg_temp.place(ben, jsonb_build_object(lamp, 1)) as order_id from f;
select c.status from f, last, orders.cancel_order(test.ctx(ben, 'k'), last.order_id, 'no') as c;
create function pg_temp.draft(p_actor uuid, p_patch jsonb default '{}') returns uuid language sql as $$
  select c.promotion_id from pricing.create_promotion(test.ctx(p_actor), '{"name": "d", "type": "PERCENTAGE", "target": "ORDER", "percentBp": 1000}'::jsonb || p_patch) as c $$;
create function pg_temp.simulated(p_actor uuid, p_id uuid) returns text language sql as $$
  select s.examined || ' ' || s.touched || coalesce((select ' ' || string_agg(format('%s=%s+%s', t -> 'discount' ->> 'amountMinor', t -> 'sellerCost' ->> 'amountMinor', t -> 'platformCost' ->> 'amountMinor'), ' ')
     from jsonb_array_elements(s.totals) as t), '')
  from orders.simulate_promotion(test.ctx(p_actor), p_id, core.now() - interval '1 day', core.now() + interval '1 day', null, 100) as s $$;

-- 10 % of 40.00, 30.00 and 30.00
select is(pg_temp.simulated(admin, pg_temp.draft(admin)), '3 3 1000=1000+0', 'a draft, alone, on what was not cancelled') from f;
select is(pg_temp.simulated(admin, pg_temp.draft(admin, '{"funding": "SHARED", "sellerShareBp": 2500}')), '3 3 1000=250+750', 'and who would pay') from f;
select is(pg_temp.simulated(admin, pg_temp.draft(admin, '{"couponCode": "NEVER", "usageLimit": 1, "startsAt": "2999-01-01T00:00:00Z"}')), '3 3 1000=1000+0',
          'coupon, limits and window do not matter') from f;
select is(pg_temp.simulated(admin, pg_temp.draft(admin, '{"minSubtotal": {"amountMinor": 3500, "currency": "USD"}}')), '3 1 400=400+0', 'a minimum does') from f;
select is(pg_temp.simulated(admin, pg_temp.draft(admin, '{"condition": {"orderNumber": {"max": 1}}}')), '3 2 700=700+0', 'first orders, as they were then') from f;
select is(pg_temp.simulated(admin, pg_temp.draft(admin, '{"currency": "EUR"}')), '3 0', 'none in another currency') from f;
select is(pg_temp.simulated(sam, pg_temp.draft(sam)), '2 2 400=400+0', 'a seller''s own: its orders and its lines') from f;
select is(pg_temp.simulated(admin, pg_temp.draft(sam)), '2 2 400=400+0', 'for administrators as well') from f;

-- gifts: as many units as are given, at what they cost then, of whoever sold them cheapest
create function pg_temp.gift(p_gift jsonb, p_patch jsonb default '{}') returns jsonb language sql as $$
  select jsonb_build_object('type', 'GIFT', 'target', 'LINES', 'percentBp', null, 'gift', p_gift) || p_patch $$;
select is(pg_temp.simulated(admin, pg_temp.draft(admin, pg_temp.gift(jsonb_build_object('variantId', lamp, 'quantity', 2)))), '3 3 6000=6000+0', 'a gift costs what its units cost') from f;
select is(pg_temp.simulated(admin, pg_temp.draft(admin, pg_temp.gift(jsonb_build_object('variantId', lamp), '{"minQuantity": 2, "funding": "PLATFORM"}'))), '3 2 2000=0+2000',
          'to whom it would have been given, and who would pay') from f;
select is(pg_temp.simulated(sam, pg_temp.draft(sam, pg_temp.gift(jsonb_build_object('variantId', lamp)))), '2 2 2000=2000+0', 'a seller''s own gift') from f;
select is(pg_temp.simulated(admin, pg_temp.draft(admin, pg_temp.gift(jsonb_build_object('variantId', lamp), '{"currency": "EUR"}'))), '3 0', 'no gift in another currency') from f;
update core.clock set clock_offset = '1 hour';
update catalog.offers set price_minor = 1500 from f where variant_id = lamp;
select is(pg_temp.simulated(admin, pg_temp.draft(admin, pg_temp.gift(jsonb_build_object('variantId', lamp)))), '3 3 3000=3000+0', 'at the price of then') from f;
update catalog.offers set status = 'ARCHIVED' from f where variant_id = lamp;
select is(pg_temp.simulated(admin, pg_temp.draft(admin, pg_temp.gift(jsonb_build_object('variantId', lamp)))), '3 3 3000=3000+0', 'although nobody sells it any more') from f;
select is(pg_temp.simulated(admin, pg_temp.draft(admin, pg_temp.gift(jsonb_build_object('variantId', test.offer(sid, 700, 1))))), '3 0', 'nobody sold it then') from f;
update catalog.offers set status = 'ACTIVE', price_minor = 1000 from f where variant_id = lamp;
-- a past order's own gift is none of its lines
create temporary table gifted as select test.promotion(pg_temp.gift(jsonb_build_object('variantId', lamp), jsonb_build_object('productIds',
  (select jsonb_agg(v.product_id) from catalog.variants as v where v.variant_id = chair)))) as promotion_id from f;
select pg_temp.place(ana, jsonb_build_object(chair, 1)) is not null from f;
select is((select count(*)::int from orders.adjustments as a join gifted using (promotion_id)), 1, 'one order has a gift');
select is(pg_temp.simulated(admin, pg_temp.draft(admin)), '4 4 1300=1300+0', 'which is no line that was bought') from f;
update core.clock set clock_offset = '0';

-- nothing stays
create temporary table before as select (select count(*) from pricing.promotions) as promotions, (select count(*) from pricing.promotion_versions) as versions,
  (select count(*) from events.staging) as events, (select count(*) from orders.adjustments) as adjustments;
select pg_temp.simulated(admin, promotion_id) from f, pricing.promotions where status = 'DRAFT' limit 1;
select results_eq($$ select (select count(*) from pricing.promotions), (select count(*) from pricing.promotion_versions), (select count(*) from events.staging), (select count(*) from orders.adjustments) $$,
  'select * from before', 'nothing stays of it');

-- page by page
create temporary table d as select pg_temp.draft(admin) as p from f;
create temporary table pages as
with recursive pages as (
  select 1 as n, s.* from f, d, orders.simulate_promotion(test.ctx(admin), p, core.now() - interval '1 day', core.now() + interval '1 day', null, 2) as s
  union all
  select n + 1, s.* from pages, f, d, orders.simulate_promotion(test.ctx(admin), p, core.now() - interval '1 day', core.now() + interval '1 day', pages.next_cursor, 2) as s
  where pages.next_cursor is not null)
select * from pages;
select is((select string_agg(examined::text, ' ' order by n) from pages), '2 2', 'page by page');
select is((select sum((t -> 'discount' ->> 'amountMinor')::int)::int from pages, jsonb_array_elements(totals) as t), 1300, 'adds up to the whole');

-- refused
select throws_ok($$ select s.* from f, d, orders.simulate_promotion(test.ctx(admin), p, null, null, null, 2) as s $$, 'MK422', 'orders.period_invalid', 'without a period');
select throws_ok($$ select s.* from f, d, orders.simulate_promotion(test.ctx(sam), p, core.now(), core.now() + interval '1 day', null, 2) as s $$, 'MK404', 'pricing.promotion_not_found', 'not yours');
select throws_ok($$ select s.* from f, d, orders.simulate_promotion(test.ctx(ana), p, core.now(), core.now() + interval '1 day', null, 2) as s $$, 'MK403', 'identity.role_required', 'a buyer');
select throws_ok($$ select s.* from d, orders.simulate_promotion(test.ctx(), p, core.now(), core.now() + interval '1 day', null, 2) as s $$, 'MK401', 'identity.unauthenticated', 'nobody');
select throws_ok($$ select s.* from f, d, orders.simulate_promotion(test.ctx(admin), p, core.now(), core.now() + interval '1 day', 'x', 2) as s $$, 'MK400', 'core.cursor_invalid', 'a bad cursor');
select * from finish();
rollback;
