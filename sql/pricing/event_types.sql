insert into events.event_types (type, description, payload_schema) values
  ('pricing.rule_created', 'A commission rule was made.',
   '{"type": "object", "required": ["ruleId", "version", "sellerId", "categoryId", "productId", "percentBp", "fixedMinor", "currency", "validFrom"], "properties": {"ruleId": {"type": "string", "format": "uuid"}, "version": {"type": "integer"}, "sellerId": {"type": ["string", "null"], "format": "uuid"}, "categoryId": {"type": ["string", "null"], "format": "uuid"}, "productId": {"type": ["string", "null"], "format": "uuid"}, "percentBp": {"type": "integer"}, "fixedMinor": {"type": "integer"}, "currency": {"type": ["string", "null"]}, "validFrom": {"type": "string", "format": "date-time"}}}'),
  ('pricing.rule_changed', 'A version of a commission rule was closed and the next one opened.',
   '{"type": "object", "required": ["ruleId", "version", "sellerId", "categoryId", "productId", "percentBp", "fixedMinor", "currency", "validFrom"], "properties": {"ruleId": {"type": "string", "format": "uuid"}, "version": {"type": "integer"}, "sellerId": {"type": ["string", "null"], "format": "uuid"}, "categoryId": {"type": ["string", "null"], "format": "uuid"}, "productId": {"type": ["string", "null"], "format": "uuid"}, "percentBp": {"type": "integer"}, "fixedMinor": {"type": "integer"}, "currency": {"type": ["string", "null"]}, "validFrom": {"type": "string", "format": "date-time"}}}'),
  ('pricing.promotion_created', 'A promotion was drafted.',
   '{"type": "object", "required": ["promotionId", "sellerId", "status", "version"], "properties": {"promotionId": {"type": "string", "format": "uuid"}, "sellerId": {"type": ["string", "null"], "format": "uuid"}, "status": {"type": "string"}, "version": {"type": "integer"}}}'),
  ('pricing.promotion_changed', 'The rules of a promotion changed; of one that was active, by a new version.',
   '{"type": "object", "required": ["promotionId", "sellerId", "status", "version"], "properties": {"promotionId": {"type": "string", "format": "uuid"}, "sellerId": {"type": ["string", "null"], "format": "uuid"}, "status": {"type": "string"}, "version": {"type": "integer"}}}'),
  ('pricing.promotion_scheduled', 'A promotion will apply from its start on.',
   '{"type": "object", "required": ["promotionId", "sellerId", "status", "version"], "properties": {"promotionId": {"type": "string", "format": "uuid"}, "sellerId": {"type": ["string", "null"], "format": "uuid"}, "status": {"type": "string"}, "version": {"type": "integer"}}}'),
  ('pricing.promotion_activated', 'A promotion began to apply.',
   '{"type": "object", "required": ["promotionId", "sellerId", "status", "version"], "properties": {"promotionId": {"type": "string", "format": "uuid"}, "sellerId": {"type": ["string", "null"], "format": "uuid"}, "status": {"type": "string"}, "version": {"type": "integer"}}}'),
  ('pricing.promotion_paused', 'A promotion stopped to apply for now.',
   '{"type": "object", "required": ["promotionId", "sellerId", "status", "version"], "properties": {"promotionId": {"type": "string", "format": "uuid"}, "sellerId": {"type": ["string", "null"], "format": "uuid"}, "status": {"type": "string"}, "version": {"type": "integer"}}}'),
  ('pricing.promotion_ended', 'A promotion ended for good.',
   '{"type": "object", "required": ["promotionId", "sellerId", "status", "version"], "properties": {"promotionId": {"type": "string", "format": "uuid"}, "sellerId": {"type": ["string", "null"], "format": "uuid"}, "status": {"type": "string"}, "version": {"type": "integer"}}}'),
  ('pricing.shipping_rate_changed', 'A seller set its shipping fee for a currency.',
   '{"type": "object", "required": ["sellerId", "currency", "feeMinor", "freeFromMinor", "version"], "properties": {"sellerId": {"type": "string", "format": "uuid"}, "currency": {"type": "string"}, "feeMinor": {"type": "integer"}, "freeFromMinor": {"type": ["integer", "null"]}, "version": {"type": "integer"}}}')
on conflict (type) do update
set description = excluded.description, payload_schema = excluded.payload_schema;
