-- Folds the log into orders, fulfilments, payments, refunds, stock and reservations and compares the result with the tables:
-- one row per field that differs (what the log says, what the table holds), none when the log tells all that happened.
-- p_upto null: all that is committed, also what the sequencer has not numbered yet, so that it never reports a difference
-- while writers are at work: one statement sees the tables and the events at one moment. p_upto a number: the state as of
-- that event. The tables are of now, so of what something happened to since, only what never changes is compared, and the
-- history of orders, which keeps every version.
-- Each domain compares its own: every function <domain>._replay_check(bigint) is called. Reads the log several times;
-- what it holds are hash tables, which spill to disk beyond work_mem. For the nightly check, tests and
-- `tradepost doctor --replay`, not for requests. A log whose beginning is archived cannot tell what the tables hold: then it
-- says so, and compares nothing until the archived partitions are attached again.
-- For the worker and reporting. Locks: none. Events: none. Problems: 410 events.position_archived.
create or replace function events.replay_check(p_upto bigint)
returns setof core.replay_difference
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_custom_plan
set jit = off
set work_mem = '16MB'
as $$
declare
  v_check regprocedure;
begin
  perform events._require_kept(0);
  for v_check in
    select p.oid
      from pg_proc as p
     where p.proname = '_replay_check' and p.pronargs = 1 and p.proargtypes[0] = 'bigint'::regtype
       and pg_get_userbyid(p.proowner) = current_user  -- with our rights only what is ours is run
     order by p.oid::regprocedure::text
  loop
    return query execute format('select d.* from %s($1) as d', v_check::regproc) using coalesce(p_upto, 9223372036854775807);
  end loop;
end;
$$;
comment on function events.replay_check(bigint) is
  'Differences between the state folded from the log up to a number (null: all) and the tables; none when all is well.';
grant execute on function events.replay_check(bigint) to tradepost_worker, tradepost_readonly;
