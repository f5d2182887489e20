-- The name of the partition of orders.archived_history that holds what is archived at this moment: its month, in UTC. Private.
create or replace function orders._history_partition(p_at timestamptz)
returns text
language sql
stable
as $$
  select 'archived_history_' || to_char(p_at at time zone 'UTC', 'YYYY_MM')
$$;
comment on function orders._history_partition(timestamptz) is 'The partition of the archived history that a moment belongs to.';
