begin;
select plan(121);
create temporary table f as
select test.buyer('ana') as ana, test.buyer('ben') as ben, test.admin() as admin, test.seller('sam') as sam,
       test.seller_id(test.seller('sam')) as sid, test.seller('sue') as sue, test.seller_id(test.seller('sue')) as sued;
alter table f add lamp uuid, add chair uuid;
update f set lamp = test.offer(sid, 1000, 50), chair = test.offer(sued, 2500, 50);
create function pg_temp.refused(p_patch text, p_field text, p_code text default 'pricing.promotion_invalid') returns text language plpgsql as $$
declare v_message text; v_column text;
begin
  perform * from f, pricing.create_promotion(test.ctx(admin), '{"name": "A promotion", "type": "PERCENTAGE", "target": "ORDER", "percentBp": 1000}'::jsonb || p_patch::jsonb);
  return p_patch || ' was taken';
exception when sqlstate 'MK422' then
  get stacked diagnostics v_message = message_text, v_column = column_name;
  return case when v_message = p_code and v_column = p_field then 'refused' else v_message || ' at ' || v_column end;
end $$;

-- allowed
select results_eq(
  $$ select p.status, p.version, p.coupon_code, p.currency, p.min_subtotal_minor, p.seller_id, cardinality(p.seller_ids) from f, pricing.create_promotion(test.ctx(admin),
       jsonb_build_object('name', ' Welcome ', 'type', 'PERCENTAGE', 'target', 'ORDER', 'percentBp', 1000, 'couponCode', ' welcome-10 ',
                          'minSubtotal', '{"amountMinor": 5000, "currency": "USD"}'::jsonb, 'sellerIds', jsonb_build_array(sid, sid))) as p $$,
  $$ values ('DRAFT', 1, 'WELCOME-10', 'USD', 5000::bigint, null::uuid, 1) $$, 'an administrator drafts one for the marketplace');
select is((select p.seller_id = sid from f, pricing.create_promotion(test.ctx(sam), '{"name": "mine", "type": "FREE_SHIPPING", "target": "SHIPPING"}') as p),
          true, 'a seller''s is the seller''s');
select is((select count(*)::int from events.staging where type = 'pricing.promotion_created'), 2, 'events tell');

-- refused, each with its field
select is(pg_temp.refused(d.patch, d.field, coalesce(d.code, 'pricing.promotion_invalid')), 'refused', d.patch) from (values
  ('{"name": " "}', 'name', null), ('{"type": "RAFFLE"}', 'type', null), ('{"type": null}', 'type', null), ('{"target": "EVERYTHING"}', 'target', null),
  ('{"type": "FREE_SHIPPING"}', 'target', null), ('{"percentBp": 0}', 'percentBp', null),
  ('{"percentBp": 10001}', 'percentBp', null), ('{"percentBp": null}', 'percentBp', null),
  ('{"amount": {"amountMinor": 5, "currency": "USD"}}', 'amount', null),
  ('{"type": "FIXED_AMOUNT", "percentBp": null}', 'amount', null), ('{"type": "FIXED_AMOUNT"}', 'percentBp', null),
  ('{"type": "FIXED_AMOUNT", "percentBp": null, "amount": {"amountMinor": 0, "currency": "USD"}}', 'amount', null),
  ('{"type": "FIXED_AMOUNT", "percentBp": null, "amount": {"amountMinor": 5, "currency": "USD"}, "currency": "EUR"}', 'amount/currency', null),
  ('{"minSubtotal": {"amountMinor": 0, "currency": "USD"}}', 'minSubtotal', null),
  ('{"minSubtotal": {"amountMinor": 5, "currency": "USD"}, "currency": "EUR"}', 'minSubtotal/currency', null),
  ('{"couponCode": "A"}', 'couponCode', null), ('{"couponCode": "ÄÖÜ"}', 'couponCode', null),
  ('{"startsAt": "2030-01-01T00:00:00Z", "endsAt": "2030-01-01T00:00:00Z"}', 'endsAt', null),
  ('{"usageLimit": 0}', 'usageLimit', null), ('{"buyerLimit": -1}', 'buyerLimit', null), ('{"priority": 1000001}', 'priority', null),
  ('{"currency": "XXX"}', 'currency', 'pricing.currency_unknown'),
  ('{"sellerIds": ["00000000-0000-0000-0000-000000000001"]}', 'sellerIds', 'pricing.seller_unknown'),
  ('{"productIds": ["00000000-0000-0000-0000-000000000001"]}', 'productIds', 'pricing.product_unknown'),
  ('{"categoryIds": ["00000000-0000-0000-0000-000000000001"]}', 'categoryIds', 'pricing.category_unknown')) as d (patch, field, code);

