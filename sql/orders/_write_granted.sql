-- Writes those placings of a batch that are not refused, with the commissions on them. Private. Locks: stock rows by
-- (variant_id, seller_id); the caller holds those of counters. Events: orders.order_placed, orders.order_paid, inventory.stock_low.
create or replace function orders._write_granted(
  p_placings orders.placing[], p_baskets pricing.basket[], p_lines pricing.basket_line[],
  p_shipping pricing.basket_shipping[], p_adjustments pricing.adjustment[], p_now timestamptz
)
returns void
language plpgsql
volatile
as $$
declare
  v_granted constant orders.placing[] := array(
    select p from unnest(p_placings) as p where p.problem_code is null and not p.is_replayed);
  v_baskets pricing.basket[];
  v_lines pricing.basket_line[];
  v_shipping pricing.basket_shipping[];
  v_adjustments pricing.adjustment[];
  v_commissions pricing.commission[];
begin
  if cardinality(v_granted) = 0 then
    return;
  end if;
  v_baskets := array(select b from unnest(p_baskets) as b where p_placings[b.basket_no].problem_code is null);
  v_lines := array(select l from unnest(p_lines) as l where p_placings[l.basket_no].problem_code is null);
  v_shipping := array(select s from unnest(p_shipping) as s where p_placings[s.basket_no].problem_code is null);
  v_adjustments := array(select a from unnest(p_adjustments) as a where p_placings[a.basket_no].problem_code is null);
  select g.lines, g.adjustments into v_lines, v_adjustments from pricing._given_lines(v_lines, v_adjustments) as g;
  v_commissions := array(
    select c from pricing._commissions_for(v_baskets, v_lines, v_shipping, v_adjustments, p_now) as c);
  perform orders._write_orders(v_granted, v_lines, v_shipping, v_adjustments, v_commissions, p_now);
  perform orders._pay_free_orders(v_granted, p_now);
end
$$;
comment on function orders._write_granted(orders.placing[], pricing.basket[], pricing.basket_line[], pricing.basket_shipping[],
                                          pricing.adjustment[], timestamptz) is
  'Writes the orders of those placings that are not refused.';
