begin;
select plan(63);
create temporary table f as
select test.pay_user('BUYER') as buyer, test.pay_user('BUYER') as other, test.pay_seller() as seller, test.pay_seller() as seller2;
alter table f add variant uuid, add variant2 uuid, add last_unit uuid, add order_id uuid, add payment_id uuid;
update f set variant = test.offer(seller, 1999, 100), variant2 = test.offer(seller2, 501, 100),
  last_unit = test.offer(seller, 700, 1);
insert into pricing.shipping_rates (seller_id, currency, fee_minor, updated_at) select seller2, 'USD', 499, core.now() from f;
create function pg_temp.fresh(p_token text default 'tok_success') returns void language sql as $$
  update f set order_id = test.pay_order(buyer, variant, variant2);
  update f set payment_id = test.pay_start(order_id, p_token);
$$;
create function pg_temp.confirm(p_success boolean default true) returns payments.confirmation language sql as $$
  select test.pay_confirm(f.payment_id, p_success) from f
$$;
create function pg_temp.order_status() returns text language sql as $$
  select o.status from orders.orders as o join f using (order_id)
$$;

-- allowed: the hold is live
select pg_temp.fresh();
select results_eq(
  $$ select c.status, c.order_status, c.amount_minor, c.problem_code, c.is_replayed, c.provider_reference from pg_temp.confirm() as c $$,
  $$ values ('SUCCEEDED', 'PAID', 2999::bigint, null::text, false, 'ref_1') $$,
  'a live hold becomes a paid order');
select is((select r.status from inventory.reservations as r join f on r.reservation_id = f.order_id), 'CONFIRMED', 'the hold is a sale');
select is((select s.on_hand - s.reserved from inventory.stock_levels as s join f on s.variant_id = f.variant), 99, 'stock is deducted once');
select is((select array_agg(s.type order by s.staging_id) from events.staging as s, f where s.aggregate_id in (f.payment_id, f.order_id)),
          array['orders.order_placed', 'payments.payment_started', 'payments.payment_succeeded', 'orders.order_paid'],
          'the log is told, in order');
select results_eq(
  $$ select e.account, sum(e.amount_minor)::bigint, count(*) from payments.ledger_entries as e join f on e.transaction_id = f.payment_id
      where e.account <> 'COMMISSION_REVENUE' group by e.account order by 1 $$,
  $$ select 'PROVIDER_CLEARING', 2999::bigint, 1::bigint union all
     select 'SELLER_PAYABLE', -(2999 - (select coalesce(sum(c.amount_minor), 0) from orders.commissions as c join f using (order_id)))::bigint, 2::bigint
     order by 1 $$,
  'the ledger: what the provider holds belongs to two sellers, less commission');

-- repeated
select is((select c.problem_code from pg_temp.confirm() as c), null, 'another confirmation is the same success');
select is((select count(*)::int from events.staging as s join f on s.aggregate_id = f.payment_id), 2, 'and changes nothing');
create temporary table replies as
select c.*, n from f, generate_series(1, 2) as n
 cross join lateral payments.confirm_payments(jsonb_build_array(test.pay_request(f.payment_id, true, 'once'))) as c;
select is((select array_agg(is_replayed order by n) from replies), array[false, true], 'the same key is a replay');
select is((select count(distinct to_jsonb(r) - 'is_replayed' - 'n')::int from replies as r), 1, 'with the same answer');
select is((select c.problem_code from f, payments.confirm_payments(jsonb_build_array(test.pay_request(f.payment_id, true, 'once') || '{"body": {"other": 1}}')) as c),
          'core.idempotency_key_reused', 'the same key for another request is refused');
select is((select array_agg(c.is_replayed order by c.request_no) || array_agg(c.problem_code is null order by c.request_no)
             from f, payments.confirm_payments(jsonb_build_array(
               test.pay_request(f.payment_id, true, 'twice'), test.pay_request(f.payment_id, true, 'twice'))) as c),
          array[false, true, true, true], 'twice in one batch as well');

