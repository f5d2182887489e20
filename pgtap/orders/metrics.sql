begin;
select plan(3);
create temporary table f as
select test.buyer('ana') as ana, test.seller_id(test.seller('sam')) as sam;
alter table f add lamp uuid;
update f set lamp = test.offer(sam, 1000, 10);
select is_empty('select * from orders.metrics()', 'no orders, no rows');
select test.pay(test.order(ana, lamp)) from f;
select test.order(ana, lamp, 2) from f;
select set_eq('select * from orders.metrics()',
  $$ values ('PAID', 'USD', 1::bigint, 1000::double precision), ('PENDING_PAYMENT', 'USD', 1, 2000) $$, 'count and value by status and currency');
update core.clock set clock_offset = clock_offset + interval '25 hours';
select is_empty('select * from orders.metrics()', 'of the last day');
select * from finish();
rollback;
