-- The ledger is append-only: nobody updates, deletes or truncates it.
-- Raises: payments.record_immutable.
create or replace function payments.trigger_guard_ledger() returns trigger
language plpgsql
as $$
begin
  raise exception 'payments.record_immutable' using
    errcode = 'MK409',
    detail = 'Ledger entries are never changed or deleted.',
    hint = 'Book a correcting transaction.';
end;
$$;
comment on function payments.trigger_guard_ledger() is 'Refuses every update, delete and truncate of ledger entries.';
create or replace trigger guard_ledger
before update or delete or truncate on payments.ledger_entries
for each statement execute function payments.trigger_guard_ledger();
