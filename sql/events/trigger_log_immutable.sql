-- The log is append-only: no UPDATE, DELETE or TRUNCATE, not even by the owner. Retention detaches and drops whole
-- partitions. Each partition refuses TRUNCATE by a trigger of its own (see _ensure_partition).
create or replace function events.trigger_log_immutable()
returns trigger
language plpgsql
as $$
begin
  raise exception 'The event log is append-only; % is refused.', tg_op using errcode = 'restrict_violation';
end;
$$;
create or replace trigger log_immutable
  before update or delete on events.log
  for each row execute function events.trigger_log_immutable();
create or replace trigger log_immutable_truncate
  before truncate on events.log
  for each statement execute function events.trigger_log_immutable();
