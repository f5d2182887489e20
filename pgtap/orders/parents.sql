begin;
-- What foreign keys would refuse, the triggers on the statement refuse: rows without their parent.
select plan(5);
create temporary table f as
select test.buyer('ana') as ana, test.seller_id(test.seller('sam')) as sam;
alter table f add lamp uuid, add order_id uuid;
update f set lamp = test.offer(sam, 1000, 5);
update f set order_id = test.order(ana, lamp);

select throws_ok(
  $$ insert into orders.order_lines
     select (jsonb_populate_record(l, jsonb_build_object('order_id', core.new_id()))).* from orders.order_lines as l $$,
  '23503', 'a line of no part of an order', 'a line needs its part');
select throws_ok(
  $$ insert into orders.commissions
     select (jsonb_populate_record(c, jsonb_build_object('line_no', 9))).* from orders.commissions as c $$,
  '23503', 'a commission on no line', 'a commission needs its line');
select throws_ok(
  $$ insert into orders.order_history
     select (jsonb_populate_record(h, jsonb_build_object('order_id', core.new_id()))).* from orders.order_history as h $$,
  '23503', 'the history of no order', 'history needs its order');
select throws_ok(
  $$ insert into orders.order_lines
     select (jsonb_populate_record(l, jsonb_build_object('line_no', n, 'order_id', case n when 3 then core.new_id() else l.order_id end))).*
     from orders.order_lines as l, generate_series(2, 3) as n $$,
  '23503', 'a line of no part of an order', 'one orphan refuses the whole statement');
select lives_ok(
  $$ insert into orders.order_lines
     select (jsonb_populate_record(l, jsonb_build_object('line_no', 2))).* from orders.order_lines as l $$,
  'a line of a part that is there is taken');

select * from finish();
rollback;
