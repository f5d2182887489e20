-- Moves an order whose money went back, where order_transitions has a way: all of it → refund, a part → refund_part.
-- An order that had a part refunded before stays what it is, and so does one of which a seller's cancelled part went back; so does one that was never sold (expired, cancelled unpaid).
-- Private; the caller holds the locks of order and payment.
create or replace function payments._move_refunded_order(
  p_payment payments.payments, p_refund payments.refunds, p_now timestamptz
) returns void
language sql
volatile
as $$
  select orders._transition(
           array_agg(row(o.order_id, t.action, 'SYSTEM', p_refund.requested_by, null, left(p_refund.reason, 200), null)::orders.transition_request),
           p_now)
    from orders.orders as o
    join orders.order_transitions as t
      on t.from_status = o.status and t.actor_kind = 'SYSTEM'
     and t.action = case when p_payment.refunded_minor = p_payment.amount_minor then 'refund'
                       when p_refund.seller_ids is null then 'refund_part' end
   where o.order_id = p_payment.order_id
     and not exists (select 1
                       from payments.ledger_entries as e
                      where e.order_id = p_payment.order_id and e.transaction_id = p_payment.payment_id and e.account = 'BUYER_PAYABLE')
  having count(*) > 0
$$;
comment on function payments._move_refunded_order(payments.payments, payments.refunds, timestamptz) is
  'Moves the order to REFUNDED or PARTIALLY_REFUNDED when its status allows that.';
