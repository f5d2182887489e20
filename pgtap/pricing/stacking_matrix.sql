-- Every pair of policies: of two promotions on one basket, which act. A comes first (greater priority), B offers more.
begin;
select plan(148);
create temporary table f as
select test.seller_id(test.seller('sam')) as sid, test.admin() as admin;
alter table f add lamp uuid, add line pricing.basket_line[];
update f set lamp = test.offer(sid, 10000, 50);
update f set line = array[test.basket_line(1, sid, (select product_id from catalog.variants where variant_id = lamp),
                                           (select c.path from catalog.categories as c join catalog.products as p using (category_id)
                                            join catalog.variants as v using (product_id) where v.variant_id = lamp), 1, 10000)];
insert into pricing.shipping_rates (seller_id, currency, fee_minor, updated_at) select sid, 'USD', 500, core.now() from f;

-- A policy, and for each policy of the second promotion (in the order of the rows) which of the two act.
create temporary table matrix (n serial, policy text, document jsonb, acts text[]);
insert into matrix (policy, document, acts) values
  --                                                                            plain exclusive stops first best alone lines orders line line+s shipping
  ('plain',             '{}',                                                '{AB,    A,        AB,   AB,   AB,  A,    A,    AB,    AB,  A,     AB}'),
  ('exclusive',         '{"exclusive": true}',                               '{A,     A,        A,    A,    A,   A,    A,    A,     A,   A,     A}'),
  ('stops further',     '{"stopsFurther": true}',                            '{A,     A,        A,    A,    A,   A,    A,    A,     A,   A,     A}'),
  ('in a FIRST group',  '{"exclusivityGroup": "f", "groupMode": "FIRST"}',   '{AB,    A,        AB,   A,    AB,  A,    A,    AB,    AB,  A,     AB}'),
  ('in a BEST group',   '{"exclusivityGroup": "b", "groupMode": "BEST"}',    '{AB,    A,        AB,   AB,   B,   A,    A,    AB,    AB,  A,     AB}'),
  ('combines with none', '{"combinesWith": []}',                             '{A,     A,        A,    A,    A,   A,    A,    A,     A,   A,     A}'),
  ('combines with LINE', '{"combinesWith": ["LINE"]}',                       '{A,     A,        A,    A,    A,   A,    A,    A,     AB,  A,     A}'),
  ('combines with ORDER', '{"combinesWith": ["ORDER"]}',                     '{AB,    A,        AB,   AB,   AB,  A,    A,    AB,    A,   A,     A}'),
  ('on lines',          '{"target": "LINES"}',                               '{AB,    A,        AB,   AB,   AB,  A,    AB,   A,     AB,  A,     AB}'),
  ('on lines, combines with SHIPPING', '{"target": "LINES", "combinesWith": ["SHIPPING"]}',
                                                                             '{A,     A,        A,    A,    A,   A,    A,    A,     A,   A,     AB}'),
  ('on shipping',       '{"target": "SHIPPING"}',                            '{AB,    A,        AB,   AB,   AB,  A,    A,    A,     AB,  AB,    AB}');
select test.promotion(m.document || jsonb_build_object('couponCode', 'POLICY-' || r.role || m.n, 'priority', r.priority, 'percentBp', r.bp))
from matrix as m cross join (values ('A', 2, 1000), ('B', 1, 2000)) as r (role, priority, bp);

-- Which promotions act, by the letters of their codes, and what each takes off in all: 'A 1000, B 1800'.
create function pg_temp.acting(variadic p_codes text[]) returns text language sql as $$
  select coalesce(string_agg(d.letter || ' ' || d.amount, ', ' order by d.n), 'nothing')
  from (select substring(a.coupon_code from '-([A-Z])') as letter, sum(a.amount_minor) as amount, min(a.n) as n
        from f, unnest(array(select row(a.*)::pricing.adjustment
                             from pricing._apply_promotions(array[jsonb_populate_record(null::pricing.basket, jsonb_build_object(
                               'basket_no', 1, 'currency', 'USD', 'coupon_codes', p_codes))], line,
                               array[row(1, sid, 500)::pricing.basket_shipping], '{}', core.now()) as a))
          with ordinality as a (basket_no, seller_id, line_no, promotion_id, promotion_version, coupon_code, target, amount_minor,
                                is_limited, base_minor, seller_minor, exact_share, n)
        group by 1) as d $$;
select is(regexp_replace(pg_temp.acting('POLICY-A' || a.n, 'POLICY-B' || b.n), '[^A-Z]', '', 'g'), a.acts[b.n],
          format('A %s, B %s', a.policy, b.policy))
from matrix as a cross join matrix as b
order by a.n, b.n;

