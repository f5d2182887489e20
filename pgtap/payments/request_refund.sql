begin;
select plan(19);
create temporary table f as select test.pay_user('BUYER') as buyer, test.pay_user('ADMIN') as admin;
alter table f add order_id uuid, add payment_id uuid;
update f set order_id = test.pay_order(buyer, test.offer(test.pay_seller(), 1000, 5));
prepare refund (text, bigint, text, text) as
select r.amount_minor, r.currency, r.status, r.reason, r.is_replayed
  from f cross join payments.request_refund(test.ctx(f.admin, $1), f.order_id, $2, $3, $4) as r;

-- refused
select throws_ok($$ execute refund ('k', 1, 'USD', 'r') $$, 'MK409', 'payments.refund_not_allowed', 'nothing is paid yet');
update f set payment_id = test.pay_start(order_id);
select is((select c.order_status from f cross join test.pay_confirm(f.payment_id) as c), 'PAID', 'paid');
select throws_ok($$ execute refund ('k', 1, 'USD', 'r') $$, 'MK409', 'payments.refund_not_allowed', 'cancel it instead');
select lives_ok($$ select test.pay_deliver(order_id) from f $$, 'delivered');
select throws_ok($$ execute refund ('k', 0, 'USD', 'r') $$, 'MK422', 'payments.refund_amount_invalid', 'nothing');
select throws_ok($$ execute refund ('k', -5, 'USD', 'r') $$, 'MK422', 'payments.refund_amount_invalid', 'less than nothing');
select throws_ok($$ execute refund ('k', 1, 'EUR', 'r') $$, 'MK422', 'payments.refund_currency_mismatch', 'another currency');
select throws_ok($$ execute refund ('k', 1, 'USD', ' ') $$, 'MK422', 'payments.refund_reason_invalid', 'no reason');
select throws_ok($$ execute refund ('k', 1, 'USD', repeat('x', 501)) $$, 'MK422', 'payments.refund_reason_invalid', 'a long reason');
select throws_ok($$ execute refund ('k', 1001, 'USD', 'r') $$, 'MK409', 'payments.refund_exceeds_paid', 'more than was paid');
select throws_ok($$ execute refund (null, 1, 'USD', 'r') $$, 'MK400', 'core.idempotency_key_required', 'without a key');

-- allowed, repeated
select results_eq($$ execute refund ('k', 400, 'USD', 'broken') $$, $$ values (400::bigint, 'USD', 'PENDING', 'broken', false) $$, 'a part');
select results_eq($$ execute refund ('k', 400, 'USD', 'broken') $$, $$ values (400::bigint, 'USD', 'PENDING', 'broken', true) $$, 'the same key, the same refund');
select throws_ok($$ execute refund ('k', 401, 'USD', 'broken') $$, 'MK422', 'core.idempotency_key_reused', 'the same key for another refund');
select throws_ok($$ execute refund ('k2', 601, 'USD', 'broken') $$, 'MK409', 'payments.refund_exceeds_paid', 'refunds under way count');
select lives_ok($$ execute refund ('k2', 600, 'USD', 'broken') $$, 'the rest');

-- not yours
select throws_ok($$ select payments.request_refund(test.ctx(f.buyer, 'b'), f.order_id, 1, 'USD', 'r') from f $$,
                 'MK403', 'identity.role_required', 'buyers do not refund themselves');
select throws_ok($$ select payments.request_refund(test.ctx(f.admin, 'b'), core.new_id(), 1, 'USD', 'r') from f $$,
                 'MK404', 'orders.order_not_found', 'an unknown order');
select is_empty('select * from payments._check_invariants()', 'no invariant is broken');
select * from finish();
rollback;
