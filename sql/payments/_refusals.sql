-- The answer rows of refused confirmations.
-- Private; reads only.
create or replace function payments._refusals(p_requests payments.confirming[]) returns setof payments.confirmation
language plpgsql
stable
as $$
begin
  return query
  select r.request_no, false, t.status::integer, t.code, x.detail, x.hint,
         case when x.pointer is not null
              then jsonb_build_array(jsonb_build_object('pointer', x.pointer, 'code', t.code, 'detail', x.detail))
         end,
         null::uuid, r.order_id, null::text, null::text, null::bigint, null::text, null::bigint, null::text, null::text,
         null::text, null::integer, null::timestamptz, null::timestamptz
    from unnest(p_requests) as r
    join core.problem_types as t on t.code = r.problem_code
    left join (values
      ('identity.unauthenticated', 'This call needs somebody who is logged in.', 'Log in again.', null),
      ('core.idempotency_key_required', 'This request must carry an idempotency key.',
       'Send the header Idempotency-Key with a value that is unique to this request, such as a UUID.', null),
      ('core.idempotency_key_invalid', 'An idempotency key is 1 to 255 visible ASCII characters.', 'Use a UUID.', null),
      ('core.idempotency_key_reused', 'This idempotency key was used for another request.',
       'Use a new key for a new request, and the same key only to repeat the same request.', null),
      ('core.idempotency_in_progress', 'A request with this idempotency key is being processed.',
       'Repeat the request in a second.', null),
      ('orders.order_not_found', 'There is no such order.', 'GET /orders lists your orders.', null),
      ('payments.payment_unknown', 'The order has no payment with this id.',
       'Take paymentId from the answer that started the payment.', '/paymentId'),
      ('payments.reference_unknown', 'The reference belongs to another payment, or to none.',
       'Take providerReference from the answer that started the payment.', '/providerReference')
    ) as x (code, detail, hint, pointer) on x.code = t.code;
end
$$;
comment on function payments._refusals(payments.confirming[]) is 'One answer row per refused request of a confirm_payments batch.';