-- What the second takes depends on its base, its caps and its floors: A takes 10 %, B 20 % of 100.00.
create temporary table second (n serial, document jsonb, acts text);
insert into second (document, acts) values
  ('{}', 'A 1000, B 1800'),
  ('{"base": "ORIGINAL"}', 'A 1000, B 2000'),
  ('{"base": "ORIGINAL", "percentBp": 10000}', 'A 1000, B 9000'),
  ('{"maxPerOrder": {"amountMinor": 700, "currency": "USD"}}', 'A 1000, B 700'),
  ('{"maxPerLine": {"amountMinor": 300, "currency": "USD"}}', 'A 1000, B 300'),
  ('{"floorBp": 8500}', 'A 1000, B 500'),
  ('{"floorBp": 9000}', 'A 1000'),
  ('{"floorBp": 10000, "priority": 3, "stopsFurther": true, "exclusive": true}', 'A 1000'),
  ('{"base": "ORIGINAL", "floorBp": 8500}', 'A 1000, B 500'),
  ('{"priority": 3}', 'B 2000, A 800'),
  ('{"priority": 2}', 'A 1000, B 1800'),
  ('{"target": "LINES", "base": "ORIGINAL"}', 'A 1000, B 2000'),
  ('{"target": "UNITS", "unitPick": "CHEAPEST", "unitCount": 1}', 'A 1000, B 1800'),
  ('{"target": "SHIPPING"}', 'A 1000, B 100'),
  ('{"target": "SHIPPING", "priority": 3, "stopsFurther": true}', 'B 100');
select test.promotion('{"couponCode": "BASE-A", "priority": 2, "percentBp": 1000}');
select test.promotion('{"priority": 1, "percentBp": 2000}' || s.document || jsonb_build_object('couponCode', 'SECOND-B' || s.n)) from second as s;
select is(pg_temp.acting('BASE-A', 'SECOND-B' || s.n), s.acts, 'B ' || s.document::text) from second as s order by s.n;

-- Three of a group, one that stops and one that is too late.
select test.promotion('{"couponCode": "BEST-A", "priority": 9, "percentBp": 100, "exclusivityGroup": "g", "groupMode": "BEST"}'),
       test.promotion('{"couponCode": "BEST-B", "priority": 8, "percentBp": 500, "exclusivityGroup": "g", "groupMode": "BEST"}'),
       test.promotion('{"couponCode": "BEST-C", "priority": 7, "percentBp": 300, "exclusivityGroup": "g", "groupMode": "BEST"}'),
       test.promotion('{"couponCode": "BEST-D", "priority": 6, "percentBp": 500, "exclusivityGroup": "g", "groupMode": "BEST"}'),
       test.promotion('{"couponCode": "LATE-E", "priority": 8, "percentBp": 1000, "stopsFurther": true}'),
       test.promotion('{"couponCode": "LATE-F", "priority": 1, "percentBp": 1000}'),
       test.promotion('{"couponCode": "ZERO-G", "priority": 9, "percentBp": 1000, "floorBp": 10000, "exclusivityGroup": "h", "groupMode": "FIRST"}'),
       test.promotion('{"couponCode": "NEXT-H", "priority": 1, "percentBp": 1000, "exclusivityGroup": "h", "groupMode": "FIRST"}'),
       test.promotion('{"couponCode": "ALONE-I", "priority": 3, "percentBp": 1000, "exclusive": true}');
select is(pg_temp.acting('BEST-A', 'BEST-B', 'BEST-C'), 'B 500', 'the best of three acts');
select is(pg_temp.acting('BEST-A', 'BEST-C'), 'C 300', 'and of two');
select is(pg_temp.acting('BEST-D', 'BEST-B'), 'B 500', 'of two that are as good, the first in order');
select is(pg_temp.acting('BEST-A', 'BEST-B', 'LATE-E'), 'B 500, E 950', 'the best acts at the turn of the first of its group');
select is(pg_temp.acting('BEST-C', 'LATE-E'), 'E 1000', 'what stops leaves no turn to those after it');
select is(pg_temp.acting('LATE-E', 'LATE-F'), 'E 1000', 'nor to one that is far behind');
select is(pg_temp.acting('ZERO-G', 'NEXT-H'), 'H 1000', 'a first member without an effect leaves the group to the next');
select is(pg_temp.acting('ALONE-I', 'LATE-F'), 'I 1000', 'an exclusive one acts alone');
select is(pg_temp.acting('ALONE-I', 'LATE-E'), 'E 1000', 'and not when another has acted');
select is(pg_temp.acting('ZERO-G', 'ALONE-I'), 'I 1000', 'one without an effect has not acted');
select is(pg_temp.acting('ALONE-I', 'LATE-F', 'BEST-A', 'BEST-B'), 'B 500, F 950', 'without a turn it excludes nobody');
select is(pg_temp.acting('NONE-Z'), 'nothing', 'no promotion, no discount');

select * from finish();
rollback;
