-- Moves a named consumer to p_seq: everything up to it is done. Only forwards: an older position changes nothing, so a
-- slow twin cannot pull the consumer back. Answers the position. Call it in the transaction of the effect, and the effect
-- happens exactly once.
-- For workers. Locks: consumer. Raises: events.consumer_not_found, events.position_unknown.
create or replace function events.commit(p_consumer text, p_seq bigint)
returns bigint
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_seq bigint;
begin
  select c.seq into v_seq from events.consumers as c where c.consumer = p_consumer for no key update;
  if not found then
    perform events._consumer_not_found(p_consumer);
  end if;
  perform events._require_position(p_seq);
  if p_seq <= v_seq then
    return v_seq;
  end if;
  update events.consumers as c set seq = p_seq, updated_at = core.now() where c.consumer = p_consumer;
  return p_seq;
end;
$$;
comment on function events.commit(text, bigint) is 'Moves a named consumer forwards to this seq; answers its position.';
grant execute on function events.commit(text, bigint) to tradepost_worker;
