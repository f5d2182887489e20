begin;
select plan(27);
create temporary table f as
select test.buyer('ana') as ana, test.buyer('ben') as ben, test.seller_id(test.seller('sam')) as sid, test.seller_id(test.seller('sue')) as sued;
alter table f add lamp uuid, add mug uuid, add gift uuid;
update f set lamp = test.offer(sid, 1000, 50), mug = test.offer(sued, 700, 3);
insert into pricing.shipping_rates (seller_id, currency, fee_minor, updated_at) select sid, 'USD', 490, core.now() from f union all select sued, 'USD', 990, core.now() from f;
update f set gift = test.promotion(jsonb_build_object('name', 'Mug', 'type', 'GIFT', 'target', 'LINES', 'percentBp', null, 'funding', 'PLATFORM',
  'gift', jsonb_build_object('variantId', mug, 'quantity', 2), 'minSubtotal', '{"amountMinor": 2000, "currency": "USD"}'::jsonb));
create function pg_temp.placed(p_buyer uuid, variadic p_lines jsonb[]) returns setof orders.placed_order language sql as $$
  select o.* from orders.place_orders((select jsonb_agg(test.placing(p_buyer, l.lines) order by l.n) from unnest(p_lines) with ordinality as l (lines, n))) as o order by o.request_no $$;
create function pg_temp.preview(p_lines jsonb) returns pricing.preview language sql as $$
  select p from f, pricing.apply_promotions(test.ctx(ana), (select jsonb_agg(jsonb_build_object('variantId', l.key, 'quantity', l.value)) from jsonb_each(p_lines) as l),
                                         'USD', '{}', null, null) as p $$;

