-- Deletes idempotency keys past their time, oldest first, at most p_limit (1 to 10000) at once; answers how many.
-- A key past its time is reusable whether or not this has run. For the worker.
-- Locks: the keys it deletes; those in use are skipped. Events: none. Problems: none.
create or replace function core.purge_idempotency(p_limit integer)
returns integer
language sql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
  with old as (
    select k.account_id, k.route, k.idempotency_key
    from core.idempotency_keys as k
    where k.created_at < core.now() - make_interval(secs => core._setting_int('core.idempotency_ttl_s'))
    order by k.created_at
    limit least(greatest(p_limit, 1), 10000)
    for update skip locked
  ),
  gone as (
    delete from core.idempotency_keys as k
    using old
    where (k.account_id, k.route, k.idempotency_key) = (old.account_id, old.route, old.idempotency_key)
    returning 1
  )
  select count(*)::integer from gone
$$;

comment on function core.purge_idempotency(integer) is
  'Deletes at most p_limit idempotency keys past their time; answers how many.';
grant execute on function core.purge_idempotency(integer) to tradepost_worker;
