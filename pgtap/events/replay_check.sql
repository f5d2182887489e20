-- The log tells all that happened to stock, orders, payments and refunds; what it does not tell, or tells otherwise, is found.
begin;
select plan(50);
create temporary table f as select test.trade() as ids;
create function pg_temp.id(p_name text) returns uuid language sql as $$ select (ids ->> p_name)::uuid from f $$;

-- all is well
select is_empty('select * from events.replay_check(null)', 'the log tells everything, numbered or not');
select ok(exists (select from events.staging), 'some of it waits for its number');
do $$ begin while exists (select from events.staging) loop perform events.sequence(); end loop; end $$;
select is_empty('select * from events.replay_check(null)', 'and so it does with all numbered');
select is_empty($$ select p.position, d.* from generate_series(1, (select seq from events.head)) as p (position), events.replay_check(p.position) as d $$,
  'as of each event');
select is_empty('select * from events.replay_check(0)', 'and before the first');
select ok((select array['PENDING_PAYMENT', 'PAID', 'PARTIALLY_REFUNDED', 'REFUNDED', 'CANCELLED', 'EXPIRED']
                  <@ array_agg(o.status) from orders.orders as o), 'the story has orders of all kinds');
select ok((select array['HELD', 'CONFIRMED', 'RELEASED', 'EXPIRED', 'RETURNED'] <@ array_agg(r.status) from inventory.reservations as r), 'and holds');
select ok((select array['SUCCEEDED', 'ABANDONED'] <@ array_agg(p.status) and bool_or(p.is_surplus) from payments.payments as p), 'and payments');
select is_empty($$
  select t.type from events.event_types as t
   where split_part(t.type, '.', 1) in ('inventory', 'orders', 'payments')
     and not exists (select from events.log as l where l.type = t.type) $$, 'and every event of theirs');

-- what it finds, as "thing field expected found"; undone each time
create function pg_temp.found(p_statement text, p_upto bigint default null) returns text[] language plpgsql as $$
declare v_found text[];
begin
  begin
    execute p_statement;
    select array_agg(format('%s %s %s %s', d.aggregate, d.field, d.expected, d.found) order by d.aggregate, d.field, d.expected)
      into v_found from events.replay_check(p_upto) as d;
    raise exception 'undo' using errcode = 'ZZ000';
  exception when sqlstate 'ZZ000' then return v_found;
  end;
end $$;
select test.disarm('orders.orders', 'orders.fulfilments', 'orders.order_lines', 'orders.order_history', 'inventory.stock_levels',
                   'inventory.reservations', 'inventory.reservation_lines', 'payments.payments', 'payments.refunds',
                   'events.log', 'events.log_000000');

-- a table that was changed behind the events
select is(pg_temp.found($$ update orders.orders set status = 'SHIPPED' where order_id = pg_temp.id('placed') $$),
  '{"order status PENDING_PAYMENT SHIPPED"}', 'an order''s status');
select is(pg_temp.found($$ update orders.orders set version = 7 where order_id = pg_temp.id('placed') $$),
  '{"order version 1 7"}', 'its version');
select is(pg_temp.found($$ update orders.orders set subtotal_minor = subtotal_minor + 1, total_minor = total_minor + 1 where order_id = pg_temp.id('placed') $$),
  '{"order subtotal_minor 2500 2501","order total_minor 2990 2991"}', 'its totals');
select is(pg_temp.found(format($$ update orders.orders set buyer_id = %L where order_id = pg_temp.id('placed') $$, test.buyer('ana'))),
  array[format('order buyer_id %s %s', test.buyer('ben'), test.buyer('ana'))], 'its buyer');
select is(pg_temp.found($$ delete from orders.order_history where order_id = pg_temp.id('placed');
                           delete from orders.orders where order_id = pg_temp.id('placed') $$),
  '{"order row present absent","order_history row present absent"}', 'an order that vanished');
select is(pg_temp.found($$ update orders.order_history set to_status = 'PAID' where order_id = pg_temp.id('placed') $$),
  '{"order_history to_status PENDING_PAYMENT PAID"}', 'its history');
select is(pg_temp.found($$ insert into orders.order_history (order_id, version, to_status, action, actor_kind, created_at)
                           values (pg_temp.id('placed'), 2, 'PAID', 'pay', 'SYSTEM', core.now()) $$),
  '{"order_history row absent present"}', 'a history that was made up');
select is(pg_temp.found($$ update orders.fulfilments set status = 'ACCEPTED' where order_id = pg_temp.id('placed') $$),
  '{"fulfilment status PENDING ACCEPTED"}', 'a part''s status');
