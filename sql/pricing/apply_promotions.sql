-- Prices a basket without buying it: lines with unit prices, discounts with their shares, shipping, totals, why a coupon cannot be
-- used, and why each promotion that could act did not. The same helpers price orders, so an order placed at the same moment costs the same. Anybody may ask; a buyer's own
-- uses count when the caller is logged in.
-- p_lines: [{variantId, sellerId?, quantity}]; p_country: where it would be shipped to; p_order_number: which order of the buyer it
-- would be. Both may be unknown: then no condition about them holds. Locks: none. Events: none.
-- Problems: identity.unauthenticated (a suspended account), pricing.basket_invalid, quantity_invalid, currency_unknown,
-- variant_unavailable, currency_mismatch.
create or replace function pricing.apply_promotions(
  p_ctx core.call_context, p_lines jsonb, p_currency text, p_coupon_codes text[], p_country text, p_order_number integer
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
  v_priced pricing.priced;
  v_given pricing.priced;
begin
  perform pricing._check_basket(p_lines, p_currency, p_coupon_codes);
  if p_country !~ '^[A-Za-z]{2}$' then
    perform pricing._invalid('pricing.basket_invalid', 'shippingCountry', 'A country is an ISO 3166 code of two letters.');
  end if;
  v_baskets := array[row(1, v_actor.user_id, p_currency,
                         array(select distinct upper(btrim(c)) from unnest(p_coupon_codes) as c order by 1),
                         upper(p_country),
                         array(select m.group_code from pricing.buyer_group_members as m where m.buyer_id = v_actor.user_id),
                         p_order_number)::pricing.basket];
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
  v_priced := pricing._price_basket(v_baskets, v_lines, v_shipping, v_now);
  v_given := pricing._given_lines(v_priced.lines, v_priced.adjustments);
  return query
  select p.*
  from pricing._preview(
    p_currency,
    v_given.lines, v_shipping, v_given.adjustments,
    array(select r from pricing._refuse_coupons(v_baskets, v_lines, v_now) as r),
    array(select n from pricing._not_applied(v_baskets, v_priced, v_shipping, v_now) as n), v_actor) as p;
end
$$;
comment on function pricing.apply_promotions(core.call_context, jsonb, text, text[], text, integer) is
  'Prices a basket with the whole derivation of its total; the same helpers price orders.';
grant execute on function pricing.apply_promotions(core.call_context, jsonb, text, text[], text, integer) to tradepost_api;
