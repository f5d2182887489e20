begin;
select plan(34);
create temporary table f as
select test.buyer('ana') as ana, test.buyer('ben') as ben, test.seller('sue') as sue, test.seller_id(test.seller('sam')) as sid, test.seller_id(test.seller('sue')) as sued;
alter table f add lamp uuid, add chair uuid;
update f set lamp = test.offer(sid, 1000, 50), chair = test.offer(sued, 2500, 50);
insert into pricing.shipping_rates (seller_id, currency, fee_minor, updated_at) select sid, 'USD', 490, core.now() from f;
create function pg_temp.usd(p_amount bigint) returns jsonb language sql as $$ select jsonb_build_object('amountMinor', p_amount, 'currency', 'USD') $$;
-- Why promotions did not act on so many lamps, as 'name: code missing units pointer by'; then all are ended.
create function pg_temp.why(p_lamps integer, p_coupons text[], variadic p_promotions jsonb[]) returns text language plpgsql as $$
declare
  v_answer text;
begin
  perform test.promotion(jsonb_build_object('name', chr(64 + p.n::int), 'priority', 100 - p.n) || p.document) from unnest(p_promotions) with ordinality as p (document, n);
  select string_agg(concat_ws(' ', n ->> 'name' || ':', n ->> 'code', n #>> '{missing,amountMinor}', n ->> 'missingQuantity', n ->> 'pointer',
                              (select 'by ' || p.name from pricing.promotions as p where p.promotion_id::text = n ->> 'byPromotionId')), ', ' order by n ->> 'name')
  into v_answer
  from f, pricing.apply_promotions(test.ctx(ana), jsonb_build_array(jsonb_build_object('variantId', lamp, 'quantity', p_lamps)), 'USD', p_coupons, 'DE', null) as p,
       jsonb_array_elements(p.not_applied) as n;
  update pricing.promotions set status = 'ENDED' where status in ('ACTIVE', 'SCHEDULED');
  return coalesce(v_answer, 'none');
end $$;

