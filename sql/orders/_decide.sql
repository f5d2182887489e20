-- Decides the placings of a batch one after another, in arrival order, against locked stock and locked promotion counters:
-- a refused request takes nothing, so its neighbours find what it left. The decision is arithmetic on arrays; nothing is written.
-- A gift is given as far as the stock goes after what was ordered: when it is short, the basket is priced without it.
-- Private. Locks: stock rows by (variant_id, seller_id), then promotion counters (only where a limited promotion is in play).
-- long: one loop over the batch, whose steps share their counters.
create or replace function orders._decide(
  p_placings orders.placing[], p_baskets pricing.basket[], p_lines pricing.basket_line[],
  p_shipping pricing.basket_shipping[], p_adjustments pricing.adjustment[], p_now timestamptz
)
returns orders.decision
language plpgsql
volatile
as $$
declare
  v_placings orders.placing[] := p_placings;
  v_lines pricing.basket_line[] := p_lines;
  v_adjustments pricing.adjustment[] := p_adjustments;
  v_keys inventory.stock_key[];
  v_available integer[];
  v_requests integer[];
  v_stock_nos integer[];
  v_quantities integer[];
  v_gifts uuid[];
  v_remaining jsonb;
  v_limited orders.decision;
  v_request integer;
  v_first integer;
  v_next integer := 1;
  v_is_short boolean;
  v_has_gift boolean;
  v_short_gift integer;
begin
  select array_agg(row(k.seller_id, k.variant_id)::inventory.stock_key order by k.variant_id, k.seller_id)
  into v_keys
  from (select distinct l.seller_id, l.variant_id from unnest(p_lines) as l) as k;
  if v_keys is null then
    return row(v_placings, v_adjustments)::orders.decision;
  end if;

  select array_agg(d.request_no order by d.request_no, d.stock_no),
         array_agg(d.stock_no order by d.request_no, d.stock_no),
         array_agg(d.quantity order by d.request_no, d.stock_no),
         array_agg(d.gift_of order by d.request_no, d.stock_no)
  into v_requests, v_stock_nos, v_quantities, v_gifts
  from (select l.basket_no as request_no, k.n::integer as stock_no, l.gift_of, sum(l.quantity)::integer as quantity
        from unnest(p_lines) as l
        join unnest(v_keys) with ordinality as k (seller_id, variant_id, n)
          on k.seller_id = l.seller_id and k.variant_id = l.variant_id
        group by 1, 2, 3) as d;

  v_available := inventory._available(v_keys, v_stock_nos, v_quantities, p_now);
  v_remaining := orders._lock_limits(v_placings, p_baskets, p_lines, p_shipping, v_adjustments, p_now);

  while v_next <= cardinality(v_requests) loop
    v_first := v_next;
    v_request := v_requests[v_first];
    v_is_short := false;
    v_has_gift := false;
    while v_requests[v_next] = v_request loop
      v_is_short := v_is_short or (v_gifts[v_next] is null and v_available[v_stock_nos[v_next]] < v_quantities[v_next]);
      v_has_gift := v_has_gift or v_gifts[v_next] is not null;
      v_next := v_next + 1;
    end loop;

    if v_is_short then
      v_placings[v_request] := orders._refuse_short(v_placings[v_request], p_lines, v_keys, v_available);
      continue;
    end if;
    loop
      if v_remaining is not null then
        v_limited := orders._apply_limits(
          v_placings[v_request], p_baskets, v_lines, p_shipping, v_adjustments, v_remaining, p_now);
        v_placings[v_request] := v_limited.placings[1];
        v_adjustments := v_limited.adjustments;
      end if;
      exit when not v_has_gift or v_placings[v_request].problem_code is not null;
      v_short_gift := orders._short_gift(v_request, v_lines, v_adjustments, v_keys, v_available);
      exit when v_short_gift is null;
      v_lines := array(
        select l from unnest(v_lines) as l where l.basket_no <> v_request or l.line_no <> v_short_gift);
      v_adjustments := orders._reprice(v_request, p_baskets, v_lines, p_shipping, v_adjustments, p_now);
    end loop;
    if v_placings[v_request].problem_code is not null then
      continue;
    end if;
    if v_remaining is not null then
      v_remaining := orders._count_uses(v_placings[v_request], v_adjustments, v_remaining);
    end if;
    for i in v_first .. v_next - 1 loop
      if v_gifts[i] is not null then  -- two steps, because the second is a statement
        continue when not exists (
          select from unnest(v_adjustments) as a where a.basket_no = v_request and a.promotion_id = v_gifts[i]);
      end if;
      v_available[v_stock_nos[i]] := v_available[v_stock_nos[i]] - v_quantities[i];
    end loop;
  end loop;
  return row(v_placings, v_adjustments)::orders.decision;
end
$$;
comment on function orders._decide(orders.placing[], pricing.basket[], pricing.basket_line[], pricing.basket_shipping[],
                                   pricing.adjustment[], timestamptz) is
  'Locks stock and counters, then grants or refuses each placing in arrival order; returns the placings and the adjustments that hold.';
