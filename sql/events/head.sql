-- The newest number of the log; 0 while it is empty.
-- For the program, workers and reporting. Locks: none.
create or replace function events.head()
returns bigint
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
  select h.seq from events.head as h;
$$;
comment on function events.head() is 'The newest number of the event log; 0 while it is empty.';
grant execute on function events.head() to tradepost_api, tradepost_worker, tradepost_readonly;
