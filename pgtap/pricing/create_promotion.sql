begin;
select plan(31);
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
  ('{"name": " "}', 'name', null), ('{"type": "GIFT"}', 'type', null), ('{"target": "EVERYTHING"}', 'target', null),
  ('{"target": "SHIPPING"}', 'target', null), ('{"type": "FREE_SHIPPING"}', 'target', null), ('{"percentBp": 0}', 'percentBp', null),
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
select throws_ok($$ select p.* from f, pricing.create_promotion(test.ctx(sam), jsonb_build_object('name', 'x', 'type', 'PERCENTAGE', 'target', 'ORDER', 'percentBp', 1, 'sellerIds', jsonb_build_array(sued))) as p $$, 'MK422', 'pricing.promotion_invalid', 'a seller cannot discount others');
select throws_ok($$ select p.* from f, pricing.create_promotion(test.ctx(ana), '{}') as p $$, 'MK403', 'identity.role_required', 'a buyer');
select throws_ok($$ select p.* from f, pricing.create_promotion(test.ctx(), '{}') as p $$, 'MK401', 'identity.unauthenticated', 'nobody');

select * from finish();
rollback;
