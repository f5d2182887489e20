-- Prices, decides and writes the placings of a batch that are not refused so far, and answers all of them with what became of each.
-- Which order of its buyer each would be is known before: no buyer has two of them when promotions ask for it
-- (orders._place_in_turns). Private.
-- Locks: stock rows by (variant_id, seller_id), promotion counters. Events: orders.order_placed, orders.order_paid, inventory.stock_low.
create or replace function orders._place(p_placings orders.placing[], p_now timestamptz)
returns orders.placing[]
language plpgsql
volatile
as $$
declare
  v_placings orders.placing[] := p_placings;
  v_baskets pricing.basket[];
  v_lines pricing.basket_line[];
  v_shipping pricing.basket_shipping[];
  v_adjustments pricing.adjustment[];
  v_commissions pricing.commission[];
  v_granted orders.placing[];
begin
  v_baskets := array(select b from orders._baskets(v_placings) as b);
  v_lines := orders._resolved_lines(v_placings, p_now);
  -- Used-up coupons are not refused here, where they could only be read: orders._decide does it under the counters' locks, so
  -- that the answer is the same whether the last use went a second or a neighbour ago.
  v_placings := orders._refuse_placings(
    v_placings, v_lines,
    array(select c from pricing._refuse_coupons(v_baskets, v_lines, p_now) as c
          where c.problem_code not in ('pricing.coupon_usage_limit_reached', 'pricing.coupon_buyer_limit_reached')));

  v_baskets := array(select b from unnest(v_baskets) as b where v_placings[b.basket_no].problem_code is null);
  v_lines := array(select l from unnest(v_lines) as l where v_placings[l.basket_no].problem_code is null);
  v_shipping := array(select s from pricing._shipping_fees(v_lines, v_baskets) as s);
  v_lines := v_lines || array(select g from pricing._gift_lines(v_baskets, v_lines, p_now) as g);
  v_adjustments := array(select a from pricing._apply_promotions(v_baskets, v_lines, v_shipping, '{}', p_now) as a);

  select d.placings, d.adjustments into v_placings, v_adjustments
  from orders._decide(v_placings, v_baskets, v_lines, v_shipping, v_adjustments, p_now) as d;

  v_granted := array(select p from unnest(v_placings) as p where p.problem_code is null and not p.is_replayed);
  if cardinality(v_granted) > 0 then
    v_baskets := array(select b from unnest(v_baskets) as b where v_placings[b.basket_no].problem_code is null);
    v_lines := array(select l from unnest(v_lines) as l where v_placings[l.basket_no].problem_code is null);
    v_shipping := array(select s from unnest(v_shipping) as s where v_placings[s.basket_no].problem_code is null);
    v_adjustments := array(select a from unnest(v_adjustments) as a where v_placings[a.basket_no].problem_code is null);
    select g.lines, g.adjustments into v_lines, v_adjustments from pricing._given_lines(v_lines, v_adjustments) as g;
    v_commissions := array(
      select c from pricing._commissions_for(v_baskets, v_lines, v_shipping, v_adjustments, p_now) as c);
    perform orders._write_orders(v_granted, v_lines, v_shipping, v_adjustments, v_commissions, p_now);
    perform orders._pay_free_orders(v_granted, p_now);
  end if;
  return v_placings;
end
$$;
comment on function orders._place(orders.placing[], timestamptz) is
  'Prices, decides and writes placings whose keys are claimed; returns them granted or refused.';
