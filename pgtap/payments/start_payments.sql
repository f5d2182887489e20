begin;
select plan(33);
create temporary table f as
select test.pay_user('BUYER') as buyer, test.pay_user('BUYER') as other, test.pay_seller() as seller;
alter table f add variant uuid, add order_id uuid, add payment_id uuid;
update f set variant = test.offer(seller, 1999, 10);
update f set order_id = test.pay_order(buyer, variant);

-- allowed
prepare start_it (text) as
select s.status, s.amount_minor, s.currency, s.order_status, s.is_replayed
  from f cross join test.pay_begin(f.buyer, f.order_id, $1) as s;
prepare refuse_it (text) as
select s.problem_status, s.problem_code from f cross join test.pay_begin(f.buyer, f.order_id, $1) as s;
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
select results_eq(
  $$ select s.problem_status, s.problem_code from f cross join test.pay_begin(f.buyer, f.order_id, 'k1', 'tok_other') as s $$,
  $$ values (422, 'core.idempotency_key_reused') $$, 'the same key with another token is refused');
select results_eq(
  $$ select s.problem_status, s.problem_code from f cross join test.pay_begin(f.buyer, f.order_id, null, 'tok_success') as s $$,
  $$ values (400, 'core.idempotency_key_required') $$, 'a key is required');

-- refused
select results_eq(
  $$ execute refuse_it ('k2') $$, $$ values (409, 'payments.payment_in_progress') $$, 'one payment at a time');
select results_eq(
  $$ select s.problem_status, s.problem_code from f cross join test.pay_begin(f.buyer, f.order_id, 'k3', '') as s $$,
  $$ values (422, 'payments.method_token_invalid') $$, 'an empty token is refused');
select results_eq(
  $$ select s.problem_status, s.problem_code from f cross join test.pay_begin(f.buyer, f.order_id, 'k3', repeat('x', 201)) as s $$,
  $$ values (422, 'payments.method_token_invalid') $$, 'a long token is refused');

-- not yours
select results_eq(
  $$ select s.problem_status, s.problem_code from f cross join test.pay_begin(f.other, f.order_id, 'k1', 'tok_success') as s $$,
  $$ values (404, 'orders.order_not_found') $$, 'another buyer''s order does not exist');
select results_eq(
  $$ select s.problem_status, s.problem_code from f cross join test.pay_begin(f.buyer, core.new_id(), 'k3', 'tok_success') as s $$,
  $$ values (404, 'orders.order_not_found') $$, 'nor does an unknown one');
select results_eq(
  $$ select s.problem_status, s.problem_code from f cross join test.pay_begin(null::uuid, f.order_id, 'k1', 'tok_success') as s $$,
  $$ values (401, 'identity.unauthenticated') $$, 'nobody pays nothing');

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
select results_eq(
  $$ execute refuse_it ('k5') $$, $$ values (409, 'orders.payment_window_over') $$, 'too late to begin');
select is((select o.status from orders.orders as o join f using (order_id)), 'PENDING_PAYMENT', 'though no job has been there');
select ok(orders.expire_orders(10) > 0, 'the job comes');
select results_eq(
  $$ execute refuse_it ('k5') $$, $$ values (409, 'orders.payment_window_over') $$, 'and it is too late still');

-- paid and cancelled orders
update f set order_id = test.pay_order(buyer, variant);
select is((select (test.pay_confirm(test.pay_start(f.order_id))).order_status from f), 'PAID', 'an order is paid');
select results_eq(
  $$ execute refuse_it ('k6') $$, $$ values (409, 'payments.order_already_paid') $$, 'it needs no payment');
update f set order_id = test.pay_order(buyer, variant);
select is((select c.status from f cross join orders.cancel_order(test.ctx(f.buyer, 'c1'), f.order_id, 'no') as c),
          'CANCELLED', 'an order is cancelled');
select results_eq(
  $$ execute refuse_it ('k7') $$, $$ values (409, 'payments.order_not_payable') $$, 'it takes none');

-- a refusal leaves no key: the same request is judged anew
select is((select count(*)::int from core.idempotency_keys as k where k.idempotency_key in ('k2', 'k3', 'k5', 'k6', 'k7')),
          0, 'refused requests left no keys');

-- a batch: the first request of an order wins, its repetition gets the same payment, other keys find it in progress
update f set order_id = test.pay_order(buyer, variant);
create temporary table b as
select s.* from f cross join payments.start_payments(jsonb_build_array(
  test.pay_starting(f.other, f.order_id, 'b0'), test.pay_starting(f.buyer, f.order_id, 'b1'),
  test.pay_starting(f.buyer, f.order_id, 'b2'), test.pay_starting(f.buyer, f.order_id, 'b1'),
  test.pay_starting(f.buyer, f.order_id, 'b2'))) as s;
select results_eq(
  $$ select b.request_no, b.problem_code, b.status, b.is_replayed from b order by b.request_no $$,
  $$ values (1, 'orders.order_not_found', null, false), (2, null, 'PENDING', false),
            (3, 'payments.payment_in_progress', null, false), (4, null, 'PENDING', true),
            (5, 'payments.payment_in_progress', null, false) $$, 'as if one after another');
select is((select count(distinct b.payment_id)::int from b where b.payment_id is not null), 1, 'there is one payment');
select is((select k.response ->> 'payment_id' from core.idempotency_keys as k where k.idempotency_key = 'b1'),
          (select b.payment_id::text from b where b.request_no = 2), 'which its key remembers');
select is((select count(*)::int from payments.start_payments('[]')), 0, 'an empty batch answers nothing');
select * from finish();
rollback;
