-- Completes orders that were delivered long enough ago: orders.complete_after_s as it was at their delivery.
-- Called by: the sweeper (worker role). Locks: due orders (skip locked). Events: orders.order_completed. Returns how many.
create or replace function orders.complete_orders(p_limit integer)
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
    where (o.status = 'DELIVERED') is true  -- not by the index of the status: it holds all that wait
      and o.due_at <= v_now
    order by o.due_at
    limit least(p_limit, 1000)
    for no key update skip locked);
  perform orders._transition(
    array(select row(d.order_id, 'complete', 'SYSTEM', null, null, null, null)::orders.transition_request
          from unnest(v_due) as d (order_id)), v_now);
  return cardinality(v_due);
end
$$;
comment on function orders.complete_orders(integer) is 'Completes up to p_limit orders delivered longer ago than orders.complete_after_s.';
grant execute on function orders.complete_orders(integer) to tradepost_worker;
