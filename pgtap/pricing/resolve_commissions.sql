begin;
select plan(17);
create temporary table f as
select test.admin() as admin, test.seller('sam') as sam, test.buyer('ana') as ana,
       test.seller_id(test.seller('sam')) as sid, test.seller_id(test.seller('sue')) as sued, core.now() as start;
alter table f add lamp uuid, add rug uuid;
update f set lamp = test.offer(sid, 1000, 50), rug = test.offer(sued, 2500, 50);
insert into pricing.shipping_rates (seller_id, currency, fee_minor, updated_at) select sid, 'USD', 490, core.now() from f;
insert into pricing.shipping_rates (seller_id, currency, fee_minor, updated_at) select sued, 'USD', 300, core.now() from f;
select test.rule('{"name": "standard", "percentBp": 1000, "vatBp": 1900}');
select test.rule(jsonb_build_object('name', 'sue', 'percentBp', 2000, 'base', 'GROSS', 'sellerId', sued)) from f;
select test.rule(jsonb_build_object('name', 'freight', 'appliesTo', 'SHIPPING', 'percentBp', 1000, 'sellerId', sid)) from f;
select test.promotion('{"percentBp": 1000, "couponCode": "TEN"}');
create function pg_temp.resolve(p_coupons text[] default '{}', p_at timestamptz default null) returns pricing.resolved_commissions language sql as $$
  select r from f, pricing.resolve_commissions(test.ctx(admin),
    jsonb_build_array(jsonb_build_object('variantId', lamp, 'quantity', 2), jsonb_build_object('variantId', rug, 'quantity', 1)), 'USD', p_coupons, p_at) as r $$;
create function pg_temp.said(p_lines jsonb) returns text language sql as $$
  select string_agg(concat_ws(' ', l -> 'gross' ->> 'amountMinor', l -> 'discount' ->> 'amountMinor', l -> 'base' ->> 'amountMinor',
                              l -> 'commission' ->> 'amountMinor', l -> 'vat' ->> 'amountMinor',
                              (select string_agg((c ->> 'name') || ':' || (c ->> 'outcome'), ',') from jsonb_array_elements(l -> 'candidates') as c)), ' | ' order by n)
  from jsonb_array_elements(p_lines) with ordinality as l (l, n) $$;

select is(pg_temp.said((pg_temp.resolve()).lines), '2000 0 2000 200 38 standard:WINS | 2500 0 2500 500 0 sue:WINS,standard:LOSES', 'each line with its rules');
select is(pg_temp.said((pg_temp.resolve()).shipping), '490 0 490 49 0 freight:WINS | 300 0 300 0 0', 'and each fee, also one that no rule charges');
select is(pg_temp.said((pg_temp.resolve(array['ten'])).lines), '2000 200 1800 180 34 standard:WINS | 2500 250 2500 500 0 sue:WINS,standard:LOSES', 'discounts count as in an order');
create temporary table placed as
select p.order_id from f, orders.place_orders(jsonb_build_array(test.placing(ana, jsonb_build_object(lamp::text, 2, rug::text, 1), null, '{TEN}'))) as p;
select results_eq(
  $$ select c.amount_minor, c.vat_minor from orders.commissions as c join placed using (order_id) order by c.base_minor $$,
  $$ select (l -> 'commission' ->> 'amountMinor')::bigint, (l -> 'vat' ->> 'amountMinor')::bigint from jsonb_array_elements((pg_temp.resolve(array['TEN'])).lines) as l $$,
  'an order is charged the same');
select results_eq(
  $$ select c.amount_minor from orders.shipping_commissions as c join placed using (order_id) $$,
  $$ select (l -> 'commission' ->> 'amountMinor')::bigint from jsonb_array_elements((pg_temp.resolve()).shipping) as l where l ->> 'ruleId' is not null $$,
  'for its shipping too');
