-- Decides which requests begin a payment; each is for another order. The window is a condition on the clock: whether a job has
-- marked the order EXPIRED makes no difference. What one may not see does not exist.
-- Private; the caller holds the keys and the locks of the orders and their payments. Reads only.
-- OFFSET 0: always a lookup by key, whatever was in the tables when the statement was planned.
create or replace function payments._decide_starts(p_starts payments.starting[], p_now timestamptz)
returns payments.starting[]
language plpgsql
volatile
as $$
begin
  return (
  with judged as (
    select s.*,
           case
             when s.outcome is distinct from 'FRESH' then null
             when o.buyer_id is distinct from s.actor_id
               then array['orders.order_not_found', 'There is no such order.', 'GET /orders lists your orders.']
             when o.status = 'CANCELLED'
               then array['payments.order_not_payable', 'The order was cancelled.', 'Place a new order.']
             when o.status not in ('PENDING_PAYMENT', 'PAYMENT_FAILED', 'EXPIRED')
               then array['payments.order_already_paid', format('The order is %s; it needs no further payment.', o.status),
                          'GET /orders/{orderId} shows the order.']
             when o.status = 'EXPIRED' or o.payment_due_at <= p_now
               then array['orders.payment_window_over', format('The order had to be paid before %s.', to_json(o.payment_due_at) #>> '{}'),
                          'Place a new order.']
             when p.is_live
               then array['payments.payment_in_progress', 'The order has a payment that is not resolved yet.',
                          'Confirm that payment, or repeat its start with the same idempotency key.']
           end as problem
      from unnest(p_starts) as s
      left join lateral (
        select o.buyer_id, o.status, o.payment_due_at from orders.orders as o where o.order_id = s.order_id offset 0
      ) as o on true
      left join lateral (
        select true as is_live from payments.payments as p
         where p.order_id = s.order_id and p.status in ('PENDING', 'SUCCEEDED') and not p.is_surplus offset 0
      ) as p on true
  )
  select coalesce(array_agg(row(
           j.request_no, j.actor_id, j.session_id, j.request_id, j.idempotency_key, j.request_hash, j.order_id, j.provider,
           j.method_token, j.outcome, j.payment_id,
           coalesce(j.problem_code, j.problem[1]), coalesce(j.problem_detail, j.problem[2]),
           coalesce(j.problem_hint, j.problem[3]))::payments.starting order by j.request_no), '{}')
    from judged as j);
end
$$;
comment on function payments._decide_starts(payments.starting[], timestamptz) is
  'Refuses the starts of payments for orders that are not the caller''s, paid, over, or being paid at the moment.';
