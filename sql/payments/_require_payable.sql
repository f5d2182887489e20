-- Refuses to start a payment for an order that needs none or cannot take one any more. The window is a condition on the
-- clock: whether a job has marked the order EXPIRED makes no difference.
-- Private; the caller holds the locks of the order and its payments.
-- Raises: payments.order_already_paid, order_not_payable, payment_in_progress; orders.payment_window_over.
create or replace function payments._require_payable(p_order orders.orders, p_now timestamptz) returns void
language plpgsql
stable
as $$
begin
  if p_order.status = 'CANCELLED' then
    raise exception 'payments.order_not_payable' using
      errcode = 'MK409',
      detail = 'The order was cancelled.',
      hint = 'Place a new order.';
  end if;
  if p_order.status not in ('PENDING_PAYMENT', 'PAYMENT_FAILED', 'EXPIRED') then
    raise exception 'payments.order_already_paid' using
      errcode = 'MK409',
      detail = format('The order is %s; it needs no further payment.', p_order.status),
      hint = 'GET /orders/{orderId} shows the order.';
  end if;
  if p_order.status = 'EXPIRED' or p_order.payment_due_at <= p_now then
    raise exception 'orders.payment_window_over' using
      errcode = 'MK409',
      detail = format('The order had to be paid before %s.', to_json(p_order.payment_due_at) #>> '{}'),
      hint = 'Place a new order.';
  end if;
  if exists (select 1
               from payments.payments as p
              where p.order_id = p_order.order_id and p.status in ('PENDING', 'SUCCEEDED') and not p.is_surplus) then
    raise exception 'payments.payment_in_progress' using
      errcode = 'MK409',
      detail = 'The order has a payment that is not resolved yet.',
      hint = 'Confirm that payment, or repeat its start with the same idempotency key.';
  end if;
end;
$$;
comment on function payments._require_payable(orders.orders, timestamptz) is
  'Refuses orders that are paid, over, or being paid at the moment.';
