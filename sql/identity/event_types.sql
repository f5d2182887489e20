-- Events that the identity domain appends. No name and no e-mail is ever in a payload.
insert into events.event_types (type, description, payload_schema) values
  ('identity.user_registered', 'Somebody registered, or an administrator was made.', '{
     "type": "object", "additionalProperties": false, "required": ["userId", "role"],
     "properties": {
       "userId": {"type": "string", "format": "uuid"},
       "role": {"enum": ["ADMIN", "SELLER", "BUYER"]}}}'),
  ('identity.seller_created', 'A store opened; the account that registered it is its owner.', '{
     "type": "object", "additionalProperties": false, "required": ["sellerId", "ownerId"],
     "properties": {
       "sellerId": {"type": "string", "format": "uuid"},
       "ownerId": {"type": "string", "format": "uuid"}}}'),
  ('identity.session_opened', 'Somebody logged in.', '{
     "type": "object", "additionalProperties": false, "required": ["sessionId", "userId"],
     "properties": {
       "sessionId": {"type": "string", "format": "uuid"},
       "userId": {"type": "string", "format": "uuid"}}}'),
  ('identity.session_revoked', 'A session ended: by logout, by reuse of an old refresh token, or with its account.', '{
     "type": "object", "additionalProperties": false, "required": ["sessionId", "userId", "reason"],
     "properties": {
       "sessionId": {"type": "string", "format": "uuid"},
       "userId": {"type": "string", "format": "uuid"},
       "reason": {"enum": ["LOGOUT", "TOKEN_REUSE", "SUSPENDED", "ADMIN"]}}}'),
  ('identity.user_suspended', 'An account was suspended; its sessions ended with it.', '{
     "type": "object", "additionalProperties": false, "required": ["userId"],
     "properties": {"userId": {"type": "string", "format": "uuid"}}}')
on conflict (type) do update
  set description = excluded.description, payload_schema = excluded.payload_schema;
