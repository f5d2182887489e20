-- Makes a named consumer that reads from after p_after (null: from the head, only what is new); p_types null: everything.
-- Making it again changes its types and leaves its position alone. Answers the consumer.
-- For workers. Locks: consumer. Raises: events.consumer_name_invalid, events.position_unknown.
create or replace function events.create_consumer(p_consumer text, p_types text[], p_after bigint)
returns setof events.positions
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now timestamptz := core.now();
begin
  if p_consumer is null or p_consumer !~ '^[a-z][a-z0-9_.-]{0,62}$' then
    raise exception 'events.consumer_name_invalid' using
      errcode = 'MK422',
      detail = 'A consumer has a name of 1 to 63 lower-case letters, digits, dots, hyphens and underscores.',
      hint = 'Begin with a letter.',
      column = 'consumer';
  end if;
  perform events._require_position(coalesce(p_after, 0));
  insert into events.consumers as c (consumer, seq, types, created_at, updated_at)
  select p_consumer, coalesce(p_after, h.seq), p_types, v_now, v_now
    from events.head as h
  on conflict (consumer) do update
    set types = excluded.types, updated_at = excluded.updated_at
  where c.types is distinct from excluded.types;
  return query
  select p.* from events.positions as p where p.consumer = p_consumer;
end;
$$;
comment on function events.create_consumer(text, text[], bigint) is
  'Makes a named consumer of the log, or changes the types of one; answers its position.';
grant execute on function events.create_consumer(text, text[], bigint) to tradepost_worker;
