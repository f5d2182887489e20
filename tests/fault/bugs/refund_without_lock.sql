-- What is left to refund is read without the locks of order and payment: two refunds see the same rest.
-- scenario: refunds
-- function: payments.request_refund
-- replace
  perform orders._lock_orders(array[p_order_id]);
  perform payments._lock_payments(array[p_order_id]);
-- by
