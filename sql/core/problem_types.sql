-- The problems that the HTTP kernel and the shared helpers of core raise.
-- Read by docs/problems.md and /docs/problems; each code of the program's own is compared with these rows by a test.
insert into core.problem_types (code, status, title, description) values
  ('core.internal', 500, 'Server failure', 'The server failed to answer. Quote the request id (instance); the cause is in the log.'),
  ('core.unavailable', 503, 'Unavailable', 'The database cannot be reached or refuses connections. Try again after Retry-After seconds.'),
  ('core.timeout', 503, 'Time is up', 'The request or its statement took longer than the server allows. Try again after Retry-After seconds; with an Idempotency-Key nothing happens twice.'),
  ('core.overloaded', 503, 'Overloaded', 'The server has more work than it can take, or a lock was not free in time. Nothing was done. Try again after Retry-After seconds.'),
  ('core.not_found', 404, 'Not found', 'There is no such route, or an id in the path is not a UUID.'),
  ('core.method_not_allowed', 405, 'Method not allowed', 'The address exists but does not know this method. The Allow header lists those it knows.'),
  ('core.body_invalid', 400, 'Body not valid', 'The body is not well-formed JSON, has an unknown or missing field, or a value of the wrong type. errors[] points to the field.'),
  ('core.body_too_large', 413, 'Body too large', 'The body is larger than the server accepts.'),
  ('core.media_type_unsupported', 415, 'Not JSON', 'The body must be JSON with Content-Type: application/json.'),
  ('core.query_invalid', 400, 'Query not valid', 'A query parameter is unknown, given twice, or has a value of the wrong form. errors[] names it.'),
  ('core.header_invalid', 400, 'Header not valid', 'A header has a value that the server cannot read.'),
  ('core.cursor_invalid', 400, 'Cursor not valid', 'The cursor is not one that this list returned. Send nextCursor of the page before, unchanged.'),
  ('core.idempotency_key_required', 400, 'Idempotency-Key required', 'This request moves money or stock and needs an Idempotency-Key header: a new random key per intent, the same key for each retry.'),
  ('core.idempotency_key_invalid', 400, 'Idempotency-Key not valid', 'An Idempotency-Key has 1 to 255 visible ASCII characters.'),
  ('core.idempotency_key_reused', 422, 'Idempotency-Key reused', 'This key was used for another request within the last 48 hours. Use a new key for a new intent.'),
  ('core.idempotency_in_progress', 409, 'Request in progress', 'A request with this key is being worked on, here or at another server. Nothing was done for this one. Repeat it after Retry-After seconds: it gets the answer of the first, or does the work when that one failed.'),
  ('core.if_match_required', 428, 'If-Match required', 'A change needs the If-Match header with the ETag of the version it is based on.'),
  ('core.if_match_invalid', 400, 'If-Match not valid', 'If-Match must hold one ETag of this API, such as "3".'),
  ('core.version_stale', 412, 'Version out of date', 'The resource has changed since the version in If-Match. Read it again and repeat the change.'),
  ('core.conflict', 409, 'Conflict', 'The request conflicts with the current state of the data.'),
  ('core.invalid_value', 422, 'Value not valid', 'A value is outside the limits of its field.')
on conflict (code) do update
  set status = excluded.status, title = excluded.title, description = excluded.description;
