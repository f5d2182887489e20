begin;
select plan(9);
create temporary table f as
select test.buyer('ana') as ana, test.buyer('ben') as ben, test.admin() as admin,
       test.seller('sam') as sam_user, test.seller('sue') as sue_user, test.seller('sid') as sid_user;
alter table f add lamp uuid, add chair uuid, add order_id uuid;
update f set lamp = test.offer(test.seller_id(sam_user), 1000, 5), chair = test.offer(test.seller_id(sue_user), 2500, 5);
update f set order_id = (select p.order_id from orders.place_orders(jsonb_build_array(
  test.placing(ana, jsonb_build_object(lamp::text, 1, chair::text, 1)))) as p);

-- allowed
select results_eq(
  $$ select o.total_minor, jsonb_array_length(o.fulfilments), o.shipping_address ->> 'city' from f, orders.get_order(test.ctx(ana), order_id) as o $$,
  $$ values (3500::bigint, 2, 'Springfield') $$, 'the buyer sees it whole');
select results_eq(
  $$ select o.total_minor, jsonb_array_length(o.fulfilments) from f, orders.get_order(test.ctx(admin), order_id) as o $$,
  $$ values (3500::bigint, 2) $$, 'so does an administrator');
select results_eq(
  $$ select o.total_minor, jsonb_array_length(o.fulfilments), o.fulfilments -> 0 ->> 'sellerId' = test.seller_id(sam_user)::text, o.shipping_address from f, orders.get_order(test.ctx(sam_user), order_id) as o $$,
  $$ values (1000::bigint, 1, true, null::jsonb) $$, 'a seller sees its part, and no address before the payment');
select test.pay(order_id) from f;
select is((select o.shipping_address ->> 'city' from f, orders.get_order(test.ctx(sam_user), order_id) as o), 'Springfield', 'but then');
select is((select jsonb_array_length(o.fulfilments -> 0 -> 'lines') from f, orders.get_order(test.ctx(sue_user), order_id) as o), 1, 'each its own lines');

-- not yours
select throws_ok('select o.* from f, orders.get_order(test.ctx(ben), order_id) as o', 'MK404', 'orders.order_not_found', 'another buyer does not');
select throws_ok('select o.* from f, orders.get_order(test.ctx(sid_user), order_id) as o', 'MK404', 'orders.order_not_found', 'nor a seller without a part');
select throws_ok('select o.* from f, orders.get_order(test.ctx(), order_id) as o', 'MK401', 'identity.unauthenticated', 'nor anybody');
select throws_ok('select o.* from f, orders.get_order(test.ctx(ana), core.new_id()) as o', 'MK404', 'orders.order_not_found', 'what is not there is not found either');
select * from finish();
rollback;
