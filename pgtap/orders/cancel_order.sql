begin;
select plan(21);
create temporary table f as
select test.buyer('ana') as ana, test.buyer('ben') as ben, test.admin() as admin, test.seller('sam') as sam_user;
alter table f add lamp uuid, add order_id uuid;
update f set lamp = test.offer(test.seller_id(sam_user), 1000, 5);

-- allowed: unpaid
update f set order_id = test.order(ana, lamp, 2);
select results_eq(
  $$ select s.status, s.is_replayed, s.allowed_actions from f, orders.cancel_order(test.ctx(ana, 'c1'), order_id, 'changed my mind') as s $$,
  $$ values ('CANCELLED', false, '{}'::text[]) $$, 'the buyer cancels');
select is((select test.stock(lamp) from f), '5/0', 'the units are free');
select is((select r.status from inventory.reservations as r, f where r.reservation_id = order_id), 'RELEASED', 'the hold is over');
select is((select fu.status from orders.fulfilments as fu, f where fu.order_id = f.order_id), 'CANCELLED', 'the part is closed');
select results_eq(
  $$ select h.action, h.actor_kind, h.reason from orders.order_history as h, f where h.order_id = f.order_id and h.version = 2 $$,
  $$ values ('cancel', 'BUYER', 'changed my mind') $$, 'history says who and why');
select is((select s.payload ->> 'paid' from events.staging as s, f where s.aggregate_id = f.order_id and s.type = 'orders.order_cancelled'), 'false', 'no money to return');

-- repeated
select results_eq(
  $$ select s.status, s.is_replayed from f, orders.cancel_order(test.ctx(ana, 'c1'), order_id, 'changed my mind') as s $$,
  $$ values ('CANCELLED', true) $$, 'the same key is the same cancellation');
select throws_ok($$ select s.* from f, orders.cancel_order(test.ctx(ana, 'c1'), order_id, 'another reason') as s $$, 'MK422', 'core.idempotency_key_reused', 'with the same reason');
select throws_ok($$ select s.* from f, orders.cancel_order(test.ctx(ana, 'c2'), order_id, null) as s $$, 'MK409', 'orders.transition_refused', 'a second cancellation is refused');
select is((select test.stock(lamp) from f), '5/0', 'and frees nothing twice');

-- allowed: paid
update f set order_id = test.order(ana, lamp, 2);
select test.pay(order_id) from f;
select is((select test.stock(lamp) from f), '3/0', 'a paid order has taken its units');
select is((select s.status from f, orders.cancel_order(test.ctx(ana, 'c3'), order_id, null) as s), 'CANCELLED', 'it can be cancelled until it is accepted');
select is((select test.stock(lamp) from f), '5/0', 'the units come back');
select is((select m.quantity_delta from inventory.movements as m, f where m.reference_id = f.order_id and m.kind = 'RETURN'), 2, 'as a movement');
select is((select s.payload ->> 'paid' from events.staging as s, f where s.aggregate_id = f.order_id and s.type = 'orders.order_cancelled'), 'true', 'the event says that money was taken');

-- refused: too late
update f set order_id = test.order(ana, lamp, 1);
select test.pay(order_id) from f;
select count(o.*) from f, orders.accept_fulfilment(test.ctx(sam_user), order_id, test.seller_id(sam_user)) as o;
select throws_ok($$ select s.* from f, orders.cancel_order(test.ctx(ana, 'c4'), order_id, null) as s $$, 'MK409', 'orders.transition_refused', 'not by the buyer once accepted');
select count(o.*) from f, orders.ship_fulfilment(test.ctx(sam_user), order_id, test.seller_id(sam_user), 'DHL', '1') as o;
select throws_ok($$ select s.* from f, orders.cancel_order(test.ctx(admin, 'c5'), order_id, null) as s $$, 'MK409', 'orders.already_shipped', 'not by anybody once shipped');

select throws_ok($$ select s.* from f, orders.cancel_order(test.ctx(ana, 'c7'), order_id, repeat('x', 501)) as s $$, 'MK422', 'orders.reason_too_long', 'a reason has a length');

-- not yours
select throws_ok($$ select s.* from f, orders.cancel_order(test.ctx(ben, 'c6'), order_id, null) as s $$, 'MK404', 'orders.order_not_found', 'not another buyer''s');
select throws_ok($$ select s.* from f, orders.cancel_order(test.ctx(sam_user, 'c7'), order_id, null) as s $$, 'MK403', 'identity.role_required', 'not by a seller');
select throws_ok($$ select s.* from f, orders.cancel_order(test.ctx(ana), order_id, null) as s $$, 'MK400', 'core.idempotency_key_required', 'not without a key');
select * from finish();
rollback;
