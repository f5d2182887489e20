-- The holds of expired orders stay: their units are neither sold nor for sale.
-- scenario: trade
-- function: orders.expire_orders
-- replace
  perform inventory._end_holds(v_due, 'EXPIRED', v_now);
-- by
