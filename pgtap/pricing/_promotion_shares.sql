begin;
select plan(74);
-- Every type with every target, its caps and who pays. The examples of docs/pricing.md are numbered as there.
create temporary table f as
select test.buyer('ana') as ana, test.seller_id(test.seller('sam')) as sid, test.seller_id(test.seller('sue')) as sued;
alter table f add lamp uuid, add chair uuid, add desk uuid;
update f set lamp = test.offer(sid, 1000, 50), chair = test.offer(sued, 2500, 50), desk = test.offer(sid, 300, 50);
create function pg_temp.id(p_variant uuid, p_what text) returns uuid language sql as $$
  select case p_what when 'product' then v.product_id when 'category' then p.category_id else v.variant_id end
  from catalog.variants as v join catalog.products as p using (product_id) where v.variant_id = p_variant $$;
-- Line 1 and 4 are lamps of sam, line 2 a chair of sue, line 3 a desk of sam: {line: [quantity, price]}.
create function pg_temp.lines(p_lines jsonb) returns pricing.basket_line[] language sql as $$
  select array_agg(row(1, l.key::int, case l.key when '2' then sued else sid end, v.id, pg_temp.id(v.id, 'product'), array[pg_temp.id(v.id, 'category')],
                       (l.value ->> 0)::int, (l.value ->> 1)::bigint, null, null, null, null, null, null, null, null)::pricing.basket_line order by l.key::int)
  from f, jsonb_each(p_lines) as l, lateral (select case l.key when '2' then chair when '3' then desk else lamp end as id) as v $$;
create function pg_temp.usd(p_amount bigint) returns jsonb language sql as $$ select jsonb_build_object('amountMinor', p_amount, 'currency', 'USD') $$;
-- What these promotions take off these lines, in the order of acting; then they are ended. "amount": 500 stands for money in USD.
create function pg_temp.priced(p_lines jsonb, variadic p_promotions jsonb[]) returns text language plpgsql as $$
declare
  v_answer text;
