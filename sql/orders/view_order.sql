-- An order as its buyer sees it: the header, and one fulfilment per seller with its lines.
create or replace view orders.view_order as
select o.order_id, o.buyer_id, o.status, o.currency::text as currency,
       o.subtotal_minor, o.discount_minor, o.shipping_minor, o.total_minor,
       o.coupon_codes, o.shipping_address, o.placed_at, o.payment_due_at, o.version, o.updated_at,
       (select jsonb_agg(f.document order by f.seller_id)
        from orders.view_fulfilment as f
        where f.seller_id = any (o.seller_ids) and f.order_id = o.order_id) as fulfilments
from orders.orders as o;
comment on view orders.view_order is 'Orders with their fulfilments and lines as JSON. Amounts in minor units of currency.';
