-- Deletes idempotency keys past their time from p_blocks blocks (1 to 10000) of their table, beginning with block p_block; answers
-- how many, and the block to go on with, null at the end. Whoever purges walks through the table again and again: that costs the
-- writers no index on the time. A key past its time is reusable whether or not this has run. For the worker.
-- Locks: the keys it deletes; those in use are skipped. Events: none. Problems: none.
create or replace function core.purge_idempotency(p_block bigint, p_blocks integer)
returns table (purged integer, next_block bigint)
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_block constant bigint := greatest(p_block, 0);
  v_end constant bigint := v_block + least(greatest(p_blocks, 1), 10000);
  v_from constant tid := format('(%s,0)', v_block)::tid;
  v_until constant tid := format('(%s,0)', v_end)::tid;
  v_before constant timestamptz := core.now() - make_interval(secs => core._setting_int('core.idempotency_ttl_s'));
begin
  delete from core.idempotency_keys as k
   using (select o.account_id, o.route, o.idempotency_key
            from core.idempotency_keys as o
           where o.ctid >= v_from and o.ctid < v_until and o.created_at < v_before
             for update skip locked) as old
   where (k.account_id, k.route, k.idempotency_key) = (old.account_id, old.route, old.idempotency_key);
  get diagnostics purged = row_count;
  if v_end * current_setting('block_size')::bigint < pg_relation_size('core.idempotency_keys') then
    next_block := v_end;
  end if;
  return next;
end;
$$;

comment on function core.purge_idempotency(bigint, integer) is
  'Deletes the idempotency keys past their time in some blocks of the table; answers how many, and where to go on.';
grant execute on function core.purge_idempotency(bigint, integer) to tradepost_worker;
