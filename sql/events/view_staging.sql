-- The events that wait for their number, one row each, in the order of the appends. The table below has a row per statement.
create or replace view events.staging as
select o.outbox_id * 1048576 + d.ordinality as staging_id,  -- the most that a row may hold
       o.xid, d.type, d.aggregate_type, d.aggregate_id, d.aggregate_version, d.actor_id, d.request_id, d.audience, d.payload,
       d.occurred_at
  from events.outbox as o
 cross join lateral unnest(o.drafts) with ordinality
       as d (type, aggregate_type, aggregate_id, aggregate_version, actor_id, request_id, audience, payload, occurred_at, ordinality)
 where o.outbox_id > 0;  -- all, by the key: a scan would read what the sequencer has taken out since the last vacuum
comment on view events.staging is 'Committed events on their way to the log, one row each; events.outbox unpacked.';
