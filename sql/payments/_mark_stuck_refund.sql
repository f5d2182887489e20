-- A refund that its provider has left without an answer for refund_attempts_max tries is stuck from now on: told once, tried on.
-- Private; the caller holds the locks of order, payments and refund. Events: payments.refund_stuck.
create or replace function payments._mark_stuck_refund(p_refund payments.refunds, p_now timestamptz) returns void
language plpgsql
volatile
as $$
declare
  v_refund payments.refunds;
  v_payment payments.payments;
begin
  update payments.refunds as r
     set stuck_at = p_now,
         updated_at = p_now
   where r.refund_id = p_refund.refund_id and r.status = 'PENDING' and r.stuck_at is null
     and r.attempts >= core._setting_int('payments.refund_attempts_max')
  returning r.* into v_refund;
  if not found then
    return;
  end if;
  update payments.payments as p
     set version = p.version + 1,
         updated_at = p_now
   where p.payment_id = v_refund.payment_id
  returning p.* into v_payment;
  perform events._append('payment', v_payment.payment_id, v_payment.version, 'payments.refund_stuck', null, null,
                         array[v_payment.buyer_id], payments._refund_payload(v_payment, v_refund));
end;
$$;
comment on function payments._mark_stuck_refund(payments.refunds, timestamptz) is 'Marks a PENDING refund stuck after too many tries without an answer.';
