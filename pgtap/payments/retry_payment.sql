begin;
select plan(8);
-- Stuck payments and refunds of whole orders are in list_stuck.sql. Here: a part of an order, whose refund was refused.
create temporary table f as
select test.buyer('ana') as ana, test.pay_user('ADMIN') as admin, test.seller('sam') as sam_user, test.seller('sue') as sue_user;
alter table f add sam uuid, add sue uuid, add lamp uuid, add rug uuid, add order_id uuid, add payment_id uuid;
update f set sam = test.seller_id(sam_user), sue = test.seller_id(sue_user);
update f set lamp = test.offer(sam, 1000, 10), rug = test.offer(sue, 3000, 10);
update f set order_id = test.pay_order(ana, lamp, rug);
update f set payment_id = test.pay_start(order_id);
select is((select c.order_status from f cross join test.pay_confirm(f.payment_id) as c), 'PAID', 'paid');
select count(o.*) from f, orders.accept_fulfilment(test.ctx(sam_user), order_id, sam) as o;
update core.clock set clock_offset = clock_offset + interval '48 hours';
select is(orders.cancel_unaccepted(10), 1, 'one seller did not accept');
select test.pay_react();
select is((select payments.finish_refund(r.refund_id, 'FAILED', null, 'card_gone') from payments.refunds as r), 'FAILED', 'its refund was refused');
select results_eq(
  $$ select l.refunds -> 1 ->> 'status', (l.refunds -> 1 -> 'amount' ->> 'amountMinor')::int from f, payments.retry_payment(test.ctx(admin), payment_id) as l $$,
  $$ values ('PENDING', 3000) $$, 'the same goes out again');
select is((select array_agg(distinct r.seller_ids) from payments.refunds as r), (select array[array[sue]] from f), 'of the same part');
select is((select payments.finish_refund(r.refund_id, 'SUCCEEDED', 'r', null) from payments.refunds as r where r.status = 'PENDING'), 'SUCCEEDED', 'and arrives');
select throws_ok('select l.* from f, payments.retry_payment(test.ctx(admin), payment_id) as l', 'MK409', 'payments.nothing_to_retry', 'then there is nothing left');
select is((select array_agg(i::text) from core.check_invariants() as i), null, 'the invariants hold');
select * from finish();
rollback;
