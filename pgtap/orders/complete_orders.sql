begin;
select plan(4);
create temporary table f as
select test.buyer('ana') as ana, test.seller('sam') as sam_user;
alter table f add lamp uuid, add order_id uuid, add sam uuid;
update f set sam = test.seller_id(sam_user);
update f set lamp = test.offer(sam, 1000, 5);
update f set order_id = test.order(ana, lamp);
select test.pay(order_id) from f;
select count(o.*) from f, orders.accept_fulfilment(test.ctx(sam_user), order_id, sam) as o;
select count(o.*) from f, orders.ship_fulfilment(test.ctx(sam_user), order_id, sam, 'DHL', '1') as o;
select count(o.*) from f, orders.deliver_fulfilment(test.ctx(sam_user), order_id, sam) as o;
select is(orders.complete_orders(100), 0, 'not on the day of delivery');
update core.clock set clock_offset = clock_offset + interval '14 days';
select is(orders.complete_orders(100), 1, 'but two weeks later');
select is((select test.status(order_id) from f), 'COMPLETED', 'the order is done');
select is(orders.complete_orders(100), 0, 'once');
select * from finish();
rollback;
