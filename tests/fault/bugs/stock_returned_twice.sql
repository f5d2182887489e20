-- The units of a cancelled, paid order go back to the shelf twice.
-- scenario: trade
-- function: inventory._return_stock
-- replace
  perform inventory._sell_units(inventory._hold_lines(v_sold), 1, false, p_now, p_actor_id);
-- by
  perform inventory._sell_units(inventory._hold_lines(v_sold), 1, false, p_now, p_actor_id);
  perform inventory._sell_units(inventory._hold_lines(v_sold), 1, false, p_now, p_actor_id);
