-- Which aggregates of some domains have events after a position, each once: numbered ones, and those that still wait for their number,
-- so that the answer does not depend on a sequencer being there. Types in p_ignored do not count. aggregates holds [type, id] pairs;
-- it is null without a position, and when there are more than a reader could use one by one. All from one snapshot.
-- For the program's read cache, four times a second: it reads the end of the log by its key, and the outbox by its key too, which steps over
-- what the sequencer has taken out since the last vacuum; a scan would read all of that.
-- Locks: none. Raises: nothing.
create or replace function events.changes_after(p_after bigint, p_domains text[], p_ignored text[])
returns table (head bigint, clock_offset_ms bigint, aggregates jsonb)
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
as $$
declare
  v_changes_max constant integer := 1000;
  v_behind_max constant bigint := 50000;
begin
  select h.seq, (extract(epoch from c.clock_offset) * 1000)::bigint
    into head, clock_offset_ms
    from events.head as h
   cross join core.clock as c;
  if head - p_after between 0 and v_behind_max then
    select coalesce(jsonb_agg(jsonb_build_array(e.aggregate_type, e.aggregate_id)), '[]')
      into aggregates
      from (select l.aggregate_type, l.aggregate_id
              from events.log as l
             where l.seq > p_after
               and split_part(l.type, '.', 1) = any (p_domains) and l.type <> all (p_ignored)
             union
            select s.aggregate_type, s.aggregate_id
              from events.staging as s
             where split_part(s.type, '.', 1) = any (p_domains) and s.type <> all (p_ignored)
             limit v_changes_max + 1) as e;
    if jsonb_array_length(aggregates) > v_changes_max then
      aggregates := null;
    end if;
  end if;
  return next;
end;
$$;
comment on function events.changes_after(bigint, text[], text[]) is
  'Which aggregates of some domains have events after a position, numbered or still to be.';
grant execute on function events.changes_after(bigint, text[], text[]) to tradepost_api, tradepost_worker;
