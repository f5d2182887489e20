-- The payload of a refund's events: its payment's, and its own ids, amounts, statuses, and the sellers whose cancelled parts it is
-- of. No reason: a person wrote it.
-- Private. Locks: none.
create or replace function payments._refund_payload(p_payment payments.payments, p_refund payments.refunds)
returns jsonb
language sql
immutable
as $$
  select payments._payment_payload(p_payment) || jsonb_build_object(
    'refundId', p_refund.refund_id, 'refundAmountMinor', p_refund.amount_minor,
    'refundStatus', p_refund.status, 'refundFailureCode', p_refund.failure_code)
    || case when p_refund.seller_ids is null then '{}' else jsonb_build_object('sellerIds', p_refund.seller_ids) end
$$;
comment on function payments._refund_payload(payments.payments, payments.refunds) is 'The payload of a refund''s events.';
