-- Makes the partition of orders.archived_history for this moment, a month of UTC, unless it is there. It is made beside the
-- archive and then attached, because that lets readers go on.
-- Called by: archive_history. Locks: orders.archived_history (share update exclusive) when it attaches.
create or replace function orders._ensure_history_partition(p_at timestamptz)
returns void
language plpgsql
volatile
as $$
declare
  v_name constant text := orders._history_partition(p_at);
  v_month constant timestamp := date_trunc('month', p_at at time zone 'UTC');
begin
  if to_regclass(format('orders.%I', v_name)) is not null then
    return;
  end if;
  lock table only orders.archived_history in share update exclusive mode;
  if to_regclass(format('orders.%I', v_name)) is not null then
    return;  -- another worker was first
  end if;
  execute format('create table orders.%I (like orders.archived_history including all)', v_name);
  execute format('create trigger archived_history_truncate before truncate on orders.%I '
                 'for each statement execute function orders.trigger_snapshots()', v_name);
  execute format('alter table orders.archived_history attach partition orders.%I for values from (%L) to (%L)',
                 v_name, v_month at time zone 'UTC', (v_month + interval '1 month') at time zone 'UTC');
end
$$;
comment on function orders._ensure_history_partition(timestamptz) is
  'Makes the partition of the archived history for a moment, unless it is there.';
