begin;
select plan(26);
create temporary table f as
select test.pay_user('BUYER') as buyer, test.pay_user('BUYER') as other, test.pay_seller() as seller;
alter table f add variant uuid, add order_id uuid, add payment_id uuid;
update f set variant = test.offer(seller, 1999, 10);
update f set order_id = test.pay_order(buyer, variant);

-- allowed
prepare start_it (text) as
select s.status, s.amount_minor, s.currency, s.order_status, s.is_replayed
  from f cross join payments.start_payment(test.ctx(f.buyer, $1), f.order_id, 'sandbox', 'tok_success') as s;
select results_eq(
  $$ execute start_it ('k1') $$,
  $$ values ('PENDING', 1999::bigint, 'USD', 'PENDING_PAYMENT', false) $$,
  'a payment of the whole order begins');
update f set payment_id = (select p.payment_id from payments.payments as p where p.order_id = f.order_id);
select is((select array_agg(s.type) from events.staging as s, f where s.aggregate_id = f.payment_id),
          array['payments.payment_started'], 'the log is told');
select ok((select p.next_check_at > core.now() from payments.payments as p join f using (payment_id)),
          'the reconciler will look at it later');

-- repeated
select results_eq(
  $$ execute start_it ('k1') $$,
  $$ values ('PENDING', 1999::bigint, 'USD', 'PENDING_PAYMENT', true) $$,
  'the same key answers the same payment');
select is((select count(*)::int from payments.payments as p join f using (order_id)), 1, 'and begins no second one');
select throws_ok(
  $$ select payments.start_payment(test.ctx(f.buyer, 'k1'), f.order_id, 'sandbox', 'tok_other') from f $$,
  'MK422', 'core.idempotency_key_reused', 'the same key with another token is refused');
select throws_ok(
  $$ select payments.start_payment(test.ctx(f.buyer), f.order_id, 'sandbox', 'tok_success') from f $$,
  'MK400', 'core.idempotency_key_required', 'a key is required');

-- refused
select throws_ok($$ execute start_it ('k2') $$, 'MK409', 'payments.payment_in_progress', 'one payment at a time');
select throws_ok(
  $$ select payments.start_payment(test.ctx(f.buyer, 'k3'), f.order_id, 'sandbox', '') from f $$,
  'MK422', 'payments.method_token_invalid', 'an empty token is refused');
select throws_ok(
  $$ select payments.start_payment(test.ctx(f.buyer, 'k3'), f.order_id, 'sandbox', repeat('x', 201)) from f $$,
  'MK422', 'payments.method_token_invalid', 'a long token is refused');

-- not yours
select throws_ok(
  $$ select payments.start_payment(test.ctx(f.other, 'k1'), f.order_id, 'sandbox', 'tok_success') from f $$,
  'MK404', 'orders.order_not_found', 'another buyer''s order does not exist');
select throws_ok(
  $$ select payments.start_payment(test.ctx(f.buyer, 'k3'), core.new_id(), 'sandbox', 'tok_success') from f $$,
  'MK404', 'orders.order_not_found', 'nor does an unknown one');
select throws_ok(
  $$ select payments.start_payment(test.ctx(null, 'k1'), f.order_id, 'sandbox', 'tok_success') from f $$,
  'MK401', 'identity.unauthenticated', 'nobody pays nothing');

-- again after a decline
select is((select c.problem_code from f cross join payments.fail_payment(test.ctx(f.buyer), f.payment_id, 'insufficient_funds') as c),
          'payments.payment_declined', 'the provider declines');
select is((select o.status from orders.orders as o join f using (order_id)), 'PAYMENT_FAILED', 'the order waits');
select results_eq(
  $$ execute start_it ('k1') $$,
  $$ values ('FAILED', 1999::bigint, 'USD', 'PAYMENT_FAILED', true) $$,
  'the first key answers what became of its payment');
select is((select p.next_check_at from payments.payments as p join f using (payment_id)), null, 'which is over');
select results_eq(
  $$ execute start_it ('k4') $$,
  $$ values ('PENDING', 1999::bigint, 'USD', 'PENDING_PAYMENT', false) $$,
  'another payment may begin');
select is((select count(*)::int from orders.order_history as h join f using (order_id) where h.action = 'retry_payment'),
          1, 'which is a retry in the order''s history');

-- limits: the window is a condition, not a job
update f set order_id = test.pay_order(buyer, variant);
select lives_ok($$ select test.pay_clock(interval '900 seconds') $$, 'the window passes');
select throws_ok($$ execute start_it ('k5') $$, 'MK409', 'orders.payment_window_over', 'too late to begin');
select is((select o.status from orders.orders as o join f using (order_id)), 'PENDING_PAYMENT', 'though no job has been there');
select ok(orders.expire_orders(10) > 0, 'the job comes');
select throws_ok($$ execute start_it ('k5') $$, 'MK409', 'orders.payment_window_over', 'and it is too late still');

-- paid and cancelled orders
update f set order_id = test.pay_order(buyer, variant);
select throws_ok(
  $$ with c as (select test.pay_confirm(test.pay_start(f.order_id)) from f)
     select c, (payments.start_payment(test.ctx(f.buyer, 'k6'), f.order_id, 'sandbox', 'tok_success')).* from c, f $$,
  'MK409', 'payments.order_already_paid', 'a paid order needs no payment');
update f set order_id = test.pay_order(buyer, variant);
select throws_ok(
  $$ with c as (select orders.cancel_order(test.ctx(f.buyer, 'c1'), f.order_id, 'no') from f)
     select c, (payments.start_payment(test.ctx(f.buyer, 'k7'), f.order_id, 'sandbox', 'tok_success')).* from c, f $$,
  'MK409', 'payments.order_not_payable', 'a cancelled order takes none');
select * from finish();
rollback;
