begin;
select plan(13);
create temporary table f as
select test.buyer('ana') as ana, test.buyer('ben') as ben, test.admin() as admin, test.seller('sam') as sam,
       test.seller_id(test.seller('sam')) as sid, test.seller('sue') as sue, test.seller_id(test.seller('sue')) as sued;
alter table f add lamp uuid, add chair uuid, add p uuid, add mine uuid;
update f set lamp = test.offer(sid, 1000, 50), chair = test.offer(sued, 3001, 50),
  p = test.promotion('{"usageLimit": 5, "funding": "SHARED", "sellerShareBp": 5000, "budget": {"amountMinor": 5000, "currency": "USD"}}');
create function pg_temp.place(p_buyer uuid, variadic p_variants uuid[]) returns uuid language sql as $$
  select o.order_id from orders.place_orders(jsonb_build_array(
    test.placing(p_buyer, (select jsonb_object_agg(v, 1) from unnest(p_variants) as v)))) as o $$;
create function pg_temp.report(p_actor uuid, p_from timestamptz default null, p_until timestamptz default null) returns text language sql as $$
  select concat_ws(' ', r.uses, r.returned_uses, r.buyers, r.remaining_uses, r.remaining_budget_minor,
    (select string_agg(format('%s:%s=%s+%s', t -> 'discount' ->> 'currency', t -> 'discount' ->> 'amountMinor', t -> 'sellerCost' ->> 'amountMinor', t -> 'platformCost' ->> 'amountMinor'), ' ')
     from jsonb_array_elements(r.totals) as t))
  from f, orders.promotion_report(test.ctx(p_actor), f.p, p_from, p_until, false) as r $$;
select is(pg_temp.report(admin), '0 0 0 5 5000', 'before anybody used it') from f;
select pg_temp.place(ana, lamp, chair) is not null, pg_temp.place(ana, lamp) is not null from f;
-- 10 % of 10.00 + 30.01 = 4.00, of 10.00 = 1.00: half of it the sellers'
select is(pg_temp.report(admin), '2 0 1 3 4500 USD:500=250+250', 'an order of two sellers counts once, and who pays adds up') from f;
create temporary table last as select pg_temp.place(ben, lamp) as order_id from f;
select is(pg_temp.report(admin), '3 0 2 2 4400 USD:600=300+300', 'another buyer') from f;
select c.status from f, last, orders.cancel_order(test.ctx(ben, 'k'), last.order_id, 'no') as c;
select is(pg_temp.report(admin), '2 1 1 3 4500 USD:500=250+250', 'a cancelled order gives its use and its cost back') from f;

-- periods and days
select is(pg_temp.report(admin, core.now() + interval '1 hour'), '0 0 0 3 4500', 'nothing later') from f;
update core.clock set clock_offset = interval '1 day';
select pg_temp.place(ben, lamp) is not null from f;
select results_eq(
  $$ select d ->> 'day' = (core.now() at time zone 'UTC')::date::text, (d ->> 'orders')::int, (d -> 'discount' ->> 'amountMinor')::int
     from f, orders.promotion_report(test.ctx(admin), p, core.now() - interval '7 days', core.now() + interval '1 day', true) as r, jsonb_array_elements(r.days) as d $$,
  $$ values (false, 2, 500), (true, 1, 100) $$, 'day by day');
select throws_ok($$ select r.* from f, orders.promotion_report(test.ctx(admin), p, null, null, true) as r $$, 'MK422', 'orders.period_invalid', 'days need a period');
select throws_ok($$ select r.* from f, orders.promotion_report(test.ctx(admin), p, core.now(), core.now(), false) as r $$, 'MK422', 'orders.period_invalid', 'an empty one');
select throws_ok($$ select r.* from f, orders.promotion_report(test.ctx(admin), p, core.now() - interval '400 days', core.now(), true) as r $$, 'MK422', 'orders.period_invalid', 'one that is too long');

-- whose
update f set mine = (select c.promotion_id from pricing.create_promotion(test.ctx(sam), '{"name": "mine", "type": "FREE_SHIPPING", "target": "SHIPPING"}') as c);
select is((select r.uses from f, orders.promotion_report(test.ctx(sam), mine, null, null, false) as r), 0, 'a seller''s own');
select throws_ok($$ select r.* from f, orders.promotion_report(test.ctx(sam), p, null, null, false) as r $$, 'MK404', 'pricing.promotion_not_found', 'not the marketplace''s');
select throws_ok($$ select r.* from f, orders.promotion_report(test.ctx(ana), p, null, null, false) as r $$, 'MK403', 'identity.role_required', 'a buyer');
select throws_ok($$ select r.* from f, orders.promotion_report(test.ctx(), p, null, null, false) as r $$, 'MK401', 'identity.unauthenticated', 'nobody');
select * from finish();
rollback;
