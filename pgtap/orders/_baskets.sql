begin;
select plan(21);
-- The facts about buyers that promotions ask for, in batches as one by one.
create temporary table f as select test.buyer('ana') as ana, test.buyer('ben') as ben, test.seller_id(test.seller('sam')) as sid;
alter table f add lamp uuid, add rare uuid;
update f set lamp = test.offer(sid, 1000, 50), rare = test.offer(sid, 1000, 1);
create function pg_temp.placed(variadic p_requests jsonb[]) returns text language sql as $$
  select string_agg(concat_ws(' ', o.problem_code, o.discount_minor), ', ' order by o.request_no)
  from orders.place_orders((select jsonb_agg(r order by n) from unnest(p_requests) with ordinality as u (r, n))) as o $$;
create function pg_temp.lamps(p_buyer uuid, p_quantity integer default 1, p_country text default 'US') returns jsonb language sql as $$
  select jsonb_set(test.placing(p_buyer, jsonb_build_object(lamp::text, p_quantity)), '{shippingAddress,countryCode}', to_jsonb(p_country)) from f $$;
create function pg_temp.rare(p_buyer uuid) returns jsonb language sql as $$ select test.placing(p_buyer, jsonb_build_object(rare::text, 2)) from f $$;
create function pg_temp.off() returns void language sql as $$ update pricing.promotions set status = 'ENDED' where status in ('ACTIVE', 'SCHEDULED') $$;

select is(pricing._facts_needed(), '{}', 'no condition, no fact');
select test.promotion('{"percentBp": 1000, "condition": {"country": ["DE"]}}');
select is(pricing._facts_needed(), '{buyer}', 'a condition');
select is((select pg_temp.placed(pg_temp.lamps(ana), pg_temp.lamps(ana, 1, 'DE')) from f), '0, 100', 'the shipping country');
select pg_temp.off();
insert into pricing.buyer_groups (group_code, name, created_at, updated_at) values ('vip', 'VIP', core.now(), core.now());
insert into pricing.buyer_group_members (buyer_id, group_code, added_at) select ana, 'vip', core.now() from f;
select test.promotion('{"percentBp": 1000, "condition": {"segment": ["vip"]}}');
select is((select pg_temp.placed(pg_temp.lamps(ana), pg_temp.lamps(ben)) from f), '100, 0', 'the groups of the buyer');
select pg_temp.off();
-- ana has 3 orders, ben 1
select test.promotion('{"percentBp": 1000, "condition": {"orderNumber": {"every": 2}}, "buyerLimit": 9}');
select is(pricing._facts_needed(), '{buyer,orderNumber}', 'a condition on the number of the order');
select is((select pg_temp.placed(pg_temp.lamps(ana), pg_temp.lamps(ana), pg_temp.lamps(ana), pg_temp.lamps(ben), pg_temp.lamps(ben)) from f),
          '100, 0, 100, 100, 0', 'every second: ana''s 4th to 6th, ben''s 2nd and 3rd');
select is((select pg_temp.placed(pg_temp.lamps(ana), pg_temp.rare(ana), pg_temp.lamps(ana)) from f), '0, inventory.insufficient_stock, 100',
          'one that was refused for its stock does not count: the 7th, and the 8th');
select is((select pg_temp.placed(pg_temp.lamps(ana), test.placing(ana, jsonb_build_object(sid::text, 1)), pg_temp.lamps(ana)) from f), '0, pricing.variant_unavailable, 100',
          'nor does one for its lines: the 9th, and the 10th');
select is((select pg_temp.placed(pg_temp.rare(ben), pg_temp.lamps(ben)) from f), 'inventory.insufficient_stock, 100', 'a limited promotion that shows up only then is counted, too');
select is((select count(*)::int from f, pricing.redemptions as r where r.buyer_id = ben), 2, 'each use once');
select pg_temp.off();
select test.promotion('{"percentBp": 5000, "condition": {"orderNumber": {"max": 1}}}');
select is((select pg_temp.placed(pg_temp.rare(cai), pg_temp.lamps(cai), pg_temp.lamps(cai)) from (select test.buyer('cai') as cai) as c), 'inventory.insufficient_stock, 500, 0', 'the first order, once');
select pg_temp.off();
-- coupons and gifts by the number of the order: whether one before it counts is known when it was decided
alter table f add cup uuid;
update f set cup = test.offer(sid, 200, 500);
create function pg_temp.with(p_request jsonb, variadic p_coupons text[]) returns jsonb language sql as $$ select p_request || jsonb_build_object('couponCodes', to_jsonb(p_coupons)) $$;
select test.promotion('{"percentBp": 2000, "couponCode": "FIRST", "condition": {"orderNumber": {"max": 1}}}'), test.promotion('{"percentBp": 3000, "couponCode": "SECOND", "condition": {"orderNumber": {"min": 2, "max": 2}}}'),
       test.promotion(jsonb_build_object('type', 'GIFT', 'target', 'LINES', 'percentBp', null, 'condition', '{"orderNumber": {"max": 1}}'::jsonb, 'gift', jsonb_build_object('variantId', cup, 'quantity', 1))) from f;
select is((select pg_temp.placed(pg_temp.rare(dan), pg_temp.with(pg_temp.lamps(dan), 'FIRST')) from (select test.buyer('dan') as dan) as d),
          'inventory.insufficient_stock, 400', 'the one before was refused: this is the first, with its coupon and its gift');
select is((select pg_temp.placed(pg_temp.rare(eve), pg_temp.with(pg_temp.lamps(eve), 'SECOND'), pg_temp.lamps(eve), pg_temp.with(pg_temp.lamps(eve), 'SECOND')) from (select test.buyer('eve') as eve) as d),
          'inventory.insufficient_stock, pricing.coupon_condition_not_met, 200, 300', 'and not the second; what is, has its own');
