-- The next events of a named consumer, oldest first: those of its types after what it has committed, at most 1000.
-- Fetching twice gives the same events: the position moves with events.commit alone, so delivery is at least once.
-- Each type is read from its own place in the index (type, seq): types of which little happens lie far apart in the log. Compared as
-- a row and ordered by both, no other index has the order: by type = … and the order of seq alone, the planner walks the whole log by its
-- key in the hope of the first event of a type that has none. With sorting discouraged it does not read all and sort either.
-- For workers. Locks: none. Raises: events.consumer_not_found, events.position_archived.
create or replace function events.fetch(p_consumer text, p_limit integer)
returns setof events.entries
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_custom_plan
set enable_sort = off
as $$
declare
  v_consumer events.consumers;
  v_limit constant integer := least(greatest(coalesce(p_limit, 100), 1), 1000);
begin
  select c.* into v_consumer from events.consumers as c where c.consumer = p_consumer;
  if not found then
    perform events._consumer_not_found(p_consumer);
  end if;
  perform events._require_kept(v_consumer.seq);
  if v_consumer.types is null then
    return query
    select e.* from events.entries as e where e.seq > v_consumer.seq order by e.seq limit v_limit;
  else
    return query
    select e.*
      from unnest(v_consumer.types) as t (type)
     cross join lateral (select e.* from events.entries as e
                          where (e.type, e.seq) > (t.type, v_consumer.seq) and e.type <= t.type and e.seq > v_consumer.seq
                          order by e.type, e.seq limit v_limit) as e
     order by e.seq
     limit v_limit;
  end if;
end;
$$;
comment on function events.fetch(text, integer) is 'The next events of a named consumer, at most 1000; does not move its position.';
grant execute on function events.fetch(text, integer) to tradepost_worker;
