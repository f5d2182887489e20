begin;
select plan(13);
create temporary table f as select test.pay_user('BUYER') as buyer;
alter table f add variant uuid, add order_id uuid, add payment_id uuid, add order2 uuid, add payment2 uuid;
update f set variant = test.offer(test.pay_seller(), 1999, 10);
update f set order_id = test.pay_order(buyer, variant), order2 = test.pay_order(buyer, variant);
update f set payment_id = test.pay_start(order_id), payment2 = test.pay_start(order2);
prepare settle as
select a.payment_id, coalesce(a.problem_code, a.order_status)
  from f cross join payments.settle_payments(jsonb_build_array(
    jsonb_build_object('orderId', f.order_id, 'paymentId', f.payment_id, 'isSuccess', true, 'providerReference', 'r'),
    jsonb_build_object('orderId', f.order2, 'paymentId', f.payment2, 'isSuccess', false, 'failureCode', 'lost'),
    jsonb_build_object('orderId', f.order2, 'paymentId', f.payment_id, 'isSuccess', true),
    jsonb_build_object('orderId', f.order2, 'paymentId', f.payment2, 'isSuccess', null))) as a;
select results_eq('execute settle',
  $$ select f.payment_id, 'PAID' from f union all select f.payment2, 'payments.payment_declined' from f $$,
  'the provider''s word is applied; what does not fit together is passed over');
select is((select p.provider_reference from payments.payments as p join f using (payment_id)), 'r', 'the reference is kept');
select is((select o.status from orders.orders as o join f on o.order_id = f.order2), 'PAYMENT_FAILED', 'declined');

-- repeated
select results_eq('execute settle',
  $$ select f.payment_id, 'PAID' from f union all select f.payment2, 'payments.payment_declined' from f $$, 'again: the same');
select is((select count(*)::int from payments.ledger_entries as e join f on e.transaction_id = f.payment_id
            where e.account = 'PROVIDER_CLEARING'), 1, 'booked once');

-- an abandoned payment whose money came after all
update f set order_id = test.pay_order(buyer, variant);
update f set payment_id = test.pay_start(order_id);
select lives_ok($$ select orders.cancel_order(test.ctx(f.buyer, 'c'), f.order_id, 'no') from f $$, 'cancelled');
select is((select a.problem_code from (select test.pay_react()) as r cross join f
            cross join lateral payments.settle_payments(jsonb_build_array(
              jsonb_build_object('orderId', f.order_id, 'paymentId', f.payment_id, 'isSuccess', true))) as a),
          'payments.order_cancelled_refunded', 'the money goes back');

-- the provider does not know a payment that was begun again meanwhile
select lives_ok($$ select test.pay_clock(interval '0 seconds') $$, 'another one');
update f set order_id = test.pay_order(buyer, variant);
select s.payment_id from f cross join test.pay_begin(f.buyer, f.order_id, 'again') as s;
update f set payment_id = (select p.payment_id from payments.payments as p where p.order_id = f.order_id);
select test.pay_clock(interval '61 seconds');
create temporary table claim as select c.* from f cross join payments.claim_unresolved(100) as c where c.payment_id = f.payment_id;
prepare not_found as
select coalesce(a.problem_code, a.order_status)
  from claim as c cross join payments.settle_payments(jsonb_build_array(jsonb_build_object(
    'orderId', c.order_id, 'paymentId', c.payment_id, 'isSuccess', false, 'failureCode', 'never_received', 'askedUnder', c.next_check_at))) as a;
select test.pay_clock(interval '65 seconds');
select is((select s.status from f cross join test.pay_begin(f.buyer, f.order_id, 'again') as s),
          'PENDING', 'the start is repeated');
select is_empty('execute not_found', 'what was heard before that is out of date');
select test.pay_clock(interval '130 seconds');
update claim set next_check_at = c.next_check_at from payments.claim_unresolved(100) as c where c.payment_id = claim.payment_id;
select results_eq('execute not_found', $$ values ('payments.payment_declined') $$, 'what is heard later counts');
select is((select p.failure_code from payments.payments as p join f using (payment_id)), 'never_received', 'given up');
select is_empty('select * from payments._check_invariants()', 'no invariant is broken');
select * from finish();
rollback;
