-- History of finished orders leaves its table for an archive, by months of archiving: each month is a partition that is detached, dumped
-- and dropped when nobody wants to read it any more. A tail keeps per order how far its history was archived, as events.tail does for the log.
create table orders.archived_history (
  order_id uuid not null,
  version integer not null,
  from_status text,
  to_status text not null,
  action text not null,
  actor_kind text not null,
  actor_id uuid,
  reason text,
  created_at timestamptz not null,
  archived_at timestamptz not null,
  constraint archived_history_pkey primary key (archived_at, order_id, version)
) partition by range (archived_at);
comment on table orders.archived_history is
  'History of orders that were finished long ago, moved here from orders.order_history; partitions by month of archiving.';

create table orders.history_tails (
  order_id uuid not null,
  version integer not null,
  to_status text not null,
  archived_at timestamptz not null,
  constraint history_tails_pkey primary key (order_id),
  constraint history_tails_order_id_fkey foreign key (order_id) references orders.orders (order_id),
  constraint history_tails_version_check check (version > 0)
);
comment on table orders.history_tails is
  'Of each order whose history was archived: its last archived version and status, and when. Stays when the archive is taken away.';
