-- Events as readers get them: the log without its chain.
create or replace view events.entries as
select l.seq,
       l.type,
       l.aggregate_type,
       l.aggregate_id,
       l.aggregate_version,
       l.actor_id,
       l.request_id,
       l.payload,
       l.occurred_at
  from events.log as l;
comment on view events.entries is 'Events as readers get them; what may be seen is decided by the functions that read it.';
