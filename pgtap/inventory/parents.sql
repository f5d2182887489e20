begin;
-- Movements and their stock rows hold each other, as a foreign key would make them.
select plan(3);
create temporary table f as select test.seller_id(test.seller('sam')) as sam;
alter table f add lamp uuid, add chair uuid;
update f set lamp = test.offer(sam, 1000, 5), chair = test.offer(sam, 1000, 0);

select throws_ok(
  $$ insert into inventory.movements
     select (jsonb_populate_record(m, jsonb_build_object('variant_id', core.new_id()))).* from inventory.movements as m limit 1 $$,
  '23503', 'the movement of no stock', 'a movement needs its stock row');
select throws_ok(
  $$ delete from inventory.stock_levels as s using f where s.variant_id = f.lamp $$,
  '23503', 'a stock row with movements stays', 'and the stock row stays as long as it has movements');
delete from inventory.movements as m using f where m.variant_id = f.lamp;
select lives_ok($$ delete from inventory.stock_levels as s using f where s.variant_id = f.lamp $$, 'without movements it may go');

select * from finish();
rollback;
