-- A hold raises the reserved counter twice.
-- scenario: trade
-- function: inventory._hold_units
-- replace
array(select row(l.seller_id, l.variant_id, 0, l.quantity)::inventory.stock_move from unnest(p_lines) as l), p_now);
-- by
array(select row(l.seller_id, l.variant_id, 0, 2 * l.quantity)::inventory.stock_move from unnest(p_lines) as l), p_now);
