begin;
select plan(9);
create temporary table f as select test.pay_user('BUYER') as buyer;
alter table f add order_id uuid, add payment_id uuid;
update f set order_id = test.pay_order(buyer, test.offer(test.pay_seller(), 1999, 10));
update f set payment_id = test.pay_start(order_id);
select is((select count(*)::int from payments.claim_unresolved(10)), 0, 'a fresh payment is left to its buyer');
select test.pay_clock(interval '61 seconds');
select is((select c.payment_id from payments.claim_unresolved(10) as c), (select payment_id from f), 'an old one is asked about');
select is((select count(*)::int from payments.claim_unresolved(10)), 0, 'once');
select ok((select p.next_check_at between core.now() + interval '59 s' and core.now() + interval '61 s' from payments.payments as p join f using (payment_id)),
          'the next question comes a minute later');
select test.pay_clock(interval '122 seconds');
select is((select count(*)::int from payments.claim_unresolved(10)), 1, 'asked again');
select ok((select p.next_check_at between core.now() + interval '119 s' and core.now() + interval '121 s' from payments.payments as p join f using (payment_id)),
          'then after two minutes');

-- an abandoned payment is asked about at once, and not for ever
select lives_ok($$ select orders.cancel_order(test.ctx(f.buyer, 'c'), f.order_id, 'no') from f $$, 'cancelled');
select is((select c.status from (select test.pay_react()) as r cross join lateral payments.claim_unresolved(10) as c), 'ABANDONED', 'asked at once');
update payments.payments as p set checks = core._setting_int('payments.checks_max') - 1, next_check_at = core.now() from f where p.payment_id = f.payment_id;
select is((select array_agg(c.next_check_at is null) from payments.claim_unresolved(10) as c), array[true], 'and after the last question left alone');
select * from finish();
rollback;