-- every type with every target: what goes together is taken, the rest names the target
create function pg_temp.answer(p_document jsonb, p_actor uuid default null) returns text language plpgsql as $$
declare v_message text; v_column text;
begin
  perform * from f, pricing.create_promotion(test.ctx(coalesce(p_actor, admin)), '{"name": "A promotion"}'::jsonb || p_document);
  return 'taken';
exception when sqlstate 'MK422' then
  get stacked diagnostics v_message = message_text, v_column = column_name;
  return case v_message when 'pricing.promotion_invalid' then v_column else v_message || ' ' || v_column end;
end $$;
create temporary table values_of as
select * from f, lateral (values
  ('PERCENTAGE', '{"percentBp": 1000}'::jsonb, '{ORDER,LINES,UNITS,SHIPPING}'::text[]),
  ('FIXED_AMOUNT', '{"amount": {"amountMinor": 500, "currency": "USD"}}', '{ORDER,LINES,UNITS,SHIPPING}'),
  ('FIXED_PRICE', '{"price": {"amountMinor": 0, "currency": "USD"}}', '{LINES,UNITS}'),
  ('BUY_X_GET_Y', '{"buyQuantity": 2, "getQuantity": 1, "percentBp": 10000}', '{LINES}'),
  ('TIERED', '{"tierBy": "SPEND", "currency": "USD", "tiers": [{"from": 1000, "percentBp": 500}, {"from": 5000, "amountMinor": 900}]}', '{ORDER,LINES}'),
  ('BUNDLE', jsonb_build_object('price', '{"amountMinor": 900, "currency": "USD"}'::jsonb, 'bundle', jsonb_build_array(
     jsonb_build_object('quantity', 1, 'variantIds', jsonb_build_array(f.lamp)), jsonb_build_object('quantity', 2, 'variantIds', jsonb_build_array(f.chair)))), '{LINES}'),
  ('FREE_SHIPPING', '{}', '{SHIPPING}'),
  ('GIFT', jsonb_build_object('gift', jsonb_build_object('variantId', f.lamp)), '{LINES}')) as d (type, value, targets);
select is(pg_temp.answer(v.value || jsonb_build_object('type', v.type, 'target', t.target)
                         || case t.target when 'UNITS' then '{"unitPick": "CHEAPEST", "unitCount": 2}' else '{}' end::jsonb),
          case when t.target = any (v.targets) then 'taken' else 'target' end, v.type || ' of ' || t.target)