begin
  perform test.promotion('{"name": "P"}' || (
    select jsonb_object_agg(d.key, case when d.key in ('amount', 'price', 'maxPerOrder', 'maxPerLine', 'platformCap', 'minSubtotal')
                                        then pg_temp.usd((d.value #>> '{}')::bigint) else d.value end)
    from jsonb_each(case when p.document ->> 'type' is null or p.document ? 'percentBp' then p.document
                         else p.document || '{"percentBp": null}' end) as d) || jsonb_build_object('priority', 100 - p.n))
  from unnest(p_promotions) with ordinality as p (document, n);
  v_answer := test.discounts(pg_temp.lines(p_lines));
  update pricing.promotions set status = 'ENDED' where status in ('ACTIVE', 'SCHEDULED');
  return v_answer;
end $$;
create function pg_temp.rows(p_lines jsonb, p_promotion jsonb, p_coupon text default null) returns setof pricing.adjustment language plpgsql as $$
begin
  perform test.promotion('{"name": "P"}' || p_promotion);
  return query select a.* from f, pricing._apply_promotions(array[row(1, null, 'USD', '{}', null, null, null)::pricing.basket], pg_temp.lines(p_lines),
    array[row(1, sid, 490)::pricing.basket_shipping, row(1, sued, 990)::pricing.basket_shipping], '{}', core.now()) as a;
  update pricing.promotions set status = 'ENDED' where status in ('ACTIVE', 'SCHEDULED');
end $$;

-- PERCENTAGE
select is(pg_temp.priced('{"1": [1, 333], "2": [1, 333], "3": [1, 334]}', '{"percentBp": 1000}'), 'L1 33, L2 33, L3 34', 'percentage of the order');
select is(pg_temp.priced('{"1": [1, 333], "2": [1, 333], "3": [1, 334]}', '{"percentBp": 1500, "target": "LINES"}'), 'L1 50, L2 50, L3 50', 'percentage of lines');
select is(pg_temp.priced('{"1": [2, 1000], "2": [2, 99], "3": [1, 555]}', '{"percentBp": 5000, "target": "UNITS", "unitPick": "CHEAPEST", "unitCount": 3}'),
          'L2 99, L3 278', 'example 7: half off the 3 cheapest units: both of 0.99, then one of 5.55');
select is(pg_temp.priced('{"1": [2, 1000], "2": [2, 99], "3": [1, 555]}', '{"percentBp": 5000, "target": "UNITS", "unitPick": "DEAREST", "unitCount": 1}'),
          'L1 500', 'half off the dearest unit');
select is(pg_temp.priced('{"1": [2, 1000], "4": [2, 1000]}', '{"percentBp": 10000, "target": "UNITS", "unitPick": "DEAREST", "unitCount": 3}'),
          'L1 2000, L4 1000', 'of equal prices the smaller line number goes first');
select is(pg_temp.priced('{"1": [1, 1000]}', '{"percentBp": 10000, "target": "UNITS", "unitPick": "CHEAPEST", "unitCount": 9}'), 'L1 1000', 'no more units than there are');
select is((select string_agg(seller_id::text || amount_minor, ',' order by seller_id) from pg_temp.rows('{"1": [1, 1000], "2": [1, 1000]}', '{"percentBp": 5000, "target": "SHIPPING"}')),
          (select string_agg(x, ',' order by x) from f, unnest(array[sid || '245', sued || '495']) as x), 'half of the shipping of each seller');
-- FIXED_AMOUNT
select is(pg_temp.priced('{"1": [1, 700], "2": [1, 300]}', '{"type": "FIXED_AMOUNT", "amount": 500}'), 'L1 350, L2 150', 'an amount off the order');
select is(pg_temp.priced('{"1": [3, 1000], "2": [2, 99]}', '{"type": "FIXED_AMOUNT", "target": "LINES", "amount": 150}'), 'L1 450, L2 198', 'an amount off each unit');
select is(pg_temp.priced('{"1": [3, 1000], "2": [2, 99]}', '{"type": "FIXED_AMOUNT", "target": "UNITS", "amount": 50, "unitPick": "CHEAPEST", "unitCount": 3}'),
          'L1 50, L2 100', 'an amount off each of the 3 cheapest units');
select is((select array_agg(amount_minor order by amount_minor) from pg_temp.rows('{"1": [1, 1000], "2": [1, 1000]}',
          jsonb_build_object('type', 'FIXED_AMOUNT', 'target', 'SHIPPING', 'percentBp', null, 'amount', pg_temp.usd(1000)))),
          '{331,669}'::bigint[], 'an amount off shipping is split by the fees: 10.00 over 4.90 and 9.90');
select is((select sum(amount_minor) from pg_temp.rows('{"1": [1, 1000], "2": [1, 1000]}',
          jsonb_build_object('type', 'FIXED_AMOUNT', 'target', 'SHIPPING', 'percentBp', null, 'amount', pg_temp.usd(9999)))), 1480::numeric, 'and never more than the fees');
-- FIXED_PRICE
select is(pg_temp.priced('{"1": [3, 1000], "2": [1, 500]}', '{"type": "FIXED_PRICE", "target": "LINES", "price": 799}'), 'L1 603',
          'example 8: each unit for 7.99; what costs less stays as it is');
select is(pg_temp.priced('{"1": [3, 1000]}', '{"type": "FIXED_PRICE", "target": "UNITS", "price": 0, "unitPick": "DEAREST", "unitCount": 1}'), 'L1 1000', 'the dearest unit for nothing');
select is(pg_temp.priced('{"1": [3, 1000]}', '{"percentBp": 100}', '{"type": "FIXED_PRICE", "target": "UNITS", "price": 800, "unitPick": "DEAREST", "unitCount": 2}'),
          'L1 30, L1 380', '2 of 3 units of the 29.70 that are left: 19.80, less 2 x 8.00');
-- BUY_X_GET_Y
select is(pg_temp.priced('{"1": [2, 1000], "3": [1, 300]}', '{"type": "BUY_X_GET_Y", "target": "LINES", "buyQuantity": 2, "getQuantity": 1, "percentBp": 10000}'),
          'L3 300', 'example 9: buy 2 get 1: the cheapest is free');
select is(pg_temp.priced('{"1": [5, 1000], "3": [2, 300]}', '{"type": "BUY_X_GET_Y", "target": "LINES", "buyQuantity": 2, "getQuantity": 1, "percentBp": 10000}'),
          'L3 600', '7 units are 2 sets of 3: the 2 cheapest');
select is(pg_temp.priced('{"1": [1, 1000], "3": [1, 300]}', '{"type": "BUY_X_GET_Y", "target": "LINES", "buyQuantity": 2, "getQuantity": 1, "percentBp": 10000}'),
          'nothing', '2 units are no set');
select is(pg_temp.priced('{"1": [4, 999]}', '{"type": "BUY_X_GET_Y", "target": "LINES", "buyQuantity": 1, "getQuantity": 1, "percentBp": 2500}'),
          'L1 500', 'every second at 25 %: 2 of 4 units, 499.5 cents, half up');
-- TIERED
select is(pg_temp.priced(l.lines, '{"type": "TIERED", "tierBy": "SPEND", "tiers": [{"from": 2000, "percentBp": 500}, {"from": 5000, "percentBp": 1000}], "currency": "USD"}'), l.off, 'example 10: spend bands, ' || l.lines::text)
from (values ('{"1": [1, 1999]}'::jsonb, 'nothing'), ('{"1": [1, 2000]}', 'L1 100'), ('{"1": [1, 4999]}', 'L1 250'), ('{"1": [2, 2500]}', 'L1 500')) as l (lines, off);
select is(pg_temp.priced('{"1": [4, 1000], "3": [1, 300]}', '{"type": "TIERED", "tierBy": "QUANTITY", "target": "LINES", "currency": "USD", "tiers": [{"from": 3, "amountMinor": 50}, {"from": 10, "amountMinor": 100}]}'),
          'L1 200, L3 50', 'quantity bands: 0.50 off each unit');
select is(pg_temp.priced('{"1": [4, 1000]}', '{"type": "TIERED", "tierBy": "QUANTITY", "currency": "USD", "tiers": [{"from": 3, "amountMinor": 50}]}'), 'L1 50', 'or once off the order');
-- BUNDLE
create function pg_temp.bundle(p_price integer, p_q1 integer default 1, p_q2 integer default 1) returns jsonb language sql as $$
  select jsonb_build_object('type', 'BUNDLE', 'target', 'LINES', 'price', p_price, 'bundle', jsonb_build_array(
    jsonb_build_object('quantity', p_q1, 'productIds', jsonb_build_array(pg_temp.id(lamp, 'product'))),
    jsonb_build_object('quantity', p_q2, 'categoryIds', jsonb_build_array(pg_temp.id(chair, 'category'), pg_temp.id(desk, 'category'))))) from f $$;
select is(pg_temp.priced('{"1": [1, 1000], "2": [1, 2500]}', pg_temp.bundle(3000)), 'L1 143, L2 357', 'example 11: a lamp and a chair for 30.00 instead of 35.00');
select is(pg_temp.priced('{"1": [3, 1000], "2": [2, 2500], "3": [1, 300]}', pg_temp.bundle(2000)), 'L1 831, L2 1386, L3 83',
          'three sets take the dearest chairs first, then the desk: 83.00 - 60.00');
select is(pg_temp.priced('{"1": [3, 1000]}', pg_temp.bundle(2000)), 'nothing', 'half a bundle is none');
select is(pg_temp.priced('{"1": [1, 1000], "3": [1, 300]}', pg_temp.bundle(2000)), 'nothing', 'a bundle that costs more than its parts takes nothing off');
select is(pg_temp.priced('{"1": [5, 1000], "2": [1, 2500]}', pg_temp.bundle(4000, 2, 1)), 'L1 222, L2 278', 'two lamps of five and a chair: 45.00 - 40.00');
-- FREE_SHIPPING
select is((select array_agg(amount_minor order by amount_minor) from pg_temp.rows('{"1": [1, 1000], "2": [1, 1000]}', '{"type": "FREE_SHIPPING", "target": "SHIPPING", "percentBp": null}')),
          '{490,990}'::bigint[], 'free shipping');
select is((select sum(amount_minor) from f, pg_temp.rows('{"1": [1, 1000], "2": [1, 1000]}', jsonb_build_object('type', 'FREE_SHIPPING', 'target', 'SHIPPING', 'percentBp', null, 'sellerIds', jsonb_build_array(sid)))),
          490::numeric, 'only of sellers with a matching line');

-- base
select is(pg_temp.priced('{"1": [1, 1000]}', '{"percentBp": 1000}', '{"percentBp": 1000}'), 'L1 100, L1 90', 'example 12: 10 % and 10 % one after another');
select is(pg_temp.priced('{"1": [1, 1000]}', '{"percentBp": 1000}', '{"percentBp": 1000, "base": "ORIGINAL"}'), 'L1 100, L1 100', 'example 12: the second on the original amount');
select is(pg_temp.priced('{"1": [1, 1000]}', '{"percentBp": 6000}', '{"percentBp": 6000, "base": "ORIGINAL"}'), 'L1 600, L1 400', 'but no more than what is left');
select is(pg_temp.priced('{"1": [1, 1000], "2": [1, 1000]}', '{"percentBp": 10000, "sellerIds": []}', '{"type": "FIXED_AMOUNT", "amount": 500, "base": "ORIGINAL"}'), 'L1 1000, L2 1000', 'nothing left, nothing off');
-- caps and floors
select is(pg_temp.priced('{"1": [1, 1000], "2": [1, 2000]}', '{"percentBp": 5000, "maxPerOrder": 1000, "currency": "USD"}'), 'L1 333, L2 667', 'example 13: at most 10.00 an order');
select is(pg_temp.priced('{"1": [1, 1000], "2": [1, 2000]}', '{"percentBp": 5000, "target": "LINES", "maxPerLine": 600, "currency": "USD"}'), 'L1 500, L2 600', 'at most 6.00 a line; the rest is not moved');
select is(pg_temp.priced('{"1": [1, 1000], "2": [1, 2000]}', '{"percentBp": 5000, "maxPerLine": 600, "maxPerOrder": 900, "currency": "USD"}'), 'L1 409, L2 491', 'both: 5.00 and 6.00 become 9.00');
select is(pg_temp.priced('{"1": [1, 1000]}', '{"percentBp": 3000}', '{"percentBp": 5000, "floorBp": 6000}'), 'L1 300, L1 100', 'example 14: never below 60 % of 10.00');
select is(pg_temp.priced('{"1": [1, 999]}', '{"percentBp": 10000, "floorBp": 3333}'), 'L1 666', 'a floor of 332.9667 cents is 333');
update core.settings set value = 5000 where name = 'pricing.floor_bp';
select is(pg_temp.priced('{"1": [1, 1000]}', '{"percentBp": 9000, "floorBp": 1000}'), 'L1 500', 'the marketplace''s floor holds for all');
select is((select sum(amount_minor) from pg_temp.rows('{"1": [1, 1000]}', '{"type": "FREE_SHIPPING", "target": "SHIPPING", "percentBp": null}')), 490::numeric, 'but not for shipping');
update core.settings set value = 0 where name = 'pricing.floor_bp';
-- who pays
create function pg_temp.paid(p_lines jsonb, p_promotion jsonb) returns text language sql as $$
  select string_agg(concat_ws('/', amount_minor, seller_minor), ', ') from pg_temp.rows(p_lines, p_promotion) $$;
select is(pg_temp.paid('{"1": [1, 1000]}', '{"percentBp": 1000}'), '100/100', 'by default the seller');
select is(pg_temp.paid('{"1": [1, 1000]}', '{"percentBp": 1000, "funding": "PLATFORM"}'), '100/0', 'the platform');
select is(pg_temp.paid('{"1": [1, 333], "2": [1, 333], "3": [1, 334]}', '{"percentBp": 1500, "target": "LINES", "funding": "SHARED", "sellerShareBp": 5000}'),
          '50/25, 50/25, 50/25', 'half and half');
select is(pg_temp.paid('{"1": [1, 333], "2": [1, 333], "3": [1, 334]}', '{"percentBp": 1000, "funding": "SHARED", "sellerShareBp": 6667}'),
          '33/22, 33/22, 34/23', 'example 15: of 1.00 the platform bears 33.33 cents, 33, split 11 + 11 + 11');
select is(pg_temp.paid('{"1": [1, 1000], "2": [1, 3000]}', jsonb_build_object('percentBp', 5000, 'funding', 'SHARED', 'sellerShareBp', 0, 'platformCap', pg_temp.usd(1000))),
          '500/250, 1500/750', 'the platform bears 10.00 at most, the seller the rest');
-- the derivation
select results_eq($$ select line_no, base_minor, amount_minor, exact_share from pg_temp.rows('{"1": [1, 333], "2": [1, 333], "3": [1, 334]}', '{"percentBp": 1000}') $$,
  $$ values (1, 333::bigint, 33::bigint, 33.3), (2, 333::bigint, 33::bigint, 33.3), (3, 334::bigint, 34::bigint, 33.4) $$, 'base, amount and exact share of a split');
select results_eq($$ select base_minor, amount_minor, exact_share from pg_temp.rows('{"1": [3, 1000]}', '{"percentBp": 3333, "target": "UNITS", "unitPick": "CHEAPEST", "unitCount": 1}') $$,
  $$ values (3000::bigint, 333::bigint, 333.3) $$, 'of picked units');
select results_eq($$ select amount_minor, exact_share from pg_temp.rows('{"1": [1, 1000], "2": [1, 2000]}', jsonb_build_object('percentBp', 5000, 'maxPerOrder', pg_temp.usd(1000))) $$,
  $$ values (333::bigint, 333.333333), (667, 666.666667) $$, 'of a capped discount');
-- to the last millionth, also where 16 digits do not reach
select results_eq($$ select exact_share from pg_temp.rows('{"1": [1, 800000000000007], "2": [1, 100000000000001]}', '{"percentBp": 3333}') $$,
  $$ select div(2000000 * 299970000000003::numeric * w + 900000000000008, 2 * 900000000000008) * 0.000001 from unnest(array[800000000000007, 100000000000001]) as w $$,
  'of a split');
select is((select exact_share from pg_temp.rows('{"1": [1, 16200038069908], "2": [1, 2]}', jsonb_build_object('percentBp', 5000, 'maxPerOrder', pg_temp.usd(999999999989))) where line_no = 1),
  999999999988.876543, 'of a capped discount');

-- policy
select is(pg_temp.priced('{"1": [1, 1000]}', '{"percentBp": 1000, "stopsFurther": true}', '{"percentBp": 1000}'), 'L1 100', 'stops further ones');
select is(pg_temp.priced('{"1": [1, 1000]}', '{"percentBp": 1, "stopsFurther": true}', '{"percentBp": 1000}'), 'L1 100', 'one that takes nothing off stops nobody: 0.1 cents');
select is(pg_temp.priced('{"1": [1, 1000]}', '{"percentBp": 1000, "exclusive": true}', '{"percentBp": 1000}'), 'L1 100', 'an exclusive one stands alone');
select is(pg_temp.priced('{"1": [1, 1000]}', '{"percentBp": 1000}', '{"percentBp": 2000, "exclusive": true}', '{"percentBp": 1000}'), 'L1 100, L1 90', 'and stays away when another acted');
select is(pg_temp.priced('{"1": [1, 1000]}', '{"percentBp": 1000, "exclusivityGroup": "a"}', '{"percentBp": 2000, "exclusivityGroup": "a"}', '{"percentBp": 3000, "exclusivityGroup": "b"}'),
          'L1 100, L1 270', 'of a group the first');
select is(pg_temp.priced('{"1": [1, 1000]}', '{"percentBp": 1, "exclusivityGroup": "a"}', '{"percentBp": 2000, "exclusivityGroup": "a"}'), 'L1 200', 'the first that takes something off');
select is(pg_temp.priced('{"1": [1, 1000]}', '{"percentBp": 1000, "exclusivityGroup": "a", "groupMode": "BEST"}', '{"percentBp": 5000}', '{"percentBp": 2000, "exclusivityGroup": "a", "groupMode": "BEST"}'),
          'L1 200, L1 400', 'example 16: of a group the best, in the slot of its first member');
select is(pg_temp.priced('{"1": [1, 1000]}', '{"percentBp": 2000, "exclusivityGroup": "a", "groupMode": "BEST"}', '{"type": "FIXED_AMOUNT", "amount": 200, "exclusivityGroup": "a", "groupMode": "BEST"}'),
          'L1 200', 'of equal ones the first');
select is(pg_temp.priced('{"1": [1, 1000]}', '{"percentBp": 1000, "combinesWith": ["LINE"]}', '{"percentBp": 1000}', '{"percentBp": 1000, "target": "LINES"}'),
          'L1 100, L1 90', 'what combines with lines only does not combine with another of the order');
select is(pg_temp.priced('{"1": [1, 1000]}', '{"percentBp": 1000}', '{"percentBp": 1000, "target": "LINES", "combinesWith": []}'), 'L1 100', 'both must agree');
select is(pg_temp.priced('{"1": [2, 1000]}', '{"percentBp": 1000, "combinesWith": ["SHIPPING"]}', '{"percentBp": 1000, "target": "UNITS", "unitPick": "CHEAPEST", "unitCount": 1}'), 'L1 200', 'units are of class LINE');

-- conditions choose baskets, line conditions choose lines
select is(pg_temp.priced('{"1": [1, 1000], "2": [1, 1000]}', jsonb_build_object('percentBp', 1000, 'target', 'LINES', 'lineCondition', jsonb_build_object('seller', jsonb_build_array(sid)))), 'L1 100', 'a line condition') from f;
select is(pg_temp.priced('{"1": [1, 1000], "2": [1, 900]}', '{"percentBp": 1000, "target": "LINES", "lineCondition": {"not": {"unitPrice": {"min": 1000}}}}'), 'L2 90', 'a line condition by price');
select is(pg_temp.priced('{"1": [1, 1000]}', '{"percentBp": 1000, "condition": {"subtotal": {"min": 1001}}}'), 'nothing', 'a condition that does not hold');
select is(pg_temp.priced('{"1": [1, 1001]}', '{"percentBp": 1000, "condition": {"subtotal": {"min": 1001}}}'), 'L1 100', 'a condition that holds');
select is(pg_temp.priced('{"1": [1, 1000]}', '{"percentBp": 1000, "minQuantity": 2}'), 'nothing', 'too few units');
select is(pg_temp.priced('{"1": [1, 1000], "2": [1, 1000]}', '{"percentBp": 1000, "minQuantity": 2}'), 'L1 100, L2 100', 'enough units');
select is(pg_temp.priced('{"1": [1, 1000], "2": [1, 1000]}', jsonb_build_object('percentBp', 1000, 'variantIds', jsonb_build_array(chair))), 'L2 100', 'a variant') from f;
select is((select a.status from f, pricing.create_promotion(test.ctx(test.seller('sue')), '{"name": "mine", "type": "PERCENTAGE", "target": "ORDER", "percentBp": 1000, "condition": {"subtotal": {"min": 1500}}}') as p,
  pricing.activate_promotion(test.ctx(test.seller('sue')), p.promotion_id) as a), 'ACTIVE', 'a seller''s own');
select is(test.discounts(pg_temp.lines('{"1": [1, 1000], "2": [1, 1000]}')), 'nothing', 'sees that seller''s lines only, in its condition too');
select is(test.discounts(pg_temp.lines('{"1": [1, 1000], "2": [1, 1500]}')), 'L2 150', 'of that seller');

select * from finish();
rollback;
