-- What a promotion, as it stands and alone, would have taken off past orders: those placed in [p_from, p_until) that were not
-- cancelled and did not expire, oldest first, p_limit of them from p_cursor on. The functions that price orders price them, with the
-- lines, prices and fees of then; categories, attributes and buyer groups are those of now. Its status, window, coupons and limits
-- do not matter. A gift is taken to have been in stock, at what one unit cost everybody then.
-- Nothing stays: the promotion is put beside the live ones, which are all left out, in a subtransaction that is always undone.
-- Called by: ADMIN, the promotion's seller (of orders with that seller's lines). Locks: none that outlive the call. Events: none.
-- Problems: identity.*, pricing.promotion_not_found, orders.period_invalid, core.cursor_invalid.
create or replace function orders.simulate_promotion(
  p_ctx core.call_context, p_promotion_id uuid, p_from timestamptz, p_until timestamptz, p_cursor text, p_limit integer
)
returns setof orders.promotion_simulation
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_promotion constant pricing.promotions := pricing._require_promotion(p_ctx, p_promotion_id);
  v_after constant uuid :=
    coalesce((core._decode_cursor(p_cursor, array['uuid']))[1], '00000000-0000-0000-0000-000000000000')::uuid;
  v_limit constant integer := least(greatest(coalesce(p_limit, 500), 1), 1000);
  v_order_ids uuid[];
  v_answer orders.promotion_simulation;
begin
  perform orders._check_period(p_from, p_until, true);
  v_order_ids := array(
    select o.order_id
    from orders.orders as o
    where o.placed_at >= p_from and o.placed_at < p_until and o.order_id > v_after
      and o.status not in ('CANCELLED', 'EXPIRED')
      and (v_promotion.seller_id is null or v_promotion.seller_id = any (o.seller_ids))
    order by o.order_id
    limit v_limit + 1);
  begin
    v_answer.totals := orders._simulated_costs(v_promotion, v_order_ids[1:v_limit]);
    raise exception using errcode = 'triggered_action_exception';
  exception
    when triggered_action_exception then null;  -- what was computed is kept in variables, what was written is gone
  end;
  v_answer.examined := cardinality(v_order_ids[1:v_limit]);
  v_answer.touched := (select coalesce(sum((t.total ->> 'orders')::integer), 0) from jsonb_array_elements(v_answer.totals) as t (total));
  if cardinality(v_order_ids) > v_limit then
    v_answer.next_cursor := core._encode_cursor(v_order_ids[v_limit]::text);
  end if;
  return next v_answer;
end
$$;
comment on function orders.simulate_promotion(core.call_context, uuid, timestamptz, timestamptz, text, integer) is
  'What a promotion alone would have taken off past orders, and who would have paid it.';
grant execute on function orders.simulate_promotion(core.call_context, uuid, timestamptz, timestamptz, text, integer) to tradepost_api;