-- declined late
select pg_temp.fresh();
select results_eq(
  $$ select c.problem_status, c.problem_code, c.problem_detail from pg_temp.confirm(false) as c $$,
  $$ values (409, 'payments.payment_declined', 'The provider declined the payment: insufficient_funds.') $$,
  'a late decline is a refusal that names the provider''s code');
select is(pg_temp.order_status(), 'PAYMENT_FAILED', 'the order can be paid again');
select is((select p.status from payments.payments as p join f using (payment_id)), 'FAILED', 'the payment cannot');
select is((select c.problem_code from pg_temp.confirm(false) as c), 'payments.payment_declined', 'declined again: it stays as it is');
select is((select count(*)::int from payments.ledger_entries as e join f using (order_id)), 0, 'no money, no entries');

-- the hold ended, the stock is there
select pg_temp.fresh();
select test.pay_clock(interval '901 seconds');
select is((select c.order_status from pg_temp.confirm() as c), 'PAID', 'late: sold again from the shelf');
select is((select s.on_hand - s.reserved from inventory.stock_levels as s join f on s.variant_id = f.variant), 98, 'and deducted');
select pg_temp.fresh();
select test.pay_clock(interval '1803 seconds');
select ok(orders.expire_orders(10) > 0, 'the sweeper was faster');
select is((select c.order_status from pg_temp.confirm() as c), 'PAID', 'an expired order is paid after all');
select is((select array_agg(u.status) from orders.fulfilments as u join f using (order_id)), array['PENDING', 'PENDING'], 'its fulfilments are open again');

-- the hold ended, the stock is gone
update f set order_id = test.pay_order(buyer, last_unit);
update f set payment_id = test.pay_start(order_id);
select test.pay_clock(interval '2705 seconds');
select lives_ok($$ select test.pay_order(f.other, f.last_unit) from f $$, 'the last unit goes to somebody else');
select results_eq(
  $$ select c.problem_status, c.problem_code, c.status, c.order_status from pg_temp.confirm() as c $$,
  $$ values (409, 'payments.stock_gone_refunded', 'SUCCEEDED', 'EXPIRED') $$,
  'late and sold out: everything is refunded');
select results_eq(
  $$ select r.status, r.amount_minor, r.reason from payments.refunds as r join f using (payment_id) $$,
  $$ values ('PENDING', 700::bigint, 'STOCK_GONE') $$, 'the refund waits for its worker');
select results_eq(
  $$ select e.account, e.amount_minor from payments.ledger_entries as e join f on e.transaction_id = f.payment_id order by 1 $$,
  $$ values ('BUYER_PAYABLE', -700::bigint), ('PROVIDER_CLEARING', 700) $$, 'the money is still the buyer''s');
select is((select c.problem_code from pg_temp.confirm() as c), 'payments.stock_gone_refunded', 'asked again: the same answer');
select is((select count(*)::int from payments.refunds as r join f using (payment_id)), 1, 'and one refund');

-- cancelled meanwhile
select pg_temp.fresh();
select lives_ok($$ select orders.cancel_order(test.ctx(buyer, 'cancel'), order_id, 'no more') from f $$, 'the buyer cancels');
select results_eq(
  $$ select c.problem_code, c.status, c.order_status from pg_temp.confirm() as c $$,
  $$ values ('payments.order_cancelled_refunded', 'SUCCEEDED', 'CANCELLED') $$, 'cancelled first: refunded');
select is((select r.reason from payments.refunds as r join f using (payment_id)), 'CANCELLED_BEFORE_PAYMENT', 'with its reason');
select is((select c.problem_code from pg_temp.confirm() as c), 'payments.order_cancelled_refunded', 'asked again: the same answer');

-- refused
select pg_temp.fresh();
select is((select c.problem_code from f, payments.confirm_payments(jsonb_build_array(test.pay_request(f.payment_id, true, 'x', f.other))) as c),
          'orders.order_not_found', 'not the buyer''s order: it does not exist');
