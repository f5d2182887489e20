-- What an order was charged: for each line, and for each seller's shipping when a rule charged it, the snapshot, and for ADMIN the
-- rules that could have: which won, which lost, which did not match, and why. p_at null: when the order was placed, where the
-- winner is the rule that did charge it. With p_at: which rule would charge the same line at that moment.
-- Called by: ADMIN; a SELLER for its own part, without the other rules. Reads only.
-- Raises: identity.role_required, orders.order_not_found.
create or replace function orders.explain_commissions(p_ctx core.call_context, p_order_id uuid, p_at timestamptz)
returns setof orders.explained_commission
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_actor identity.actor := identity._require_actor(p_ctx, 'ADMIN', 'SELLER');
  v_order orders.orders := orders._require_order(v_actor, p_order_id);
begin
  return query
  with charges as (
    select 'LINE' as applies_to, c.*, l.product_id, l.unit_price_minor, l.quantity, l.subtotal_minor as gross_minor,
           l.total_minor as net_minor
    from orders.commissions as c
    join orders.order_lines as l on l.seller_id = c.seller_id and l.order_id = c.order_id and l.line_no = c.line_no
    where c.seller_id = any (v_order.seller_ids) and c.order_id = v_order.order_id
    union all
    select 'SHIPPING', s.seller_id, s.order_id, null, s.rule_id, s.rule_version, s.percent_bp, s.fixed_minor, s.base_minor,
           s.amount_minor, s.base, 'LINE', s.min_minor, s.max_minor, s.limit_minor, s.exact_percent, s.vat_bp, s.vat_minor, null,
           null, null, 1, f.shipping_minor,
           f.shipping_minor - (select coalesce(sum(a.amount_minor), 0)::bigint from orders.adjustments as a
                               where a.seller_id = f.seller_id and a.order_id = f.order_id and a.target = 'SHIPPING')
    from orders.shipping_commissions as s
    join orders.fulfilments as f on f.seller_id = s.seller_id and f.order_id = s.order_id
    where s.seller_id = any (v_order.seller_ids) and s.order_id = v_order.order_id
  )
  select c.applies_to, c.seller_id, c.line_no::integer, v_order.currency::text, c.rule_id, c.rule_version, c.base, c.base_minor,
         c.percent_bp, c.exact_percent, c.fixed_minor, c.fixed_per, c.min_minor, c.max_minor, c.limit_minor, c.amount_minor,
         c.vat_bp, c.vat_minor, coalesce(p_at, v_order.placed_at),
         case when v_actor.seller_id is null then pricing._candidates_json(
           row(c.applies_to, c.seller_id, c.product_id, c.category_path, v_order.currency, c.unit_price_minor, c.quantity,
               c.gross_minor, c.net_minor, c.limit_minor)::pricing.commission_subject,
           coalesce(p_at, v_order.placed_at),
           case when p_at is null then c.rule_id end, case when p_at is null then c.rule_version end) end
  from charges as c
  where v_actor.seller_id is null or c.seller_id = v_actor.seller_id
  order by c.seller_id, c.line_no nulls last;
end
$$;
comment on function orders.explain_commissions(core.call_context, uuid, timestamptz) is
  'What each line and shipping fee of an order was charged, from which figures, and why by this rule and by no other.';
grant execute on function orders.explain_commissions(core.call_context, uuid, timestamptz) to tradepost_api;
