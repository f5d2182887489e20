begin;
select plan(9);
create temporary table f as
select test.buyer('ana') as ana, test.seller('sam') as sam_user, test.seller('sue') as sue_user;
alter table f add lamp uuid, add chair uuid, add order_id uuid, add sam uuid, add sue uuid;
update f set sam = test.seller_id(sam_user), sue = test.seller_id(sue_user);
update f set lamp = test.offer(sam, 1000, 5), chair = test.offer(sue, 1000, 5);
update f set order_id = (select p.order_id from orders.place_orders(jsonb_build_array(test.placing(ana, jsonb_build_object(lamp::text, 1, chair::text, 1)))) as p);
select test.pay(order_id) from f;

select throws_ok($$ select o.* from f, orders.ship_fulfilment(test.ctx(sam_user), order_id, sam, 'DHL', '1') as o $$, 'MK409', 'orders.transition_refused', 'accept first');
select count(o.*) from f, orders.accept_fulfilment(test.ctx(sam_user), order_id, sam) as o;
select count(o.*) from f, orders.accept_fulfilment(test.ctx(sue_user), order_id, sue) as o;
select results_eq(
  $$ select o.status, o.fulfilments -> 0 ->> 'status', o.fulfilments -> 0 ->> 'carrier', o.fulfilments -> 0 ->> 'trackingNumber' from f, orders.ship_fulfilment(test.ctx(sam_user), order_id, sam, 'DHL', 'JD01') as o $$,
  $$ values ('PROCESSING', 'SHIPPED', 'DHL', 'JD01') $$, 'one part is on its way, the order is not yet');
select is((select o.status from f, orders.ship_fulfilment(test.ctx(sue_user), order_id, sue, 'UPS', '1Z') as o), 'SHIPPED', 'with the last part it is');
select throws_ok($$ select o.* from f, orders.ship_fulfilment(test.ctx(sue_user), order_id, sue, 'UPS', '1Z') as o $$, 'MK409', 'orders.transition_refused', 'once');
select throws_ok($$ select o.* from f, orders.ship_fulfilment(test.ctx(sue_user), order_id, sue, ' ', '1Z') as o $$, 'MK422', 'orders.carrier_required', 'a carrier is needed');
select throws_ok($$ select o.* from f, orders.ship_fulfilment(test.ctx(sue_user), order_id, sue, 'UPS', null) as o $$, 'MK422', 'orders.tracking_number_required', 'and a number');
select throws_ok($$ select o.* from f, orders.ship_fulfilment(test.ctx(sue_user), order_id, sue, 'UPS', repeat('1', 101)) as o $$, 'MK422', 'orders.tracking_number_required', 'of sane length');
select throws_ok($$ select o.* from f, orders.ship_fulfilment(test.ctx(sue_user), order_id, sam, 'UPS', '1Z') as o $$, 'MK404', 'orders.order_not_found', 'not another''s part');
select is((select count(*)::int from events.staging as s, f where s.type = 'orders.fulfilment_shipped' and s.audience @> array[ana]), 2, 'the buyer is told of each');
select * from finish();
rollback;
