begin;
select plan(21);
create temporary table f as
select test.buyer('ana') as ana, test.buyer('ben') as ben, test.admin() as admin, test.seller('sam') as sam,
       test.seller_id(test.seller('sam')) as sid, test.seller('sue') as sue, test.seller_id(test.seller('sue')) as sued;
alter table f add lamp uuid, add chair uuid;
update f set lamp = test.offer(sid, 1000, 50), chair = test.offer(sued, 2500, 50);
alter table f add basket jsonb;
update f set basket = jsonb_build_array(jsonb_build_object('variantId', lamp, 'quantity', 3), jsonb_build_object('variantId', chair, 'sellerId', sued, 'quantity', 1));
insert into pricing.shipping_rates (seller_id, currency, fee_minor, updated_at) select sid, 'USD', 490, core.now() from f;
select test.promotion('{"name": "Ten", "percentBp": 1000}'), test.promotion('{"name": "Ship", "type": "FREE_SHIPPING", "target": "SHIPPING", "couponCode": "SHIP", "buyerLimit": 1}');

create function pg_temp.parts(p_user_id uuid) returns text language sql as $$
  select string_agg(coalesce(a #>> '{sellerPart,amountMinor}', '-'), ' ' order by a ->> 'lineNo')
  from f, pricing.apply_promotions(test.ctx(p_user_id), basket, 'USD', '{}', null, null) as p, jsonb_array_elements(p.adjustments) as a $$;
select is(pg_temp.parts(ana), '- -', 'who pays is not the buyer''s business') from f;
select is(pg_temp.parts(sam), '300 -', 'a seller sees it on its own lines') from f;
select is(pg_temp.parts(admin), '300 250', 'administrators everywhere') from f;

-- allowed
create temporary table priced as select p.* from f, pricing.apply_promotions(test.ctx(ana), basket, 'USD', '{ship, nope}', null, null) as p;
select results_eq('select subtotal_minor, discount_minor, shipping_minor, total_minor from priced',
                  'values (5500::bigint, 1040::bigint, 490::bigint, 4950::bigint)', '55.00 and 4.90 shipping, less 5.50 and the shipping');
select is((select jsonb_agg(jsonb_build_array(l -> 'lineNo', l #> '{unitPrice,amountMinor}', l #> '{discount,amountMinor}', l #> '{total,amountMinor}')) from priced, jsonb_array_elements(lines) as l),
          '[[1, 1000, 300, 2700], [2, 2500, 250, 2250]]', 'lines with their shares');
select is((select string_agg(concat_ws(' ', a ->> 'name', a ->> 'target', a ->> 'lineNo', a #>> '{amount,amountMinor}'), ', ') from priced, jsonb_array_elements(adjustments) as a),
          'Ten ORDER 1 300, Ten ORDER 2 250, Ship SHIPPING 490', 'the derivation in the order of acting');
select is((select refused_coupons #>> '{0,code}' from priced), 'pricing.coupon_unknown', 'and why a coupon does not count');

-- an order placed now costs the same
create temporary table placed as
select o.* from f, orders.place_orders(jsonb_build_array(jsonb_build_object(
  'actorId', ana, 'requestId', 'r', 'idempotencyKey', 'k', 'currency', 'USD', 'couponCodes', '["SHIP"]'::jsonb, 'lines', basket,
  'shippingAddress', '{"name": "A", "line1": "B", "city": "C", "countryCode": "DE"}'::jsonb))) as o;
select results_eq('select subtotal_minor, discount_minor, shipping_minor, total_minor from placed', 'select subtotal_minor, discount_minor, shipping_minor, total_minor from priced', 'preview = order');
select set_eq(
  $$ select a.line_no::int, a.target, a.amount_minor from orders.adjustments as a join placed as p using (order_id) $$,
  $$ select (a ->> 'lineNo')::int, a ->> 'target', (a #>> '{amount,amountMinor}')::bigint from priced, jsonb_array_elements(adjustments) as a $$, 'to the cent and to the line');

-- what was used up is known
select results_eq($$ select p.discount_minor, p.refused_coupons #>> '{0,code}' from f, pricing.apply_promotions(test.ctx(ana), basket, 'USD', '{ship}', null, null) as p $$,
                  $$ values (550::bigint, 'pricing.coupon_buyer_limit_reached') $$, 'ana has used it');
select is((select p.discount_minor from f, pricing.apply_promotions(test.ctx(ben), basket, 'USD', '{ship}', null, null) as p), 1040::bigint, 'ben has not');
select is((select p.discount_minor from f, pricing.apply_promotions(test.ctx(), basket, 'USD', '{ship}', null, null) as p), 1040::bigint, 'nobody has no uses');
select test.promotion('{"name": "First only", "percentBp": 5000, "priority": 9, "usageLimit": 1}') as promotion_id into temporary table first_only;
select pricing._redeem(array[row(ben, promotion_id, ben, null, 100)]::pricing.promotion_use[], core.now()) from f, first_only;
select is((select p.discount_minor from f, pricing.apply_promotions(test.ctx(ben), basket, 'USD', '{}', null, null) as p), 550::bigint, 'an automatic one that is used up is left out');

-- refused
select throws_ok($$ select p.* from f, pricing.apply_promotions(test.ctx(), basket, 'EUR', '{}', null, null) as p $$, 'MK422', 'pricing.currency_mismatch', 'not sold in this currency');
select throws_ok($$ select p.* from f, pricing.apply_promotions(test.ctx(), basket, 'XXX', '{}', null, null) as p $$, 'MK422', 'pricing.currency_unknown', 'an unknown currency');
select throws_ok($$ select p.* from f, pricing.apply_promotions(test.ctx(), jsonb_build_array(jsonb_build_object('variantId', sid, 'quantity', 1)), 'USD', '{}', null, null) as p $$, 'MK422', 'pricing.variant_unavailable', 'an unknown variant');
select throws_ok($$ select p.* from f, pricing.apply_promotions(test.ctx(), jsonb_build_array(jsonb_build_object('variantId', lamp, 'sellerId', sued, 'quantity', 1)), 'USD', '{}', null, null) as p $$, 'MK422', 'pricing.variant_unavailable', 'a seller who does not offer it');
select throws_ok($$ select p.* from f, pricing.apply_promotions(test.ctx(), '[]', 'USD', '{}', null, null) as p $$, 'MK422', 'pricing.basket_invalid', 'an empty basket');
select throws_ok($$ select p.* from f, pricing.apply_promotions(test.ctx(), basket, 'USD', array_fill('X'::text, array[11]), null, null) as p $$, 'MK422', 'pricing.basket_invalid', 'too many coupons');
select throws_ok($$ select p.* from f, pricing.apply_promotions(test.ctx(), jsonb_build_array(jsonb_build_object('variantId', lamp, 'quantity', 0)), 'USD', '{}', null, null) as p $$, 'MK422', 'pricing.quantity_invalid', 'no units');
select throws_ok($$ select p.* from f, pricing.apply_promotions(test.ctx(sid), basket, 'USD', '{}', null, null) as p $$, 'MK401', 'identity.unauthenticated', 'an unknown account');

select * from finish();
rollback;
