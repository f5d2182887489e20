-- What must go back for parts that were cancelled while their orders go on: one refund per order, of those parts alone. A part
-- that cost the buyer nothing was booked all the same when the platform bore its discount: that is taken back here.
-- Private; the caller holds the locks of orders and payments. It acts on the rows as they are, so doing it again does no harm.
-- Events: payments.refund_requested.
create or replace function payments._refund_parts(p_order_ids uuid[], p_now timestamptz) returns void
language plpgsql
volatile
as $$
begin
  perform payments._request_refunds(
    array(select row(p.payment_id, c.amount_minor, 'SELLER_DID_NOT_ACCEPT', null, null, c.seller_ids)::payments.refund_request
            from payments._cancelled_parts(p_order_ids) as c
            join payments.payments as p on p.order_id = c.order_id and p.status = 'SUCCEEDED' and not p.is_surplus
           order by p.payment_id),
    p_now);

  with transactions as materialized (
    select o.order_id, f.seller_id, core.new_id() as transaction_id
      from orders.orders as o
      join orders.fulfilments as f
        on f.seller_id = any (o.seller_ids) and f.order_id = o.order_id and f.status = 'CANCELLED' and f.total_minor = 0
     where o.order_id = any (p_order_ids) and o.status <> 'CANCELLED'
  )
  insert into payments.ledger_entries
    (seller_id, entry_id, transaction_id, order_id, account, amount_minor, currency, created_at)
  select e.seller_id, core.new_id(), t.transaction_id, e.order_id, e.account, -sum(e.amount_minor), e.currency, p_now
    from transactions as t
    join payments.ledger_entries as e on e.order_id = t.order_id and e.seller_id = t.seller_id
   group by t.transaction_id, e.order_id, e.seller_id, e.account, e.currency
  having sum(e.amount_minor) <> 0;
end;
$$;
comment on function payments._refund_parts(uuid[], timestamptz) is
  'Requests refunds of parts that were cancelled while their orders go on, and takes back what was booked for free ones.';
