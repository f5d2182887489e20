begin;
select plan(9);
create temporary table f as
select test.pay_user('BUYER') as buyer, test.pay_user('BUYER') as other;
alter table f add variant uuid, add order_id uuid, add payment_id uuid;
update f set variant = test.offer(test.pay_seller(), 1999, 10);
update f set order_id = test.pay_order(buyer, variant);
update f set payment_id = test.pay_start(order_id);

-- not yours
select throws_ok(
  $$ select payments.fail_payment(test.ctx(f.other), f.payment_id, 'x') from f $$,
  'MK422', 'payments.payment_unknown', 'another buyer''s payment does not exist');
select throws_ok(
  $$ select payments.fail_payment(test.ctx(f.buyer), core.new_id(), 'x') from f $$,
  'MK422', 'payments.payment_unknown', 'nor does an unknown one');

-- allowed
select results_eq(
  $$ select c.problem_code, c.status, c.failure_code, c.order_status
       from f cross join payments.fail_payment(test.ctx(f.buyer), f.payment_id, 'insufficient_funds') as c $$,
  $$ values ('payments.payment_declined', 'FAILED', 'insufficient_funds', 'PAYMENT_FAILED') $$,
  'the payment failed, the order waits for another one');
select is((select array_agg(s.type order by s.staging_id) from events.staging as s join f on s.aggregate_id in (f.payment_id, f.order_id)),
          array['orders.order_placed', 'payments.payment_started', 'payments.payment_failed', 'orders.order_payment_failed'],
          'the log is told');

-- repeated
select results_eq(
  $$ select c.problem_code, c.failure_code, c.version
       from f cross join payments.fail_payment(test.ctx(f.buyer), f.payment_id, 'something_else') as c $$,
  $$ values ('payments.payment_declined', 'insufficient_funds', 2) $$, 'again: the same answer, nothing changed');

-- a decline that comes after the order has ended
update f set order_id = test.pay_order(buyer, variant);
update f set payment_id = test.pay_start(order_id);
select lives_ok($$ select orders.cancel_order(test.ctx(f.buyer, 'c'), f.order_id, 'no') from f $$, 'cancelled');
select is((select c.problem_code from f cross join payments.fail_payment(test.ctx(f.buyer), f.payment_id, null) as c),
          'payments.payment_declined', 'then declined');
select is((select o.status from orders.orders as o join f using (order_id)), 'CANCELLED', 'the order stays cancelled');
select is_empty('select * from payments._check_invariants()', 'no invariant is broken');
select * from finish();
rollback;
