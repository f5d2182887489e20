begin;
select plan(49);
create temporary table f as
select test.buyer('ana') as ana, test.buyer('ben') as ben, test.admin() as admin,
       test.seller_id(test.seller('sam')) as sam, test.seller_id(test.seller('sue')) as sue;
alter table f add lamp uuid, add chair uuid;
update f set lamp = test.offer(sam, 1000, 5), chair = test.offer(sue, 2500, 5);
insert into pricing.commission_rules (rule_id, name, percent_bp, valid_from, created_at)
values (core.new_id(), 'ten percent', 1000, core.now() - interval '1 day', core.now());

-- allowed
create temporary table placed as
select p.* from f, orders.place_orders(jsonb_build_array(
  test.placing(ana, jsonb_build_object(lamp::text, 2, chair::text, 1), 'k1'))) as p;
select results_eq(
  'select problem_code, status, currency, subtotal_minor, discount_minor, shipping_minor, total_minor, version from placed',
  $$ values (null::text, 'PENDING_PAYMENT', 'USD', 4500::bigint, 0::bigint, 0::bigint, 4500::bigint, 1) $$,
  'two sellers'' lines make one order of 45.00');
select is((select json_array_length(fulfilments) from placed), 2, 'with one fulfilment per seller');
select is((select payment_due_at - placed_at from placed), interval '15 minutes', 'to be paid within the window');
select results_eq(
  'select test.stock(lamp), test.stock(chair) from f', $$ values ('5/2', '5/1') $$, 'its units are held');
select results_eq(
  $$ select r.status, r.is_order, r.expires_at = p.payment_due_at from inventory.reservations as r join placed as p on r.reservation_id = p.order_id $$,
  $$ values ('HELD', true, true) $$, 'by a hold of the order''s id that ends with the window');
select results_eq(
  $$ select l.quantity, l.unit_price_minor, l.total_minor from orders.order_lines as l join placed as p using (order_id) order by l.unit_price_minor $$,
  $$ values (2, 1000::bigint, 2000::bigint), (1, 2500, 2500) $$, 'lines keep quantity and price');
select results_eq(
  $$ select c.percent_bp, c.base_minor, c.amount_minor, c.rule_version from orders.commissions as c join placed as p using (order_id) order by 2 $$,
  $$ values (1000, 2000::bigint, 200::bigint, 1), (1000, 2500, 250, 1) $$, 'and the commission with its rule');
select results_eq(
  $$ select h.version, h.from_status, h.to_status, h.action, h.actor_kind from orders.order_history as h join placed as p using (order_id) $$,
  $$ values (1, null::text, 'PENDING_PAYMENT', 'place', 'BUYER') $$, 'the history begins');
select results_eq(
  $$ select s.type, s.aggregate_version, s.payload ->> 'totalMinor', s.audience @> array[ana, sam, sue] from events.staging as s, f, placed as p where s.aggregate_id = p.order_id $$,
  $$ values ('orders.order_placed', 1::bigint, '4500', true) $$, 'one event tells buyer and sellers');
select unalike((select string_agg(s.payload::text, '') from events.staging as s), '%Main Street%', 'without the address');

-- a price change later does not touch the order
update catalog.offers set price_minor = 9999 where variant_id = (select lamp from f);
select is((select sum(l.total_minor)::int from orders.order_lines as l join placed as p using (order_id)), 4500,
          'the order keeps the price it was placed at');
update catalog.offers set price_minor = 1000 where variant_id = (select lamp from f);

-- repeated
create temporary table again as
select p.* from f, orders.place_orders(jsonb_build_array(
  test.placing(ana, jsonb_build_object(lamp::text, 2, chair::text, 1), 'k1'))) as p;
select results_eq('select is_replayed, order_id from again', 'select true, order_id from placed', 'the same key answers the same order');
select results_eq(
  $$ select to_jsonb(a) - 'is_replayed' from again as a $$, $$ select to_jsonb(p) - 'is_replayed' from placed as p $$,
  'to the letter');