-- not applying
select is(pg_temp.why(1, '{}', '{"percentBp": 1000}'), 'none', 'who acts has no reason');
select is(pg_temp.why(1, '{}', jsonb_build_object('minSubtotal', pg_temp.usd(2250))), 'A: minimum_not_met 1250', 'example 6: add 12.50 more');
select is(pg_temp.why(3, '{}', jsonb_build_object('minSubtotal', pg_temp.usd(2250))), 'none', 'and it acts');
select is(pg_temp.why(1, '{}', '{"minQuantity": 3}'), 'A: quantity_not_met 2', 'two more');
select is(pg_temp.why(1, '{}', '{"type": "TIERED", "tierBy": "SPEND", "percentBp": null, "currency": "USD", "tiers": [{"from": 1500, "percentBp": 500}, {"from": 5000, "percentBp": 900}]}'), 'A: minimum_not_met 500', 'below the first tier');
select is(pg_temp.why(1, '{}', '{"type": "TIERED", "tierBy": "QUANTITY", "percentBp": null, "tiers": [{"from": 4, "percentBp": 500}]}'), 'A: quantity_not_met 3', 'by units');
select is(pg_temp.why(1, '{}', '{"condition": {"subtotal": {"min": 1300}}}'), 'A: condition_not_met 300 /condition/subtotal', 'a condition on the subtotal');
select is(pg_temp.why(1, '{}', '{"condition": {"all": [{"quantity": {"min": 1}}, {"any": [{"quantity": {"min": 5}}]}]}}'), 'A: condition_not_met 4 /condition/all/1/any/0/quantity', 'the one leaf, however deep');
select is(pg_temp.why(1, '{}', '{"condition": {"all": [{"country": ["DE"]}, {"not": {"country": ["DE"]}}]}}'), 'A: condition_not_met /condition/all/1/not/country', 'what must not be');
select is(pg_temp.why(1, '{}', '{"condition": {"any": [{"quantity": {"min": 5}}, {"country": ["FR"]}]}}'), 'A: condition_not_met', 'several leaves are not named');
select is(pg_temp.why(1, '{}', '{"condition": {"not": {"any": [{"country": ["DE"]}]}}}'), 'A: condition_not_met', 'nor what a not hides');
select is(pg_temp.why(1, '{}', '{"condition": {"not": {"quantity": {"max": 1}}}}'), 'A: condition_not_met /condition/not/quantity', 'no amount is missing for a not');
select is(pg_temp.why(1, '{}', '{"condition": {"quantity": {"max": 1}, "x": 1}}'::jsonb #- '{condition,x}'), 'none', 'a condition that holds');
select is(pg_temp.why(1, '{}', (select jsonb_build_object('productIds', jsonb_build_array(v.product_id)) from f join catalog.variants as v on v.variant_id = chair)), 'A: no_match', 'for other goods');
select is(pg_temp.why(1, '{}', '{"currency": "EUR"}'), 'none', 'one of another currency is none of its business');
select is(pg_temp.why(1, '{}', '{"couponCode": "SAVE10"}'), 'none', 'nor is a coupon that was not given');
select is(pg_temp.why(1, '{save10}', jsonb_build_object('couponCode', 'SAVE10', 'minSubtotal', pg_temp.usd(1001))), 'A: minimum_not_met 1', 'one that was given is');
select a.status from f, pricing.create_promotion(test.ctx(sue), '{"name": "mine", "type": "PERCENTAGE", "target": "ORDER", "percentBp": 1000}') as p, pricing.activate_promotion(test.ctx(sue), p.promotion_id) as a;
select is(pg_temp.why(1, '{}', '{}'), 'none', 'and a seller''s own is not, when nothing of that seller is there');

-- applying, but outdone
select is(pg_temp.why(1, '{}', '{"stopsFurther": true}', '{}'), 'B: stopped_by by A', 'stopped');
select is(pg_temp.why(1, '{}', '{"exclusive": true}', '{}'), 'B: excluded_by by A', 'excluded by an exclusive one');
select is(pg_temp.why(1, '{}', '{}', '{"exclusive": true}'), 'B: excluded_by by A', 'an exclusive one excluded by what acted before');
select is(pg_temp.why(1, '{}', '{"exclusivityGroup": "g"}', '{"exclusivityGroup": "g"}'), 'B: excluded_by by A', 'by its group');
select is(pg_temp.why(1, '{}', '{"exclusivityGroup": "g", "groupMode": "BEST"}', '{"exclusivityGroup": "g", "groupMode": "BEST", "percentBp": 2000}'), 'A: excluded_by by B', 'by the best of its group');
select is(pg_temp.why(1, '{}', '{"combinesWith": ["SHIPPING"]}', '{}', '{"type": "FREE_SHIPPING", "target": "SHIPPING", "percentBp": null}'), 'B: not_combinable_with by A', 'not combinable');
select is(pg_temp.why(1, '{}', '{}', '{"combinesWith": []}'), 'B: not_combinable_with by A', 'by its own word');
select is(pg_temp.why(1, '{}', '{"percentBp": 10000}', '{}'), 'B: no_effect', 'nothing left');
select is(pg_temp.why(1, '{}', '{"percentBp": 1, "stopsFurther": true}', '{}'), 'A: no_effect', 'one without effect stops nobody');
select is(pg_temp.why(4, '{}', '{"type": "BUY_X_GET_Y", "target": "LINES", "buyQuantity": 4, "getQuantity": 2, "percentBp": 10000}'), 'A: quantity_not_met 2', 'two more for a set');
select is(pg_temp.why(4, '{}', (select jsonb_build_object('type', 'BUNDLE', 'target', 'LINES', 'percentBp', null, 'price', pg_temp.usd(2000), 'bundle', jsonb_build_array(
  jsonb_build_object('quantity', 1, 'variantIds', jsonb_build_array(lamp)), jsonb_build_object('quantity', 1, 'variantIds', jsonb_build_array(chair)))) from f)), 'A: quantity_not_met', 'a set is not complete');
-- limits
select test.promotion('{"name": "Once", "usageLimit": 1, "priority": 50}');
select test.order(ben, lamp) from f;
select is(pg_temp.why(1, '{}', '{"percentBp": 500}'), 'Once: limit_reached', 'used up');
select is(pg_temp.why(1, '{}', '{"name": "Mine", "buyerLimit": 1}'), 'none', 'not used up');
select is(pg_temp.why(1, '{}', '{"exclusive": true}', '{"usageLimit": 1}'), 'B: excluded_by by A', 'a limited one that is not used up is excluded like any other');
-- the sentence
select test.promotion(jsonb_build_object('name', 'Big', 'minSubtotal', pg_temp.usd(2250)));
select is((select n ->> 'detail' from f, pricing.apply_promotions(test.ctx(), jsonb_build_array(jsonb_build_object('variantId', lamp, 'quantity', 1)), 'USD', '{}', null, null) as p, jsonb_array_elements(p.not_applied) as n),
          'Add 12.50 USD more of its goods.', 'a sentence for people');
select throws_ok($$ select p.* from f, pricing.apply_promotions(test.ctx(), jsonb_build_array(jsonb_build_object('variantId', lamp, 'quantity', 1)), 'USD', '{}', 'Germany', null) as p $$, 'MK422', 'pricing.basket_invalid', 'a country has two letters');
select * from finish();
rollback;
