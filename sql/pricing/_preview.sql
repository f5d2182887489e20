-- A priced basket as one document: the parts as the API shows them, and their sums. Who bears a discount is shown to administrators,
-- and to sellers of their own lines. Private; reads only.
create or replace function pricing._preview(
  p_currency text, p_lines pricing.basket_line[], p_shipping pricing.basket_shipping[],
  p_adjustments pricing.adjustment[], p_refusals pricing.coupon_refusal[], p_not_applied pricing.not_applied[],
  p_viewer identity.actor
)
returns setof pricing.preview
language sql
stable
as $$
  with lines as (
    select l.*, l.quantity * l.unit_price_minor as subtotal_minor,
           coalesce((select sum(a.amount_minor) from unnest(p_adjustments) as a where a.line_no = l.line_no), 0)::bigint
             as discount_minor
    from unnest(p_lines) as l
  ), shipping as (
    select s.*, coalesce((select sum(a.amount_minor) from unnest(p_adjustments) as a
                          where a.target = 'SHIPPING' and a.seller_id = s.seller_id), 0)::bigint as discount_minor
    from unnest(p_shipping) as s
  ), sums as (
    select (select sum(l.subtotal_minor) from lines as l)::bigint as subtotal_minor,
           (select coalesce(sum(a.amount_minor), 0) from unnest(p_adjustments) as a)::bigint as discount_minor,
           (select coalesce(sum(s.fee_minor), 0) from shipping as s)::bigint as shipping_minor
  )
  select p_currency, sums.subtotal_minor, sums.discount_minor, sums.shipping_minor,
         sums.subtotal_minor + sums.shipping_minor - sums.discount_minor,
         (select jsonb_agg(jsonb_build_object(
                   'lineNo', l.line_no, 'variantId', l.variant_id, 'sellerId', l.seller_id, 'productId', l.product_id,
                   'title', l.title, 'sku', l.sku, 'axisValues', l.axis_values, 'quantity', l.quantity,
                   'unitPrice', core._money(l.unit_price_minor, p_currency), 'priceSource', l.price_source,
                   'subtotal', core._money(l.subtotal_minor, p_currency),
                   'discount', core._money(l.discount_minor, p_currency),
                   'total', core._money(l.subtotal_minor - l.discount_minor, p_currency), 'giftOf', l.gift_of) order by l.line_no)
          from lines as l),
         (select jsonb_agg(jsonb_build_object(
                   'sellerId', s.seller_id, 'fee', core._money(s.fee_minor, p_currency),
                   'discount', core._money(s.discount_minor, p_currency)) order by s.seller_id)
          from shipping as s),
         (select coalesce(jsonb_agg(jsonb_build_object(
                   'promotionId', a.promotion_id, 'promotionVersion', a.promotion_version, 'name', p.name,
                   'couponCode', a.coupon_code, 'target', a.target, 'lineNo', a.line_no, 'sellerId', a.seller_id,
                   'base', core._money(a.base_minor, p_currency), 'exactShare', a.exact_share::text,
                   'amount', core._money(a.amount_minor, p_currency),
                   'sellerPart', case when p_viewer.role = 'ADMIN' or p_viewer.seller_id = a.seller_id
                                      then core._money(a.seller_minor, p_currency) end)
                   order by a.ordinality), '[]')
          from unnest(p_adjustments) with ordinality as a
          join pricing.promotions as p on p.promotion_id = a.promotion_id),
         (select coalesce(jsonb_agg(jsonb_build_object(
                   'couponCode', r.coupon_code, 'code', r.problem_code, 'detail', r.problem_detail)
                   order by r.ordinality), '[]')
          from unnest(p_refusals) with ordinality as r),
         (select coalesce(jsonb_agg(jsonb_build_object(
                   'promotionId', n.promotion_id, 'promotionVersion', p.version, 'name', p.name, 'couponCode', n.coupon_code,
                   'code', n.code, 'detail', n.detail, 'missing', n.data -> 'missing',
                   'missingQuantity', n.data -> 'missingQuantity', 'pointer', n.data -> 'pointer',
                   'byPromotionId', n.data -> 'byPromotionId') order by n.ordinality), '[]')
          from unnest(p_not_applied) with ordinality as n
          join pricing.promotions as p on p.promotion_id = n.promotion_id)
  from sums
$$;
comment on function pricing._preview(text, pricing.basket_line[], pricing.basket_shipping[], pricing.adjustment[],
                                     pricing.coupon_refusal[], pricing.not_applied[], identity.actor) is
  'The parts of a priced basket and their sums as one row.';
