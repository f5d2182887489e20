-- How an order's total came about, from what was written when it was placed: lines and fees with every discount on them, each with
-- the promotion's version, base, exact share and share. A seller sees its own part; sellers and administrators also see who bears a
-- discount and what the marketplace keeps. Called by: the buyer, its sellers, ADMIN. Reads only. Raises: orders.order_not_found.
create or replace function orders.get_order_pricing(p_ctx core.call_context, p_order_id uuid)
returns setof orders.order_pricing
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_actor identity.actor := identity._require_actor(p_ctx);
  v_order orders.orders := orders._require_order(v_actor, p_order_id);
  c constant text := v_order.currency;
  v_seller_ids constant uuid[] := case when v_actor.seller_id is null then v_order.seller_ids else array[v_actor.seller_id] end;
  v_sees_costs constant boolean := v_actor.seller_id is not null or v_actor.role = 'ADMIN';
begin
  return query
  select v_order.order_id, c, sum(f.subtotal_minor)::bigint, sum(f.discount_minor)::bigint, sum(f.shipping_minor)::bigint,
         sum(f.total_minor)::bigint,
         (select jsonb_agg(jsonb_build_object(
                   'lineNo', l.line_no, 'sellerId', l.seller_id, 'variantId', l.variant_id, 'title', l.title, 'sku', l.sku,
                   'quantity', l.quantity, 'unitPrice', core._money(l.unit_price_minor, c),
                   'subtotal', core._money(l.subtotal_minor, c), 'discount', core._money(l.discount_minor, c),
                   'total', core._money(l.total_minor, c),
                   'giftOf', (select a.promotion_id
                              from orders.adjustments as a
                              join pricing.promotion_versions as v
                                on v.promotion_id = a.promotion_id and v.version = a.promotion_version
                              where a.seller_id = l.seller_id and a.order_id = l.order_id and a.line_no = l.line_no
                                and v.rules ->> 'type' = 'GIFT')) order by l.line_no)
          from orders.order_lines as l where l.seller_id = any (v_seller_ids) and l.order_id = v_order.order_id),
         jsonb_agg(jsonb_build_object(
           'sellerId', f.seller_id, 'fee', core._money(f.shipping_minor, c),
           'discount', core._money(
             (select coalesce(sum(a.amount_minor), 0)::bigint from orders.adjustments as a
              where a.seller_id = f.seller_id and a.order_id = f.order_id and a.line_no is null), c)) order by f.seller_id),
         (select coalesce(jsonb_agg(jsonb_build_object(
                   'promotionId', a.promotion_id, 'promotionVersion', a.promotion_version, 'name', p.name,
                   'couponCode', a.coupon_code, 'target', a.target, 'lineNo', a.line_no, 'sellerId', a.seller_id,
                   'base', core._money(a.base_minor, c), 'exactShare', a.exact_share::text,
                   'amount', core._money(a.amount_minor, c),
                   'sellerPart', case when v_sees_costs then core._money(a.seller_minor, c) end)
                   order by a.seller_id, a.adjustment_no), '[]')
          from orders.adjustments as a
          join pricing.promotions as p on p.promotion_id = a.promotion_id
          where a.seller_id = any (v_seller_ids) and a.order_id = v_order.order_id),
         case when v_sees_costs then (
           select coalesce(jsonb_agg(jsonb_build_object(
                    'lineNo', k.line_no, 'sellerId', k.seller_id, 'ruleId', k.rule_id, 'ruleVersion', k.rule_version,
                    'percentBp', k.percent_bp, 'base', core._money(k.base_minor, c), 'exactPercent', trim_scale(k.exact_percent)::text,
                    'amount', core._money(k.amount_minor, c), 'vat', core._money(k.vat_minor, c))
                    order by k.seller_id, k.line_no nulls last), '[]')
           from (select k.line_no, k.seller_id, k.rule_id, k.rule_version, k.percent_bp, k.base_minor, k.exact_percent,
                        k.amount_minor, k.vat_minor
                 from orders.commissions as k where k.seller_id = any (v_seller_ids) and k.order_id = v_order.order_id
                 union all
                 select null, k.seller_id, k.rule_id, k.rule_version, k.percent_bp, k.base_minor, k.exact_percent,
                        k.amount_minor, k.vat_minor
                 from orders.shipping_commissions as k
                 where k.seller_id = any (v_seller_ids) and k.order_id = v_order.order_id) as k) end
  from orders.fulfilments as f
  where f.seller_id = any (v_seller_ids) and f.order_id = v_order.order_id;
end
$$;
comment on function orders.get_order_pricing(core.call_context, uuid) is
  'The derivation of an order''s total as the caller may see it.';
grant execute on function orders.get_order_pricing(core.call_context, uuid) to tradepost_api;
