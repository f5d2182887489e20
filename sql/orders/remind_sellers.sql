-- Reminds the sellers of paid orders who have not accepted their part, once for each part, and sets the clock to the deadline itself.
-- Nothing depends on it: an order whose deadline is over too is not reminded but cancelled (orders.cancel_unaccepted).
-- Called by: the sweeper (worker role). Locks: due orders (skip locked), their fulfilments.
-- Events: orders.fulfilment_reminded. Returns how many orders.
create or replace function orders.remind_sellers(p_limit integer)
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
    where (o.status in ('PAID', 'PROCESSING')) is true  -- not by the index of the status: it holds all that wait
      and o.due_at <= v_now and o.acceptance_due_at > v_now
    order by o.due_at
    limit least(p_limit, 1000)
    for no key update skip locked);
  update orders.orders as o set due_at = o.acceptance_due_at where o.order_id = any (v_due);
  with reminded as (
    update orders.fulfilments as f
    set version = f.version + 1, updated_at = v_now
    from orders.orders as o
    where o.order_id = any (v_due) and f.seller_id = any (o.seller_ids) and f.order_id = o.order_id and f.status = 'PENDING'
    returning f.seller_id, f.order_id, f.version, f.status, o.acceptance_due_at
  )
  insert into events.outbox (drafts)
  select array_agg(row(
         'orders.fulfilment_reminded', 'fulfilment', inventory._stock_id(r.seller_id, r.order_id), r.version, null, null,
         array[r.seller_id],
         jsonb_build_object('orderId', r.order_id, 'sellerId', r.seller_id, 'status', r.status, 'acceptDueAt', r.acceptance_due_at),
         v_now)::events.draft order by r.order_id, r.seller_id)
  from reminded as r
  having count(*) > 0;
  return cardinality(v_due);
end
$$;
comment on function orders.remind_sellers(integer) is
  'Reminds the sellers of up to p_limit orders that their time to accept is running out.';
grant execute on function orders.remind_sellers(integer) to tradepost_worker;