from values_of as v, unnest('{ORDER,LINES,UNITS,SHIPPING}'::text[]) as t (target);
-- each type without its value, and with one that is not its own
select is(pg_temp.answer(v.value || jsonb_build_object('type', v.type, 'target', v.targets[1]) || d.patch::jsonb), d.field, v.type || ' ' || d.patch)
from (values ('PERCENTAGE', '{"price": {"amountMinor": 1, "currency": "USD"}}', 'price'), ('PERCENTAGE', '{"unitPick": "CHEAPEST"}', 'unitPick'),
  ('PERCENTAGE', '{"tierBy": "SPEND"}', 'tierBy'), ('PERCENTAGE', '{"bundle": []}', 'bundle'), ('PERCENTAGE', '{"buyQuantity": 1}', 'buyQuantity'),
  ('PERCENTAGE', '{"target": "UNITS"}', 'unitPick'), ('PERCENTAGE', '{"target": "UNITS", "unitPick": "CHEAPEST", "unitCount": 0}', 'unitCount'),
  ('PERCENTAGE', '{"gift": {"variantId": "00000000-0000-0000-0000-000000000001"}}', 'gift'),
  ('FIXED_PRICE', '{"price": null}', 'price'), ('FIXED_PRICE', '{"price": {"amountMinor": -1, "currency": "USD"}}', 'price'),
  ('FIXED_PRICE', '{"amount": {"amountMinor": 1, "currency": "USD"}}', 'amount'),
  ('BUY_X_GET_Y', '{"buyQuantity": 0}', 'buyQuantity'), ('BUY_X_GET_Y', '{"getQuantity": null}', 'getQuantity'), ('BUY_X_GET_Y', '{"percentBp": null}', 'percentBp'),
  ('TIERED', '{"tierBy": null}', 'tierBy'), ('TIERED', '{"tiers": []}', 'tiers'), ('TIERED', '{"tiers": [{"from": 0, "percentBp": 1}]}', 'tiers/0/from'),
  ('TIERED', '{"tiers": [{"from": 5, "percentBp": 1}, {"from": 5, "percentBp": 2}]}', 'tiers/1/from'),
  ('TIERED', '{"tiers": [{"from": 5}]}', 'tiers/0'), ('TIERED', '{"tiers": [{"from": 5, "percentBp": 1, "amountMinor": 1}]}', 'tiers/0'),
  ('TIERED', '{"tiers": [{"from": 5, "percentBp": 10001}]}', 'tiers/0/percentBp'), ('TIERED', '{"tiers": [{"from": 5, "amountMinor": 0}]}', 'tiers/0/amountMinor'),
  ('TIERED', '{"currency": null}', 'currency'), ('BUNDLE', '{"bundle": null}', 'bundle'), ('BUNDLE', '{"bundle": [{"quantity": 0}]}', 'bundle/0/quantity'),
  ('BUNDLE', '{"bundle": [{"quantity": 1}]}', 'bundle/0'),
  ('BUNDLE', '{"bundle": [{"quantity": 1, "variantIds": ["00000000-0000-0000-0000-000000000001"]}]}', 'pricing.variant_unknown bundle/0/variantIds'),
  ('GIFT', '{"gift": null}', 'gift'), ('GIFT', '{"gift": {"variantId": "00000000-0000-0000-0000-000000000001"}}', 'pricing.variant_unknown gift/variantId'),
  ('GIFT', '{"gift": {"variantId": "00000000-0000-0000-0000-000000000001", "quantity": 0}}', 'gift/quantity'),
  -- policy
  ('PERCENTAGE', '{"base": "NET"}', 'base'), ('PERCENTAGE', '{"exclusivityGroup": "a b"}', 'exclusivityGroup'), ('PERCENTAGE', '{"groupMode": "BEST"}', 'groupMode'),
  ('PERCENTAGE', '{"exclusivityGroup": "a", "groupMode": "ALL"}', 'groupMode'), ('PERCENTAGE', '{"combinesWith": ["LINES"]}', 'combinesWith'),
  ('PERCENTAGE', '{"maxPerOrder": {"amountMinor": 0, "currency": "USD"}}', 'maxPerOrder'), ('PERCENTAGE', '{"maxPerLine": {"amountMinor": 0, "currency": "USD"}}', 'maxPerLine'),
  ('PERCENTAGE', '{"floorBp": 10001}', 'floorBp'), ('PERCENTAGE', '{"funding": "BUYER"}', 'funding'), ('PERCENTAGE', '{"sellerShareBp": 1}', 'sellerShareBp'),
  ('PERCENTAGE', '{"funding": "PLATFORM", "sellerShareBp": 1}', 'sellerShareBp'), ('PERCENTAGE', '{"funding": "SHARED", "sellerShareBp": 10001}', 'sellerShareBp'),
  ('PERCENTAGE', '{"platformCap": {"amountMinor": 5, "currency": "USD"}}', 'platformCap'), ('PERCENTAGE', '{"budget": {"amountMinor": 0, "currency": "USD"}}', 'budget'),
  ('PERCENTAGE', '{"budget": {"amountMinor": 5, "currency": "USD"}, "maxPerOrder": {"amountMinor": 5, "currency": "EUR"}}', 'budget/currency'),
  ('PERCENTAGE', '{"minQuantity": 0}', 'minQuantity'), ('PERCENTAGE', '{"variantIds": ["00000000-0000-0000-0000-000000000001"]}', 'pricing.variant_unknown variantIds')
) as d (type, patch, field) join values_of as v on v.type = d.type;
-- conditions are compiled beside their trees
create temporary table compiled as select c.promotion_id from f, pricing.create_promotion(test.ctx(admin), jsonb_build_object(
  'name', 'd', 'type', 'PERCENTAGE', 'target', 'ORDER', 'percentBp', 1,
  'lineCondition', jsonb_build_object('seller', jsonb_build_array(sid)), 'condition', '{"subtotal": {"min": 5}}'::jsonb)) as c;
