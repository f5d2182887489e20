insert into core.problem_types (code, status, title, description) values
  ('orders.acceptance_window_over', 409, 'Too late to accept',
   'The seller did not accept its part of the order in time. The part is cancelled and its money goes back to the buyer.'),
  ('orders.order_not_found', 404, 'Order not found', 'There is no such order, or it is not yours to see.'),
  ('orders.transition_refused', 409, 'Not possible in this status', 'The order or fulfilment is in a status that does not allow the action. GET /orders/{id}/status lists what is allowed.'),
  ('orders.payment_window_over', 409, 'Payment window over', 'The order was not paid within its window, and its stock is free for others again.'),
  ('orders.already_shipped', 409, 'Already shipped', 'A part of the order is on its way, so it cannot be cancelled any more.'),
  ('orders.snapshot_immutable', 409, 'Order snapshots never change', 'Somebody tried to change or delete what was agreed when an order was placed.'),
  ('orders.lines_required', 422, 'An order needs lines', 'The request has no lines.'),
  ('orders.too_many_lines', 422, 'Too many lines', 'The request has more lines than orders.lines_max.'),
  ('orders.quantity_invalid', 422, 'Quantity out of range', 'A quantity is not a whole number between 1 and orders.line_quantity_max.'),
  ('orders.too_many_coupons', 422, 'Too many coupon codes', 'An order takes at most ten coupon codes.'),
  ('orders.currency_unknown', 422, 'Unknown currency', 'The currency is not one this marketplace trades in.'),
  ('orders.address_invalid', 422, 'Shipping address incomplete', 'The shipping address needs name, line1, city and a two-letter countryCode; every field has a greatest length, is one line of text and one that is documented.'),
  ('orders.coupon_code_invalid', 422, 'Coupon code too long', 'A coupon code has 1 to 40 characters.'),
  ('orders.reason_too_long', 422, 'Reason too long', 'The reason of a cancellation has at most 500 characters.'),
  ('orders.status_unknown', 422, 'Unknown status', 'The status filter is not an order status.'),
  ('orders.carrier_required', 422, 'Carrier missing', 'Shipping needs the name of the carrier, in at most 100 characters.'),
  ('orders.period_invalid', 422, 'Period refused',
   'A period ends after it begins. Where days are asked for, or commissions simulated, it has at most 366, and at most orders.simulation_orders_max orders.'),
  ('orders.tracking_number_required', 422, 'Tracking number missing', 'Shipping needs a tracking number, in at most 100 characters.')
on conflict (code) do update
set status = excluded.status, title = excluded.title, description = excluded.description;