select is((pg_temp.found($$ update orders.fulfilments set carrier = 'UPS', shipped_at = null where order_id = pg_temp.id('delivered') and seller_id = pg_temp.id('sam') $$))[1],
  'fulfilment carrier DHL UPS', 'its carrier');
select is(pg_temp.found($$ update orders.fulfilments set discount_minor = 0, total_minor = total_minor + discount_minor where order_id = pg_temp.id('delivered') and seller_id = pg_temp.id('sam') $$),
  '{"fulfilment discount_minor 200 0"}', 'its discount');
select is(pg_temp.found($$ update orders.fulfilments set shipping_minor = 0, total_minor = total_minor - shipping_minor where order_id = pg_temp.id('placed') $$),
  '{"fulfilment shipping_minor 490 0"}', 'its shipping fee');
select is(pg_temp.found($$ update orders.order_lines set quantity = 2, subtotal_minor = 5000, total_minor = 5000 where order_id = pg_temp.id('placed') $$),
  '{"order_line quantity 1 2"}', 'a line''s quantity');
select is(pg_temp.found($$ update inventory.stock_levels set on_hand = on_hand + 1 where variant_id = pg_temp.id('rug') $$),
  '{"stock on_hand 46 47"}', 'units that came from nowhere');
select is(pg_temp.found($$ update inventory.stock_levels set reserved = 0 where variant_id = pg_temp.id('rug') $$),
  '{"stock reserved 1 0"}', 'units that were let go');
select is(pg_temp.found($$ update inventory.stock_levels set low_stock_threshold = 1 where variant_id = pg_temp.id('rug') $$),
  '{"stock low_stock_threshold 0 1"}', 'another threshold');
select is(pg_temp.found($$ update inventory.reservations set expires_at = core.now() + interval '10 years', account_id = pg_temp.id('sam') where reservation_id = pg_temp.id('live') $$) is null,
  false, 'a hold that would never end');
select is(pg_temp.found($$ update inventory.reservation_lines set quantity = 9 where reservation_id = pg_temp.id('live') $$),
  '{"reservation_line quantity 1 9"}', 'a hold''s units');
select is(pg_temp.found($$ update inventory.reservation_lines set freed_at = core.now() where reservation_id = pg_temp.id('live') $$),
  '{"reservation_line is_freed false true"}', 'a hold whose units somebody took');
select is(pg_temp.found($$ update payments.payments set refunded_minor = 0 where payment_id = pg_temp.id('payment') $$),
  '{"payment refunded_minor 100 0"}', 'a payment''s refunds');
select is(pg_temp.found($$ update payments.payments set is_surplus = true where payment_id = pg_temp.id('payment') $$),
  '{"payment is_surplus false true"}', 'a payment that does not count');
select is(pg_temp.found($$ update payments.refunds set amount_minor = 1 where refund_id = pg_temp.id('refund') $$),
  '{"refund amount_minor 100 1"}', 'a refund''s amount');
select is(pg_temp.found($$ update payments.refunds set status = 'FAILED', failure_code = 'x' where refund_id = pg_temp.id('refund') $$),
  '{"refund failure_code  x","refund status SUCCEEDED FAILED"}', 'a refund''s end');

-- a log that lost an event, or has another one
select ok(pg_temp.found($$ delete from events.log where type = 'orders.fulfilment_shipped' and payload ->> 'sellerId' = pg_temp.id('sue')::text $$)
          @> '{"fulfilment carrier  DHL","fulfilment version 3 4"}', 'a shipment nobody told of');
select is(pg_temp.found($$ delete from events.log where type = 'orders.order_placed' and aggregate_id = pg_temp.id('placed') $$),
  '{"fulfilment row absent present","order row absent present","order_history row absent present","order_line row absent present","reservation row absent present","reservation_line row absent present","stock reserved 0 1"}',
  'an order nobody told of');
select is(pg_temp.found($$ delete from events.log where type = 'inventory.holds_reclaimed' $$), null,
  'a freed hold that has ended since may lack its event: older releases did not tell');
select is(pg_temp.found($$ delete from events.log where type = 'payments.refund_succeeded' and payload ->> 'refundId' = pg_temp.id('refund')::text $$),
  '{"payment refunded_minor 0 100","payment version 5 6","refund status PENDING SUCCEEDED"}', 'a refund nobody told of');
