-- Takes the partitions of the log that lie wholly before p_before_seq out of it: each becomes the table
-- events.archived_log_<number>, to be dumped and dropped by an operator, or attached again. Answers one row for each.
-- The tail keeps the last hash, so the chain of what is left can be verified.
-- A named consumer that has not read an event of its types in them stops this, unless p_past_consumers: then its next
-- fetch is refused until somebody moves it with events.commit. Consumers for which there was nothing are moved along.
-- For the worker and for a DBA. Locks: consumers, head, and for a moment the whole log against its readers.
-- Raises: MK409 events.consumer_behind.
create or replace function events.archive(p_before_seq bigint, p_past_consumers boolean default false)
returns setof events.archived_part
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_part events.archived_part;
  v_last bigint;
  v_behind text;
begin
  perform from events.consumers as c order by c.consumer for no key update;
  perform from events.head as h for no key update;
  select max(p.last_seq) into v_last from events._full_partitions() as p where p.last_seq < p_before_seq;
  if v_last is null then
    return;
  end if;
  select string_agg(format('%s (next: %s)', p.consumer, h.seq - p.behind + 1), ', ' order by p.consumer)
    into v_behind
    from events.positions as p
    join events.head as h on p.behind > 0 and h.seq - p.behind + 1 <= v_last;
  if v_behind is not null and not coalesce(p_past_consumers, false) then
    raise exception 'events.consumer_behind' using
      errcode = 'MK409',
      detail = format('Not read by all who must: %s.', v_behind),
      hint = 'Wait for these consumers, or archive past them and move each with events.commit.';
  end if;
  update events.consumers as c
     set seq = v_last, updated_at = core.now()
    from events.positions as p
    join events.head as h on p.behind = 0 or h.seq - p.behind + 1 > v_last
   where c.consumer = p.consumer and c.seq < v_last;
  update events.tail as t
     set seq = l.seq, hash = l.hash, archived_at = core.now()
    from events.log as l
   where t.is_singleton and l.seq = v_last;
  for v_part in select p.* from events._full_partitions() as p where p.last_seq <= v_last loop
    execute format('alter table events.log detach partition events.%I', v_part.table_name);
    execute format('alter table events.%I rename to %I', v_part.table_name, 'archived_' || v_part.table_name);
    v_part.table_name := 'events.archived_' || v_part.table_name;
    return next v_part;
  end loop;
end;
$$;
comment on function events.archive(bigint, boolean) is
  'Takes whole partitions before this seq out of the log, as tables archived_log_…; never past an unread event of a named consumer unless told to.';
grant execute on function events.archive(bigint, boolean) to tradepost_worker;
