-- Parts that were cancelled while their orders were not, and that no refund names yet: per order, with what they cost the buyer.
-- Private; reads rows that the caller has locked.
create or replace function payments._cancelled_parts(p_order_ids uuid[])
returns table (order_id uuid, seller_ids uuid[], amount_minor bigint)
language sql
stable
as $$
  select o.order_id, array_agg(f.seller_id order by f.seller_id), sum(f.total_minor)::bigint
    from orders.orders as o
    join orders.fulfilments as f on f.seller_id = any (o.seller_ids) and f.order_id = o.order_id and f.status = 'CANCELLED'
   where o.order_id = any (p_order_ids) and o.status not in ('CANCELLED', 'EXPIRED', 'REFUNDED')
     and not exists (select 1 from payments.refunds as r where r.order_id = o.order_id and f.seller_id = any (r.seller_ids))
   group by o.order_id
$$;
comment on function payments._cancelled_parts(uuid[]) is 'Cancelled parts of orders that go on, before a refund names them.';