-- in a preview
select is((select string_agg(concat_ws('/', l ->> 'lineNo', l ->> 'quantity', l #>> '{subtotal,amountMinor}', l #>> '{total,amountMinor}', l ->> 'giftOf' = gift::text), ' ' order by l -> 'lineNo')
           from f, jsonb_array_elements((pg_temp.preview(jsonb_build_object(lamp::text, 2))).lines) as l), '1/2/2000/2000 2/2/1400/0/t', 'a gift is a line of its own that costs nothing');
select is((select jsonb_array_length((pg_temp.preview(jsonb_build_object(lamp::text, 1))).lines) from f), 1, 'only for who is entitled');
select is((select (pg_temp.preview(jsonb_build_object(lamp::text, 2))).shipping_minor from f), 490::bigint, 'and it costs no shipping');
select is((select n ->> 'code' from f, jsonb_array_elements((pg_temp.preview(jsonb_build_object(lamp::text, 1))).not_applied) as n), 'minimum_not_met', 'what is missing for it');
-- in an order
create temporary table one as select p.* from f, pg_temp.placed(ana, jsonb_build_object(lamp::text, 2)) as p;
select is((select row(subtotal_minor, discount_minor, shipping_minor, total_minor)::text from one), '(3400,1400,490,2490)', 'an order with the gift');
select is((select row(l.line_no, l.quantity, l.unit_price_minor, l.total_minor, a.amount_minor, a.seller_minor, a.promotion_id = gift)::text
           from one join orders.order_lines as l using (order_id) join f on f.mug = l.variant_id
           join orders.adjustments as a on a.order_id = l.order_id and a.line_no = l.line_no), '(2,2,700,0,1400,0,t)', 'at the price of its offer, borne by the platform');
select is((select string_agg(concat_ws(' ', l ->> 'lineNo', l ->> 'giftOf' = gift::text), ', ' order by l ->> 'lineNo') from one, f, orders.get_order_pricing(test.ctx(ana), order_id) as p, jsonb_array_elements(p.lines) as l), '1, 2 t', 'and shown as what it is');
select is((select test.stock(mug) from f), '3/2', 'it is held like everything else');
-- a gift that is short never makes an order fail
select is((select string_agg(concat_ws(' ', problem_code, total_minor, json_array_length(fulfilments)), ', ') from f, pg_temp.placed(ben, jsonb_build_object(lamp::text, 2))), '2490 1', 'an order without the gift when it is short');
select is((select test.stock(mug) from f), '3/2', 'nothing of it is held');
select is((select (n ->> 'code') || (n ->> 'detail') from f, jsonb_array_elements((pg_temp.preview(jsonb_build_object(lamp::text, 2))).not_applied) as n), 'gift_unavailableThe gift is not in stock.', 'the preview says so');
select is((select jsonb_array_length((pg_temp.preview(jsonb_build_object(lamp::text, 2))).lines) from f), 1, 'and prices without it');
-- what was ordered goes first; in a batch as one by one
update inventory.stock_levels set on_hand = 6 from f where variant_id = mug;
select is((select string_agg(concat_ws(' ', problem_code, subtotal_minor, discount_minor), ', ' order by request_no) from f,
             pg_temp.placed(ben, jsonb_build_object(lamp::text, 2, mug::text, 1), jsonb_build_object(lamp::text, 2), jsonb_build_object(mug::text, 2))),
          '4100 1400, 2000 0, inventory.insufficient_stock', 'of 4: 1 + 2 given, then no gift for 1 left, then 2 are not there');
select is((select test.stock(mug) from f), '6/5', 'what is held');
update inventory.stock_levels set on_hand = 7 from f where variant_id = mug;
select is((select string_agg(concat_ws(' ', problem_code, subtotal_minor, discount_minor), ', ' order by request_no) from f,
             pg_temp.placed(ana, jsonb_build_object(lamp::text, 2, mug::text, 1))), '2700 0', 'with 2 left, 1 is bought and 2 more are not there');
-- a gift counts for nothing
select test.promotion('{"name": "Many", "percentBp": 1000, "minQuantity": 4}');
update inventory.stock_levels set on_hand = 20 from f where variant_id = mug;
select is((select row(subtotal_minor, discount_minor)::text from f, pg_temp.placed(ana, jsonb_build_object(lamp::text, 3))), '(4400,1400)', 'a gift does not help to reach a minimum');
select is((select row(subtotal_minor, discount_minor)::text from f, pg_temp.placed(ana, jsonb_build_object(lamp::text, 4))), '(5400,1800)', 'and no other promotion looks at it');
-- a gift that loses to another promotion is no line
update pricing.promotions set status = 'ENDED' where name = 'Many';
select test.promotion('{"name": "Alone", "percentBp": 500, "exclusive": true, "priority": 9}');
select is((select row(subtotal_minor, discount_minor)::text from f, pg_temp.placed(ana, jsonb_build_object(lamp::text, 2))), '(2000,100)', 'an exclusive promotion leaves no gift');
select is((select n ->> 'code' from f, jsonb_array_elements((pg_temp.preview(jsonb_build_object(lamp::text, 2))).not_applied) as n where n ->> 'name' = 'Mug'), 'excluded_by', 'and the preview names it');
update pricing.promotions set status = 'ENDED' where name = 'Alone';
-- of several gifts, those that are given are numbered without a gap, in the order in which they act
alter table f add cup uuid, add cap uuid;
update f set cup = test.offer(sued, 300, 1), cap = test.offer(sid, 200, 50);
select test.promotion(jsonb_build_object('name', 'Cup', 'type', 'GIFT', 'target', 'LINES', 'percentBp', null, 'priority', 9, 'gift', jsonb_build_object('variantId', cup, 'quantity', 2))),
       test.promotion(jsonb_build_object('name', 'Cap', 'type', 'GIFT', 'target', 'LINES', 'percentBp', null, 'priority', -1, 'gift', jsonb_build_object('variantId', cap, 'quantity', 1))) from f;
create function pg_temp.numbers(p_order_id uuid) returns text language sql as $$
  select string_agg(concat_ws(' ', l.line_no, case l.variant_id when lamp then 'lamp' when mug then 'mug' when cup then 'cup' when cap then 'cap' end, a.amount_minor,
                              (select count(*) from orders.commissions as c where c.order_id = l.order_id and c.line_no = l.line_no)), ', ' order by l.line_no)
  from f, orders.order_lines as l left join orders.adjustments as a on a.order_id = l.order_id and a.seller_id = l.seller_id and a.line_no = l.line_no where l.order_id = p_order_id $$;
create function pg_temp.previewed(p_lines jsonb) returns text language sql as $$
  select string_agg(concat_ws(' ', l ->> 'lineNo', case (l ->> 'variantId')::uuid when lamp then 'lamp' when mug then 'mug' when cup then 'cup' when cap then 'cap' end,
                              (select a #>> '{amount,amountMinor}' from jsonb_array_elements(p.adjustments) as a where a -> 'lineNo' = l -> 'lineNo')), ', ' order by l -> 'lineNo')
  from f, pg_temp.preview(p_lines) as p, jsonb_array_elements(p.lines) as l $$;
select is((select pg_temp.previewed(jsonb_build_object(lamp::text, 2)) from f), '1 lamp, 2 mug 1400, 3 cap 200', 'a preview: the first gift is not in stock');
select is((select pg_temp.numbers(order_id) from f, pg_temp.placed(ana, jsonb_build_object(lamp::text, 2))), '1 lamp 1, 2 mug 1400 1, 3 cap 200 1', 'and the order');
select is((select string_agg(pg_temp.numbers(order_id), '; ' order by request_no) from f, pg_temp.placed(ben, jsonb_build_object(lamp::text, 1), jsonb_build_object(lamp::text, 2))),
          '1 lamp 1, 2 cap 200 1; 1 lamp 1, 2 mug 1400 1, 3 cap 200 1', 'each order of a batch for itself');
update inventory.stock_levels set on_hand = 9 from f where variant_id = cup;
select is((select pg_temp.numbers(order_id) from f, pg_temp.placed(ana, jsonb_build_object(lamp::text, 2))), '1 lamp 1, 2 cup 600 1, 3 mug 1400 1, 4 cap 200 1', 'all of them, the greater priority first');
-- a member of a group that decides at the turn of its first one acts there
update pricing.promotions set status = 'ENDED' where name in ('Cup', 'Cap');
select test.promotion(jsonb_build_object('name', p.name, 'type', 'GIFT', 'target', 'LINES', 'percentBp', null, 'priority', p.priority, 'exclusivityGroup', 'gifts', 'groupMode', 'BEST',
                                         'gift', jsonb_build_object('variantId', p.variant_id, 'quantity', p.quantity)))
from f cross join lateral (values ('Cup', 9, cup, 2), ('Cap', -1, cap, 5)) as p (name, priority, variant_id, quantity);
select is((select pg_temp.numbers(order_id) from f, pg_temp.placed(ana, jsonb_build_object(lamp::text, 2))), '1 lamp 1, 2 cap 1000 1, 3 mug 1400 1', 'in the order of acting');
update pricing.promotions set status = 'ENDED' where name in ('Cup', 'Cap');
-- no offer, no gift
update catalog.offers set status = 'ARCHIVED' from f where variant_id = mug;
select is((select row(subtotal_minor, discount_minor)::text from f, pg_temp.placed(ana, jsonb_build_object(lamp::text, 2))), '(2000,0)', 'no offer, no gift');
select is((select n ->> 'code' from f, jsonb_array_elements((pg_temp.preview(jsonb_build_object(lamp::text, 2))).not_applied) as n), 'gift_unavailable', 'with a reason');
select is_empty($$ select * from orders._check_invariants() union all select * from pricing._check_invariants() $$, 'the invariants hold');
select * from finish();
rollback;
