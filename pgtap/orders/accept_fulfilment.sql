begin;
select plan(9);
create temporary table f as
select test.buyer('ana') as ana, test.seller('sam') as sam_user, test.seller('sue') as sue_user;
alter table f add lamp uuid, add order_id uuid, add sam uuid;
update f set sam = test.seller_id(sam_user);
update f set lamp = test.offer(sam, 1000, 5);
update f set order_id = test.order(ana, lamp);

select throws_ok('select o.* from f, orders.accept_fulfilment(test.ctx(sam_user), order_id, sam) as o', 'MK409', 'orders.transition_refused', 'an unpaid order cannot be accepted');
select test.pay(order_id) from f;
select results_eq(
  $$ select o.status, o.fulfilments -> 0 ->> 'status', o.fulfilments -> 0 ->> 'acceptedAt' is not null from f, orders.accept_fulfilment(test.ctx(sam_user), order_id, sam) as o $$,
  $$ values ('PROCESSING', 'ACCEPTED', true) $$, 'the first accepted part puts the order in processing');
select set_eq(
  $$ select s.type from events.staging as s, f where s.payload ->> 'orderId' = f.order_id::text $$,
  array['orders.order_placed', 'orders.order_paid', 'orders.order_accepted', 'orders.fulfilment_accepted'], 'both are told');
select throws_ok('select o.* from f, orders.accept_fulfilment(test.ctx(sam_user), order_id, sam) as o', 'MK409', 'orders.transition_refused', 'once');
select throws_ok('select o.* from f, orders.accept_fulfilment(test.ctx(sue_user), order_id, sam) as o', 'MK404', 'orders.order_not_found', 'not for another seller');
select throws_ok('select o.* from f, orders.accept_fulfilment(test.ctx(sam_user), order_id, test.seller_id(sue_user)) as o', 'MK404', 'orders.order_not_found', 'not another''s part');
select throws_ok('select o.* from f, orders.accept_fulfilment(test.ctx(ana), order_id, sam) as o', 'MK403', 'identity.role_required', 'not by the buyer');
select throws_ok('select o.* from f, orders.accept_fulfilment(test.ctx(), order_id, sam) as o', 'MK401', 'identity.unauthenticated', 'not by nobody');
select is((select array_agg(i::text) from orders._check_invariants() as i), null, 'the invariants hold');
select * from finish();
rollback;
