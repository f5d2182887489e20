create table events.event_types (
  type text not null,
  description text not null,
  payload_schema jsonb not null,
  constraint event_types_pkey primary key (type),
  constraint event_types_type_check check (type ~ '^[a-z]+\.[a-z0-9_]+$'),
  constraint event_types_payload_schema_check check (jsonb_typeof(payload_schema) = 'object')
);
comment on table events.event_types is 'Every event type with the JSON Schema of its payload. Rows are owned by sql/<domain>/event_types.sql.';

-- Writers append here inside their own transaction, after they hold the aggregate's row lock.
create table events.staging (
  staging_id bigint generated always as identity (cache 1),
  xid xid8 not null default pg_current_xact_id(),
  type text not null,
  aggregate_type text not null,
  aggregate_id uuid not null,
  aggregate_version bigint not null,
  actor_id uuid,
  request_id text,
  audience uuid[] not null,
  payload jsonb not null,
  occurred_at timestamptz not null,
  constraint staging_pkey primary key (staging_id)
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);
comment on table events.staging is 'Committed events on their way to the log. The sequencer empties it; nobody else reads it.';

create table events.log (
  seq bigint not null,
  type text not null,
  aggregate_type text not null,
  aggregate_id uuid not null,
  aggregate_version bigint not null,
  actor_id uuid,
  request_id text,
  audience uuid[] not null,
  payload jsonb not null,
  occurred_at timestamptz not null,
  transaction_id xid8 not null,
  hash bytea not null,
  constraint log_pkey primary key (seq)
) partition by range (seq);
comment on table events.log is 'The event log: seq counts 1, 2, 3 without a gap. Append-only; partitions are made by the sequencer.';
comment on column events.log.audience is 'Sellers and accounts that may see the event on their stream; administrators see all.';
comment on column events.log.hash is 'SHA-256 over the predecessor''s hash and this row: the chain that shows tampering.';
create index log_aggregate_idx on events.log (aggregate_id, seq);
create index log_type_idx on events.log (type, seq);
create index log_audience_idx on events.log using gin (audience);

create table events.head (
  is_singleton boolean not null default true,
  seq bigint not null default 0,
  hash bytea not null default '\x',
  updated_at timestamptz,
  constraint head_pkey primary key (is_singleton),
  constraint head_is_singleton_check check (is_singleton)
);
comment on table events.head is 'One row: the newest seq and its hash. Its row lock is the fence between sequencers.';
insert into events.head default values;

create table events.consumers (
  consumer text not null,
  seq bigint not null default 0,
  types text[],
  created_at timestamptz not null,
  updated_at timestamptz not null,
  constraint consumers_pkey primary key (consumer),
  constraint consumers_name_check check (consumer ~ '^[a-z][a-z0-9_.-]{0,62}$'),
  constraint consumers_seq_check check (seq >= 0)
);
comment on table events.consumers is 'Named cursors: the last seq that each consumer has committed.';
