-- Cancels what sellers did not accept in time. Nobody accepted: the whole order, as if cancelled by hand. Some did: the parts
-- that still wait; their stock goes back and the order goes on with the others, whose step it may now take. The money goes back
-- through payments, which hear of it from the log. Nothing depends on it being in time: after the deadline nobody can accept.
-- Called by: the sweeper (worker role). Locks: due orders (skip locked), fulfilments, reservations, stock rows, counters.
-- Events: orders.order_cancelled, orders.fulfilment_cancelled; orders.order_shipped, order_delivered. Returns how many orders.
create or replace function orders.cancel_unaccepted(p_limit integer)
returns integer
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
set enable_seqscan = off  -- a plan kept from when a table was small must not scan it when it has grown
set enable_bitmapscan = off  -- the index is read in the order of the deadlines, and no farther than needed
as $$
declare
  v_now constant timestamptz := core.now();
  v_due uuid[];
  v_whole uuid[];
begin
  v_due := array(
    select o.order_id
    from orders.orders as o
    where (o.status in ('PAID', 'PROCESSING')) is true  -- not by the index of the status: it holds all that wait
      and o.due_at <= v_now and o.acceptance_due_at <= v_now
    order by o.due_at
    limit least(p_limit, 1000)
    for no key update skip locked);
  if cardinality(v_due) = 0 then
    return 0;
  end if;
  v_whole := array(select o.order_id from orders.orders as o where o.order_id = any (v_due) and (o.status = 'PAID') is true);
  perform inventory._lock_stock(inventory._hold_keys(v_due));

  if cardinality(v_whole) > 0 then
    perform orders._transition(
      array(select row(w.order_id, 'cancel', 'SYSTEM', null, null, 'not accepted in time', '{"paid": true}')::orders.transition_request
            from unnest(v_whole) as w (order_id)), v_now);
    perform inventory._return_stock(v_whole, v_now, null);
    perform pricing._return_redemptions(v_whole, v_now);
  end if;
  if cardinality(v_whole) < cardinality(v_due) then
    perform orders._cancel_parts(array(select d.order_id from unnest(v_due) as d (order_id) where d.order_id <> all (v_whole)), v_now);
  end if;
  return cardinality(v_due);
end
$$;
comment on function orders.cancel_unaccepted(integer) is
  'Cancels up to p_limit orders, or the parts of them, that no seller accepted before the deadline.';
grant execute on function orders.cancel_unaccepted(integer) to tradepost_worker;
