-- Stock is read without its row lock, and written as it was read: two sales see the same number.
-- scenario: sell_out
-- function: inventory._lock_stock
-- replace
    for no key update offset 0
-- by
    offset 0
-- function: inventory._move_stock
-- replace
        reserved = s.reserved + m.reserved_delta,
-- by
        reserved = (select t.reserved from inventory.stock_levels as t where t.seller_id = s.seller_id and t.variant_id = s.variant_id)
                   + m.reserved_delta,
