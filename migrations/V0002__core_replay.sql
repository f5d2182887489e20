-- What the replay of sql/ loaded, so that a removed object can be retired one release later (see sql/README.md).
create table core.replay_state (
  is_singleton boolean not null default true,
  digest text not null,
  program_version text not null,
  replayed_at timestamptz not null,
  duration_ms integer not null,
  constraint replay_state_pkey primary key (is_singleton),
  constraint replay_state_is_singleton_check check (is_singleton)
);
comment on table core.replay_state is 'One row: the digest of the sql/ bundle that this database runs.';
comment on column core.replay_state.program_version is
  'Version of the program that loaded the bundle. An older program leaves it alone.';

create table core.replayed_objects (
  object_identity text not null,
  kind text not null,
  source_file text not null,
  source_digest text not null,
  release_digest text not null,
  retired_in text,
  constraint replayed_objects_pkey primary key (object_identity),
  constraint replayed_objects_kind_check check (kind in ('view', 'function', 'trigger'))
);
comment on table core.replayed_objects is 'Every view, function and trigger that a replay created, and the bundle that last held it.';
comment on column core.replayed_objects.source_digest is 'SHA-256 of the text of source_file, for `tradepost migrate --check`.';
comment on column core.replayed_objects.retired_in is
  'Digest of the first bundle without the object. It is dropped by the next other bundle, so that programs of the previous release keep working.';
