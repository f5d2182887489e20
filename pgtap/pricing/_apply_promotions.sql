begin;
select plan(27);
create temporary table f as
select test.buyer('ana') as ana, test.buyer('ben') as ben, test.admin() as admin, test.seller('sam') as sam,
       test.seller_id(test.seller('sam')) as sid, test.seller('sue') as sue, test.seller_id(test.seller('sue')) as sued;
alter table f add lamp uuid, add chair uuid;
update f set lamp = test.offer(sid, 1000, 50), chair = test.offer(sued, 2500, 50);
-- The examples of docs/pricing.md, then what else must hold.
alter table f add books uuid, add novels uuid, add p1 uuid, add p2 uuid;
update f set books = core.new_id(), novels = core.new_id(),
  p1 = (select product_id from catalog.variants where variant_id = lamp), p2 = (select product_id from catalog.variants where variant_id = chair);
insert into catalog.categories (category_id, path, name, slug, created_at, updated_at)
select books, array[books], 'Books', 'books', core.now(), core.now() from f;
insert into catalog.categories (category_id, parent_id, path, name, slug, created_at, updated_at)
select novels, books, array[books, novels], 'Novels', 'novels', core.now(), core.now() from f;
create function pg_temp.l(p_line_no integer, p_quantity integer, p_price bigint) returns pricing.basket_line language sql as $$
  -- odd lines: novels of sam; even lines: other things of sue
  select case when p_line_no % 2 = 1 then test.basket_line(p_line_no, sid, p1, array[books, novels], p_quantity, p_price)
              else test.basket_line(p_line_no, sued, p2, array[p2], p_quantity, p_price) end from f $$;
create function pg_temp.off(p_name text) returns void language sql as $$
  update pricing.promotions set status = 'ENDED' where status = 'ACTIVE' and p_name <> '' $$;

select is(test.discounts(array[pg_temp.l(1, 1, 1000)]), 'nothing', 'no promotion, no discount');

-- example 1: a percentage of the order is rounded once and split by largest remainder
select test.promotion('{"percentBp": 1000}');
select is(test.discounts(array[pg_temp.l(1, 1, 333), pg_temp.l(2, 1, 333), pg_temp.l(3, 1, 334)]), 'L1 33, L2 33, L3 34',
          '10 % of 10.00 is 1.00: 33 + 33 + 34');
select is(test.discounts(array[pg_temp.l(1, 1, 5), pg_temp.l(2, 1, 5)]), 'L1 1', '10 % of 10 cents is 1: the tie goes to the smaller line');
select is(test.discounts(array[pg_temp.l(1, 1, 4)]), 'nothing', '0.4 cents round to nothing');
select is(test.discounts(array[pg_temp.l(1, 1, 15)]), 'L1 2', '1.5 cents round up');
select pg_temp.off('all');

-- example 2: a percentage of lines is rounded line by line
select test.promotion('{"percentBp": 1500, "target": "LINES"}');
select is(test.discounts(array[pg_temp.l(1, 1, 333), pg_temp.l(2, 1, 333), pg_temp.l(3, 1, 334)]), 'L1 50, L2 50, L3 50',
          '15 % of each line: 49.95, 49.95 and 50.1 cents');
select pg_temp.off('all');

-- example 3: promotions act one after another on what is left
select test.promotion('{"type": "FIXED_AMOUNT", "amount": {"amountMinor": 500, "currency": "USD"}, "priority": 10}');
select test.promotion('{"percentBp": 1000, "priority": 5}');
select is(test.discounts(array[pg_temp.l(1, 1, 2000), pg_temp.l(2, 1, 3000)]), 'L1 200, L2 300, L1 180, L2 270',
          '5.00 off 50.00, then 10 % of the 45.00 that are left');
select pg_temp.off('all');

-- example 4: a fixed amount on lines counts per unit and never goes below zero
select test.promotion('{"type": "FIXED_AMOUNT", "target": "LINES", "amount": {"amountMinor": 150, "currency": "USD"}}');
select is(test.discounts(array[pg_temp.l(1, 3, 1000), pg_temp.l(2, 2, 99)]), 'L1 450, L2 198', '1.50 off each of 3, and no more than 0.99 off the others');
select pg_temp.off('all');
select test.promotion('{"type": "FIXED_AMOUNT", "amount": {"amountMinor": 99999, "currency": "USD"}, "priority": 2}');
select test.promotion('{"percentBp": 5000}');
select is(test.discounts(array[pg_temp.l(1, 1, 700), pg_temp.l(2, 1, 300)]), 'L1 700, L2 300', 'a fixed amount takes the whole order at most, and leaves nothing to others');
select pg_temp.off('all');

-- example 5: free shipping, and a threshold that looks at prices before discounts
insert into pricing.shipping_rates (seller_id, currency, fee_minor, free_from_minor, updated_at)
select sid, 'USD', 490, 5000, core.now() from f union all select sued, 'USD', 990, null, core.now() from f;
select test.promotion('{"type": "FREE_SHIPPING", "target": "SHIPPING", "couponCode": "shipfree"}');
select is(test.discounts(array[pg_temp.l(1, 1, 1000), pg_temp.l(2, 1, 1000)]), 'nothing', 'a coupon not given is not used');
select is(test.discounts(array[pg_temp.l(1, 1, 1000), pg_temp.l(2, 1, 1000)], 'ShipFree'), 'S 490, S 990', 'the fee of each seller is waived');
select is(test.discounts(array[pg_temp.l(1, 5, 1000), pg_temp.l(2, 1, 1000)], 'SHIPFREE', 'shipfree'), 'S 990', 'a fee that is waived anyway is not waived again');
select pg_temp.off('all');
delete from pricing.shipping_rates;

