-- The answer that a payment's confirmation got when it succeeded at once (payments._is_plain), whatever became of it since.
-- Private; reads only. p_at: when the request's key was claimed, which is when the payment succeeded.
create or replace function payments._plain_answer(p_request_no integer, p_payment_id uuid, p_at timestamptz)
returns payments.confirmation
language plpgsql
stable
as $$
declare
  v_payment payments.payments;
begin
  select p.* into strict v_payment from payments.payments as p where p.payment_id = p_payment_id;
  return row(
    p_request_no, true, null, null, null, null, null,
    v_payment.payment_id, v_payment.order_id, 'PAID', 'SUCCEEDED', v_payment.amount_minor, v_payment.currency::text, 0,
    v_payment.provider, v_payment.provider_reference, null, 2, v_payment.created_at, p_at)::payments.confirmation;
end
$$;
comment on function payments._plain_answer(integer, uuid, timestamptz) is
  'The stored answer of a confirmation that simply succeeded, built again.';
