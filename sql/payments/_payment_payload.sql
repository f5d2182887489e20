-- The payload of a payment's events: ids, amounts, statuses.
-- Private. Locks: none.
create or replace function payments._payment_payload(p_payment payments.payments) returns jsonb
language sql
immutable
as $$
  select jsonb_build_object(
    'paymentId', p_payment.payment_id, 'orderId', p_payment.order_id, 'status', p_payment.status,
    'amountMinor', p_payment.amount_minor, 'currency', p_payment.currency,
    'refundedMinor', p_payment.refunded_minor, 'provider', p_payment.provider,
    'failureCode', p_payment.failure_code)
$$;
comment on function payments._payment_payload(payments.payments) is 'The payload of a payment''s events.';
