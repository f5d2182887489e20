-- One step of the sequencer: moves committed events from the outbox to the log, numbers them without a gap, continues the
-- hash chain and notifies `events` and `events_<domain>` with the new head. Answers how many it moved.
-- For the worker; a DBA or pg_cron may run it as well: whoever finds the head locked leaves with 0.
-- p_batch bounds the batch in events; a transaction is never split, and one that is larger than the bound moves whole.
-- Locks: head (the fence between sequencers), then outbox rows in a new statement, hence with a newer snapshot.
create or replace function events.sequence(p_batch integer default 10000)
returns integer
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan  -- planning anew costs more than a step
set enable_seqscan = off  -- a plan kept from when the outbox was empty must not scan it when it has grown
set enable_bitmapscan = off  -- nor read again what was taken out of it since the last vacuum: an index scan steps over that
as $$
declare
  v_head events.head;
  v_batch bigint := greatest(p_batch, 1);
  v_is_all boolean;
  v_last bigint;
  v_entries events.log[];
  v_texts text[];
  v_text text;
  v_hash bytea;
  v_hashes bytea[] := '{}';
begin
  if not exists (select from events.outbox) then
    return 0;
  end if;
  select h.* into v_head from events.head as h for no key update skip locked;
  if not found then
    return 0;
  end if;

  loop
    -- as many rows as hold no more events than the bound, and at least one; each holds at least one
    select max(w.outbox_id) filter (where w.is_within), count(*) < v_batch and coalesce(bool_and(w.is_within), true)
      into v_last, v_is_all
      from (select o.outbox_id, sum(o.event_count) over (order by o.outbox_id) <= v_batch
                                or row_number() over (order by o.outbox_id) = 1 as is_within
              from events.outbox as o order by o.outbox_id limit v_batch) as w;
    if v_is_all then
      v_last := 9223372036854775807;
    end if;
    select array_agg(b order by b.seq), array_agg(events._canonical(b) order by b.seq)
      into v_entries, v_texts
      from events._take_batch(v_last, v_head.seq) as b;
    exit when v_entries is not null or v_is_all;
    v_batch := v_batch * 4;  -- no transaction lies wholly in the window
  end loop;
  if v_entries is null then
    return 0;
  end if;

  v_hash := v_head.hash;
  foreach v_text in array v_texts loop
    v_hash := sha256(v_hash || convert_to(v_text, 'UTF8'));
    v_hashes := v_hashes || v_hash;
  end loop;
  perform events._ensure_partition(v_head.seq + 1);
  perform events._ensure_partition(v_head.seq + cardinality(v_entries));
  v_head.seq := v_head.seq + cardinality(v_entries);
  perform events._ensure_partition(v_head.seq + 200000);
  insert into events.log (seq, type, aggregate_type, aggregate_id, aggregate_version, actor_id, request_id, audience,
                          payload, occurred_at, transaction_id, hash)
  select e.seq, e.type, e.aggregate_type, e.aggregate_id, e.aggregate_version, e.actor_id, e.request_id, e.audience,
         e.payload, e.occurred_at, e.transaction_id, v_hashes[e.seq - v_head.seq + cardinality(v_entries)]
    from unnest(v_entries) as e;
  update events.head as h set seq = v_head.seq, hash = v_hash, updated_at = core.now() where h.is_singleton;

  perform pg_notify('events', v_head.seq::text);
  perform pg_notify('events_' || d.domain, v_head.seq::text)
     from (select distinct split_part(e.type, '.', 1) as domain from unnest(v_entries) as e) as d;
  return cardinality(v_entries);
end;
$$;
comment on function events.sequence(integer) is
  'Moves committed events from the outbox to the log, numbered without a gap and hash-chained, and notifies; answers how many.';
grant execute on function events.sequence(integer) to tradepost_worker;
