-- What to answer about payments as they stand now: the payment, or why it did not lead to a paid order.
-- Private; reads rows that the caller has locked.
-- OFFSET 0: always a lookup by key, whatever was in the tables when the statement was planned.
create or replace function payments._answer_settlements(p_settlements payments.settlement[])
returns setof payments.confirmation
language plpgsql
stable
as $$
begin
  return query
  select s.request_no, false,
         t.status::integer, t.code,
         case t.code
           when 'payments.payment_declined'
             then format('The provider declined the payment: %s.', coalesce(p.failure_code, s.failure_code, 'unknown'))
           when 'payments.stock_gone_refunded'
             then 'The payment came after the hold had ended, and the stock, or a coupon, is used up. The whole amount is being refunded.'
           when 'payments.order_cancelled_refunded'
             then 'The order was cancelled before the payment came. The whole amount is being refunded.'
           when 'payments.order_already_paid'
             then case when p.is_surplus
                       then 'Another payment of the order counts. The whole amount of this one is being refunded.'
                       else 'The order is paid with another payment.' end
         end,
         case t.code
           when 'payments.payment_declined' then 'Start another payment with another method.'
           when 'payments.stock_gone_refunded' then 'Place a new order.'
           when 'payments.order_cancelled_refunded' then 'Place a new order if you still want the goods.'
           when 'payments.order_already_paid' then 'See the order''s payments.'
         end,
         null::jsonb,
         p.payment_id, o.order_id, o.status, p.status, p.amount_minor, p.currency::text, p.refunded_minor, p.provider,
         p.provider_reference, p.failure_code, p.version, p.created_at, p.updated_at
    from unnest(p_settlements) as s
   cross join lateral (select * from payments.payments as p where p.payment_id = s.payment_id offset 0) as p
   cross join lateral (select o.order_id, o.status from orders.orders as o where o.order_id = p.order_id offset 0) as o
    left join lateral (select t.status, t.code from core.problem_types as t where t.code =
      case
        when p.is_surplus then 'payments.order_already_paid'
        when p.status = 'FAILED' then 'payments.payment_declined'
        when p.status = 'ABANDONED' and not s.is_success then 'payments.payment_declined'
        when p.status <> 'SUCCEEDED' then 'payments.order_already_paid'
        when o.status = 'EXPIRED' then 'payments.stock_gone_refunded'
        when exists (select 1
                       from payments.refunds as f
                      where f.payment_id = p.payment_id and f.reason = 'CANCELLED_BEFORE_PAYMENT')
          then 'payments.order_cancelled_refunded'
      end offset 0) as t on true
   order by s.request_no;
end
$$;
comment on function payments._answer_settlements(payments.settlement[]) is
  'The present state of payments as answers: a payment, or the problem that stands for it.';
