-- Second net under the rules of payments: statuses move along payment_transitions, and who paid what never changes.
-- Raises: payments.transition_refused, payments.record_immutable.
create or replace function payments.trigger_guard_payment() returns trigger
language plpgsql
as $$
begin
  if tg_op = 'DELETE'
     or (new.payment_id, new.order_id, new.buyer_id, new.provider, new.method_token, new.amount_minor, new.currency,
         new.created_at)
        is distinct from
        (old.payment_id, old.order_id, old.buyer_id, old.provider, old.method_token, old.amount_minor, old.currency,
         old.created_at) then
    raise exception 'payments.record_immutable' using
      errcode = 'MK409',
      detail = format('Payment %s keeps its order, amount and method.', old.payment_id),
      hint = 'Start another payment.';
  end if;
  if new.status <> old.status
     and not exists (select 1
                       from payments.payment_transitions as t
                      where t.from_status = old.status and t.to_status = new.status) then
    raise exception 'payments.transition_refused' using
      errcode = 'MK409',
      detail = format('Payment %s cannot go from %s to %s.', old.payment_id, old.status, new.status),
      hint = 'Read the payment anew; another process has resolved it.';
  end if;
  return new;
end;
$$;
comment on function payments.trigger_guard_payment() is
  'Refuses status changes that payment_transitions lacks, changes of what a payment is about, and deletion.';
create or replace trigger guard_payment
before update or delete on payments.payments
for each row execute function payments.trigger_guard_payment();