select test.pay((select order_id from placed));
select results_eq(
  $$ select p.status, p.version, p.fulfilments::text = (select fulfilments::text from placed) from f, orders.place_orders(jsonb_build_array(
       test.placing(ana, jsonb_build_object(lamp::text, 2, chair::text, 1), 'k1'))) as p $$,
  $$ values ('PENDING_PAYMENT', 1, true) $$, 'even when the order has moved on');
select is((select count(*)::int from orders.orders as o, f where o.buyer_id = ana), 1, 'one order in all');
select results_eq(
  $$ select p.problem_status, p.problem_code from f, orders.place_orders(jsonb_build_array(test.placing(ana, jsonb_build_object(lamp::text, 1), 'k1'))) as p $$,
  $$ values (422, 'core.idempotency_key_reused') $$, 'the same key with another basket is refused');
select results_eq(
  $$ select p.problem_code, p.is_replayed from f, orders.place_orders(jsonb_build_array(test.placing(ben, jsonb_build_object(lamp::text, 1), 'k1'))) as p $$,
  $$ values (null::text, false) $$, 'another buyer''s key is another key');
select results_eq(
  $$ select p.request_no, p.is_replayed, p.order_id = first_value(p.order_id) over (order by p.request_no) from f, orders.place_orders(jsonb_build_array(
       test.placing(ben, jsonb_build_object(chair::text, 1), 'twice'), test.placing(ben, jsonb_build_object(chair::text, 1), 'twice'))) as p $$,
  $$ values (1, false, true), (2, true, true) $$, 'twice in one batch is once');
update core.clock set clock_offset = clock_offset + interval '49 hours';
select results_eq(
  $$ select p.is_replayed, p.order_id <> (select order_id from placed) from f, orders.place_orders(jsonb_build_array(test.placing(ana, jsonb_build_object(chair::text, 1), 'k1'))) as p $$,
  $$ values (false, true) $$, 'after 48 hours the key is free again');

-- refused: short stock, one after another
update f set lamp = test.offer(sam, 1000, 3);
create temporary table rush as
select p.* from f, orders.place_orders(jsonb_build_array(
  test.placing(ana, jsonb_build_object(lamp::text, 2)),
  test.placing(ben, jsonb_build_object(lamp::text, 2), 'short'),
  test.placing(ben, jsonb_build_object(lamp::text, 1)),
  test.placing(ana, jsonb_build_object(lamp::text, 1)))) as p;
select results_eq(
  'select request_no, problem_status, problem_code from rush',
  $$ values (1, null::int, null::text), (2, 409, 'inventory.insufficient_stock'), (3, null, null), (4, 409, 'inventory.insufficient_stock') $$,
  'a refused request does not eat its neighbours'' stock');
select is((select problem_errors -> 0 ->> 'pointer' from rush where request_no = 2), '/lines/0/quantity', 'the short line is named');
select is((select (problem_errors -> 0 ->> 'available')::int from rush where request_no = 2), 1, 'with what is left at its turn');
select is((select test.stock(lamp) from f), '3/3', 'every unit is held exactly once');
update inventory.stock_levels set on_hand = 9, is_low = false where variant_id = (select lamp from f);
insert into inventory.movements (seller_id, movement_id, variant_id, kind, quantity_delta, on_hand_after, created_at)
select sam, core.new_id(), lamp, 'ADJUST', 6, 9, core.now() from f;
select results_eq(
  $$ select p.problem_code, p.is_replayed from f, orders.place_orders(jsonb_build_array(test.placing(ben, jsonb_build_object(lamp::text, 2), 'short'))) as p $$,
  $$ values ('inventory.insufficient_stock', true) $$, 'a stored refusal is replayed too');

-- an expired hold never blocks a sale, also when no sweeper came by
update f set lamp = test.offer(sam, 1000, 1);
select isnt((select test.order(ana, lamp) from f), null, 'the last unit is held');
select results_eq(
  $$ select p.problem_code from f, orders.place_orders(jsonb_build_array(test.placing(ben, jsonb_build_object(lamp::text, 1)))) as p $$,
  $$ values ('inventory.insufficient_stock') $$, 'and not to be had');
