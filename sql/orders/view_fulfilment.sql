-- One seller's part of an order with its lines and adjustments, as a JSON document.
create or replace view orders.view_fulfilment as
select f.seller_id, f.order_id, f.status,
       jsonb_build_object(
         'sellerId', f.seller_id, 'status', f.status,
         'subtotal', jsonb_build_object('amountMinor', f.subtotal_minor, 'currency', o.currency),
         'discount', jsonb_build_object('amountMinor', f.discount_minor, 'currency', o.currency),
         'shipping', jsonb_build_object('amountMinor', f.shipping_minor, 'currency', o.currency),
         'total', jsonb_build_object('amountMinor', f.total_minor, 'currency', o.currency),
         'carrier', f.carrier, 'trackingNumber', f.tracking_number,
         'acceptDueAt', case when f.status = 'PENDING' and o.status in ('PAID', 'PROCESSING') then o.acceptance_due_at end,
         'acceptedAt', f.accepted_at, 'shippedAt', f.shipped_at, 'deliveredAt', f.delivered_at, 'version', f.version,
         'lines', (
           select jsonb_agg(jsonb_build_object(
             'lineNo', l.line_no, 'variantId', l.variant_id, 'productId', l.product_id,
             'title', l.title, 'sku', l.sku, 'axisValues', l.axis_values, 'quantity', l.quantity,
             'unitPrice', jsonb_build_object('amountMinor', l.unit_price_minor, 'currency', o.currency),
             'priceSource', l.price_source,
             'subtotal', jsonb_build_object('amountMinor', l.subtotal_minor, 'currency', o.currency),
             'discount', jsonb_build_object('amountMinor', l.discount_minor, 'currency', o.currency),
             'total', jsonb_build_object('amountMinor', l.total_minor, 'currency', o.currency)) order by l.line_no)
           from orders.order_lines as l
           where l.seller_id = f.seller_id and l.order_id = f.order_id),
         'adjustments', coalesce((
           select jsonb_agg(jsonb_build_object(
             'lineNo', a.line_no, 'target', a.target, 'promotionId', a.promotion_id,
             'promotionVersion', a.promotion_version, 'couponCode', a.coupon_code,
             'amount', jsonb_build_object('amountMinor', a.amount_minor, 'currency', o.currency)) order by a.adjustment_no)
           from orders.adjustments as a
           where a.seller_id = f.seller_id and a.order_id = f.order_id), '[]')) as document
from orders.fulfilments as f
join orders.orders as o on o.order_id = f.order_id;
comment on view orders.view_fulfilment is 'Fulfilments as the documents that orders carry. Amounts in minor units.';
