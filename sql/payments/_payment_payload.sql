-- The payload of a payment's events: ids, amounts, statuses; its failure's code when it failed, whether it counts when it
-- succeeded.
-- Private. Locks: none. PL/pgSQL: evaluated once per row without a query of its own.
create or replace function payments._payment_payload(p_payment payments.payments) returns jsonb
language plpgsql
immutable
as $$
begin
  return jsonb_build_object(
    'paymentId', p_payment.payment_id, 'orderId', p_payment.order_id, 'status', p_payment.status,
    'amountMinor', p_payment.amount_minor, 'currency', p_payment.currency,
    'refundedMinor', p_payment.refunded_minor, 'provider', p_payment.provider)
    || case p_payment.status
         when 'SUCCEEDED' then jsonb_build_object('isSurplus', p_payment.is_surplus)
         when 'FAILED' then jsonb_build_object('failureCode', p_payment.failure_code)
         else '{}' end;
end
$$;
comment on function payments._payment_payload(payments.payments) is 'The payload of a payment''s events.';
