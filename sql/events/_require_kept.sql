-- Refuses to read on after p_seq (null: from wherever the log begins) when the event that follows has been archived: a reader never skips events unawares.
-- It looks into the log itself, whose lock lasts as long as the transaction: no partition leaves between this and the read.
-- Called by: read_after, list_events, fetch. Locks: none. Raises: MK410 events.position_archived.
create or replace function events._require_kept(p_seq bigint)
returns void
language plpgsql
stable
as $$
declare
  v_oldest bigint;
begin
  if p_seq is null
     or p_seq >= (select h.seq from events.head as h)
     or exists (select from events.log as l where l.seq = greatest(p_seq, 0) + 1) then
    return;
  end if;
  select t.seq + 1 into v_oldest from events.tail as t;
  raise exception 'events.position_archived' using
    errcode = 'MK410',
    detail = format('The log begins with event %s; those before it are archived.', v_oldest),
    hint = format('Read the present state anew, then follow the log from after %s.', v_oldest - 1),
    column = 'after';
end;
$$;
comment on function events._require_kept(bigint) is 'Refuses a position from which archived events would be skipped.';