select is((select c.problem_code from f, payments.confirm_payments(jsonb_build_array(
             test.pay_request(f.payment_id) || jsonb_build_object('body', jsonb_build_object('paymentId', core.new_id())))) as c),
          'payments.payment_unknown', 'not the order''s payment');
select is((select array_agg(c.problem_code) from f, payments.confirm_payments((
             select jsonb_agg(jsonb_set(test.pay_request(f.payment_id), array['settlement', k], v))
               from (values ('paymentId', to_jsonb(core.new_id())), ('amountMinor', '1'), ('currency', '"EUR"'), ('isSuccess', 'null')) as m (k, v))) as c),
          array_fill('payments.reference_unknown'::text, array[4]), 'a settlement about something else');
select results_eq(
  $$ select c.problem_status, c.problem_code, c.problem_errors -> 0 ->> 'pointer' from f, payments.confirm_payments(jsonb_build_array(
       test.pay_request(f.payment_id) || jsonb_build_object('settlement', null))) as c $$,
  $$ values (422, 'payments.reference_unknown', '/providerReference') $$, 'no settlement at all');
select is((select array_agg(c.problem_code order by c.request_no) from f, payments.confirm_payments(jsonb_build_array(
             test.pay_request(f.payment_id) - 'actorId', test.pay_request(f.payment_id) || jsonb_build_object('sessionId', core.new_id()),
             test.pay_request(f.payment_id) - 'idempotencyKey', test.pay_request(f.payment_id, true, 'a b'))) as c),
          array['identity.unauthenticated', 'identity.unauthenticated', 'core.idempotency_key_required', 'core.idempotency_key_invalid'],
          'nobody, an ended session, no key, a bad key');
select is(pg_temp.order_status(), 'PENDING_PAYMENT', 'nothing of all that changed the order');
update identity.users as u set status = 'SUSPENDED' from f where u.user_id = f.buyer;
select is((select c.problem_code from pg_temp.confirm() as c), 'identity.unauthenticated', 'a suspended account does nothing');
update identity.users as u set status = 'ACTIVE' from f where u.user_id = f.buyer;

-- limits
select is((select count(*)::int from payments.confirm_payments('[]')), 0, 'an empty batch has no answers');
select pg_temp.fresh();
select is((select array_agg(coalesce(c.problem_code, c.order_status) order by c.request_no)
             from f, payments.confirm_payments(jsonb_build_array(
               test.pay_request(f.payment_id, false), test.pay_request(f.payment_id), test.pay_request(f.payment_id))) as c),
          array['payments.payment_declined', 'PAID', 'PAID'], 'in one batch the words about a payment count in their order');
select pg_temp.fresh();
select is((select array_agg(coalesce(c.problem_code, c.order_status) order by c.request_no)
             from f, payments.confirm_payments(jsonb_build_array(
               test.pay_request(f.payment_id), test.pay_request(f.payment_id, false), test.pay_request(f.payment_id, true, 'z', f.other))) as c),
          array['PAID', 'PAID', 'orders.order_not_found'], 'each request is answered for itself');
select is((select count(*)::int from events.staging as s join f on s.aggregate_id = f.payment_id), 2, 'with one success');

-- given up, and the money came all the same
alter table f add payment2 uuid;
select pg_temp.fresh();
select is((select c.problem_code from pg_temp.confirm(false) as c), 'payments.payment_declined', 'given up');
select results_eq($$ select c.status, c.order_status, c.failure_code from pg_temp.confirm() as c $$,
                  $$ values ('SUCCEEDED', 'PAID', null::text) $$, 'money for a FAILED payment pays the order');
