-- Consumer `payments.refunds` of the event log: what payments must do when an order, or a seller's part of it, was cancelled, has
-- expired, or was sold for nothing. What remains of a paid order is refunded; a payment that is not resolved is abandoned, and its provider asked once
-- more soon; an order that cost nothing is booked, or taken back when it was cancelled.
-- It acts on the rows as they are now, so an event read twice or late does no harm. Effects and cursor commit together.
-- For the worker; answers how many events it took. Locks: the consumer, orders, payments.
-- Events: payments.refund_requested, payments.payment_abandoned. Problems: none.
create or replace function payments.react_to_orders(p_limit integer) returns integer
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
set enable_seqscan = off  -- a plan kept from when a table was small must not scan it when it has grown
as $$
declare
  v_now constant timestamptz := core.now();
  v_events integer;
  v_upto bigint;
  v_order_ids uuid[];
begin
  if not exists (select from events.consumers as c where c.consumer = 'payments.refunds') then
    perform events.create_consumer(
      'payments.refunds',
      array['orders.order_cancelled', 'orders.order_expired', 'orders.order_free', 'orders.fulfilment_cancelled'], 0);
  end if;
  if not exists (select from events.fetch('payments.refunds', 1)) then
    return 0;  -- nearly always: nothing was locked, nothing is written
  end if;
  perform from events.consumers as c where c.consumer = 'payments.refunds' for no key update;
  select count(*), max(e.seq), coalesce(array_agg(distinct (e.payload ->> 'orderId')::uuid), '{}')
    into v_events, v_upto, v_order_ids
    from events.fetch('payments.refunds', p_limit) as e;
  if v_events = 0 then
    return 0;
  end if;
  perform orders._lock_orders(v_order_ids);
  perform payments._lock_payments(v_order_ids);

  perform payments._request_refunds(
    array(select row(p.payment_id, payments._unrefunded(p.payment_id, true), 'ORDER_CANCELLED', null, null, null)::payments.refund_request
            from payments.payments as p
            join orders.orders as o using (order_id)
           where p.order_id = any (v_order_ids) and p.status = 'SUCCEEDED' and o.status = 'CANCELLED'
           order by p.payment_id),
    v_now);
  perform payments._abandon(v_order_ids, v_now);
  perform payments._settle_free_orders(v_order_ids, v_now);
  perform payments._refund_parts(v_order_ids, v_now);
  perform events.commit('payments.refunds', v_upto);
  return v_events;
end;
$$;
comment on function payments.react_to_orders(integer) is
  'Takes the next events about ended orders: requests refunds, abandons payments, commits the cursor with them.';
grant execute on function payments.react_to_orders(integer) to tradepost_worker;
