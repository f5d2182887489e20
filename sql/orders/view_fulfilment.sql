-- One seller's part of an order with its lines and adjustments, as a JSON document. Built as text and made jsonb once: nested in
-- jsonb, what is inside is copied again at each level, which took twice as long.
create or replace view orders.view_fulfilment as
select f.seller_id, f.order_id, f.status,
       json_build_object(
         'sellerId', f.seller_id, 'status', f.status,
         'subtotal', json_build_object('amountMinor', f.subtotal_minor, 'currency', o.currency),
         'discount', json_build_object('amountMinor', f.discount_minor, 'currency', o.currency),
         'shipping', json_build_object('amountMinor', f.shipping_minor, 'currency', o.currency),
         'total', json_build_object('amountMinor', f.total_minor, 'currency', o.currency),
         'carrier', f.carrier, 'trackingNumber', f.tracking_number,
         'acceptDueAt', case when f.status = 'PENDING' and o.status in ('PAID', 'PROCESSING') then o.acceptance_due_at end,
         'acceptedAt', f.accepted_at, 'shippedAt', f.shipped_at, 'deliveredAt', f.delivered_at, 'version', f.version,
         'lines', (
           select json_agg(json_build_object(
             'lineNo', l.line_no, 'variantId', l.variant_id, 'productId', l.product_id,
             'title', l.title, 'sku', l.sku, 'axisValues', l.axis_values, 'quantity', l.quantity,
             'unitPrice', json_build_object('amountMinor', l.unit_price_minor, 'currency', o.currency),
             'priceSource', l.price_source,
             'subtotal', json_build_object('amountMinor', l.subtotal_minor, 'currency', o.currency),
             'discount', json_build_object('amountMinor', l.discount_minor, 'currency', o.currency),
             'total', json_build_object('amountMinor', l.total_minor, 'currency', o.currency)) order by l.line_no)
           from orders.order_lines as l
           where l.seller_id = f.seller_id and l.order_id = f.order_id),
         'adjustments', coalesce((
           select json_agg(json_build_object(
             'lineNo', a.line_no, 'target', a.target, 'promotionId', a.promotion_id,
             'promotionVersion', a.promotion_version, 'couponCode', a.coupon_code,
             'amount', json_build_object('amountMinor', a.amount_minor, 'currency', o.currency)) order by a.adjustment_no)
           from orders.adjustments as a
           where a.seller_id = f.seller_id and a.order_id = f.order_id), '[]'))::jsonb as document
from orders.fulfilments as f
join orders.orders as o on o.order_id = f.order_id;
comment on view orders.view_fulfilment is 'Fulfilments as the documents that orders carry. Amounts in minor units.';