-- what a promotion matches
select test.promotion(jsonb_build_object('percentBp', 1000, 'categoryIds', jsonb_build_array(books))) from f;
select is(test.discounts(array[pg_temp.l(1, 1, 1000), pg_temp.l(2, 1, 1000)]), 'L1 100', 'a category counts with what is below it');
select pg_temp.off('all');
select test.promotion(jsonb_build_object('percentBp', 1000, 'productIds', jsonb_build_array(p2))) from f;
select is(test.discounts(array[pg_temp.l(1, 1, 1000), pg_temp.l(2, 1, 1000)]), 'L2 100', 'a product');
select pg_temp.off('all');
select test.promotion(jsonb_build_object('percentBp', 1000, 'sellerIds', jsonb_build_array(sued))) from f;
select is(test.discounts(array[pg_temp.l(1, 1, 1000), pg_temp.l(2, 1, 1000)]), 'L2 100', 'a seller');
select pg_temp.off('all');
select a.status from f, pricing.create_promotion(test.ctx(sue), '{"name": "mine", "type": "PERCENTAGE", "target": "ORDER", "percentBp": 1000}') as p,
  pricing.activate_promotion(test.ctx(sue), p.promotion_id) as a;
select is(test.discounts(array[pg_temp.l(1, 1, 1000), pg_temp.l(2, 1, 1000)]), 'L2 100', 'a seller''s own touches its lines only');
select pg_temp.off('all');

-- conditions
select test.promotion('{"minSubtotal": {"amountMinor": 2000, "currency": "USD"}}');
select is(test.discounts(array[pg_temp.l(1, 1, 1999)]), 'nothing', 'a minimum that is not met');
select is(test.discounts(array[pg_temp.l(1, 1, 2000)]), 'L1 200', 'a minimum that is met');
select pg_temp.off('all');
select test.promotion('{"currency": "EUR"}');
select is(test.discounts(array[pg_temp.l(1, 1, 2000)]), 'nothing', 'another currency');
select pg_temp.off('all');
select test.promotion(jsonb_build_object('startsAt', core.now() + interval '1 hour', 'endsAt', core.now() + interval '2 hours'));
select is(test.discounts(array[pg_temp.l(1, 1, 2000)]), 'nothing', 'too early');
update core.clock set clock_offset = interval '90 minutes';
select is(test.discounts(array[pg_temp.l(1, 1, 2000)]), 'L1 200', 'in its window');
update core.clock set clock_offset = interval '3 hours';
select is(test.discounts(array[pg_temp.l(1, 1, 2000)]), 'nothing', 'too late');
select pg_temp.off('all');

-- many baskets at once are the same baskets one by one; shares add up and stay within one unit of exact
select test.promotion('{"percentBp": 1234, "priority": 3}');
select test.promotion('{"type": "FIXED_AMOUNT", "amount": {"amountMinor": 777, "currency": "USD"}, "priority": 2}');
select test.promotion(jsonb_build_object('percentBp', 333, 'target', 'LINES', 'categoryIds', jsonb_build_array(books))) from f;
create temporary table lines as
select b as basket_no, l as line_no, case when random() < 0.5 then sid else sued end as seller_id, p1, array[books, novels] as path,
       1 + floor(random() * 4)::int as quantity, 1 + floor(random() * 3000)::bigint as price
from f, (select setseed(0.1)) as s, generate_series(1, 60) as b, generate_series(1, 1 + b % 7) as l;
create temporary table at_once as
select a.* from pricing._apply_promotions(
  array(select row(b, null, 'USD', '{}', null, null, null)::pricing.basket from generate_series(1, 60) as b),
  array(select test.basket_line(line_no, seller_id, p1, path, quantity, price, basket_no) from lines order by random()), '{}', '{}', core.now()) as a;
create temporary table one_by_one as
select a.* from generate_series(1, 60) as b, pricing._apply_promotions(
  array[row(b, null, 'USD', '{}', null, null, null)::pricing.basket],
  array(select test.basket_line(line_no, seller_id, p1, path, quantity, price, basket_no) from lines where basket_no = b order by line_no), '{}', '{}', core.now()) as a;
select set_eq('select * from at_once', 'select * from one_by_one', 'sixty baskets at once are the same as one by one');
select is_empty(
  $$ select basket_no from at_once group by basket_no, line_no having sum(amount_minor) > (select quantity * price from lines as l where (l.basket_no, l.line_no) = (at_once.basket_no, at_once.line_no)) or min(amount_minor) <= 0 $$,
  'no line goes below zero');
select is_empty(
  $$ select b.basket_no, b.total, d.amount from (select basket_no, sum(quantity * price) as total from lines group by basket_no) as b
     join (select a.basket_no, sum(a.amount_minor) as amount from at_once as a join pricing.promotions as p using (promotion_id) where p.percent_bp = 1234 group by 1) as d using (basket_no)
     where d.amount <> round(b.total * 1234 / 10000.0) $$,
  'the shares of a percentage add up to it');
select is_empty(
  $$ select * from at_once as a join pricing.promotions as p using (promotion_id) join lines as l using (basket_no, line_no)
     where p.percent_bp = 1234 and abs(a.amount_minor - l.quantity * l.price * 0.1234) >= 1.5 $$, 'each near its exact share');
select is_empty($$ select * from pricing._check_invariants() $$, 'the invariants hold');

select * from finish();
rollback;
