begin;
select plan(29);
create temporary table f as select test.trade() as ids, test.admin() as admin, test.buyer('ana') as ana, test.seller('sam') as sam;
do $$ begin while exists (select from events.staging) loop perform events.sequence(); end loop; end $$;
alter table f add o uuid, add last bigint;
update f set o = (ids ->> 'delivered')::uuid;
create function pg_temp.at(p_upto bigint default null, p_at timestamptz default null, p_cursor text default null, p_limit integer default 100)
returns payments.order_as_of language sql as $$
  select h from f, payments.get_order_history(test.ctx(f.admin), f.o, p_upto, p_at, p_cursor, p_limit) as h
$$;
create function pg_temp.seq(p_type text, p_which integer default 1) returns bigint language sql as $$
  select l.seq from f, events.log as l
   where l.type = p_type and (l.aggregate_id = f.o or l.payload ->> 'orderId' = f.o::text) order by l.seq offset p_which - 1 limit 1
$$;

-- now
select results_eq('select h.status, h.version, h.total_minor, h.discount_minor, h.shipping_minor from pg_temp.at() as h',
  'select o.status, o.version, o.total_minor, o.discount_minor, o.shipping_minor from orders.orders as o join f on o.order_id = f.o', 'without a point it is the order of today');
select is((select h.status from pg_temp.at() as h), 'PARTIALLY_REFUNDED', 'a part of it was refunded');
select results_eq(
  $$ select p ->> 'sellerId', p ->> 'status', (p -> 'discount' ->> 'amountMinor')::bigint, (p -> 'shipping' ->> 'amountMinor')::bigint, p ->> 'carrier', (p ->> 'version')::int
       from pg_temp.at() as h, jsonb_array_elements(h.fulfilments) as p order by 1 $$,
  $$ select u.seller_id::text, u.status, u.discount_minor, u.shipping_minor, u.carrier, u.version from orders.fulfilments as u join f on u.order_id = f.o order by 1 $$,
  'its parts');
select results_eq(
  $$ select (l ->> 'lineNo')::int, (l ->> 'quantity')::int, (l -> 'unitPrice' ->> 'amountMinor')::bigint, (l -> 'discount' ->> 'amountMinor')::bigint
       from pg_temp.at() as h, jsonb_array_elements(h.lines) as l $$,
  $$ select l.line_no::int, l.quantity, l.unit_price_minor, l.discount_minor from orders.order_lines as l join f on l.order_id = f.o order by 1 $$, 'its lines');
select results_eq(
  $$ select p ->> 'paymentId', p ->> 'status', (p -> 'refunded' ->> 'amountMinor')::bigint, (select jsonb_agg(r ->> 'status' order by r ->> 'refundId') from jsonb_array_elements(p -> 'refunds') as r)
       from pg_temp.at() as h, jsonb_array_elements(h.payments) as p $$,
  $$ select p.payment_id::text, p.status, p.refunded_minor, '["SUCCEEDED", "FAILED"]'::jsonb from payments.payments as p join f on p.order_id = f.o $$, 'its payment and refunds');
select is((select array_agg(e ->> 'type' order by e ->> 'seq' collate "C") <@ array_agg(e ->> 'type') from pg_temp.at() as h, jsonb_array_elements(h.events) as e), true, 'its events');
select results_eq(
  $$ select (e ->> 'seq')::bigint from pg_temp.at() as h, jsonb_array_elements(h.events) with ordinality as x (e, n) order by n $$,
  $$ select l.seq from events.log as l join f on l.aggregate_id = f.o or l.payload ->> 'orderId' = f.o::text order by 1 $$, 'all of them, in their order');

-- then
select results_eq($$ select h.seq, h.status, h.version, h.payments from pg_temp.at(pg_temp.seq('orders.order_placed')) as h $$,
  $$ select pg_temp.seq('orders.order_placed'), 'PENDING_PAYMENT', 1, '[]'::jsonb $$, 'as of its first event it was not paid');
