-- What was sold, line by line, with its commission: for reporting. Nothing about the person who bought.
create or replace view orders.view_order_line as
select l.seller_id, l.order_id, l.line_no, o.placed_at, o.status, o.currency::text as currency,
       l.product_id, l.variant_id, l.sku, l.title, l.quantity, l.unit_price_minor,
       l.subtotal_minor, l.discount_minor, l.total_minor, c.amount_minor as commission_minor, c.rule_id, c.rule_version,
       c.vat_minor as commission_vat_minor
from orders.order_lines as l
join orders.orders as o on o.order_id = l.order_id
join orders.commissions as c on c.seller_id = l.seller_id and c.order_id = l.order_id and c.line_no = l.line_no;
comment on view orders.view_order_line is 'Order lines with status and commission, for reporting. Amounts in minor units of currency.';
grant select on orders.view_order_line to tradepost_readonly;
