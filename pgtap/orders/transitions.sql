begin;
-- Every pair of statuses, allowed or refused, through the trigger: 11 x 10 pairs of orders, 5 x 4 of fulfilments.
select plan(131);
create temporary table f as
select test.buyer('ana') as ana, test.seller_id(test.seller('sam')) as sam;
alter table f add lamp uuid, add order_id uuid;
update f set lamp = test.offer(sam, 1000, 5);
update f set order_id = test.order(ana, lamp);
create temporary table order_statuses as
select unnest(array['PENDING_PAYMENT', 'PAID', 'PROCESSING', 'SHIPPED', 'DELIVERED', 'COMPLETED', 'CANCELLED', 'EXPIRED',
                    'PAYMENT_FAILED', 'PARTIALLY_REFUNDED', 'REFUNDED']) as status;

-- Puts a status in place past the trigger, as no user of the database can.
create function pg_temp.put(p_table regclass, p_status text) returns void
language plpgsql as $$
begin
  set local session_replication_role = replica;
  execute format('update %s set status = %L, carrier = ''c'', tracking_number = ''t''', p_table, p_status);
  set local session_replication_role = origin;
exception when undefined_column then
  set local session_replication_role = replica;
  execute format('update %s set status = %L', p_table, p_status);
  set local session_replication_role = origin;
end $$;
create function pg_temp.try_order(p_from text, p_to text) returns text
language plpgsql as $$
begin
  perform pg_temp.put('orders.orders', p_from);
  update orders.orders set status = p_to;
  return 'allowed';
exception when sqlstate 'MK409' then
  return sqlerrm;
end $$;
create function pg_temp.try_fulfilment(p_from text, p_to text) returns text
language plpgsql as $$
begin
  perform pg_temp.put('orders.fulfilments', p_from);
  update orders.fulfilments set status = p_to;
  return 'allowed';
exception when sqlstate 'MK409' then
  return sqlerrm;
end $$;

select is(
  pg_temp.try_order(a.status, b.status),
  case when (a.status, b.status) in (values
    ('PENDING_PAYMENT', 'PAID'), ('PENDING_PAYMENT', 'PAYMENT_FAILED'), ('PENDING_PAYMENT', 'EXPIRED'), ('PENDING_PAYMENT', 'CANCELLED'),
    ('PAYMENT_FAILED', 'PENDING_PAYMENT'), ('PAYMENT_FAILED', 'PAID'), ('PAYMENT_FAILED', 'EXPIRED'), ('PAYMENT_FAILED', 'CANCELLED'),
    ('EXPIRED', 'PAID'), ('PAID', 'PROCESSING'), ('PAID', 'CANCELLED'), ('PROCESSING', 'CANCELLED'), ('PROCESSING', 'SHIPPED'),
    ('SHIPPED', 'DELIVERED'), ('DELIVERED', 'COMPLETED'), ('CANCELLED', 'REFUNDED'), ('DELIVERED', 'PARTIALLY_REFUNDED'),
    ('COMPLETED', 'PARTIALLY_REFUNDED'), ('DELIVERED', 'REFUNDED'), ('COMPLETED', 'REFUNDED'), ('PARTIALLY_REFUNDED', 'REFUNDED'))
    then 'allowed' else 'orders.transition_refused' end,
  format('order %s -> %s', a.status, b.status))
from order_statuses as a, order_statuses as b
where a.status <> b.status
order by a.status, b.status;

select is(
  pg_temp.try_fulfilment(a, b),
  case when (a, b) in (values ('PENDING', 'ACCEPTED'), ('ACCEPTED', 'SHIPPED'), ('SHIPPED', 'DELIVERED'),
                              ('PENDING', 'CANCELLED'), ('ACCEPTED', 'CANCELLED'), ('CANCELLED', 'PENDING'))
    then 'allowed' else 'orders.transition_refused' end,
  format('fulfilment %s -> %s', a, b))
from unnest(array['PENDING', 'ACCEPTED', 'SHIPPED', 'DELIVERED', 'CANCELLED']) as a,
     unnest(array['PENDING', 'ACCEPTED', 'SHIPPED', 'DELIVERED', 'CANCELLED']) as b
where a <> b
order by a, b;
select is((select count(*)::int from orders.order_transitions where event_type not in (select type from events.event_types)), 0,
          'every transition appends a documented event');
select * from finish();
rollback;
