begin;
select plan(4);
create temporary table f as select test.trade() as ids;
do $$ begin while exists (select from events.staging) loop perform events.sequence(); end loop; end $$;
create function pg_temp.id(p_name text) returns uuid language sql as $$ select (ids ->> p_name)::uuid from f $$;
create function pg_temp.seq(p_type text) returns bigint language sql as $$
  select min(l.seq) from events.log as l where l.type = p_type and (l.aggregate_id = pg_temp.id('delivered') or l.payload ->> 'orderId' = pg_temp.id('delivered')::text)
$$;

select results_eq('select p.payment_id, p.status, p.version, p.refunded_minor, p.is_surplus from payments.fold_payments(null) as p order by 1',
  'select p.payment_id, p.status, p.version, p.refunded_minor, p.is_surplus from payments.payments as p order by 1', 'the log tells the payments of now');
select is_empty('select * from payments.fold_payments(0)', 'none before the first event');
select is((select p.status || p.version from payments.fold_payments(pg_temp.seq('payments.payment_started')) as p where p.payment_id = pg_temp.id('payment')),
  'PENDING1', 'a payment as of its beginning');
select is((select p.refunded_minor from payments.fold_payments(pg_temp.seq('payments.refund_requested')) as p where p.payment_id = pg_temp.id('payment')),
  0::bigint, 'nothing had gone back when a refund was asked for');

select * from finish();
rollback;
