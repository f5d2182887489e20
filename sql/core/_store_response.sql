-- Stores the answer under the key that core._claim_idempotency claimed in this transaction.
-- Called by other functions only. Locks: the key's row, already held. Events: none.
-- Problems: none a caller can cause.
create or replace function core._store_response(p_ctx core.call_context, p_route text, p_response jsonb)
returns void
language plpgsql
volatile
as $$
begin
  update core.idempotency_keys as k
  set response = p_response
  where k.account_id = p_ctx.actor_id and k.route = p_route and k.idempotency_key = p_ctx.idempotency_key;
  if not found or p_response is null then
    raise exception 'no answer stored for route %: it was not claimed, or the answer is null', p_route;
  end if;
end
$$;

comment on function core._store_response(core.call_context, text, jsonb) is
  'Stores the answer of a request under its claimed idempotency key.';
