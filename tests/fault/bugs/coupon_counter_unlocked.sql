-- What is left of a coupon is read without a lock.
-- scenario: coupons
-- function: pricing._lock_counter
-- replace
  for no key update skip locked;
-- by
  ;
-- replace
where c.promotion_id = p_promotion_id order by c.slot for no key update;
-- by
where c.promotion_id = p_promotion_id order by c.slot;
