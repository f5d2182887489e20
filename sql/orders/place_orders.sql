-- Places 1..n orders, each answered on its own row, exactly as if executed one after another in arrival order.
-- Called by: BUYER accounts, batched by the HTTP layer. p_requests is an array of
--   {actorId, sessionId, requestId, idempotencyKey, currency, couponCodes, shippingAddress, lines: [{variantId, sellerId?, quantity}]}.
-- Locks: idempotency keys, stock rows by (variant_id, seller_id), promotion counters.
-- Events: orders.order_placed (orders.order_paid too when nothing is left to pay), inventory.stock_low.
-- Refusals are rows, never exceptions: identity.unauthenticated, identity.role_required, core.idempotency_key_required,
-- core.idempotency_key_reused, core.idempotency_in_progress, orders.*, pricing.variant_unavailable, pricing.currency_mismatch, pricing.coupon_*,
-- inventory.insufficient_stock.
create or replace function orders.place_orders(p_requests jsonb)
returns setof orders.placed_order
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan  -- planning anew for each batch costs more than the batch
set enable_seqscan = off  -- a plan kept from when a table was small must not scan it when it has grown
as $$
declare
  v_now constant timestamptz := core.now();
  v_placings orders.placing[];
  v_baskets pricing.basket[];
  v_lines pricing.basket_line[];
  v_shipping pricing.basket_shipping[];
  v_adjustments pricing.adjustment[];
  v_commissions pricing.commission[];
  v_granted orders.placing[];
begin
  v_placings := orders._claim_placings(orders._parse_placings(p_requests), v_now);

  v_baskets := array(select b from orders._baskets(v_placings) as b);
  v_lines := array(
    select l from pricing._resolve_lines(array(
      select row(p.request_no, l.n, (l.line ->> 'variantId')::uuid, (l.line ->> 'sellerId')::uuid,
                 (l.line ->> 'quantity')::integer, p.currency, p.buyer_id)::pricing.wanted_line
      from unnest(v_placings) as p, jsonb_array_elements(p.lines) with ordinality as l (line, n)
      where p.problem_code is null and not p.is_replayed), v_now) as l
    order by l.basket_no, l.line_no);
  -- Used-up coupons are not refused here, where they could only be read: orders._decide does it under the counters' locks, so
  -- that the answer is the same whether the last use went a second or a neighbour ago.
  v_placings := orders._refuse_placings(
    v_placings, v_lines,
    array(select c from pricing._refuse_coupons(v_baskets, v_lines, v_now) as c
          where c.problem_code not in ('pricing.coupon_usage_limit_reached', 'pricing.coupon_buyer_limit_reached')));

  v_baskets := array(select b from orders._baskets(v_placings) as b);  -- again: those refused count as no orders
  v_lines := array(select l from unnest(v_lines) as l where v_placings[l.basket_no].problem_code is null);
  v_shipping := array(select s from pricing._shipping_fees(v_lines, v_baskets) as s);
  v_lines := v_lines || array(select g from pricing._gift_lines(v_baskets, v_lines, v_now) as g);
  v_adjustments := array(select a from pricing._apply_promotions(v_baskets, v_lines, v_shipping, '{}', v_now) as a);

  select d.placings, d.adjustments into v_placings, v_adjustments
  from orders._decide(v_placings, v_baskets, v_lines, v_shipping, v_adjustments, v_now) as d;

  v_granted := array(select p from unnest(v_placings) as p where p.problem_code is null and not p.is_replayed);
  if cardinality(v_granted) > 0 then
    v_baskets := array(select b from unnest(v_baskets) as b where v_placings[b.basket_no].problem_code is null);
    v_lines := array(select l from unnest(v_lines) as l where v_placings[l.basket_no].problem_code is null);
    v_shipping := array(select s from unnest(v_shipping) as s where v_placings[s.basket_no].problem_code is null);
    v_adjustments := array(select a from unnest(v_adjustments) as a where v_placings[a.basket_no].problem_code is null);
    select g.lines, g.adjustments into v_lines, v_adjustments from pricing._given_lines(v_lines, v_adjustments) as g;
    v_commissions := array(
      select c from pricing._commissions_for(v_baskets, v_lines, v_shipping, v_adjustments, v_now) as c);
    perform orders._write_orders(v_granted, v_lines, v_shipping, v_adjustments, v_commissions, v_now);
    perform orders._pay_free_orders(v_granted, v_now);
  end if;

  perform orders._store_answers(v_placings);
  return query select * from orders._answer_placings(v_placings);
end
$$;
comment on function orders.place_orders(jsonb) is
  'Places a batch of orders: prices, promotions and commissions resolved and snapshotted, stock held, one answer row per request with either the order or its problem_*.';
grant execute on function orders.place_orders(jsonb) to tradepost_api;
