-- Writes the granted placings of a batch: headers, fulfilments, lines, adjustments, commissions, history, holds, redemptions,
-- events. Set-based; every sum is computed here once and guarded by the tables' checks.
-- Private; p_placings are the granted ones only. Locks: stock rows by (variant_id, seller_id), where the caller does not hold them
-- yet; it holds those of counters. The stock comes last, because everybody who sells the same things waits for it until this
-- transaction ends. Raises: 23514 of stock_levels_reserved_within_on_hand_check when the stock does not suffice, by the table.
-- Events: inventory.stock_low; orders.order_placed, told under the locks.
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
  v_units constant inventory.hold_line[] := array(
    select row(o.order_id, l.seller_id, l.variant_id, l.quantity)::inventory.hold_line
    from unnest(p_lines) as l join unnest(p_placings) as o on o.request_no = l.basket_no);
  v_placed events.draft[];
begin
  with given as materialized (
    select o.request_no, o.order_id, o.buyer_id, o.request_id, o.currency, o.coupon_codes, o.shipping_address
    from unnest(p_placings) as o
  ), line_discounts as materialized (
    select a.basket_no, a.seller_id, a.line_no, sum(a.amount_minor)::bigint as amount_minor
    from unnest(p_adjustments) as a
    group by a.basket_no, a.seller_id, a.line_no
  ), lines as materialized (
    select l.*, o.order_id, l.quantity * l.unit_price_minor as subtotal_minor, coalesce(d.amount_minor, 0) as discount_minor
    from unnest(p_lines) as l
    join given as o on o.request_no = l.basket_no
    left join line_discounts as d on d.basket_no = l.basket_no and d.line_no = l.line_no
  ), parts as materialized (
    select p.*, coalesce(s.fee_minor, 0) as shipping_minor, p.line_discount_minor + coalesce(d.amount_minor, 0) as discount_minor
    from (select l.basket_no, l.order_id, l.seller_id, sum(l.subtotal_minor)::bigint as subtotal_minor,
                 sum(l.discount_minor)::bigint as line_discount_minor
          from lines as l
          group by l.basket_no, l.order_id, l.seller_id) as p
    left join unnest(p_shipping) as s on s.basket_no = p.basket_no and s.seller_id = p.seller_id
    left join line_discounts as d on d.basket_no = p.basket_no and d.seller_id = p.seller_id and d.line_no is null
  ), fulfilments as (
    insert into orders.fulfilments
      (seller_id, order_id, subtotal_minor, discount_minor, shipping_minor, total_minor, updated_at)
    select s.seller_id, s.order_id, s.subtotal_minor, s.discount_minor, s.shipping_minor,
           s.subtotal_minor + s.shipping_minor - s.discount_minor, p_now
    from parts as s
  ), order_lines as (
    insert into orders.order_lines
      (seller_id, order_id, line_no, variant_id, product_id, title, sku, axis_values,
       quantity, unit_price_minor, price_source, subtotal_minor, discount_minor, total_minor)
    select l.seller_id, l.order_id, l.line_no, l.variant_id, l.product_id, l.title, l.sku, l.axis_values,
           l.quantity, l.unit_price_minor, l.price_source, l.subtotal_minor, l.discount_minor,
           l.subtotal_minor - l.discount_minor
    from lines as l
  ), commissions as (
    insert into orders.commissions
      (seller_id, order_id, line_no, rule_id, rule_version, percent_bp, fixed_minor, base_minor, amount_minor,
       base, fixed_per, min_minor, max_minor, limit_minor, exact_percent, vat_bp, vat_minor, category_path)
    select c.seller_id, o.order_id, c.line_no, c.rule_id, c.rule_version, c.percent_bp, c.fixed_minor, c.base_minor, c.amount_minor,
           c.base, c.fixed_per, c.min_minor, c.max_minor, c.limit_minor, c.exact_percent, c.vat_bp, c.vat_minor, c.category_path
    from unnest(p_commissions) as c
    join given as o on o.request_no = c.basket_no
    where c.line_no is not null
  ), history as (
    insert into orders.order_history (order_id, version, to_status, action, actor_kind, actor_id, created_at)
    select o.order_id, 1, 'PENDING_PAYMENT', 'place', 'BUYER', o.buyer_id, p_now
    from given as o
  ), sums as materialized (
    select s.basket_no, array_agg(s.seller_id order by s.seller_id) as seller_ids,
           sum(s.subtotal_minor)::bigint as subtotal_minor, sum(s.discount_minor)::bigint as discount_minor,
           sum(s.shipping_minor)::bigint as shipping_minor,
           coalesce(jsonb_agg(jsonb_strip_nulls(jsonb_build_object(
                      'sellerId', s.seller_id, 'discountMinor', nullif(s.discount_minor, 0),
                      'shippingMinor', nullif(s.shipping_minor, 0))) order by s.seller_id)
                    filter (where s.discount_minor <> 0 or s.shipping_minor <> 0), '[]') as parts
    from parts as s
    group by s.basket_no
  ), headers as (
    insert into orders.orders
      (order_id, buyer_id, seller_ids, currency, subtotal_minor, discount_minor, shipping_minor, total_minor,
       coupon_codes, shipping_address, placed_at, payment_due_at, due_at, updated_at)
    select o.order_id, o.buyer_id, s.seller_ids, o.currency, s.subtotal_minor, s.discount_minor, s.shipping_minor,
           s.subtotal_minor + s.shipping_minor - s.discount_minor,
           o.coupon_codes, o.shipping_address, p_now, v_due_at, v_due_at, p_now
    from given as o
    join sums as s on s.basket_no = o.request_no
    order by o.request_no
  ), documents as (
    select l.basket_no,
           jsonb_agg(jsonb_build_object(
             'lineNo', l.line_no, 'sellerId', l.seller_id, 'variantId', l.variant_id,
             'quantity', l.quantity, 'unitPriceMinor', l.unit_price_minor)
             || case l.discount_minor when 0 then '{}' else jsonb_build_object('discountMinor', l.discount_minor) end
             order by l.line_no) as lines
    from lines as l
    group by l.basket_no
  )
  select array_agg(row(
         'orders.order_placed', 'order', o.order_id, 1, o.buyer_id, o.request_id, s.seller_ids || o.buyer_id,
         jsonb_build_object(
           'orderId', o.order_id, 'status', 'PENDING_PAYMENT', 'buyerId', o.buyer_id, 'sellerIds', to_jsonb(s.seller_ids),
           'currency', o.currency, 'subtotalMinor', s.subtotal_minor, 'discountMinor', s.discount_minor,
           'shippingMinor', s.shipping_minor, 'totalMinor', s.subtotal_minor + s.shipping_minor - s.discount_minor,
           'paymentDueAt', v_due_at, 'parts', s.parts, 'lines', d.lines),
         p_now)::events.draft order by o.request_no)
  into v_placed
  from given as o
  join sums as s on s.basket_no = o.request_no
  join documents as d on d.basket_no = o.request_no;

  if cardinality(p_adjustments) > 0 then
    insert into orders.adjustments
      (seller_id, order_id, adjustment_no, line_no, promotion_id, promotion_version, coupon_code, target, amount_minor,
       base_minor, seller_minor, exact_share)
    select a.seller_id, o.order_id,
           row_number() over (partition by a.basket_no, a.seller_id order by a.ordinality),
           a.line_no, a.promotion_id, a.promotion_version, a.coupon_code, a.target, a.amount_minor,
           a.base_minor, a.seller_minor, a.exact_share
    from unnest(p_adjustments) with ordinality as a
    join unnest(p_placings) as o on o.request_no = a.basket_no;
  end if;

  if exists (select from unnest(p_commissions) as c where c.line_no is null) then
    insert into orders.shipping_commissions
      (seller_id, order_id, rule_id, rule_version, percent_bp, fixed_minor, base, base_minor, min_minor, max_minor,
       limit_minor, exact_percent, amount_minor, vat_bp, vat_minor)
    select c.seller_id, o.order_id, c.rule_id, c.rule_version, c.percent_bp, c.fixed_minor, c.base, c.base_minor, c.min_minor,
           c.max_minor, c.limit_minor, c.exact_percent, c.amount_minor, c.vat_bp, c.vat_minor
    from unnest(p_commissions) as c
    join unnest(p_placings) as o on o.request_no = c.basket_no
    where c.line_no is null;
  end if;

  perform inventory._write_holds(
    array(select row(o.order_id, o.buyer_id, true, null, s.seller_ids, v_due_at)::inventory.hold
          from unnest(p_placings) as o
          join (select l.basket_no, array_agg(distinct l.seller_id order by l.seller_id) as seller_ids
                from unnest(p_lines) as l group by l.basket_no) as s on s.basket_no = o.request_no),
    v_units, p_now);
  perform orders._redeem_uses(p_placings, p_adjustments, p_now);

  perform inventory._lock_stock(array(select row(u.seller_id, u.variant_id)::inventory.stock_key from unnest(v_units) as u));
  perform inventory._hold_units(v_units, p_now);
  insert into events.outbox (drafts) values (v_placed);
end
$$;
comment on function orders._write_orders(orders.placing[], pricing.basket_line[], pricing.basket_shipping[],
                                         pricing.adjustment[], pricing.commission[], timestamptz) is
  'Inserts the orders of granted placings with all their parts, holds their stock and redeems their promotions.';