update core.clock set clock_offset = clock_offset + interval '16 minutes';
select results_eq(
  $$ select p.problem_code, p.status from f, orders.place_orders(jsonb_build_array(test.placing(ben, jsonb_build_object(lamp::text, 1)))) as p $$,
  $$ values (null::text, 'PENDING_PAYMENT') $$, 'until the hold is over');
select is((select test.stock(lamp) from f), '1/1', 'then the unit is held once, for the new order');

-- refused: who and what
create temporary table refusals as
select p.request_no, p.problem_status, p.problem_code, p.problem_errors -> 0 ->> 'pointer' as pointer
from f, orders.place_orders(jsonb_build_array(
  test.placing(core.new_id(), jsonb_build_object(chair::text, 1)),
  test.placing(admin, jsonb_build_object(chair::text, 1)),
  test.placing(ana, jsonb_build_object(chair::text, 1)) - 'idempotencyKey',
  test.placing(ana, jsonb_build_object(chair::text, 1), p_currency => 'XXX'),
  test.placing(ana, jsonb_build_object(chair::text, 1)) || '{"lines": []}',
  test.placing(ana, jsonb_build_object(chair::text, 0)),
  test.placing(ana, jsonb_build_object(chair::text, 1001)),
  test.placing(ana, jsonb_build_object(chair::text, 1)) || '{"shippingAddress": {"name": "A"}}',
  test.placing(ana, jsonb_build_object(core.new_id()::text, 1)),
  test.placing(ana, jsonb_build_object(chair::text, 1), p_currency => 'EUR'),
  test.placing(ana, jsonb_build_object(chair::text, 1), p_coupons => array['NOPE']))) as p;
select results_eq(
  'select problem_status, problem_code, pointer from refusals order by request_no',
  $$ values (401, 'identity.unauthenticated', null::text), (403, 'identity.role_required', null),
            (400, 'core.idempotency_key_required', null), (422, 'orders.currency_unknown', '/currency'),
            (422, 'orders.lines_required', '/lines'), (422, 'orders.quantity_invalid', '/lines/0/quantity'),
            (422, 'orders.quantity_invalid', '/lines/0/quantity'), (422, 'orders.address_invalid', '/shippingAddress/line1'),
            (422, 'pricing.variant_unavailable', '/lines/0/variantId'), (422, 'pricing.currency_mismatch', '/lines/0/variantId'),
            (422, 'pricing.coupon_unknown', '/couponCodes') $$,
  'each refusal has its status, code and pointer');
select is((select test.stock(chair) from f), '4/2', 'and none of them held anything');
update identity.users set status = 'SUSPENDED' where user_id = (select ben from f);
select results_eq(
  $$ select p.problem_code from f, orders.place_orders(jsonb_build_array(test.placing(ben, jsonb_build_object(chair::text, 1)))) as p $$,
  $$ values ('identity.unauthenticated') $$, 'a suspended account cannot order');
update catalog.products set status = 'INACTIVE' where product_id = (select v.product_id from catalog.variants as v, f where v.variant_id = f.chair);
select results_eq(
  $$ select p.problem_code from f, orders.place_orders(jsonb_build_array(test.placing(ana, jsonb_build_object(chair::text, 1)))) as p $$,
  $$ values ('pricing.variant_unavailable') $$, 'an inactive product cannot be bought');

-- promotions: a coupon with one use, a free order
update f set lamp = test.offer(sam, 1001, 50);
insert into pricing.promotions (promotion_id, name, type, target, percent_bp, coupon_code, starts_at, usage_limit, status, created_at, updated_at)
values (core.new_id(), 'once', 'PERCENTAGE', 'ORDER', 1000, 'ONCE', core.now() - interval '1 day', 1, 'ACTIVE', core.now(), core.now()),
       (core.new_id(), 'all', 'PERCENTAGE', 'ORDER', 10000, 'ALL', core.now() - interval '1 day', null, 'ACTIVE', core.now(), core.now());