select ok(pg_temp.found($$ delete from events.log where type = 'orders.fulfilment_cancelled' $$)
          @> '{"fulfilment status PENDING CANCELLED","reservation_line is_freed false true"}', 'a part that was cancelled behind the log');
select is(pg_temp.found($$ update payments.refunds set seller_ids = null where order_id = pg_temp.id('halved') $$),
  array[format('refund seller_ids ["%s"] ', pg_temp.id('sue'))], 'a refund that is of a part');
select is(pg_temp.found($$ delete from events.log where type = 'inventory.stock_changed' and payload ->> 'mode' = 'ADJUST' $$),
  '{"stock is_low false true","stock low_stock_threshold 0 40","stock on_hand 38 36","stock version 2 3"}', 'a count nobody told of');
select is(pg_temp.found($$ update events.log set payload = payload || '{"delta": 51}' where type = 'inventory.stock_changed' and payload ->> 'variantId' = pg_temp.id('rug')::text and payload ->> 'delta' = '50' $$),
  '{"stock on_hand 47 46"}', 'another delivery than was stocked');
select is(pg_temp.found($$ update events.log set payload = payload || '{"totalMinor": 1}' where type = 'orders.order_placed' and aggregate_id = pg_temp.id('placed') $$),
  '{"order total_minor 1 2990"}', 'another total than was asked');
select is(pg_temp.found($$ update events.log set payload = payload - 'status' where type = 'orders.order_placed' and aggregate_id = pg_temp.id('placed') $$),
  '{"order status  PENDING_PAYMENT","order_history to_status  PENDING_PAYMENT"}', 'an event that carries too little');
select is(pg_temp.found($$ update events.log set payload = payload || '{"paid": false}' where type = 'orders.order_cancelled' and aggregate_id = pg_temp.id('refunded') $$),
  '{"reservation status RELEASED RETURNED"}', 'another end of a hold');

-- as of an event: what never changes, what nothing happened to since, and each step of the history
select is(pg_temp.found($$ update orders.orders set currency = 'EUR' where order_id = pg_temp.id('delivered') $$,
                        (select l.seq from events.log as l where l.type = 'orders.order_placed' and l.aggregate_id = pg_temp.id('delivered'))),
  '{"order currency USD EUR"}', 'an order''s currency, as of its beginning');
select is(pg_temp.found($$ update orders.orders set status = 'SHIPPED' where order_id = pg_temp.id('delivered') $$,
                        (select l.seq from events.log as l where l.type = 'orders.order_placed' and l.aggregate_id = pg_temp.id('delivered'))),
  null, 'its status is another by now');
select is(pg_temp.found($$ update orders.order_history set to_status = 'SHIPPED' where order_id = pg_temp.id('delivered') and version = 2 $$,
                        (select l.seq from events.log as l where l.type = 'orders.order_paid' and l.aggregate_id = pg_temp.id('delivered'))),
  '{"order_history to_status PAID SHIPPED"}', 'but the history keeps it');

-- events of older releases, which carried less
select is(pg_temp.found($$
    update events.log set payload = payload - 'parts' #- '{lines,0,discountMinor}' #- '{lines,1,discountMinor}' where type = 'orders.order_placed';
    update events.log set payload = payload - 'threshold' where type = 'inventory.stock_changed';
    update events.log set payload = payload - 'carrier' where type = 'orders.fulfilment_shipped';
    update events.log set payload = payload - 'isSurplus' where type = 'payments.payment_succeeded';
    delete from events.log where type = 'inventory.holds_reclaimed' $$), null, 'are compared as far as they tell');

-- a log whose beginning is archived tells no falsehood, and everything again when it is back
update events.head set seq = 999999;
select test.order(test.buyer('ana'), test.offer(test.seller_id(test.seller('sam')), 1000, 5));
do $$ begin while exists (select from events.staging) loop perform events.sequence(); end loop; end $$;
select is((select count(*) from events.archive(1000000, true)), 1::bigint, 'the first partition leaves');
select throws_ok('select * from events.replay_check(null)', 'MK410', 'events.position_archived', 'nothing is compared with what is left');
select throws_ok('select * from events.replay_check(1000001)', 'MK410', 'events.position_archived', 'as of no event');
-- as docs/operations.md says
alter table events.archived_log_000000 rename to log_000000;
alter table events.log attach partition events.log_000000 for values from (0) to (1000000);
update events.tail set seq = 0, hash = '\x', archived_at = null;
select is_empty('select * from events.replay_check(null)', 'attached again, it tells everything');

select * from finish();
rollback;
