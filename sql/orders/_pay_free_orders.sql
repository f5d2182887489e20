-- An order with nothing left to pay is paid at once: its stock is deducted and it moves to PAID. There is no payment for it, so
-- the log tells payments, which credit the sellers with the discounts that the platform bears.
-- Private; the orders were inserted by this transaction. Events: orders.order_paid, orders.order_free.
create or replace function orders._pay_free_orders(p_granted orders.placing[], p_now timestamptz)
returns void
language plpgsql
volatile
as $$
declare
  v_free uuid[];
begin
  select array_agg(o.order_id) into v_free
  from unnest(p_granted) as p
  cross join lateral (
    select o.order_id from orders.orders as o where o.order_id = p.order_id and o.total_minor = 0 offset 0
  ) as o;
  if v_free is null then
    return;
  end if;
  perform inventory._confirm_holds(v_free, p_now, null);
  perform orders._transition(
    array(select row(f.order_id, 'pay', 'SYSTEM', null, null, 'nothing to pay', null)::orders.transition_request
          from unnest(v_free) as f (order_id)), p_now);
  perform events._append('order', o.order_id, o.version, 'orders.order_free', null, null, o.seller_ids || o.buyer_id,
                         jsonb_build_object('orderId', o.order_id, 'currency', o.currency, 'sellerIds', to_jsonb(o.seller_ids)))
  from orders.orders as o
  where o.order_id = any (v_free)
  order by o.order_id;
end
$$;
comment on function orders._pay_free_orders(orders.placing[], timestamptz) is 'Moves orders whose total is zero to PAID.';
