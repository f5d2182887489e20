begin;
select plan(6);
create temporary table f as select test.trade() as ids;
do $$ begin while exists (select from events.staging) loop perform events.sequence(); end loop; end $$;
create function pg_temp.id(p_name text) returns uuid language sql as $$ select (ids ->> p_name)::uuid from f $$;
create function pg_temp.seq(p_type text) returns bigint language sql as $$
  select min(l.seq) from events.log as l where l.type = p_type and (l.aggregate_id = pg_temp.id('delivered') or l.payload ->> 'orderId' = pg_temp.id('delivered')::text)
$$;

select results_eq('select o.order_id, o.status, o.version, o.total_minor from orders.fold_orders(null) as o order by 1',
  'select o.order_id, o.status, o.version, o.total_minor from orders.orders as o order by 1', 'the log tells the orders of now');
select is_empty('select * from orders.fold_orders(0)', 'none before the first event');
select is((select o.status || o.version from orders.fold_orders(pg_temp.seq('orders.order_placed')) as o where o.order_id = pg_temp.id('delivered')),
  'PENDING_PAYMENT1', 'an order as of its first event');
select is((select o.status from orders.fold_orders(pg_temp.seq('orders.order_paid')) as o where o.order_id = pg_temp.id('delivered')), 'PAID', 'and as of its payment');
select is((select o.is_latest from orders.fold_orders(pg_temp.seq('orders.order_paid')) as o where o.order_id = pg_temp.id('delivered')), false, 'more has happened since');
select is((select bool_and(o.is_latest) from orders.fold_orders(null) as o), true, 'since now nothing has');

select * from finish();
rollback;
