-- One seller's part of an order with its lines and adjustments, as a JSON document: as it is now, and as it was placed, which is what
-- is answered to whoever places it, the same bytes each time. Built as text and made jsonb where it must be: that takes longer than
-- all the rest, and nested in jsonb it took twice as long again. In jsonb the last of two members with one name counts, so the
-- state of now stands behind that of then.
create or replace view orders.view_fulfilment as
select d.seller_id, d.order_id, d.status,
       (left(d.as_placed::text, -1) || ', ' || substr(d.state, 2))::jsonb as document,
       d.as_placed
from (
  select f.seller_id, f.order_id, f.status,
         json_build_object(
           'status', f.status, 'carrier', f.carrier, 'trackingNumber', f.tracking_number,
           'acceptDueAt', case when f.status = 'PENDING' and o.status in ('PAID', 'PROCESSING') then o.acceptance_due_at end,
           'acceptedAt', f.accepted_at, 'shippedAt', f.shipped_at, 'deliveredAt', f.delivered_at, 'version', f.version)::text as state,
         json_build_object(
           'sellerId', f.seller_id,
           'subtotal', core._money_json(f.subtotal_minor, o.currency),
           'discount', core._money_json(f.discount_minor, o.currency),
           'shipping', core._money_json(f.shipping_minor, o.currency),
           'total', core._money_json(f.total_minor, o.currency),
           'lines', (
             select json_agg(json_build_object(
               'lineNo', l.line_no, 'variantId', l.variant_id, 'productId', l.product_id,
               'title', l.title, 'sku', l.sku, 'axisValues', l.axis_values, 'quantity', l.quantity,
               'unitPrice', core._money_json(l.unit_price_minor, o.currency),
               'priceSource', l.price_source,
               'subtotal', core._money_json(l.subtotal_minor, o.currency),
               'discount', core._money_json(l.discount_minor, o.currency),
               'total', core._money_json(l.total_minor, o.currency)) order by l.line_no)
             from orders.order_lines as l
             where l.seller_id = f.seller_id and l.order_id = f.order_id),
           'adjustments', case when f.discount_minor = 0 then '[]' else (
             select json_agg(json_build_object(
               'lineNo', a.line_no, 'target', a.target, 'promotionId', a.promotion_id,
               'promotionVersion', a.promotion_version, 'couponCode', a.coupon_code,
               'amount', core._money_json(a.amount_minor, o.currency)) order by a.adjustment_no)
             from orders.adjustments as a
             where a.seller_id = f.seller_id and a.order_id = f.order_id) end,
           'status', 'PENDING', 'carrier', null, 'trackingNumber', null, 'acceptDueAt', null,
           'acceptedAt', null, 'shippedAt', null, 'deliveredAt', null, 'version', 1) as as_placed
  from orders.fulfilments as f
  join orders.orders as o on o.order_id = f.order_id
) as d;
comment on view orders.view_fulfilment is 'Fulfilments as the documents that orders carry. Amounts in minor units.';
