-- The payment of an order that can be refunded by this much. Refunds under way count; failed ones do not.
-- Private; the caller holds the locks of the order and its payments.
-- Raises: payments.refund_amount_invalid, refund_reason_invalid, refund_not_allowed, refund_currency_mismatch,
-- refund_exceeds_paid; orders.order_not_found.
create or replace function payments._require_refundable(
  p_order_id uuid, p_amount_minor bigint, p_currency text, p_reason text
) returns payments.payments
language plpgsql
stable
as $$
declare
  v_status text;
  v_payment payments.payments;
  v_left bigint;
begin
  select o.status into v_status from orders.orders as o where o.order_id = p_order_id;
  if not found then
    raise exception 'orders.order_not_found' using
      errcode = 'MK404', detail = 'There is no such order.',
      hint = 'GET /orders lists the orders.';
  end if;
  if p_amount_minor is null or p_amount_minor < 1 then
    raise exception 'payments.refund_amount_invalid' using
      errcode = 'MK422', detail = 'A refund is for at least one minor unit.',
      hint = 'Give an amount of 1 minor unit or more.',
      column = 'amount/amountMinor';
  end if;
  if length(btrim(coalesce(p_reason, ''))) not between 1 and 500 then
    raise exception 'payments.refund_reason_invalid' using
      errcode = 'MK422', detail = 'A reason has 1 to 500 characters.',
      hint = 'Tell why the money goes back.',
      column = 'reason';
  end if;
  select p.* into v_payment
    from payments.payments as p
   where p.order_id = p_order_id and p.status = 'SUCCEEDED'
     and (not p.is_surplus
          or p.amount_minor > (select coalesce(sum(r.amount_minor), 0)
                                 from payments.refunds as r
                                where r.payment_id = p.payment_id and r.status <> 'FAILED'))
   order by p.is_surplus desc, p.payment_id
   limit 1;
  if not found or not v_payment.is_surplus and v_status not in ('DELIVERED', 'COMPLETED', 'PARTIALLY_REFUNDED', 'CANCELLED', 'EXPIRED', 'REFUNDED') then
    raise exception 'payments.refund_not_allowed' using
      errcode = 'MK409',
      detail = format('The order is %s.', v_status),
      hint = 'Cancel an order that is not shipped; refund one that is delivered.';
  end if;
  if p_currency is distinct from v_payment.currency::text then
    raise exception 'payments.refund_currency_mismatch' using
      errcode = 'MK422',
      detail = format('The order was paid in %s.', v_payment.currency),
      hint = 'Refund in that currency.',
      column = 'amount/currency';
  end if;
  v_left := payments._unrefunded(v_payment.payment_id, false);
  if p_amount_minor > v_left then
    raise exception 'payments.refund_exceeds_paid' using
      errcode = 'MK409',
      detail = format('At most %s minor units of %s are left to refund.', v_left, v_payment.currency),
      hint = 'Refund that much or less.',
      column = 'amount/amountMinor';
  end if;
  return v_payment;
end;
$$;
comment on function payments._require_refundable(uuid, bigint, text, text) is
  'The SUCCEEDED payment of an order whose status and remaining amount allow this refund.';