select results_eq($$ select p.line_path is not null, p.condition_path is not null, p.condition from pricing.promotions as p natural join compiled $$,
  $$ values (true, true, '{"subtotal": {"min": 5}}'::jsonb) $$, 'both of them');
select is(pg_temp.answer('{"type": "PERCENTAGE", "target": "ORDER", "percentBp": 1, "condition": {"all": [{"subtotal": {"min": "x"}}]}}'), 'pricing.condition_invalid condition/all/0/subtotal/min', 'a malformed one names its node');
select is(pg_temp.answer('{"type": "PERCENTAGE", "target": "ORDER", "percentBp": 1, "lineCondition": {"subtotal": {"min": 5}}}'), 'pricing.condition_invalid lineCondition/subtotal', 'what only a basket has is not asked of a line');
-- a seller's own has no say over others', and is paid by the seller
select is(pg_temp.answer('{"type": "PERCENTAGE", "target": "ORDER", "percentBp": 1000}'::jsonb || d.patch::jsonb, sam), d.field, 'a seller''s ' || d.patch)
from f, (values ('{"exclusive": true}', 'exclusive'), ('{"stopsFurther": true}', 'stopsFurther'), ('{"exclusivityGroup": "a"}', 'exclusivityGroup'),
  ('{"combinesWith": []}', 'combinesWith'), ('{"funding": "PLATFORM"}', 'funding'), ('{"funding": "SELLER"}', 'taken')) as d (patch, field);
select is(pg_temp.answer(jsonb_build_object('type', 'GIFT', 'target', 'LINES', 'gift', jsonb_build_object('variantId', lamp, 'sellerId', sued)), sam), 'gift/sellerId', 'nor does it give others'' goods') from f;
select results_eq($$ select p.funding, p.seller_share_bp, p.base, p.combines_with, p.requires_coupon, p.group_mode from f, pricing.create_promotion(test.ctx(admin), '{"name": "d", "type": "PERCENTAGE", "target": "ORDER", "percentBp": 1, "exclusivityGroup": "g"}') as p $$,
  $$ values ('SELLER', 10000, 'SEQUENTIAL', '{LINE,ORDER,SHIPPING}'::text[], false, 'FIRST') $$, 'what is not said');
select throws_ok($$ select p.* from f, pricing.create_promotion(test.ctx(sam), jsonb_build_object('name', 'x', 'type', 'PERCENTAGE', 'target', 'ORDER', 'percentBp', 1, 'sellerIds', jsonb_build_array(sued))) as p $$, 'MK422', 'pricing.promotion_invalid', 'a seller cannot discount others');
select throws_ok($$ select p.* from f, pricing.create_promotion(test.ctx(ana), '{}') as p $$, 'MK403', 'identity.role_required', 'a buyer');
select throws_ok($$ select p.* from f, pricing.create_promotion(test.ctx(), '{}') as p $$, 'MK401', 'identity.unauthenticated', 'nobody');

select * from finish();
rollback;
