begin;
select plan(33);
create temporary table f as
select test.buyer('ana') as ana, test.seller('sam') as sam_user, test.seller('sue') as sue_user, test.seller('sid') as sid_user;
alter table f add sam uuid, add sue uuid, add sid uuid, add lamp uuid, add rug uuid, add pot uuid, add alone uuid, add split uuid,
  add ready uuid;
update f set sam = test.seller_id(sam_user), sue = test.seller_id(sue_user), sid = test.seller_id(sid_user);
update f set lamp = test.offer(sam, 1000, 10), rug = test.offer(sue, 3000, 10), pot = test.offer(sid, 333, 10);
select test.rule('{"percentBp": 1000, "vatBp": 1900}');
create function pg_temp.paid(variadic p_variants uuid[]) returns uuid language plpgsql as $$
declare
  v_order uuid := (select test.pay_order(f.ana, variadic p_variants) from f);
begin
  perform test.pay_confirm(test.pay_start(v_order));
  return v_order;
end $$;
create function pg_temp.parts(p_order_id uuid) returns text language sql as $$
  select o.status || ': ' || string_agg(p.status, ' ' order by array_position(array[f.sam, f.sue, f.sid], p.seller_id))
  from f, orders.orders as o join orders.fulfilments as p using (order_id) where o.order_id = p_order_id group by o.order_id $$;
create function pg_temp.due(p_order_id uuid) returns interval language sql as $$
  select o.due_at - o.updated_at from orders.orders as o where o.order_id = p_order_id $$;
update f set alone = test.pay_order(ana, lamp);
select is((select pg_temp.due(alone) from f), interval '15 minutes', 'an order begins with its payment window');
update f set alone = pg_temp.paid(lamp), split = pg_temp.paid(lamp, rug, pot), ready = pg_temp.paid(lamp, rug);
select is((select o.acceptance_due_at - o.updated_at from orders.orders as o, f where o.order_id = f.alone), interval '48 hours', 'paid, it waits for its sellers');
select count(o.*) from f, orders.accept_fulfilment(test.ctx(sam_user), split, sam) as o;
select ok((select o.due_at is not null from orders.orders as o, f where o.order_id = f.split), 'for all of them');
select count(o.*) from f, orders.accept_fulfilment(test.ctx(sam_user), ready, sam) as o;
select count(o.*) from f, orders.accept_fulfilment(test.ctx(sue_user), ready, sue) as o;
select is((select o.due_at from orders.orders as o, f where o.order_id = f.ready), null, 'and no longer than that');
select count(o.*) from f, orders.ship_fulfilment(test.ctx(sam_user), split, sam, 'DHL', '1') as o;
select count(o.*) from f, orders.deliver_fulfilment(test.ctx(sam_user), split, sam) as o;
select is((select pg_temp.parts(split) from f), 'PROCESSING: DELIVERED PENDING PENDING', 'one part can be done before the others are begun');
select throws_ok($$ select s.* from f, orders.cancel_order(test.ctx(ana, 'k'), split, 'no') as s $$, 'MK409', 'orders.already_shipped', 'and then nobody can cancel the order');

select is(orders.cancel_unaccepted(100), 0, 'nothing is due yet');
update core.clock set clock_offset = clock_offset + interval '48 hours';
-- by the clock, before any sweep
select throws_ok($$ select o.* from f, orders.accept_fulfilment(test.ctx(sue_user), split, sue) as o $$, 'MK409', 'orders.acceptance_window_over', 'too late to accept');
select throws_ok($$ select o.* from f, orders.accept_fulfilment(test.ctx(sam_user), alone, sam) as o $$, 'MK409', 'orders.acceptance_window_over', 'whoever else has');
select is((select s.allowed_actions from f, orders.get_order_status(test.ctx(sam_user), alone) as s), '{}', 'nor is it offered');
select is(orders.cancel_unaccepted(1), 1, 'at most as many as asked');
select is(orders.cancel_unaccepted(100), 1, 'then the rest');
select is(orders.cancel_unaccepted(100), 0, 'once');
select is((select pg_temp.parts(alone) from f), 'CANCELLED: CANCELLED', 'what nobody accepted is cancelled');
select is((select pg_temp.parts(split) from f), 'DELIVERED: DELIVERED CANCELLED CANCELLED', 'of the other the parts, and it goes on');
select is((select pg_temp.parts(ready) from f), 'PROCESSING: ACCEPTED ACCEPTED', 'what was accepted stays');
select is((select array[test.stock(lamp), test.stock(rug), test.stock(pot)] from f), array['8/1', '9/0', '10/0'], 'stock is back');
select results_eq(
  $$ select h.action, h.actor_kind, h.reason from orders.order_history as h, f where h.order_id = f.split and h.version > 3 order by h.version $$,
  $$ values ('ship', 'SYSTEM', 'a part was cancelled'), ('deliver', 'SYSTEM', 'a part was cancelled') $$, 'history says why');