select is((select c.problem_code from pg_temp.confirm(false) as c), null, 'and no later word takes that back');
-- while another payment is live
select pg_temp.fresh();
select is((select c.problem_code from pg_temp.confirm(false) as c), 'payments.payment_declined', 'given up');
update f set payment2 = test.pay_start(order_id);
select results_eq($$ select c.status, c.order_status, c.problem_code from pg_temp.confirm() as c $$,
                  $$ values ('SUCCEEDED', 'PENDING_PAYMENT', 'payments.order_already_paid') $$, 'surplus money does not pay the order');
select results_eq($$ select r.status, r.amount_minor, r.reason from payments.refunds as r join f using (payment_id) $$,
                  $$ values ('PENDING', 2999::bigint, 'SURPLUS_PAYMENT') $$, 'all of it goes back');
select is_empty('select * from payments._check_invariants()', 'no invariant is broken');
select is((select c.order_status from f cross join test.pay_confirm(f.payment2) as c), 'PAID', 'the other payment pays it');
-- after another payment has paid, and to the end
select pg_temp.fresh();
select is((select c.problem_code from pg_temp.confirm(false) as c), 'payments.payment_declined', 'given up');
update f set payment2 = test.pay_start(order_id);
select is((select c.order_status from f cross join test.pay_confirm(f.payment2) as c), 'PAID', 'paid with another one');
select is((select c.problem_code from pg_temp.confirm() as c), 'payments.order_already_paid', 'the first one''s money comes');
select is((select payments.finish_refund(r.refund_id, 'SUCCEEDED', 'rf', null) from payments.refunds as r join f using (payment_id)), 'SUCCEEDED', 'and goes back');
select is(pg_temp.order_status(), 'PAID', 'the order stays paid');
select lives_ok($$ select test.pay_deliver(order_id) from f $$, 'delivered');
select is((select r.payment_id from f cross join payments.request_refund(test.ctx(test.pay_user('ADMIN'), 'r'), f.order_id, 100, 'USD', 'x') as r),
          (select payment2 from f), 'a refund is of the payment that counts');
select is((select payments.finish_refund(r.refund_id, 'SUCCEEDED', 'rf', null) from payments.refunds as r join f on r.payment_id = f.payment2), 'SUCCEEDED', 'it ends');

-- a coupon whose last use went to somebody else meanwhile
select test.promotion('{"couponCode": "LAST", "usageLimit": 1}');
create function pg_temp.with_coupon(p_buyer uuid) returns uuid language sql as $$
  select o.order_id from f, orders.place_orders(jsonb_build_array(jsonb_build_object(
    'actorId', p_buyer, 'idempotencyKey', core.new_id(), 'currency', 'USD', 'couponCodes', '["LAST"]'::jsonb,
    'shippingAddress', '{"name": "A", "line1": "B", "city": "C", "countryCode": "DE"}'::jsonb,
    'lines', jsonb_build_array(jsonb_build_object('variantId', f.variant, 'quantity', 1))))) as o
$$;
update f set order_id = pg_temp.with_coupon(buyer);
update f set payment_id = test.pay_start(order_id);
select test.pay_clock(interval '3607 seconds');
select orders.expire_orders(100);
select pg_temp.with_coupon(f.other) from f;
select is((select array_agg(coalesce(c.problem_code, c.order_status)) from pg_temp.confirm() as c), array['payments.stock_gone_refunded'], 'no use left: refunded');
-- and one whose use is free again
select orders.cancel_order(test.ctx(f.other, 'cc'), r.order_id, 'no') from f, pricing.redemptions as r where r.returned_at is null and r.buyer_id = f.other;
update f set order_id = pg_temp.with_coupon(buyer);
update f set payment_id = test.pay_start(order_id);
select test.pay_clock(interval '4509 seconds');
select orders.expire_orders(100);
select is((select c.order_status from pg_temp.confirm() as c), 'PAID', 'a use left: sold again');
select is((select array_agg(c.used) from pricing.promotion_counters as c), array[1], 'and it is used again');
select is_empty('select * from pricing._check_invariants()', 'no invariant of pricing is broken');
select is_empty('select * from payments._check_invariants()', 'no invariant is broken');
select * from finish();
rollback;
