-- The shipping fees of a past order. Private; reads only.
create or replace function orders._past_shipping(p_order orders.orders)
returns pricing.basket_shipping[]
language sql
stable
as $$
  select array_agg(row(1, f.seller_id, f.shipping_minor)::pricing.basket_shipping order by f.seller_id)
  from unnest(p_order.seller_ids) as s (seller_id)
  join orders.fulfilments as f on f.seller_id = s.seller_id and f.order_id = p_order.order_id
$$;
comment on function orders._past_shipping(orders.orders) is 'The shipping fees of a past order.';
