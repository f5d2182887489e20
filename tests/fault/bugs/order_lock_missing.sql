-- Orders are read without their lock: paid and cancelled, or cancelled twice, at the same moment.
-- scenario: holds
-- function: orders._lock_orders
-- replace
  order by o.order_id
  for no key update;
-- by
  order by o.order_id;
