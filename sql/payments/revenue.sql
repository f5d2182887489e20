-- What succeeded payments of the last p_hours brought in, per currency, for /metrics. Payment ids are UUIDv7, so
-- the primary key finds the recent ones: the cost follows the window and not the size of the table, as long as the planner knows
-- the window, for which it is given its value. Sums are gauges: they cannot overflow, and round beyond 2^53.
-- For the API, the worker and reporting. Locks: none. Problems: none.
create or replace function payments.revenue(p_hours integer)
returns table (currency text, orders_count bigint, gross_minor double precision, refunded_minor double precision)
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_custom_plan
as $$
declare
  v_since constant timestamptz := core.now() - make_interval(hours => least(greatest(p_hours, 1), 24 * 366));
  v_oldest constant uuid := (lpad(to_hex(floor(extract(epoch from v_since) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid;
begin
  return query
  select p.currency::text, count(*), sum(p.amount_minor)::double precision, sum(p.refunded_minor)::double precision
    from payments.payments as p
   where p.payment_id >= v_oldest and p.status = 'SUCCEEDED' and not p.is_surplus
   group by p.currency
   order by p.currency;
end;
$$;
comment on function payments.revenue(integer) is 'Paid orders, gross and refunded amounts per currency of the last hours.';
grant execute on function payments.revenue(integer) to tradepost_api, tradepost_worker, tradepost_readonly;
