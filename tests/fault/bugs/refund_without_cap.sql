-- Refunds may add up to more than was paid.
-- scenario: refunds
-- function: payments._require_refundable
-- replace
  if p_amount_minor > v_left then
-- by
  if p_amount_minor > v_payment.amount_minor then
