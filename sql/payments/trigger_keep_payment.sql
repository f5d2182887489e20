-- A payment is a record and stays.
-- Raises: payments.record_immutable.
create or replace function payments.trigger_keep_payment() returns trigger
language plpgsql
as $$
begin
  raise exception 'payments.record_immutable' using
    errcode = 'MK409',
    detail = 'A payment is a record and stays.',
    hint = 'Start another payment.';
end;
$$;
comment on function payments.trigger_keep_payment() is 'Refuses to delete payments.';
create or replace trigger keep_payment
before delete on payments.payments
for each statement execute function payments.trigger_keep_payment();
