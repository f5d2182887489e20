-- What a statement tells travels to the log as one row, compressed, and no longer as a row per event with an entry in an index: most of
-- what an event cost on its way was that row and its deletion (docs/decisions/0015-outbox-by-statement.md).
lock table events.staging in access exclusive mode;  -- whoever writes or takes out events is either done or fails, loudly

create type events.draft_fields as (
  type text,
  aggregate_type text,
  aggregate_id uuid,
  aggregate_version bigint,
  actor_id uuid,
  request_id text,
  audience uuid[],
  payload jsonb,
  occurred_at timestamptz
);
comment on type events.draft_fields is 'The columns of events.draft.';
create domain events.draft as events.draft_fields
  constraint draft_is_complete check (
    (value).type is not null and (value).aggregate_type is not null and (value).aggregate_id is not null
    and (value).aggregate_version is not null and (value).audience is not null and (value).payload is not null
    and (value).occurred_at is not null);
comment on domain events.draft is 'An event as its writer tells it, without a number: what the log will not take fails at its writer.';

create table events.outbox (
  outbox_id bigint generated always as identity (cache 1),
  xid xid8 not null default pg_current_xact_id(),
  drafts events.draft[] not null,
  event_count integer not null generated always as (cardinality(drafts)) stored,
  constraint outbox_pkey primary key (outbox_id),
  constraint outbox_drafts_check check (cardinality(drafts) between 1 and 1048576)
) with (
  -- emptied all the time, and whoever reads it walks over what is dead in it: cleaned often and without pauses, it stays small
  autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500, autovacuum_vacuum_cost_delay = 0, vacuum_truncate = off,
  toast.autovacuum_vacuum_scale_factor = 0, toast.autovacuum_vacuum_threshold = 5000, toast.autovacuum_vacuum_cost_delay = 0,
  toast.vacuum_truncate = off
);
comment on table events.outbox is
  'Committed events on their way to the log, a row per statement that told them. The sequencer empties it; others read events.staging.';
comment on column events.outbox.outbox_id is 'Drawn when the writer holds the locks of what it tells of: the order of the changes of one aggregate.';
comment on column events.outbox.event_count is 'How many drafts, without reading them.';
do $$
begin
  alter table events.outbox alter column drafts set compression lz4;
exception
  when feature_not_supported then null;  -- a server that was built without it compresses by pglz
end $$;

insert into events.outbox (outbox_id, xid, drafts)
overriding system value
select max(s.staging_id), s.xid,
       array_agg(row(s.type, s.aggregate_type, s.aggregate_id, s.aggregate_version, s.actor_id, s.request_id, s.audience, s.payload,
                     s.occurred_at)::events.draft order by s.staging_id)
from events.staging as s
group by s.xid;
select setval('events.outbox_outbox_id_seq', coalesce(max(o.outbox_id), 0) + 1, false) from events.outbox as o;

drop table events.staging cascade;  -- with the view and the function that read it; they are made anew with the others