insert into pricing.promotion_counters (promotion_id, usage_limit)
select promotion_id, 1 from pricing.promotions where coupon_code = 'ONCE';
create temporary table couponed as
select p.* from f, orders.place_orders(jsonb_build_array(
  test.placing(ana, jsonb_build_object(lamp::text, 1), p_coupons => array['once']),
  test.placing(ana, jsonb_build_object(lamp::text, 1), p_coupons => array['ONCE']),
  test.placing(ana, jsonb_build_object(lamp::text, 1), p_coupons => array['ALL']))) as p;
select results_eq(
  'select problem_status, problem_code, status, discount_minor, total_minor from couponed order by request_no',
  $$ values (null::int, null::text, 'PENDING_PAYMENT', 100::bigint, 901::bigint), (409, 'pricing.coupon_exhausted', null, null, null),
            (null, null, 'PAID', 1001, 0) $$,
  'the coupon serves once; an order with nothing to pay is paid');
select is((select used from pricing.promotion_counters as c join pricing.promotions as p using (promotion_id) where p.coupon_code = 'ONCE'), 1, 'one use is counted');
select results_eq(
  $$ select a.target, a.coupon_code, a.amount_minor from orders.adjustments as a join couponed as c using (order_id) order by a.amount_minor $$,
  $$ values ('ORDER', 'ONCE', 100::bigint), ('ORDER', 'ALL', 1001) $$, 'each discount is derived on its line');
select is((select test.status(order_id) from couponed where request_no = 3), 'PAID', 'the free order is PAID in the table too');

-- limits
select results_eq(
  $$ select p.problem_code from f, orders.place_orders(jsonb_build_array(test.placing(ana, jsonb_build_object(lamp::text, 1))
       || jsonb_build_object('lines', (select jsonb_agg(jsonb_build_object('variantId', lamp, 'quantity', least(n, 1))) from generate_series(1, 101) as n)))) as p $$,
  $$ values ('orders.too_many_lines') $$, 'more than 100 lines are refused');
select results_eq(
  $$ select p.problem_code from f, orders.place_orders(jsonb_build_array(test.placing(ana, jsonb_build_object(lamp::text, 1), p_coupons => array(select 'C' || n from generate_series(1, 11) as n)))) as p $$,
  $$ values ('orders.too_many_coupons') $$, 'more than ten coupons are refused');
select results_eq(
  $$ select p.problem_status, p.problem_code from f, orders.place_orders(jsonb_build_array(
       test.placing(ana, jsonb_build_object(lamp::text, 1), p_coupons => array[repeat('C', 41)]),
       test.placing(ana, jsonb_build_object(lamp::text, 1), p_coupons => array['  ']),
       test.placing(ana, jsonb_build_object(lamp::text, 1), repeat('k', 256)))) as p $$,
  $$ values (422, 'orders.coupon_code_invalid'), (422, 'orders.coupon_code_invalid'), (400, 'core.idempotency_key_invalid') $$,
  'codes and keys have lengths');
select results_eq(
  $$ select p.problem_errors -> 0 ->> 'pointer'
     from f, orders.place_orders((
       select jsonb_agg(test.placing(ana, jsonb_build_object(lamp::text, 1)) || jsonb_build_object('shippingAddress',
                '{"name": "Ana", "line1": "1 Main Street", "city": "Springfield", "countryCode": "US"}'::jsonb || bad.address) order by bad.n)
       from f, (values (1, '{"name": "  "}'::jsonb), (2, jsonb_build_object('line1', repeat('x', 201))), (3, '{"line2": 7}'), (4, '{"city": null}'),
                       (5, jsonb_build_object('region', repeat('é', 101))), (6, '{"postalCode": "12345678901234567890x"}'),
                       (7, '{"countryCode": "us"}'), (8, '{"phone": "1\n2"}'), (9, '{"planet": "Mars"}')) as bad (n, address))) as p $$,
  $$ values ('/shippingAddress/name'), ('/shippingAddress/line1'), ('/shippingAddress/line2'), ('/shippingAddress/city'),
            ('/shippingAddress/region'), ('/shippingAddress/postalCode'), ('/shippingAddress/countryCode'), ('/shippingAddress/phone'),
            ('/shippingAddress/planet') $$,
  'an address names its bad field');
