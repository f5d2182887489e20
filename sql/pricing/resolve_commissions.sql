-- The commissions of a basket that nobody has ordered: its lines and shipping fees as an order placed now would have them, each
-- with the rule that charges it and all others that could. With p_at the rules of another moment charge the basket of today.
-- For ADMIN. p_lines: [{variantId, sellerId?, quantity}]. Locks: none. Events: none.
-- Problems: identity.*, pricing.basket_invalid, quantity_invalid, currency_unknown, variant_unavailable, currency_mismatch.
create or replace function pricing.resolve_commissions(
  p_ctx core.call_context, p_lines jsonb, p_currency text, p_coupon_codes text[], p_at timestamptz
)
returns setof pricing.resolved_commissions
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now constant timestamptz := core.now();
  v_at constant timestamptz := coalesce(p_at, v_now);
  v_baskets pricing.basket[];
  v_lines pricing.basket_line[];
  v_shipping pricing.basket_shipping[];
  v_adjustments pricing.adjustment[];
  v_problem pricing.basket_line;
begin
  perform identity._require_actor(p_ctx, 'ADMIN');
  perform pricing._check_basket(p_lines, p_currency, p_coupon_codes);
  v_baskets := array[row(1, null, p_currency, array(select distinct upper(btrim(c)) from unnest(p_coupon_codes) as c order by 1),
                         null, null, null)::pricing.basket];
  v_lines := array(
    select l from pricing._resolve_lines(array(
      select row(1, l.n, (l.line ->> 'variantId')::uuid, (l.line ->> 'sellerId')::uuid,
                 (l.line ->> 'quantity')::integer, p_currency, null)::pricing.wanted_line
      from jsonb_array_elements(p_lines) with ordinality as l (line, n)), v_now) as l
    order by l.line_no);
  select l.* into v_problem from unnest(v_lines) as l where l.problem_code is not null order by l.line_no limit 1;
  if found then
    perform pricing._invalid(v_problem.problem_code, format('lines/%s/variantId', v_problem.line_no - 1),
                             v_problem.problem_detail);
  end if;
  v_shipping := array(select s from pricing._shipping_fees(v_lines, v_baskets) as s);
  select p.lines, p.adjustments into v_lines, v_adjustments from pricing._price_basket(v_baskets, v_lines, v_shipping, v_now) as p;
  select g.lines, g.adjustments into v_lines, v_adjustments from pricing._given_lines(v_lines, v_adjustments) as g;
  return query
  select r.* from pricing._show_commissions(p_currency, v_lines, v_shipping, v_adjustments,
    array(select c from pricing._commissions_for(v_baskets, v_lines, v_shipping, v_adjustments, v_at) as c), v_at) as r;
end
$$;
comment on function pricing.resolve_commissions(core.call_context, jsonb, text, text[], timestamptz) is
  'The commissions of a basket, each with the rule that charges it and all that could.';
grant execute on function pricing.resolve_commissions(core.call_context, jsonb, text, text[], timestamptz) to tradepost_api;
