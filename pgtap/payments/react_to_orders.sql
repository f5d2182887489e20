begin;
select plan(13);
create temporary table f as select test.pay_user('BUYER') as buyer;
alter table f add variant uuid, add order_id uuid, add payment_id uuid;
update f set variant = test.offer(test.pay_seller(), 1999, 10);
select is(test.pay_react(), 0, 'nothing to do');

-- a paid order is cancelled
update f set order_id = test.pay_order(buyer, variant);
update f set payment_id = test.pay_start(order_id);
select is((select c.order_status from f cross join test.pay_confirm(f.payment_id) as c), 'PAID', 'paid');
select lives_ok($$ select orders.cancel_order(test.ctx(f.buyer, 'c1'), f.order_id, 'no') from f $$, 'cancelled');
select is(test.pay_react(), 1, 'one event');
select results_eq($$ select r.amount_minor, r.status, r.reason from payments.refunds as r join f using (payment_id) $$,
                  $$ values (1999::bigint, 'PENDING', 'ORDER_CANCELLED') $$, 'all of it is to go back');
select is((select count(*)::int from events.staging as s where s.type = 'payments.refund_requested'), 1, 'the log is told');

-- repeated: the consumer starts over
select lives_ok($$ update events.consumers set seq = 0 where consumer = 'payments.refunds' $$, 'the cursor is lost');
select is(test.pay_react(), 1, 'the event is read again');
select is((select count(*)::int from payments.refunds as r join f using (payment_id)), 1, 'and does nothing more');

-- unpaid orders that end
update f set order_id = test.pay_order(buyer, variant);
update f set payment_id = test.pay_start(order_id);
select test.pay_clock(interval '901 seconds');
select ok(orders.expire_orders(10) = 1 and test.pay_react() = 1, 'an order expires');
select results_eq($$ select p.status, p.next_check_at <= core.now() from payments.payments as p join f using (payment_id) $$,
                  $$ values ('ABANDONED', true) $$, 'its payment is abandoned and soon asked about');
select is((select count(*)::int from events.staging as s join f on s.aggregate_id = f.payment_id where s.type = 'payments.payment_abandoned'), 1, 'the log is told');
select is_empty('select * from payments._check_invariants()', 'no invariant is broken');
select * from finish();
rollback;
