insert into core.problem_types (code, status, title, description) values
  ('inventory.not_your_stock', 403, 'Not your stock', 'A seller confirms reservations of its own stock only; units of other stores are bought by an order.'),
  ('inventory.stock_not_found', 404, 'Stock not found', 'There is no such offer, or its stock is not the caller''s to see.'),
  ('inventory.stock_mode_invalid', 422, 'Unknown mode', 'A stock change has mode SET or ADJUST.'),
  ('inventory.quantity_invalid', 422, 'Quantity out of range', 'The quantity is outside what a stock row or a line can hold.'),
  ('inventory.reason_required', 422, 'Reason required', 'A stock change needs a reason of 1 to 200 characters.'),
  ('inventory.threshold_invalid', 422, 'Threshold out of range', 'The low-stock threshold is zero or more.'),
  ('inventory.stock_reserved', 409, 'Stock is reserved', 'The change would leave fewer units than are reserved.'),
  ('inventory.too_much_held', 409, 'Too much held',
   'A buyer may hold a limited number of units by reservations at once (setting inventory.buyer_held_units_max); orders do not count. Place the order, or release a reservation.'),
  ('inventory.insufficient_stock', 409, 'Insufficient stock',
   'At least one line asks for more than is available; errors[] lists each short line.'),
  ('inventory.lines_required', 422, 'No lines', 'A reservation needs at least one line.'),
  ('inventory.too_many_lines', 422, 'Too many lines', 'A reservation has more lines than inventory.reserve_lines_max.'),
  ('inventory.ttl_invalid', 422, 'Lifetime out of range', 'ttlSeconds is outside 1 to inventory.hold_ttl_max_s.'),
  ('inventory.reference_too_long', 422, 'Reference too long', 'A reference has at most 200 characters.'),
  ('inventory.offer_unknown', 422, 'Unknown offer', 'A line names a seller who does not offer that variant.'),
  ('inventory.reservation_not_found', 404, 'Reservation not found', 'The caller has no such reservation.'),
  ('inventory.reservation_expired', 409, 'Reservation expired', 'The reservation''s time is over; its units are free.'),
  ('inventory.reservation_already_confirmed', 409, 'Reservation already confirmed', 'The units of the reservation are sold.'),
  ('inventory.reservation_already_released', 409, 'Reservation already released', 'The units of the reservation are free.')
on conflict (code) do update
set status = excluded.status, title = excluded.title, description = excluded.description;
