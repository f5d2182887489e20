-- Begins the payments that were decided on: a retry moves its order back to PENDING_PAYMENT, the payment is PENDING until its provider
-- answers.
-- Private; the caller holds the locks of the orders and their payments. p_starts are the granted ones only, one per order.
-- Events: orders.order_payment_retried, payments.payment_started.
create or replace function payments._begin_payments(p_starts payments.starting[], p_now timestamptz) returns void
language plpgsql
volatile
as $$
declare
  v_check_at constant timestamptz := p_now + make_interval(secs => core._setting_int('payments.check_after_s'));
  v_retries constant orders.transition_request[] := array(
    select row(s.order_id, 'retry_payment', 'BUYER', s.actor_id, s.request_id, null, null)::orders.transition_request
      from unnest(p_starts) as s
     cross join lateral (
       select from orders.orders as o where o.order_id = s.order_id and o.status = 'PAYMENT_FAILED' offset 0) as o
     order by s.request_no);
begin
  if cardinality(v_retries) > 0 then
    perform orders._transition(v_retries, p_now);
  end if;
  with begun as (
    insert into payments.payments
      (payment_id, order_id, buyer_id, provider, method_token, amount_minor, currency, next_check_at, created_at, updated_at)
    select s.payment_id, s.order_id, s.actor_id, s.provider, s.method_token, o.total_minor, o.currency, v_check_at, p_now, p_now
      from unnest(p_starts) as s
     cross join lateral (
       select o.total_minor, o.currency from orders.orders as o where o.order_id = s.order_id offset 0) as o
     order by s.request_no
    returning payments.*
  )
  insert into events.outbox (drafts)
  select array_agg(row(
         'payments.payment_started', 'payment', b.payment_id, b.version, b.buyer_id, s.request_id, array[b.buyer_id],
         payments._payment_payload(b), p_now)::events.draft order by s.request_no)
    from begun as b
    join unnest(p_starts) as s using (payment_id)
  having count(*) > 0;
end
$$;
comment on function payments._begin_payments(payments.starting[], timestamptz) is
  'Inserts PENDING payments, with their events; an order whose payment had failed waits for it again.';
