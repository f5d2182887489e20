begin;
select plan(10);
create temporary table f as select test.pay_user('BUYER') as buyer, test.pay_user('BUYER') as other, test.pay_user('ADMIN') as admin;
alter table f add order_id uuid, add payment_id uuid;
update f set order_id = test.pay_order(buyer, test.offer(test.pay_seller(), 1000, 5));
create function pg_temp.list(p_actor uuid, p_cursor text default null, p_limit integer default 20) returns setof payments.payment_listing language sql as $$
  select l.* from f cross join payments.list_payments(test.ctx(p_actor), f.order_id, p_cursor, p_limit) as l
$$;
select is((select count(*)::int from f cross join pg_temp.list(f.buyer)), 0, 'none yet');
update f set payment_id = test.pay_start(order_id);
select is((select c.problem_code from f cross join test.pay_confirm(f.payment_id, false) as c), 'payments.payment_declined', 'one fails');
update f set payment_id = test.pay_start(order_id);
select is((select c.order_status from f cross join test.pay_confirm(f.payment_id) as c), 'PAID', 'one succeeds');
select lives_ok($$ select test.pay_deliver(f.order_id), (select count(*) from payments.request_refund(test.ctx(f.admin, 'k'), f.order_id, 1, 'USD', 'r')) from f $$, 'a refund');
select results_eq(
  $$ select l.status, l.failure_code, jsonb_array_length(l.refunds), l.order_status from f cross join pg_temp.list(f.buyer) as l $$,
  $$ values ('FAILED', 'insufficient_funds', 0, 'DELIVERED'), ('SUCCEEDED', null, 1, 'DELIVERED') $$, 'the buyer sees them, oldest first');
select is((select count(*)::int from f cross join pg_temp.list(f.admin)), 2, 'so does an administrator');
select is((select count(*)::int from f cross join pg_temp.list(f.buyer, (select l.page_cursor from f cross join pg_temp.list(f.buyer, null, 1) as l limit 1))), 1,
          'the second page begins after the first');
select throws_ok($$ select pg_temp.list(f.other) from f $$, 'MK404', 'orders.order_not_found', 'nobody else does');
select throws_ok($$ select payments.list_payments(test.ctx(f.admin), core.new_id(), null, 20) from f $$, 'MK404', 'orders.order_not_found', 'an unknown order');
select throws_ok($$ select pg_temp.list(f.buyer, '!') from f $$, 'MK400', 'core.cursor_invalid', 'a bad cursor');
select * from finish();
rollback;
