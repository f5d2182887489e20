-- Asks for the leadership of the sequencer, once and without waiting: true when this connection has it, until it ends.
-- Leadership saves work; what keeps two sequencers apart is the lock on the head.
-- For workers. Locks: the advisory lock of this name.
create or replace function events.lead()
returns boolean
language sql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
  select pg_try_advisory_lock(hashtextextended('events.sequence', 0));
$$;
comment on function events.lead() is 'Asks for the leadership of the sequencer: true when this connection has it, until it ends.';
grant execute on function events.lead() to tradepost_worker;
