begin;
select plan(22);
create temporary table f as select test.pay_user('BUYER') as buyer, test.pay_user('ADMIN') as admin, test.pay_seller() as s1;
alter table f add lamp uuid, add lost uuid, add lost_payment uuid, add refused uuid, add refused_payment uuid, add silent uuid, add silent_payment uuid;
update f set lamp = test.offer(s1, 1000, 9);
update f set lost = test.pay_order(buyer, lamp), refused = test.pay_order(buyer, lamp), silent = test.pay_order(buyer, lamp);
update f set lost_payment = test.pay_start(lost), refused_payment = test.pay_start(refused), silent_payment = test.pay_start(silent);
select count(test.pay_confirm(p)) from f, unnest(array[refused_payment, silent_payment]) as p;
select count(c.*) from f, unnest(array[lost, refused, silent]) as o cross join lateral orders.cancel_order(test.ctx(f.buyer, o::text), o, 'no') as c;
select test.pay_react();
create function pg_temp.stuck() returns setof text language sql as $$
  select l.kind || ' ' || l.order_status || ' ' || l.status || ' ' || l.amount_minor || ' ' || coalesce(l.failure_code, '-')
  from f, payments.list_stuck(test.ctx(f.admin), null, 100) as l $$;
select is_empty('select * from pg_temp.stuck()', 'what is under way needs nobody');
select throws_ok('select l.* from f, payments.list_stuck(test.ctx(buyer), null, 10) as l', 'MK403', 'identity.role_required', 'the list is for administrators');
select throws_ok('select l.* from payments.list_stuck(test.ctx(), null, 10) as l', 'MK401', 'identity.unauthenticated', 'not for nobody');
select throws_ok('select l.* from f, payments.list_stuck(test.ctx(admin), $$x$$, 10) as l', 'MK400', 'core.cursor_invalid', 'a cursor is one');
select throws_ok('select l.* from f, payments.retry_payment(test.ctx(buyer), refused_payment) as l', 'MK403', 'identity.role_required', 'so is taking up again');
select throws_ok('select l.* from f, payments.retry_payment(test.ctx(admin), core.new_id()) as l', 'MK404', 'payments.payment_not_found', 'a payment there is');
select throws_ok('select l.* from f, payments.retry_payment(test.ctx(admin), refused_payment) as l', 'MK409', 'payments.nothing_to_retry', 'nothing waits');

update payments.payments as p set checks = core._setting_int('payments.checks_max'), next_check_at = core.now() from f where p.payment_id = f.lost_payment;
select is((select count(*)::int from payments.claim_unresolved(10)), 0, 'given up');
update payments.refunds as r set attempts = core._setting_int('payments.refund_attempts_max') from f where r.payment_id = f.silent_payment;
select is((select payments.finish_refund(r.refund_id, 'UNKNOWN', null, null) from f join payments.refunds as r on r.payment_id = f.silent_payment), 'PENDING', 'tried on');
select is((select payments.finish_refund(r.refund_id, 'FAILED', null, 'card_gone') from f join payments.refunds as r on r.payment_id = f.refused_payment), 'FAILED', 'refused');
select set_eq('select * from pg_temp.stuck()',
  array['PAYMENT CANCELLED ABANDONED 1000 -', 'REFUND CANCELLED PENDING 1000 -', 'REFUND CANCELLED FAILED 1000 card_gone'], 'all three wait for a person');
select is((select count(*) from f, payments.list_stuck(test.ctx(admin), null, 1) as l), 2::bigint, 'a page and one row more');
select results_eq(
  $$ select (select count(*) from f, payments.list_stuck(test.ctx(admin), l.page_cursor, 100)) from f, payments.list_stuck(test.ctx(admin), null, 100) as l $$,
  $$ values (2::bigint), (1), (0) $$, 'cursors walk it');
select is((select array_agg(i::text) from core.check_invariants() as i), null, 'the invariants hold while they wait');

select lives_ok($$ select l.* from f, unnest(array[lost_payment, silent_payment, refused_payment]) as p cross join lateral payments.retry_payment(test.ctx(admin), p) as l $$, 'taken up again');
select is_empty('select * from pg_temp.stuck()', 'nothing waits any more');
select throws_ok('select l.* from f, payments.retry_payment(test.ctx(admin), refused_payment) as l', 'MK409', 'payments.nothing_to_retry', 'once');
select is((select count(*)::int from payments.claim_unresolved(10)), 1, 'the payment is asked about');
select is((select count(*)::int from payments.claim_refunds(10)), 2, 'the refunds are tried, the refused one as a new one');
select is((select count(distinct payments.finish_refund(r.refund_id, 'SUCCEEDED', 'r', null)) from payments.refunds as r where r.status = 'PENDING'), 1::bigint, 'and succeed');
select is((select array_agg(o.status order by o.order_id) from f join orders.orders as o on o.order_id in (refused, silent)), array['REFUNDED', 'REFUNDED'], 'all went back');
select is((select array_agg(i::text) from core.check_invariants() as i), null, 'the invariants hold');
select * from finish();
rollback;
