-- Prices a batch of placings, and refuses those whose lines cannot be bought or whose coupons cannot be used. Private; reads only.
-- STABLE on purpose: all that is read here is read in the snapshot of the calling statement, so that prices, fees, gifts and the
-- versions of promotions are of one moment, whoever changes them meanwhile.
-- Used-up coupons are not refused here, where they could only be read: orders._decide does it under the counters' locks, so that the
-- answer is the same whether the last use went a second or a neighbour ago.
create or replace function orders._price_placings(p_placings orders.placing[], p_now timestamptz)
returns orders.priced_placings
language plpgsql
stable
as $$
declare
  v_placings orders.placing[];
  v_baskets pricing.basket[];
  v_lines pricing.basket_line[];
  v_shipping pricing.basket_shipping[];
begin
  v_baskets := array(select b from orders._baskets(p_placings) as b);
  v_lines := orders._resolved_lines(p_placings, p_now);
  v_placings := orders._refuse_placings(
    p_placings, v_lines,
    array(select c from pricing._refuse_coupons(v_baskets, v_lines, p_now) as c
          where c.problem_code not in ('pricing.coupon_usage_limit_reached', 'pricing.coupon_buyer_limit_reached')));

  v_baskets := array(select b from unnest(v_baskets) as b where v_placings[b.basket_no].problem_code is null);
  v_lines := array(select l from unnest(v_lines) as l where v_placings[l.basket_no].problem_code is null);
  v_shipping := array(select s from pricing._shipping_fees(v_lines, v_baskets) as s);
  v_lines := v_lines || array(select g from pricing._gift_lines(v_baskets, v_lines, p_now) as g);
  return row(v_placings, v_baskets, v_lines, v_shipping,
             array(select a from pricing._apply_promotions(v_baskets, v_lines, v_shipping, '{}', p_now) as a)
         )::orders.priced_placings;
end
$$;
comment on function orders._price_placings(orders.placing[], timestamptz) is
  'Prices a batch of placings in one snapshot.';
