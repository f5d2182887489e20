-- The basket that a past order was, with the facts that conditions ask for; groups are the buyer's of now. Private; reads only.
create or replace function orders._past_basket(p_order orders.orders)
returns pricing.basket
language sql
stable
as $$
  select row(
    1, p_order.buyer_id, p_order.currency::text, p_order.coupon_codes, p_order.shipping_address ->> 'countryCode',
    array(select m.group_code from pricing.buyer_group_members as m where m.buyer_id = p_order.buyer_id order by 1),
    1 + (select count(*) from orders.orders as o
         where o.buyer_id = p_order.buyer_id and o.order_id < p_order.order_id and o.status not in ('CANCELLED', 'EXPIRED'))::integer
    )::pricing.basket
$$;
comment on function orders._past_basket(orders.orders) is 'The basket that a past order was.';