select is((select h.status from pg_temp.at(pg_temp.seq('payments.payment_started')) as h), 'PENDING_PAYMENT', 'nor when the payment began');
select is((select p ->> 'status' from pg_temp.at(pg_temp.seq('payments.payment_started')) as h, jsonb_array_elements(h.payments) as p), 'PENDING', 'which was open');
select is((select h.status from pg_temp.at(pg_temp.seq('orders.order_paid')) as h), 'PAID', 'then it was');
select is((select jsonb_agg(p -> 'status' order by p ->> 'status') from pg_temp.at(pg_temp.seq('orders.fulfilment_accepted')) as h, jsonb_array_elements(h.fulfilments) as p),
  '["ACCEPTED", "PENDING"]', 'one seller took its part on');
select is((select h.status from pg_temp.at(pg_temp.seq('orders.fulfilment_accepted')) as h), 'PROCESSING', 'so the order was in work');
select is((select r ->> 'status' from pg_temp.at(pg_temp.seq('payments.refund_requested')) as h, jsonb_array_elements(h.payments) as p, jsonb_array_elements(p -> 'refunds') as r),
  'PENDING', 'a refund on its way');
select is((select h.seq from pg_temp.at(pg_temp.seq('orders.order_paid') + 1) as h) >= pg_temp.seq('orders.order_paid'), true, 'a number of another order''s event means the last before it');
select is((select h.status from pg_temp.at(9007199254740991) as h), 'PARTIALLY_REFUNDED', 'a number beyond the log means now');

-- at a moment
select is((select h.status from f, orders.orders as o, pg_temp.at(null, o.placed_at) as h where o.order_id = f.o), 'PENDING_PAYMENT', 'when it was placed');
select is((select h.status from f, orders.order_history as o, pg_temp.at(null, o.created_at) as h where o.order_id = f.o and o.to_status = 'DELIVERED'), 'DELIVERED', 'when it arrived');
select is((select h.status from pg_temp.at(null, 'infinity') as h), 'PARTIALLY_REFUNDED', 'some day');

-- pages
select is((select jsonb_array_length(h.events) from pg_temp.at(p_limit => 2) as h), 2, 'a page of events');
select is((select array[(e -> 0 ->> 'seq')::bigint] from pg_temp.at(p_limit => 2) as h, pg_temp.at(p_cursor => h.next_cursor, p_limit => 1) as n, lateral (select n.events as e) as x),
  (select array[pg_temp.seq('payments.payment_succeeded')]), 'and the next');
select is((select h.next_cursor from pg_temp.at() as h), null, 'until there is no more');

-- not there
select throws_ok($$ select pg_temp.at(pg_temp.seq('orders.order_placed') - 1) $$, 'MK404', 'orders.order_not_found', 'before it was placed');
select throws_ok($$ select pg_temp.at(null, '2020-01-01') $$, 'MK404', 'orders.order_not_found', 'long before');
select throws_ok($$ select payments.get_order_history(test.ctx(f.admin), core.new_id(), null, null, null, 10) from f $$, 'MK404', 'orders.order_not_found', 'nobody''s order');
select throws_ok($$ select payments.get_order_history(test.ctx(f.ana), f.o, null, null, null, 10) from f $$, 'MK403', 'identity.role_required', 'not for its buyer');
select throws_ok($$ select pg_temp.at(p_cursor => 'x') $$, 'MK400', 'core.cursor_invalid', 'another list''s cursor');

-- the events of an order are found by their aggregate, without a scan of the log
set local enable_seqscan = off;
set local enable_bitmapscan = off;
create function pg_temp.plan() returns text language plpgsql as $$
declare v_plan jsonb;
begin
  execute (select format('explain (format json) select from events.recorded as e where e.aggregate_id = any (%L) and e.seq <= 1000000', array[o]) from f)
     into v_plan;
  return v_plan::text;
end $$;
select alike(pg_temp.plan(), '%"Index Name": "log_000000_aggregate_id_seq_idx"%', 'by an index');

-- of an order whose beginning is archived the past is gone
update events.head set seq = 999999;
select test.order(f.ana, test.offer(test.seller_id(f.sam), 1000, 5)) from f;
do $$ begin while exists (select from events.staging) loop perform events.sequence(); end loop; end $$;
do $$ begin perform events.archive(1000000, true); end $$;
select throws_ok('select pg_temp.at()', 'MK410', 'payments.history_archived', 'archived is not the same as not there');

select * from finish();
rollback;
