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
begin
  v_placings := orders._claim_placings(orders._parse_placings(p_requests), v_now);

  if (select count(*) > count(distinct p.buyer_id) from unnest(v_placings) as p where p.problem_code is null and not p.is_replayed)
     and 'orderNumber' = any (pricing._facts_needed()) then
    v_placings := orders._place_in_turns(v_placings, v_now);
  else
    v_placings := orders._place(v_placings, v_now);
  end if;
  perform orders._store_answers(v_placings);
  return query select * from orders._answer_placings(v_placings);
end
$$;
comment on function orders.place_orders(jsonb) is
  'Places a batch of orders: prices, promotions and commissions resolved and snapshotted, stock held, one answer row per request with either the order or its problem_*.';
grant execute on function orders.place_orders(jsonb) to tradepost_api;
