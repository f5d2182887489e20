-- Stock is read without its row lock: two sales see the same number.
-- scenario: sell_out
-- function: inventory._lock_stock
-- replace
  order by s.variant_id, s.seller_id
  for no key update of s;
-- by
  order by s.variant_id, s.seller_id;
