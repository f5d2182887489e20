-- Orders that cost nothing have no payment that would book them: their sellers are credited with the discounts that the platform
-- bears, less commission, once; and when such an order was cancelled, everything booked for it goes back.
-- Private; the caller holds the locks of the orders. It acts on the rows as they are, so doing it again does no harm.
create or replace function payments._settle_free_orders(p_order_ids uuid[], p_now timestamptz) returns void
language plpgsql
volatile
as $$
begin
  perform payments._book_sales(
    '{}', '{}',
    array(select o.order_id
            from orders.orders as o
           where o.order_id = any (p_order_ids) and o.total_minor = 0
             and not exists (select 1 from payments.ledger_entries as e where e.order_id = o.order_id and e.transaction_id = o.order_id)
           order by o.order_id),
    p_now);

  with transactions as materialized (
    select o.order_id, core.new_id() as transaction_id
      from orders.orders as o
     where o.order_id = any (p_order_ids) and o.total_minor = 0 and o.status = 'CANCELLED'
  )
  insert into payments.ledger_entries
    (seller_id, entry_id, transaction_id, order_id, account, amount_minor, currency, created_at)
  select e.seller_id, core.new_id(), t.transaction_id, e.order_id, e.account, -sum(e.amount_minor), e.currency, p_now
    from transactions as t
    join payments.ledger_entries as e on e.order_id = t.order_id
   group by t.transaction_id, e.order_id, e.seller_id, e.account, e.currency
  having sum(e.amount_minor) <> 0;
end;
$$;
comment on function payments._settle_free_orders(uuid[], timestamptz) is
  'Books locked orders that cost nothing, and takes back what was booked for cancelled ones.';