select is((select pg_temp.placed(pg_temp.lamps(fay), pg_temp.with(pg_temp.lamps(fay), 'FIRST'), pg_temp.with(pg_temp.lamps(fay), 'SECOND'), pg_temp.with(pg_temp.lamps(fay), 'SECOND')) from (select test.buyer('fay') as fay) as d),
          '200, pricing.coupon_condition_not_met, 300, pricing.coupon_condition_not_met', 'one refused for its coupon does not count either');
select is((select pg_temp.placed(pg_temp.with(pg_temp.lamps(gus), 'NONE'), test.placing(gus, jsonb_build_object(gus::text, 1)), pg_temp.with(pg_temp.lamps(gus), 'FIRST'), pg_temp.lamps(hal)) from (select test.buyer('gus') as gus, test.buyer('hal') as hal) as d),
          'pricing.coupon_unknown, pricing.variant_unavailable, 400, 200', 'whatever it was refused for; neighbours are as they were');
select is((select string_agg(concat_ws(' ', o.is_replayed, o.problem_code, o.discount_minor), ', ' order by o.request_no) from (select test.buyer('ida') as ida) as d,
             orders.place_orders(jsonb_build_array(pg_temp.lamps(ida) || '{"idempotencyKey": "ida-1"}', pg_temp.lamps(ida), pg_temp.lamps(ida) || '{"idempotencyKey": "ida-1"}')) as o), 'f 200, f 0, t 200', 'a duplicate of the first is the first');
-- the same answers, stock and counts one by one, for batches by chance
select test.promotion('{"percentBp": 1000, "usageLimit": 5, "couponCode": "FEW"}'), test.promotion('{"percentBp": 1500, "condition": {"orderNumber": {"every": 2}}, "usageLimit": 4, "stopsFurther": true}'),
       test.promotion(jsonb_build_object('type', 'GIFT', 'target', 'LINES', 'percentBp', null, 'buyerLimit', 2, 'condition', '{"orderNumber": {"min": 2, "max": 3}}'::jsonb, 'gift', jsonb_build_object('variantId', rare, 'quantity', 1))) from f;
update inventory.stock_levels set on_hand = 300 from f where variant_id = lamp;
update inventory.stock_levels set on_hand = 9 + reserved from f where variant_id in (rare, cup);
create function pg_temp.outcome(p_requests jsonb, p_is_batch boolean) returns text language plpgsql as $$
declare
  v_answer text;
  v_orders orders.placed_order[];
  v_requests jsonb[] := case when p_is_batch then array[p_requests] else array(select jsonb_build_array(r) from jsonb_array_elements(p_requests) as r) end;
begin
  begin
    v_answer := '';
    for i in 1 .. cardinality(v_requests) loop
      select array_agg(o) into v_orders from orders.place_orders(v_requests[i]) as o;
      v_answer := v_answer || (
        select string_agg(concat_ws(' ', o.is_replayed, o.problem_code, o.problem_detail, o.subtotal_minor, o.discount_minor,
                                    (select string_agg(l.line_no || ':' || l.quantity, '+' order by l.line_no) from orders.order_lines as l where l.order_id = o.order_id)), E'\n' order by o.request_no)
        from unnest(v_orders) as o) || E'\n';
    end loop;
    v_answer := v_answer || (select string_agg(s.reserved::text, ' ' order by s.variant_id) from inventory.stock_levels as s)
      || (select string_agg(concat_ws(' ', p.promotion_id, (select sum(c.used) from pricing.promotion_counters as c where c.promotion_id = p.promotion_id),
                                      (select string_agg(b.used::text, '+' order by b.buyer_id) from pricing.promotion_buyer_counters as b where b.promotion_id = p.promotion_id and b.used > 0)), E'\n' order by p.promotion_id)
          from pricing.promotions as p);
    raise exception 'undone' using errcode = 'MK000';
  exception when sqlstate 'MK000' then
    return v_answer;
  end;
end $$;
select setseed(0.7);
create temporary table batches as
select b.n, (select jsonb_agg(case when r.dice < 0.4 then pg_temp.with(r.request, (array['FIRST', 'SECOND', 'FEW'])[1 + floor(r.dice * 7.5)::int]) else r.request end)
             from (values (1, test.buyer('jan')), (2, test.buyer('kim')), (3, test.buyer('lou'))) as u (i, id)
             cross join generate_series(1, 3) as g
             cross join lateral (select random() + 0 * (b.n + u.i + g) as dice, case when random() < 0.3 then test.placing(u.id, jsonb_build_object(rare::text, 1 + floor(random() * 6)::int)) else pg_temp.lamps(u.id) end as request from f offset 0) as r) as requests
from generate_series(1, 8) as b (n);
create temporary table outcomes as select b.n, pg_temp.outcome(b.requests, true) as batch, pg_temp.outcome(b.requests, false) as one_by_one from batches as b;
select is_empty($$ select * from outcomes where batch <> one_by_one limit 2 $$, 'what a batch does is what its requests do one by one');
select cmp_ok((select count(distinct batch)::int from outcomes), '>', 4, 'and they differ');
select cmp_ok((select count(*)::int from outcomes where batch like '%insufficient_stock%'), '>', 1, 'with refusals for stock');
select cmp_ok((select count(*)::int from outcomes where batch like '%coupon_condition%'), '>', 1, 'and for coupons');
select is_empty($$ select * from orders._check_invariants() union all select * from pricing._check_invariants() $$, 'the invariants hold');
select * from finish();
rollback;
