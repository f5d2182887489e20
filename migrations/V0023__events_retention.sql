-- The log is cut at its old end, by whole partitions. What is left is still a chain: the tail keeps the number and the hash of the
-- last event that was taken away, which is what the first event left is chained to.
create table events.tail (
  is_singleton boolean not null default true,
  seq bigint not null default 0,
  hash bytea not null default '\x',
  archived_at timestamptz,
  constraint tail_pkey primary key (is_singleton),
  constraint tail_is_singleton_check check (is_singleton),
  constraint tail_seq_check check (seq >= 0)
);
comment on table events.tail is 'One row: the newest event that was archived, and its hash. The log begins after it; 0 while it is whole.';
insert into events.tail default values;

create type events.archived_part as (table_name text, first_seq bigint, last_seq bigint);
comment on type events.archived_part is 'A partition that was taken out of the log: the table that it is now, and its first and last event.';