select set_eq(
  $$ select s.payload ->> 'sellerId' as seller, s.payload ->> 'status' as status from events.staging as s where s.type = 'orders.fulfilment_cancelled' $$,
  $$ select x, 'CANCELLED'::text from f, unnest(array[f.sue::text, f.sid::text]) as x $$, 'and the log');
select is((select array_agg(i::text) from core.check_invariants() as i), null, 'the invariants hold before the refund');

-- the money
select ok(test.pay_react() > 0, 'payments hear of it');
select results_eq(
  $$ select r.amount_minor, r.reason, r.seller_ids @> array[f.sue, f.sid] and cardinality(r.seller_ids) = 2
       from f join payments.refunds as r on r.order_id = f.split $$,
  $$ values (3333::bigint, 'SELLER_DID_NOT_ACCEPT', true) $$, 'the cancelled parts go back, and they alone');
select results_eq(
  $$ select r.amount_minor, r.reason, r.seller_ids from f join payments.refunds as r on r.order_id = f.alone $$,
  $$ values (1000::bigint, 'ORDER_CANCELLED', null::uuid[]) $$, 'of the other order all');
update events.consumers set seq = 0 where consumer = 'payments.refunds';
select ok(test.pay_react() > 0, 'hearing it again');
select is((select count(*) from payments.refunds), 2::bigint, 'changes nothing');
select is((select array_agg(i::text) from core.check_invariants() as i), null, 'the invariants hold while it is under way');
-- an administrator refunds a part of the rest meanwhile: no more than the rest
create temporary table a as select test.pay_user('ADMIN') as admin;
select throws_ok($$ select r.* from f, a, payments.request_refund(test.ctx(admin, 'r1'), split, 1001, 'USD', 'x') as r $$, 'MK409', 'payments.refund_exceeds_paid', 'what goes back as a part cannot go back twice');
select lives_ok($$ select r.* from f, a, payments.request_refund(test.ctx(admin, 'r2'), split, 500, 'USD', 'x') as r $$, 'half of the rest');
select is((select array_agg(payments.finish_refund(r.refund_id, 'SUCCEEDED', 'x', null) order by r.amount_minor) from payments.refunds as r), array['SUCCEEDED', 'SUCCEEDED', 'SUCCEEDED'], 'in any order');
select results_eq(
  $$ select e.account, -sum(e.amount_minor)::bigint from payments.ledger_entries as e, f
      where e.order_id = f.split and e.seller_id in (f.sue, f.sid) group by e.account having sum(e.amount_minor) <> 0 $$,
  $$ select ''::text, 0::bigint where false $$, 'nothing is left with their sellers, nor commission, nor VAT');
select results_eq(
  $$ select e.account, -sum(e.amount_minor)::bigint from payments.ledger_entries as e, f
      where e.order_id = f.split and e.seller_id = f.sam group by e.account order by 1 $$,
  $$ values ('COMMISSION_REVENUE', 50::bigint), ('COMMISSION_VAT', 9), ('SELLER_PAYABLE', 441) $$, 'half with the one who delivered');
select is((select test.status(split) from f), 'PARTIALLY_REFUNDED', 'the order says what the administrator did');
select is((select array_agg(i::text) from core.check_invariants() as i), null, 'the invariants hold');
select * from finish();
rollback;
