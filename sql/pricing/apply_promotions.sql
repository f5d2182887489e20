-- Prices a basket without buying it: lines with unit prices, discounts with their shares, shipping, totals, and why a coupon cannot
-- be used. The same helpers price orders, so an order placed at the same moment costs the same. Anybody may ask; a buyer's own
-- uses count when the caller is logged in.
-- p_lines: [{variantId, sellerId?, quantity}]. Locks: none. Events: none.
-- Problems: identity.unauthenticated (a suspended account), pricing.basket_invalid, quantity_invalid, currency_unknown,
-- variant_unavailable, currency_mismatch.
create or replace function pricing.apply_promotions(
  p_ctx core.call_context, p_lines jsonb, p_currency text, p_coupon_codes text[]
)
returns setof pricing.preview
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now constant timestamptz := core.now();
  v_actor identity.actor := identity._actor_or_anonymous(p_ctx);
  v_baskets pricing.basket[];
  v_lines pricing.basket_line[];
  v_shipping pricing.basket_shipping[];
  v_problem pricing.basket_line;
begin
  perform pricing._check_basket(p_lines, p_currency, p_coupon_codes);
  v_baskets := array[row(1, v_actor.user_id, p_currency,
                         array(select distinct upper(btrim(c)) from unnest(p_coupon_codes) as c order by 1),
                         null, null, null)::pricing.basket];
  v_lines := array(
    select l from pricing._resolve_lines(array(
      select row(1, l.n, (l.line ->> 'variantId')::uuid, (l.line ->> 'sellerId')::uuid,
                 (l.line ->> 'quantity')::integer, p_currency, v_actor.user_id)::pricing.wanted_line
      from jsonb_array_elements(p_lines) with ordinality as l (line, n)), v_now) as l
    order by l.line_no);
  select l.* into v_problem from unnest(v_lines) as l where l.problem_code is not null order by l.line_no limit 1;
  if found then
    perform pricing._invalid(v_problem.problem_code, format('lines/%s/variantId', v_problem.line_no - 1),
                             v_problem.problem_detail);
  end if;
  v_shipping := array(select s from pricing._shipping_fees(v_lines, v_baskets) as s);
  return query
  select p.*
  from pricing._preview(
    p_currency, v_lines, v_shipping,
    array(select a from pricing._drop_exhausted(v_baskets, v_lines, v_shipping, v_now) as a),
    array(select r from pricing._refuse_coupons(v_baskets, v_lines, v_now) as r)) as p;
end
$$;
comment on function pricing.apply_promotions(core.call_context, jsonb, text, text[]) is
  'Prices a basket with the whole derivation of its total; the same helpers price orders.';
grant execute on function pricing.apply_promotions(core.call_context, jsonb, text, text[]) to tradepost_api;