update core.clock set clock_offset = interval '1 hour';
select e.version from f, pricing.commission_rules as r, pricing.end_commission_rule(test.ctx(admin), r.rule_id, null) as e where r.name = 'standard';
select is(pg_temp.said((pg_temp.resolve()).lines), '2000 0 2000 0 0 standard:DOES_NOT_MATCH | 2500 0 2500 500 0 sue:WINS,standard:DOES_NOT_MATCH', 'a rule has ended');
select is((select pg_temp.said((pg_temp.resolve('{}', start + interval '1 minute')).lines) from f), '2000 0 2000 200 38 standard:WINS | 2500 0 2500 500 0 sue:WINS,standard:LOSES', 'which one can ask the past about');
select is((select (pg_temp.resolve('{}', start)).at = start from f), true, 'the answer says when');

-- a gift is a line of the order, and the platform that gives it owes for it
select test.rule(jsonb_build_object('name', 'all', 'percentBp', 1000, 'base', 'GROSS', 'priority', 9));
select test.promotion(jsonb_build_object('type', 'GIFT', 'target', 'LINES', 'percentBp', null, 'gift', jsonb_build_object('variantId', rug, 'quantity', 1),
  'couponCode', 'GIFT', 'funding', 'PLATFORM')) from f;
select is((select string_agg(concat_ws(' ', l ->> 'lineNo', l -> 'net' ->> 'amountMinor', l -> 'limit' ->> 'amountMinor', l -> 'commission' ->> 'amountMinor'), ', ' order by l ->> 'lineNo')
           from f, pricing.resolve_commissions(test.ctx(admin), jsonb_build_array(jsonb_build_object('variantId', lamp, 'quantity', 1)), 'USD', '{GIFT}', null) as r,
                jsonb_array_elements(r.lines) as l), '1 1000 1000 100, 2 0 2500 250', 'a gift');
update inventory.stock_levels as s set on_hand = s.reserved from f where s.variant_id = f.rug;
select is((select jsonb_array_length(r.lines)
             from f, pricing.resolve_commissions(test.ctx(admin), jsonb_build_array(jsonb_build_object('variantId', lamp, 'quantity', 1)), 'USD', '{GIFT}', null) as r),
          1, 'but not one that is not in stock: an order would not have it');

-- refused
select throws_ok($$ select r.* from f, pricing.resolve_commissions(test.ctx(admin), '[]', 'USD', '{}', null) as r $$, 'MK422', 'pricing.basket_invalid', 'an empty basket');
select throws_ok($$ select r.* from f, pricing.resolve_commissions(test.ctx(admin), jsonb_build_array(jsonb_build_object('variantId', lamp, 'quantity', 1)), 'XXX', '{}', null) as r $$, 'MK422', 'pricing.currency_unknown', 'an unknown currency');
select throws_ok($$ select r.* from f, pricing.resolve_commissions(test.ctx(admin), jsonb_build_array(jsonb_build_object('variantId', lamp, 'quantity', 1)), 'EUR', '{}', null) as r $$, 'MK422', 'pricing.currency_mismatch', 'not sold in it');
select throws_ok($$ select r.* from f, pricing.resolve_commissions(test.ctx(admin), jsonb_build_array(jsonb_build_object('variantId', core.new_id(), 'quantity', 1)), 'USD', '{}', null) as r $$, 'MK422', 'pricing.variant_unavailable', 'not sold at all');
select throws_ok($$ select r.* from f, pricing.resolve_commissions(test.ctx(admin), jsonb_build_array(jsonb_build_object('variantId', lamp, 'quantity', 0)), 'USD', '{}', null) as r $$, 'MK422', 'pricing.quantity_invalid', 'no units');
select throws_ok($$ select r.* from f, pricing.resolve_commissions(test.ctx(sam), '[]', 'USD', '{}', null) as r $$, 'MK403', 'identity.role_required', 'a seller');
select throws_ok($$ select r.* from f, pricing.resolve_commissions(test.ctx(), '[]', 'USD', '{}', null) as r $$, 'MK401', 'identity.unauthenticated', 'nobody');

select * from finish();
rollback;
