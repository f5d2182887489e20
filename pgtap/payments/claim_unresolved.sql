begin;
select plan(17);
create temporary table f as select test.pay_user('BUYER') as buyer;
alter table f add order_id uuid, add payment_id uuid;
update f set order_id = test.pay_order(buyer, test.offer(test.pay_seller(), 1999, 10));
update f set payment_id = test.pay_start(order_id);
select is((select count(*)::int from payments.claim_unresolved(10)), 0, 'a fresh payment is left to its buyer');
select test.pay_clock(interval '61 seconds');
select is((select c.payment_id from payments.claim_unresolved(10) as c), (select payment_id from f), 'an old one is asked about');
select is((select count(*)::int from payments.claim_unresolved(10)), 0, 'once');
select ok((select p.next_check_at between core.now() + interval '53 s' and core.now() + interval '67 s' from payments.payments as p join f using (payment_id)),
          'the next question comes a minute later');
select test.pay_clock(interval '130 seconds');
select is((select count(*)::int from payments.claim_unresolved(10)), 1, 'asked again');
select ok((select p.next_check_at between core.now() + interval '107 s' and core.now() + interval '133 s' from payments.payments as p join f using (payment_id)),
          'then after two minutes, more or less');

-- an abandoned payment is asked about at once, and not for ever
select lives_ok($$ select orders.cancel_order(test.ctx(f.buyer, 'c'), f.order_id, 'no') from f $$, 'cancelled');
select is((select c.status from (select test.pay_react()) as r cross join lateral payments.claim_unresolved(10) as c), 'ABANDONED', 'asked at once');
update payments.payments as p set checks = core._setting_int('payments.checks_max') - 1, next_check_at = core.now() from f where p.payment_id = f.payment_id;
select is((select array_agg(c.next_check_at > core.now()) from payments.claim_unresolved(10) as c), array[true], 'the last question');
update payments.payments as p set next_check_at = core.now() from f where p.payment_id = f.payment_id;
select is((select count(*)::int from payments.claim_unresolved(10)), 0, 'has no answer: it is asked no more');
select results_eq(
  $$ select p.status, p.next_check_at, p.stuck_at is not null, s.aggregate_version = p.version
       from f join payments.payments as p using (payment_id) left join events.staging as s on s.type = 'payments.payment_stuck' $$,
  $$ values ('ABANDONED', null::timestamptz, true, true) $$, 'and a person is told');
select is((select count(*)::int from payments.claim_unresolved(10)), 0, 'once');
select is((select m.stuck_payments from payments.saga_metrics() as m), 1::bigint, 'as the metrics say');
select is_empty('select * from payments._check_invariants()', 'no invariant is broken');
-- what the provider says in the end counts all the same
select is((select c.problem_code from f, payments.settle_payments(jsonb_build_array(jsonb_build_object('paymentId', f.payment_id, 'isSuccess', false))) as c),
          'payments.payment_declined', 'it took nothing');
select is((select p.status from f join payments.payments as p using (payment_id)), 'FAILED', 'that is an end');
select is((select m.stuck_payments from payments.saga_metrics() as m), 0::bigint, 'and nobody need look');
select * from finish();
rollback;
