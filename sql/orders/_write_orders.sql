-- Writes the granted placings of a batch: headers, fulfilments, lines, adjustments, commissions, history, holds, redemptions,
-- events. Set-based; every sum is computed here once and guarded by the tables' checks.
-- Private; the caller holds the stock rows' and counters' locks. p_placings are the granted ones only.
-- Events: orders.order_placed; inventory.stock_low.
-- long: one insert per table, in the order of their foreign keys; splitting it would only scatter one list.
create or replace function orders._write_orders(
  p_placings orders.placing[], p_lines pricing.basket_line[], p_shipping pricing.basket_shipping[],
  p_adjustments pricing.adjustment[], p_commissions pricing.commission[], p_now timestamptz
)
returns void
language plpgsql
volatile
as $$
declare
  v_due_at constant timestamptz := p_now + make_interval(secs => core._setting_int('orders.payment_window_s'));
begin
  with parts as (
    select l.basket_no, l.seller_id, sum(l.quantity * l.unit_price_minor)::bigint as subtotal_minor
    from unnest(p_lines) as l
    group by l.basket_no, l.seller_id
  ), sums as (
    select p.basket_no, p.seller_id, p.subtotal_minor, coalesce(s.fee_minor, 0) as shipping_minor,
           coalesce((select sum(a.amount_minor) from unnest(p_adjustments) as a
                     where a.basket_no = p.basket_no and a.seller_id = p.seller_id), 0)::bigint as discount_minor
    from parts as p
    left join unnest(p_shipping) as s on s.basket_no = p.basket_no and s.seller_id = p.seller_id
  ), fulfilments as (
    insert into orders.fulfilments
      (seller_id, order_id, subtotal_minor, discount_minor, shipping_minor, total_minor, updated_at)
    select s.seller_id, o.order_id, s.subtotal_minor, s.discount_minor, s.shipping_minor,
           s.subtotal_minor + s.shipping_minor - s.discount_minor, p_now
    from sums as s
    join unnest(p_placings) as o on o.request_no = s.basket_no
  ), headers as (
    insert into orders.orders
      (order_id, buyer_id, seller_ids, currency, subtotal_minor, discount_minor, shipping_minor, total_minor,
       coupon_codes, shipping_address, placed_at, payment_due_at, updated_at)
    select o.order_id, o.buyer_id, array_agg(s.seller_id order by s.seller_id), o.currency,
           sum(s.subtotal_minor), sum(s.discount_minor), sum(s.shipping_minor),
           sum(s.subtotal_minor + s.shipping_minor - s.discount_minor),
           o.coupon_codes, o.shipping_address, p_now, v_due_at, p_now
    from unnest(p_placings) as o
    join sums as s on s.basket_no = o.request_no
    group by o.request_no, o.order_id, o.buyer_id, o.currency, o.coupon_codes, o.shipping_address
    order by o.request_no
    returning order_id, buyer_id, seller_ids, currency, subtotal_minor, discount_minor, shipping_minor, total_minor
  )
  insert into events.staging
    (type, aggregate_type, aggregate_id, aggregate_version, actor_id, request_id, audience, payload, occurred_at)
  select 'orders.order_placed', 'order', h.order_id, 1, h.buyer_id, o.request_id, h.seller_ids || h.buyer_id,
         jsonb_build_object(
           'orderId', h.order_id, 'status', 'PENDING_PAYMENT', 'buyerId', h.buyer_id, 'sellerIds', to_jsonb(h.seller_ids),
           'currency', h.currency, 'subtotalMinor', h.subtotal_minor, 'discountMinor', h.discount_minor,
           'shippingMinor', h.shipping_minor, 'totalMinor', h.total_minor, 'paymentDueAt', v_due_at,
           'lines', (select jsonb_agg(jsonb_build_object(
                       'lineNo', l.line_no, 'sellerId', l.seller_id, 'variantId', l.variant_id,
                       'quantity', l.quantity, 'unitPriceMinor', l.unit_price_minor) order by l.line_no)
                     from unnest(p_lines) as l where l.basket_no = o.request_no)),
         p_now
  from headers as h
  join unnest(p_placings) as o on o.order_id = h.order_id
  order by o.request_no;

  insert into orders.order_lines
    (seller_id, order_id, line_no, variant_id, product_id, title, sku, axis_values,
     quantity, unit_price_minor, subtotal_minor, discount_minor, total_minor)
  select l.seller_id, o.order_id, l.line_no, l.variant_id, l.product_id, l.title, l.sku, l.axis_values,
         l.quantity, l.unit_price_minor, l.quantity * l.unit_price_minor,
         coalesce(a.amount_minor, 0), l.quantity * l.unit_price_minor - coalesce(a.amount_minor, 0)
  from unnest(p_lines) as l
  join unnest(p_placings) as o on o.request_no = l.basket_no
  left join (select a.basket_no, a.line_no, sum(a.amount_minor)::bigint as amount_minor
             from unnest(p_adjustments) as a where a.line_no is not null group by a.basket_no, a.line_no) as a
    on a.basket_no = l.basket_no and a.line_no = l.line_no;

  insert into orders.adjustments
    (seller_id, order_id, adjustment_no, line_no, promotion_id, promotion_version, coupon_code, target, amount_minor)
  select a.seller_id, o.order_id,
         row_number() over (partition by a.basket_no, a.seller_id order by a.ordinality),
         a.line_no, a.promotion_id, a.promotion_version, a.coupon_code, a.target, a.amount_minor
  from unnest(p_adjustments) with ordinality as a
  join unnest(p_placings) as o on o.request_no = a.basket_no;

  insert into orders.commissions
    (seller_id, order_id, line_no, rule_id, rule_version, percent_bp, fixed_minor, base_minor, amount_minor)
  select l.seller_id, o.order_id, c.line_no, c.rule_id, c.rule_version, c.percent_bp, c.fixed_minor, c.base_minor, c.amount_minor
  from unnest(p_commissions) as c
  join unnest(p_lines) as l on l.basket_no = c.basket_no and l.line_no = c.line_no
  join unnest(p_placings) as o on o.request_no = c.basket_no;

  insert into orders.order_history (order_id, version, to_status, action, actor_kind, actor_id, created_at)
  select o.order_id, 1, 'PENDING_PAYMENT', 'place', 'BUYER', o.buyer_id, p_now
  from unnest(p_placings) as o;

  perform inventory._hold_stock(
    array(select row(o.order_id, o.buyer_id, true, null,
                     array(select distinct l.seller_id from unnest(p_lines) as l where l.basket_no = o.request_no order by 1),
                     v_due_at)::inventory.hold
          from unnest(p_placings) as o),
    array(select row(o.order_id, l.seller_id, l.variant_id, l.quantity)::inventory.hold_line
          from unnest(p_lines) as l join unnest(p_placings) as o on o.request_no = l.basket_no),
    p_now);

  if exists (select from unnest(p_adjustments) as a where a.is_limited) then
    perform pricing._redeem(array_agg(u.order_id), array_agg(u.promotion_id), array_agg(u.buyer_id), p_now)
    from (select distinct o.order_id, a.promotion_id, o.buyer_id
          from unnest(p_adjustments) as a
          join unnest(p_placings) as o on o.request_no = a.basket_no
          where a.is_limited) as u;
  end if;
end
$$;
comment on function orders._write_orders(orders.placing[], pricing.basket_line[], pricing.basket_shipping[],
                                         pricing.adjustment[], pricing.commission[], timestamptz) is
  'Inserts the orders of granted placings with all their parts, holds their stock and redeems their promotions.';
