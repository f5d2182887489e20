-- Deadlines that are due and not settled, by kind: how many (counted to 10,000) and since when. For the program's metrics: an age of
-- minutes says that the sweeper does not run. Reads the indexes of what is due. Locks: none. Events: none. Problems: none.
create or replace function core.deadline_metrics()
returns table (kind text, overdue bigint, oldest_s double precision)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
  select k.kind, count(d.due_at), coalesce(extract(epoch from core.now() - min(d.due_at)), 0)::double precision
  from unnest(array['orders.payment', 'orders.reminder', 'orders.acceptance', 'orders.completion', 'inventory.hold', 'payments.check',
                    'payments.refund'])
    as k (kind)
  left join (select v.kind, v.due_at from core.view_deadline as v where v.due_at <= core.now() order by v.due_at limit 10000) as d
    on d.kind = k.kind
  group by k.kind
$$;
comment on function core.deadline_metrics() is 'Overdue deadlines by kind: number, and age of the oldest in seconds.';
grant execute on function core.deadline_metrics() to tradepost_api, tradepost_worker, tradepost_readonly;
