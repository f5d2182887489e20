-- The invariants of events: the log is dense from its tail up to the head and its chain holds; versions of an aggregate grow from
-- transaction to transaction; a transaction is contiguous; every event has a registered type and the payload members
-- that the type requires, and no others where it closes them; no cursor is ahead of the head.
-- Called by core.check_invariants. Locks: none. Events: none. Problems: none.
create or replace function events._check_invariants()
returns setof core.invariant_violation
language sql
stable
as $$
  select v.* from events.verify_chain(1, null) as v
  union all
  select 'events.log_ends_at_head', l.seq::text, 'The event is beyond the head.'
    from events.log as l
    join events.head as h on l.seq > h.seq
  union all
  select 'events.log_begins_after_tail', l.seq::text, 'The event is archived and still in the log.'
    from events.log as l
    join events.tail as t on l.seq <= t.seq
  union all
  select 'events.versions_grow', format('%s %s', o.aggregate_type, o.aggregate_id),
         format('At seq %s version %s follows %s.', o.seq, o.aggregate_version, o.previous_version)
    from (select l.*,
                 lag(l.aggregate_version) over w as previous_version,
                 lag(l.transaction_id) over w as previous_transaction_id
            from events.log as l
          window w as (partition by l.aggregate_type, l.aggregate_id order by l.seq)) as o
   where o.aggregate_version < o.previous_version
      or o.aggregate_version = o.previous_version and o.transaction_id <> o.previous_transaction_id
  union all
  select 'events.transaction_is_contiguous', l.transaction_id::text, 'Other events stand between those of the transaction.'
    from events.log as l
   group by l.transaction_id
  having max(l.seq) - min(l.seq) + 1 <> count(*)
  union all
  select 'events.type_is_registered', e.type, 'An event has a type that events.event_types lacks.'
    from (select l.type from events.log as l union select s.type from events.staging as s) as e
   where not exists (select from events.event_types as t where t.type = e.type)
  union all
  select 'events.payload_matches_type', format('%s %s', e.type, e.aggregate_id), e.payload::text
    from (select l.type, l.aggregate_id, l.payload from events.log as l
          union all
          select s.type, s.aggregate_id, s.payload from events.staging as s) as e
    join events.event_types as t on t.type = e.type
   where not e.payload ?& array(select jsonb_array_elements_text(t.payload_schema -> 'required'))
      or t.payload_schema -> 'additionalProperties' = 'false'
         and e.payload - array(select jsonb_object_keys(t.payload_schema -> 'properties')) <> '{}'
  union all
  select 'events.cursor_within_log', c.consumer, format('The cursor is %s beyond the head.', c.seq - h.seq)
    from events.consumers as c
    join events.head as h on c.seq > h.seq
$$;
comment on function events._check_invariants() is 'Broken invariants of events.';
