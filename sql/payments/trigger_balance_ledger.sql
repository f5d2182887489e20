-- Double entry: the entries of one ledger transaction arrive in one statement and sum to zero in each currency.
-- Raises: payments.ledger_unbalanced.
create or replace function payments.trigger_balance_ledger() returns trigger
language plpgsql
as $$
declare
  v_transaction_id uuid;
begin
  select e.transaction_id
    into v_transaction_id
    from entries as e
   group by e.transaction_id, e.currency
  having sum(e.amount_minor) <> 0
   limit 1;
  if found then
    raise exception 'payments.ledger_unbalanced' using
      errcode = 'MK409',
      detail = format('The entries of transaction %s do not sum to zero.', v_transaction_id),
      hint = 'Insert the missing entry in the same transaction.';
  end if;
  return null;
end;
$$;
comment on function payments.trigger_balance_ledger() is 'Refuses ledger entries that do not sum to zero per transaction and currency.';
create or replace trigger balance_ledger
after insert on payments.ledger_entries
referencing new table as entries
for each statement execute function payments.trigger_balance_ledger();
