begin;
select plan(5);
create temporary table f as
select test.pay_user('BUYER') as buyer, test.pay_user('BUYER') as other;
alter table f add order_id uuid, add payment_id uuid;
update f set order_id = test.pay_order(buyer, test.offer(test.pay_seller(), 1999, 10));
update f set payment_id = test.pay_start(order_id);
select results_eq(
  $$ select p.payment_id, p.amount_minor from f cross join payments.find_payment(test.ctx(f.buyer), f.order_id, f.payment_id) as p $$,
  $$ select f.payment_id, 1999::bigint from f $$, 'the buyer finds it');
select throws_ok($$ select payments.find_payment(test.ctx(f.other), f.order_id, f.payment_id) from f $$,
                 'MK404', 'orders.order_not_found', 'nobody else does');
select throws_ok($$ select payments.find_payment(test.ctx(f.buyer), core.new_id(), f.payment_id) from f $$,
                 'MK404', 'orders.order_not_found', 'an unknown order');
select throws_ok($$ select payments.find_payment(test.ctx(f.buyer), f.order_id, core.new_id()) from f $$,
                 'MK422', 'payments.payment_unknown', 'an unknown payment');
select throws_ok($$ select payments.find_payment(test.ctx(null), f.order_id, f.payment_id) from f $$,
                 'MK401', 'identity.unauthenticated', 'nobody');
select * from finish();
rollback;
