insert into events.event_types (type, description, payload_schema) values
  ('inventory.stock_changed', 'A seller or an administrator set or adjusted the units on hand.',
   '{"type": "object", "required": ["variantId", "sellerId", "mode", "delta", "onHand", "reserved", "version"], "properties": {"variantId": {"type": "string", "format": "uuid"}, "sellerId": {"type": "string", "format": "uuid"}, "mode": {"enum": ["SET", "ADJUST"]}, "delta": {"type": "integer"}, "onHand": {"type": "integer"}, "reserved": {"type": "integer"}, "version": {"type": "integer"}}}'),
  ('inventory.stock_low', 'The available units fell to the low-stock threshold; once per crossing.',
   '{"type": "object", "required": ["variantId", "sellerId", "available", "threshold"], "properties": {"variantId": {"type": "string", "format": "uuid"}, "sellerId": {"type": "string", "format": "uuid"}, "available": {"type": "integer"}, "threshold": {"type": "integer"}}}'),
  ('inventory.stock_reserved', 'Units were reserved for an account (not for an order).',
   '{"type": "object", "required": ["reservationId", "expiresAt", "lines"], "properties": {"reservationId": {"type": "string", "format": "uuid"}, "expiresAt": {"type": "string", "format": "date-time"}, "lines": {"type": "array", "items": {"type": "object", "properties": {"variantId": {"type": "string", "format": "uuid"}, "sellerId": {"type": "string", "format": "uuid"}, "quantity": {"type": "integer"}}}}}}'),
  ('inventory.reservation_confirmed', 'The units of a reservation were sold.',
   '{"type": "object", "required": ["reservationId", "lines"], "properties": {"reservationId": {"type": "string", "format": "uuid"}, "lines": {"type": "array", "items": {"type": "object", "properties": {"variantId": {"type": "string", "format": "uuid"}, "sellerId": {"type": "string", "format": "uuid"}, "quantity": {"type": "integer"}}}}}}'),
  ('inventory.reservation_released', 'A reservation was released by its account.',
   '{"type": "object", "required": ["reservationId", "lines"], "properties": {"reservationId": {"type": "string", "format": "uuid"}, "lines": {"type": "array", "items": {"type": "object", "properties": {"variantId": {"type": "string", "format": "uuid"}, "sellerId": {"type": "string", "format": "uuid"}, "quantity": {"type": "integer"}}}}}}'),
  ('inventory.reservation_expired', 'A reservation ran out and was tidied up.',
   '{"type": "object", "required": ["reservationId", "lines"], "properties": {"reservationId": {"type": "string", "format": "uuid"}, "lines": {"type": "array", "items": {"type": "object", "properties": {"variantId": {"type": "string", "format": "uuid"}, "sellerId": {"type": "string", "format": "uuid"}, "quantity": {"type": "integer"}}}}}}')
on conflict (type) do update
set description = excluded.description, payload_schema = excluded.payload_schema;
