begin;
select plan(6);
create temporary table f as select test.pay_user('BUYER') as buyer;
alter table f add order_id uuid, add payment_id uuid;
update f set order_id = test.pay_order(buyer, test.offer(test.pay_seller(), 1000, 5));
update f set payment_id = test.pay_start(order_id);
select is((select c.order_status from f cross join test.pay_confirm(f.payment_id) as c), 'PAID', 'paid');
select lives_ok($$ select orders.cancel_order(test.ctx(f.buyer, 'c'), f.order_id, 'no') from f $$, 'cancelled');
select results_eq(
  $$ select c.amount_minor, c.currency, c.provider, c.provider_reference, c.attempts
       from (select test.pay_react()) as r cross join lateral payments.claim_refunds(10) as c $$,
  $$ values (1000::bigint, 'USD', 'sandbox', 'ref_1', 1) $$, 'due at once, with what the provider must know');
select is((select count(*)::int from payments.claim_refunds(10)), 0, 'leased');
select test.pay_clock(interval '34 seconds');
select is((select c.attempts from payments.claim_refunds(10) as c), 2, 'due again after the pause');
select ok((select r.next_attempt_at between core.now() + interval '53 s' and core.now() + interval '67 s' from payments.refunds as r join f using (payment_id)),
          'each pause is longer');
select * from finish();
rollback;
