-- Makes the partition of events.log that holds p_seq, a million numbers long, unless it is there. It is made beside the
-- log and then attached, because that lets readers and the writer go on.
-- Called by: sequence, well before the number is reached. Locks: events.log (share update exclusive) when it attaches.
create or replace function events._ensure_partition(p_seq bigint)
returns void
language plpgsql
volatile
as $$
declare
  v_number bigint := p_seq / 1000000;
  v_name text := format('log_%s', lpad(v_number::text, 6, '0'));
begin
  if to_regclass(format('events.%I', v_name)) is not null then
    return;
  end if;
  execute format('create table events.%I (like events.log including all)', v_name);
  execute format('create trigger log_immutable_truncate before truncate on events.%I '
                 'for each statement execute function events.trigger_log_immutable()', v_name);
  execute format('alter table events.log attach partition events.%I for values from (%s) to (%s)',
                 v_name, v_number * 1000000, (v_number + 1) * 1000000);
end;
$$;
comment on function events._ensure_partition(bigint) is 'Makes the partition of events.log that holds this seq, unless it is there.';
