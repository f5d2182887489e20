-- An order in a list: the header with its sums, without lines.
create or replace view orders.view_order_summary as
select o.order_id, o.buyer_id, o.seller_ids, o.status, o.currency::text as currency,
       o.subtotal_minor, o.discount_minor, o.shipping_minor, o.total_minor,
       o.placed_at, o.payment_due_at, o.version, o.updated_at,
       null::text as page_cursor
from orders.orders as o;
comment on view orders.view_order_summary is 'Order headers for lists. A seller''s list holds the sums of its own part.';
grant select on orders.view_order_summary to tradepost_readonly;
