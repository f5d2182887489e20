-- The advisory lock that stands for an idempotency key while its request is at work. Who does not get it at once answers 409
-- and never waits: a wait would stop the whole batch for one request. It ends with the transaction, after its row is visible.
-- Two keys that share a number (1 in 2^64) answer 409 to each other while both are at work, which a retry heals.
-- Private. Locks: none by itself.
create or replace function core._idempotency_lock(p_account_id uuid, p_route text, p_idempotency_key text)
returns bigint
language sql
immutable
as $$
  select hashtextextended(p_account_id::text || ' ' || p_route || ' ' || p_idempotency_key, 0)
$$;
comment on function core._idempotency_lock(uuid, text, text) is
  'The number of the advisory lock that stands for an idempotency key while its request is at work.';
