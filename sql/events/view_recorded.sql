-- Everything that was committed, for those who fold it: the log, then what waits in the outbox. One statement sees each event
-- once, whatever the sequencer does meanwhile, and sees it exactly when it sees the rows that its writer changed.
-- position is the seq; in staging, where seq is null, a number beyond every seq, in the order of the appends: the events of
-- one aggregate stand in the order of its changes in both, because a writer appends under the aggregate's lock.
create or replace view events.recorded as
select l.seq as position, l.seq, l.type, l.aggregate_type, l.aggregate_id, l.aggregate_version, l.actor_id, l.request_id,
       l.payload, l.occurred_at
  from events.log as l
union all
select 4611686018427387904 + s.staging_id, null, s.type, s.aggregate_type, s.aggregate_id, s.aggregate_version, s.actor_id,
       s.request_id, s.payload, s.occurred_at
  from events.staging as s;
comment on view events.recorded is
  'All committed events, those in staging after those of the log; what the folds of the domains read.';
