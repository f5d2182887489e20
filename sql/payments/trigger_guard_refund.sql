-- Second net under the rules of refunds: PENDING ends once, in SUCCEEDED or FAILED; what is refunded never changes.
-- Raises: payments.transition_refused, payments.record_immutable.
create or replace function payments.trigger_guard_refund() returns trigger
language plpgsql
as $$
begin
  if tg_op = 'DELETE'
     or (new.refund_id, new.payment_id, new.order_id, new.amount_minor, new.currency, new.reason, new.requested_by,
         new.seller_ids, new.created_at)
        is distinct from
        (old.refund_id, old.payment_id, old.order_id, old.amount_minor, old.currency, old.reason, old.requested_by,
         old.seller_ids, old.created_at) then
    raise exception 'payments.record_immutable' using
      errcode = 'MK409',
      detail = format('Refund %s keeps its payment, amount and reason.', old.refund_id),
      hint = 'Request another refund.';
  end if;
  if new.status <> old.status and old.status <> 'PENDING' then
    raise exception 'payments.transition_refused' using
      errcode = 'MK409',
      detail = format('Refund %s cannot go from %s to %s.', old.refund_id, old.status, new.status),
      hint = 'Read the refund anew; another process has resolved it.';
  end if;
  return new;
end;
$$;
comment on function payments.trigger_guard_refund() is
  'Refuses a second end of a refund, changes of what it is about, and deletion.';
create or replace trigger guard_refund
before update or delete on payments.refunds
for each row execute function payments.trigger_guard_refund();
