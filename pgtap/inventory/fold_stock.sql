begin;
select plan(4);
create temporary table f as select test.trade() as ids;
do $$ begin while exists (select from events.staging) loop perform events.sequence(); end loop; end $$;
create function pg_temp.id(p_name text) returns uuid language sql as $$ select (ids ->> p_name)::uuid from f $$;
create function pg_temp.seq(p_type text) returns bigint language sql as $$
  select min(l.seq) from events.log as l where l.type = p_type and (l.aggregate_id = pg_temp.id('delivered') or l.payload ->> 'orderId' = pg_temp.id('delivered')::text)
$$;

select results_eq('select s.seller_id, s.variant_id, s.on_hand, s.reserved, s.is_low from inventory.fold_stock(null) as s order by 1, 2',
  'select s.seller_id, s.variant_id, s.on_hand::bigint, s.reserved::bigint, s.is_low from inventory.stock_levels as s order by 1, 2', 'the log tells the stock of now');
select is_empty('select * from inventory.fold_stock(0)', 'none before the first event');
select is((select s.on_hand || '/' || s.reserved from inventory.fold_stock(pg_temp.seq('orders.order_placed')) as s where s.variant_id = pg_temp.id('lamp')),
  '50/2', 'units are held as of an order');
select is((select s.on_hand || '/' || s.reserved from inventory.fold_stock(pg_temp.seq('orders.order_paid')) as s where s.variant_id = pg_temp.id('lamp')),
  '48/0', 'and sold as of its payment');

select * from finish();
rollback;
