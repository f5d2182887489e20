-- Prices, decides and writes the placings of a batch that are not refused so far, and answers all of them with what became of each.
-- Which order of its buyer each would be is known before: no buyer has two of them when promotions ask for it
-- (orders._place_in_turns). Private.
-- Whoever sells the same things waits for the locks of their stock until this transaction ends. So when nothing but the stock is to be
-- decided, and there seems to be enough for all, the orders are written first and the stock is locked last, under which the
-- constraint of the table has the last word. When it says no, all of that is undone and the placings are decided one by one.
-- Locks: stock rows by (variant_id, seller_id), promotion counters. Events: orders.order_placed, orders.order_paid, inventory.stock_low.
create or replace function orders._place(p_placings orders.placing[], p_now timestamptz)
returns orders.placing[]
language plpgsql
volatile
as $$
declare
  v_placings orders.placing[];
  v_baskets pricing.basket[];
  v_lines pricing.basket_line[];
  v_shipping pricing.basket_shipping[];
  v_adjustments pricing.adjustment[];
  v_constraint text;
begin
  select p.placings, p.baskets, p.lines, p.shipping, p.adjustments
  into v_placings, v_baskets, v_lines, v_shipping, v_adjustments
  from orders._price_placings(p_placings, p_now) as p;

  if not orders._has_limits(v_baskets, v_lines, v_adjustments) and inventory._seems_available(array(
       select row(null, l.seller_id, l.variant_id, l.quantity)::inventory.hold_line from unnest(v_lines) as l)) then
    begin
      perform orders._write_granted(v_placings, v_baskets, v_lines, v_shipping, v_adjustments, p_now);
      return v_placings;
    exception when check_violation then
      get stacked diagnostics v_constraint = constraint_name;
      if v_constraint <> 'stock_levels_reserved_within_on_hand_check' then
        raise;
      end if;
    end;
  end if;

  select d.placings, d.adjustments into v_placings, v_adjustments
  from orders._decide(v_placings, v_baskets, v_lines, v_shipping, v_adjustments, p_now) as d;
  perform orders._write_granted(v_placings, v_baskets, v_lines, v_shipping, v_adjustments, p_now);
  return v_placings;
end
$$;
comment on function orders._place(orders.placing[], timestamptz) is
  'Prices, decides and writes placings whose keys are claimed; returns them granted or refused.';
