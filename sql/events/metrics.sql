-- How the stream is doing, for /metrics and readiness: the head, what waits in the outbox and for how long (its first row is the oldest
-- but for the length of a transaction), and the consumers with how far each one is behind. For the program. Locks: none.
create or replace function events.metrics()
returns table (head bigint, staging_events bigint, staging_age_s double precision, consumers jsonb)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
  select h.seq,
         s.events,
         coalesce(greatest(extract(epoch from core.now() - s.oldest), 0), 0)::double precision,
         coalesce((select jsonb_object_agg(p.consumer, p.behind) from events.positions as p), '{}')
    from events.head as h
   cross join (select coalesce(sum(o.event_count), 0)::bigint as events,
                      (select (f.drafts[1]).occurred_at from events.outbox as f order by f.outbox_id limit 1) as oldest
                 from events.outbox as o) as s;
$$;
comment on function events.metrics() is 'Head of the log, staging backlog with its age, and how far each consumer is behind.';
grant execute on function events.metrics() to tradepost_api, tradepost_worker, tradepost_readonly;
