-- Refuses a position that the log has not reached. Called by: create_consumer, commit. Raises: events.position_unknown.
create or replace function events._require_position(p_seq bigint)
returns void
language plpgsql
stable
as $$
declare
  v_head bigint;
begin
  select h.seq into v_head from events.head as h;
  if p_seq is null or p_seq < 0 or p_seq > v_head then
    raise exception 'events.position_unknown' using
      errcode = 'MK422',
      detail = format('The log has the numbers 1 to %s.', v_head),
      hint = 'Use the seq of an event that was read.',
      column = 'seq';
  end if;
end;
$$;
comment on function events._require_position(bigint) is 'Refuses a position that the log has not reached.';
