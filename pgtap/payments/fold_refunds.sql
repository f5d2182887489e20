begin;
select plan(3);
create temporary table f as select test.trade() as ids;
do $$ begin while exists (select from events.staging) loop perform events.sequence(); end loop; end $$;
create function pg_temp.id(p_name text) returns uuid language sql as $$ select (ids ->> p_name)::uuid from f $$;
create function pg_temp.seq(p_type text) returns bigint language sql as $$
  select min(l.seq) from events.log as l where l.type = p_type and (l.aggregate_id = pg_temp.id('delivered') or l.payload ->> 'orderId' = pg_temp.id('delivered')::text)
$$;

select results_eq('select r.refund_id, r.status, r.amount_minor, r.failure_code from payments.fold_refunds(null) as r order by 1',
  'select r.refund_id, r.status, r.amount_minor, r.failure_code from payments.refunds as r order by 1', 'the log tells the refunds of now');
select is_empty('select * from payments.fold_refunds(0)', 'none before the first event');
select is((select r.status from payments.fold_refunds(pg_temp.seq('payments.refund_requested')) as r where r.refund_id = pg_temp.id('refund')),
  'PENDING', 'a refund as of its request');

select * from finish();
rollback;
