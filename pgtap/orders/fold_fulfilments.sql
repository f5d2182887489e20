begin;
select plan(4);
create temporary table f as select test.trade() as ids;
do $$ begin while exists (select from events.staging) loop perform events.sequence(); end loop; end $$;
create function pg_temp.id(p_name text) returns uuid language sql as $$ select (ids ->> p_name)::uuid from f $$;
create function pg_temp.seq(p_type text) returns bigint language sql as $$
  select min(l.seq) from events.log as l where l.type = p_type and (l.aggregate_id = pg_temp.id('delivered') or l.payload ->> 'orderId' = pg_temp.id('delivered')::text)
$$;

select results_eq('select p.order_id, p.seller_id, p.status, p.version, p.discount_minor, p.shipping_minor from orders.fold_fulfilments(null) as p order by 1, 2',
  'select p.order_id, p.seller_id, p.status, p.version, p.discount_minor, p.shipping_minor from orders.fulfilments as p order by 1, 2', 'the log tells the parts of now');
select is_empty('select * from orders.fold_fulfilments(0)', 'none before the first event');
select is((select array_agg(p.status order by p.status) from orders.fold_fulfilments(pg_temp.seq('orders.fulfilment_shipped')) as p where p.order_id = pg_temp.id('delivered')),
  '{PENDING,SHIPPED}', 'as of a shipment one part is on its way');
select is((select array_agg(p.status) from orders.fold_fulfilments(
             (select l.seq from events.log as l where l.type = 'orders.order_expired' and l.aggregate_id = pg_temp.id('reopened'))) as p where p.order_id = pg_temp.id('reopened')),
  '{CANCELLED}', 'a part follows its order');

select * from finish();
rollback;
