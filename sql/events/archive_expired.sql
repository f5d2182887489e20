-- Archives what is older than events.retention_s: whole partitions, as far as every named consumer has read. Answers how many.
-- For the worker. Locks: those of archive. Events: none. Problems: none.
create or replace function events.archive_expired()
returns integer
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_retention interval := make_interval(secs => core._setting_int('events.retention_s'));
  v_before bigint;
begin
  if v_retention = interval '0' then
    return 0;
  end if;
  select max(p.last_seq) + 1 into v_before
    from events._full_partitions() as p
    join events.log as l on l.seq = p.last_seq and l.occurred_at < core.now() - v_retention;
  if v_before is null then
    return 0;
  end if;
  select least(v_before, min(h.seq - p.behind + 1)) into v_before
    from events.positions as p
    join events.head as h on p.behind > 0;
  return (select count(*) from events.archive(v_before, false));
end;
$$;
comment on function events.archive_expired() is
  'Archives whole partitions of the log that are older than events.retention_s and read by every named consumer; answers how many.';
grant execute on function events.archive_expired() to tradepost_worker;