select is(orders._bad_address_field(jsonb_build_object(
            'name', repeat('é', 100), 'line1', '🏠 <b>''; drop table--', 'line2', null, 'city', '東京', 'countryCode', 'JP')), null,
          'and may be written in any script');
select is((select count(*)::int from orders.place_orders('[]')), 0, 'an empty batch answers nothing');

-- limits count alike for a batch and for one request after another
insert into pricing.promotions
  (promotion_id, name, type, target, percent_bp, coupon_code, starts_at, usage_limit, buyer_limit, priority, status, created_at, updated_at)
values (core.new_id(), 'scarce', 'PERCENTAGE', 'ORDER', 1000, 'SCARCE', core.now() - interval '1 day', 1, null, 0, 'ACTIVE', core.now(), core.now()),
       (core.new_id(), 'first', 'PERCENTAGE', 'ORDER', 10000, null, core.now() - interval '1 day', 1, null, 9, 'ACTIVE', core.now(), core.now()),
       (core.new_id(), 'second', 'PERCENTAGE', 'ORDER', 5000, null, core.now() - interval '1 day', 9, 1, 8, 'ACTIVE', core.now(), core.now());
insert into pricing.promotion_counters (promotion_id, usage_limit)
select promotion_id, usage_limit from pricing.promotions where name in ('scarce', 'first', 'second');
update f set lamp = test.offer(sam, 1000, 50);
select results_eq(
  $$ select p.problem_code, p.discount_minor from f, orders.place_orders(jsonb_build_array(
       test.placing(ana, jsonb_build_object(lamp::text, 1)), test.placing(ana, jsonb_build_object(lamp::text, 1)),
       test.placing(ana, jsonb_build_object(lamp::text, 1)))) as p $$,
  $$ values (null::text, 1000::bigint), (null, 500), (null, 0) $$,
  'a promotion that a used-up one had covered shows up, within its own limits');
select results_eq(
  $$ select p.used, b.used from pricing.promotions as r join pricing.promotion_counters as p using (promotion_id)
     join pricing.promotion_buyer_counters as b using (promotion_id) where r.name = 'second' $$,
  $$ values (1, 1) $$, 'which are counted');
select results_eq(
  $$ select p.problem_code, p.discount_minor from f, orders.place_orders(jsonb_build_array(
       test.placing(admin, jsonb_build_object(lamp::text, 1)) || jsonb_build_object('actorId', test.buyer('cai')))) as p $$,
  $$ values (null::text, 500::bigint) $$, 'and for a request of its own too');
select results_eq(
  $$ select p.problem_status, p.problem_code from f, orders.place_orders(jsonb_build_array(
       test.placing(ana, jsonb_build_object(lamp::text, 1), p_coupons => array['SCARCE']),
       test.placing(ana, jsonb_build_object(lamp::text, 1), p_coupons => array['SCARCE']),
       test.placing(ana, jsonb_build_object(lamp::text, 99), p_coupons => array['SCARCE']))) as p $$,
  $$ values (null::int, null::text), (409, 'pricing.coupon_exhausted'), (409, 'inventory.insufficient_stock') $$,
  'a used-up coupon refuses, also behind a used-up automatic promotion');
select results_eq(
  $$ select p.problem_status, p.problem_code from f, orders.place_orders(jsonb_build_array(
       test.placing(ana, jsonb_build_object(lamp::text, 1), p_coupons => array['SCARCE']))) as p
     union all
     select p.problem_status, p.problem_code from f, orders.place_orders(jsonb_build_array(
       test.placing(ana, jsonb_build_object(lamp::text, 99), p_coupons => array['SCARCE']))) as p $$,
  $$ values (409, 'pricing.coupon_exhausted'), (409, 'inventory.insufficient_stock') $$, 'with the same answers one by one');
select is((select array_agg(i::text) from orders._check_invariants() as i), null, 'the sums hold');
select is((select array_agg(i::text) from inventory._check_invariants() as i), null, 'so does the stock');
select * from finish();
rollback;
