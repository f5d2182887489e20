-- Stock is read without its row lock: two sales see the same number.
-- scenario: sell_out
-- function: inventory._lock_stock
-- replace
    for no key update offset 0
-- by
    offset 0
