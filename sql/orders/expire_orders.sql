-- Expires unpaid orders whose payment window is over: holds end, coupons and uses return. Nothing depends on it being in time:
-- an expired hold does not count and a late payment is handled, so it may be away for hours.
-- Called by: the sweeper (worker role). Locks: due orders (skip locked), reservations, stock rows, promotion counters.
-- Events: orders.order_expired. Returns how many were expired.
create or replace function orders.expire_orders(p_limit integer)
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
begin
  v_due := array(
    select o.order_id
    from orders.orders as o
    where (o.status in ('PENDING_PAYMENT', 'PAYMENT_FAILED')) is true  -- not by the index of the status: it holds all that wait
      and o.due_at <= v_now
    order by o.due_at
    limit least(p_limit, 1000)
    for no key update skip locked);
  if cardinality(v_due) = 0 then
    return 0;
  end if;
  perform orders._transition(
    array(select row(d.order_id, 'expire', 'SYSTEM', null, null, 'payment window over', null)::orders.transition_request
          from unnest(v_due) as d (order_id)), v_now);
  perform inventory._end_holds(v_due, 'EXPIRED', v_now);
  perform pricing._return_redemptions(v_due, v_now);
  return cardinality(v_due);
end
$$;
comment on function orders.expire_orders(integer) is 'Expires up to p_limit overdue unpaid orders and gives back what they held.';
grant execute on function orders.expire_orders(integer) to tradepost_worker;
