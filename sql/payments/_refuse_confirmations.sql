-- Marks the requests of a confirm_payments batch that are refused whatever the provider said: the key was used for
-- something else, the order is not the caller's, the payment not the order's, the provider's word not about this payment.
-- Private; reads what never changes (who buys, what a payment is about), so it needs no locks.
-- OFFSET 0: always a lookup by key, whatever was in the tables when the statement was planned.
create or replace function payments._refuse_confirmations(
  p_requests payments.confirming[], p_claims core.idempotency_claim[]
) returns payments.confirming[]
language plpgsql
stable
as $$
begin
  return (
  select coalesce(array_agg(row(
           r.request_no, r.actor_id, r.session_id, r.request_id, r.idempotency_key, r.request_hash, r.order_id,
           r.payment_id, r.settled_payment_id, r.settled_amount_minor, r.settled_currency, r.is_success,
           r.failure_code, r.provider_reference,
           case
             when r.problem_code is not null then r.problem_code
             when c.outcome = 'REUSED' then 'core.idempotency_key_reused'
             when c.outcome = 'BUSY' then 'core.idempotency_in_progress'
             when c.outcome <> 'FRESH' then null
             when o.order_id is null then 'orders.order_not_found'
             when p.payment_id is null then 'payments.payment_unknown'
             when (r.settled_payment_id, r.settled_amount_minor, r.settled_currency)
                  is distinct from (p.payment_id, p.amount_minor, p.currency::text)
                  or r.is_success is null then 'payments.reference_unknown'
           end)::payments.confirming order by r.request_no), '{}')
    from unnest(p_requests) as r
    left join unnest(p_claims) as c using (request_no)
    left join lateral (
      select o.order_id from orders.orders as o where o.order_id = r.order_id and o.buyer_id = r.actor_id offset 0
    ) as o on true
    left join lateral (
      select p.payment_id, p.amount_minor, p.currency from payments.payments as p
       where p.payment_id = r.payment_id and p.order_id = o.order_id offset 0
    ) as p on true);
end
$$;
comment on function payments._refuse_confirmations(payments.confirming[], core.idempotency_claim[]) is
  'Refuses confirmations of foreign orders, unknown payments, and settlements that are about something else.';
