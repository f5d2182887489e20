-- Hands out refunds that are due, with what their provider must know. The claim is a lease, ever longer, by ±10 %: a worker that
-- dies leaves the refund due again later, and the refund's id as the provider's idempotency key keeps the second try from paying
-- twice.
-- For the worker. Locks: the claimed refunds; those in use are skipped. Events: none. Problems: none.
create or replace function payments.claim_refunds(p_limit integer)
returns table (
  refund_id uuid, payment_id uuid, order_id uuid, provider text, provider_reference text, amount_minor bigint,
  currency text, attempts integer
)
language sql
volatile
security definer
set search_path = pg_catalog, pg_temp
set enable_seqscan = off  -- how many the limit lets through is not known, and a tenth of all is feared
as $$
  with due as (
    select r.refund_id
      from payments.refunds as r
     where r.status = 'PENDING' and r.next_attempt_at <= core.now()
     order by r.next_attempt_at
     limit least(greatest(p_limit, 1), 100)
       for no key update skip locked
  ), moment as (select core.now() as at), claimed as (
    update payments.refunds as r
       set attempts = r.attempts + 1,
           next_attempt_at = m.at + payments._pause(
             r.refund_id, r.attempts, core._setting_int('payments.refund_retry_s'), core._setting_int('payments.refund_retry_max_s'))
      from moment as m
     where r.refund_id = any (array(select d.refund_id from due as d))
    returning r.*
  )
  select c.refund_id, c.payment_id, c.order_id, p.provider, p.provider_reference, c.amount_minor, c.currency::text,
         c.attempts
    from claimed as c
   cross join lateral (
     select p.provider, p.provider_reference from payments.payments as p where p.payment_id = c.payment_id offset 0) as p
   order by c.created_at, c.refund_id
$$;
comment on function payments.claim_refunds(integer) is 'Leases refunds that are due to the worker that asks their provider.';
grant execute on function payments.claim_refunds(integer) to tradepost_worker;
