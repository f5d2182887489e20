-- Second net under the rules of payments: statuses move along payment_transitions, and who paid what never changes.
-- One look at all rows of a statement: row by row it cost as much as the update itself.
-- trigger_keep_payment refuses deletion.
-- Raises: payments.transition_refused, payments.record_immutable.
create or replace function payments.trigger_guard_payment() returns trigger
language plpgsql
as $$
declare
  v_broken record;
begin
  select o.payment_id, o.status as from_status, n.status as to_status, n.payment_id is null as is_other
    into v_broken
    from old_rows as o
    left join new_rows as n
      on (n.payment_id, n.order_id, n.buyer_id, n.provider, n.method_token, n.amount_minor, n.currency, n.created_at)
       = (o.payment_id, o.order_id, o.buyer_id, o.provider, o.method_token, o.amount_minor, o.currency, o.created_at)
    left join payments.payment_transitions as t on t.from_status = o.status and t.to_status = n.status
   where n.payment_id is null or (n.status <> o.status and t.to_status is null)
   limit 1;
  if v_broken.is_other then
    raise exception 'payments.record_immutable' using
      errcode = 'MK409',
      detail = format('Payment %s keeps its order, amount and method.', v_broken.payment_id),
      hint = 'Start another payment.';
  elsif v_broken.payment_id is not null then
    raise exception 'payments.transition_refused' using
      errcode = 'MK409',
      detail = format('Payment %s cannot go from %s to %s.', v_broken.payment_id, v_broken.from_status, v_broken.to_status),
      hint = 'Read the payment anew; another process has resolved it.';
  end if;
  return null;
end;
$$;
comment on function payments.trigger_guard_payment() is
  'Refuses status changes that payment_transitions lacks, and changes of what a payment is about.';
create or replace trigger guard_payment
after update on payments.payments
referencing old table as old_rows new table as new_rows
for each statement execute function payments.trigger_guard_payment();
