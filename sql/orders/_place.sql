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
  select p.placings, p.baskets, p.lines, p.shipping, p.adjustments
  into v_placings, v_baskets, v_lines, v_shipping, v_adjustments
  from orders._price_placings(v_placings, p_now) as p;

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
