-- Deletes sessions that ended more than identity.session_retention_s ago, oldest first, at most p_limit (1 to 10000) at once; answers
-- how many. Until then they tell who was logged in when. Only sessions whose lifetime is over go: a token of one that was
-- revoked earlier is still told from a forged one, and none of them opens anything.
-- For the worker. Locks: the sessions it deletes; those in use are skipped. Events: none. Problems: none.
create or replace function identity.purge_sessions(p_limit integer)
returns integer
language sql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
  with old as (
    select o.session_id
      from identity.sessions as o
     where o.expires_at < core.now() - make_interval(secs => core._setting_int('identity.session_retention_s'))
     order by o.expires_at
     limit least(greatest(p_limit, 1), 10000)
       for update skip locked
  ), gone as (
    delete from identity.sessions as o using old where o.session_id = old.session_id returning 1
  )
  select count(*)::integer from gone
$$;
comment on function identity.purge_sessions(integer) is 'Deletes at most p_limit sessions that ended long ago; answers how many.';
grant execute on function identity.purge_sessions(integer) to tradepost_worker;
