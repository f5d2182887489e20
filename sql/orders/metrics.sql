-- Orders of the last day by status, with their gross value, for /metrics.
-- Called by: the program, whoever may scrape it. Reads only; no personal data.
-- Order ids are UUIDv7, so the primary key finds the recent ones: the cost follows the day and not the size of the table.
-- Sums are gauges: they cannot overflow, and round beyond 2^53.
create or replace function orders.metrics()
returns table (status text, currency text, orders bigint, total_minor double precision)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
set enable_seqscan = off  -- where the window's size is not known, the planner fears for a third of the table
as $$
  select o.status, o.currency::text, count(*), sum(o.total_minor)::double precision
  from orders.orders as o
  where o.order_id >= orders._id_at(core.now() - interval '1 day')
    and o.placed_at > (select core.now() - interval '1 day')  -- asked once, not for each order
  group by o.status, o.currency
$$;
comment on function orders.metrics() is 'Orders of the last 24 hours: count and total in minor units, by status and currency.';
grant execute on function orders.metrics() to tradepost_api, tradepost_worker;
