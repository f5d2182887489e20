-- One seller's part of an order with its lines, adjustments included, as it stands in JSON. Private.
create or replace function orders._fulfilment_json(p_fulfilment orders.fulfilments, p_currency text)
returns jsonb
language sql
stable
as $$
  select jsonb_build_object(
    'sellerId', p_fulfilment.seller_id,
    'status', p_fulfilment.status,
    'subtotal', core._money(p_fulfilment.subtotal_minor, p_currency),
    'discount', core._money(p_fulfilment.discount_minor, p_currency),
    'shipping', core._money(p_fulfilment.shipping_minor, p_currency),
    'total', core._money(p_fulfilment.total_minor, p_currency),
    'carrier', p_fulfilment.carrier,
    'trackingNumber', p_fulfilment.tracking_number,
    'acceptedAt', p_fulfilment.accepted_at,
    'shippedAt', p_fulfilment.shipped_at,
    'deliveredAt', p_fulfilment.delivered_at,
    'version', p_fulfilment.version,
    'lines', (
      select jsonb_agg(jsonb_build_object(
        'lineNo', l.line_no, 'variantId', l.variant_id, 'productId', l.product_id,
        'title', l.title, 'sku', l.sku, 'axisValues', l.axis_values, 'quantity', l.quantity,
        'unitPrice', core._money(l.unit_price_minor, p_currency),
        'subtotal', core._money(l.subtotal_minor, p_currency),
        'discount', core._money(l.discount_minor, p_currency),
        'total', core._money(l.total_minor, p_currency)) order by l.line_no)
      from orders.order_lines as l
      where l.seller_id = p_fulfilment.seller_id and l.order_id = p_fulfilment.order_id),
    'adjustments', coalesce((
      select jsonb_agg(jsonb_build_object(
        'lineNo', a.line_no, 'target', a.target, 'promotionId', a.promotion_id,
        'promotionVersion', a.promotion_version, 'couponCode', a.coupon_code,
        'amount', core._money(a.amount_minor, p_currency)) order by a.adjustment_no)
      from orders.adjustments as a
      where a.seller_id = p_fulfilment.seller_id and a.order_id = p_fulfilment.order_id), '[]'))
$$;
comment on function orders._fulfilment_json(orders.fulfilments, text) is 'A fulfilment with lines and adjustments as JSON.';
