begin;
select plan(38);
create temporary table f as
select test.pay_user('BUYER') as buyer, test.pay_user('ADMIN') as admin, test.pay_seller() as s1, test.pay_seller() as s2, test.pay_seller() as s3;
alter table f add order_id uuid, add payment_id uuid, add refund_id uuid;
insert into pricing.commission_rules (rule_id, name, seller_id, percent_bp, fixed_minor, currency, valid_from, created_at)
select core.new_id(), 'for the test', s.seller_id, 1234, 0, null, core.now() - interval '1 day', core.now()
  from f cross join unnest(array[f.s1, f.s2]) as s (seller_id);
create function pg_temp.balance(p_account text) returns bigint language sql as $$
  select coalesce(sum(e.amount_minor), 0)::bigint from payments.ledger_entries as e join f using (order_id) where e.account = p_account
$$;
create function pg_temp.refund(p_amount bigint) returns text language plpgsql as $$
begin
  update f set refund_id = (select r.refund_id from payments.request_refund(
    test.ctx(f.admin, core.new_id()::text), f.order_id, p_amount, 'USD', 'because') as r);
  return (select payments.finish_refund(f.refund_id, 'SUCCEEDED', 'rf_1', null) from f);
end;
$$;
create function pg_temp.order_status() returns text language sql as $$
  select o.status from orders.orders as o join f using (order_id)
$$;

-- three sellers, partial refunds, to the last minor unit
update f set order_id = test.pay_order(buyer, test.offer(s1, 1000, 5), test.offer(s2, 333, 5), test.offer(s3, 1, 5));
update f set payment_id = test.pay_start(order_id);
select is((select c.order_status from f cross join test.pay_confirm(f.payment_id) as c), 'PAID', 'paid');
select lives_ok($$ select test.pay_deliver(order_id) from f $$, 'delivered');
select is(pg_temp.refund(100), 'SUCCEEDED', 'a part goes back');
select is(pg_temp.order_status(), 'PARTIALLY_REFUNDED', 'the order says so');
select is((select p.refunded_minor from payments.payments as p join f using (payment_id)), 100::bigint, 'so does the payment');
select results_eq(
  $$ select e.seller_id, sum(e.amount_minor)::bigint from payments.ledger_entries as e join f on e.transaction_id = f.refund_id
      where e.account in ('SELLER_PAYABLE', 'COMMISSION_REVENUE') group by e.seller_id order by 2 desc $$,
  $$ select s1, 75::bigint from f union all select s2, 25 from f $$,
  'shared in proportion, by largest remainder');
select is(pg_temp.balance('PROVIDER_CLEARING'), 1234::bigint, 'the provider holds the rest');
select is_empty('select * from payments._check_invariants()', 'no invariant is broken');
select is(pg_temp.refund(1), 'SUCCEEDED', 'another minor unit');
select is(pg_temp.order_status(), 'PARTIALLY_REFUNDED', 'still a part');
select is_empty('select * from payments._check_invariants()', 'no invariant is broken');
select is(pg_temp.refund(1233), 'SUCCEEDED', 'and all the rest');
select is(pg_temp.order_status(), 'REFUNDED', 'now it is all');
select is((select sum(c.amount_minor)::int from orders.commissions as c join f using (order_id)), 164, 'commissions were agreed');
select results_eq(
  $$ select count(*)::int, sum(abs(b))::int from (select sum(e.amount_minor) as b from payments.ledger_entries as e join f using (order_id)
      group by e.seller_id, e.account) as x $$,
  $$ select count(distinct (e.seller_id, e.account))::int, 0 from payments.ledger_entries as e join f using (order_id) $$,
  'every account of every seller closes to zero');
select is((select array_agg(s.type order by s.staging_id) from events.staging as s join f on s.aggregate_id = f.payment_id
            where s.type like 'payments.refund%'),
          array['payments.refund_requested', 'payments.refund_succeeded', 'payments.refund_requested', 'payments.refund_succeeded',
                'payments.refund_requested', 'payments.refund_succeeded'], 'the log is told each time');

-- repeated
select is((select payments.finish_refund(f.refund_id, 'SUCCEEDED', 'rf_2', null) from f), 'SUCCEEDED', 'told twice: once is enough');
select is((select payments.finish_refund(f.refund_id, 'FAILED', null, 'x') from f), 'SUCCEEDED', 'and what has ended stays');
select is((select p.refunded_minor from payments.payments as p join f using (payment_id)), 1334::bigint, 'nothing moved');
select is(payments.finish_refund(core.new_id(), 'SUCCEEDED', null, null), null, 'an unknown refund is nobody''s');

-- failed and unknown
update f set order_id = test.pay_order(buyer, test.offer(s1, 1000, 5));
update f set payment_id = test.pay_start(order_id);
select is((select c.order_status from f cross join test.pay_confirm(f.payment_id) as c), 'PAID', 'another one paid');
select lives_ok($$ select orders.cancel_order(test.ctx(f.buyer, 'c'), f.order_id, 'no') from f $$, 'and cancelled');
select is(test.pay_react(), 1, 'the refund is requested');
update f set refund_id = (select r.refund_id from payments.refunds as r where r.payment_id = f.payment_id);
select is((select payments.finish_refund(f.refund_id, 'UNKNOWN', null, null) from f), 'PENDING', 'no answer: it will be tried again');
update payments.refunds as r set attempts = core._setting_int('payments.refund_attempts_max') from f where r.refund_id = f.refund_id;
select is((select payments.finish_refund(f.refund_id, 'UNKNOWN', null, null) from f), 'PENDING', 'and again: the provider may have paid');
select is((select m.stuck_refunds from payments.saga_metrics() as m), 1::bigint, 'a person has to look');
select is((select payments.finish_refund(f.refund_id, 'UNKNOWN', null, null) from f), 'PENDING', 'it is tried on');
select is((select count(*) from (select type from events.staging union all select type from events.log) as e where e.type = 'payments.refund_stuck'), 1::bigint, 'and told once');
select is_empty('select * from payments._check_invariants()', 'no invariant is broken');
select throws_ok($$ select payments.request_refund(test.ctx(f.admin, 'twice'), f.order_id, 1000, 'USD', 'x') from f $$,
                 'MK409', 'payments.refund_exceeds_paid', 'but cannot pay a second time');
select is((select payments.finish_refund(f.refund_id, 'FAILED', null, 'account_closed') from f), 'FAILED', 'the provider says that it did not');
select is((select r.failure_code from payments.refunds as r join f using (refund_id)), 'account_closed', 'and why');
select results_eq('select m.stuck_refunds, m.failed_refunds from payments.saga_metrics() as m', $$ values (0::bigint, 1::bigint) $$, 'which is an answer, and not the end');
select is(pg_temp.order_status(), 'CANCELLED', 'the order waits');
select is_empty('select * from payments._check_invariants()', 'no invariant is broken');
select is(pg_temp.refund(1000), 'SUCCEEDED', 'the person repeats it');
select is(pg_temp.order_status(), 'REFUNDED', 'and all is refunded');
select is_empty('select * from payments._check_invariants()', 'no invariant is broken');
select * from finish();
rollback;
