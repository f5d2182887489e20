-- The caller must have an account and send a usable idempotency key.
-- Called by other functions only. Locks: none. Events: none.
-- Problems: MK401 identity.unauthenticated; MK400 core.idempotency_key_required, core.idempotency_key_invalid.
create or replace function core._require_idempotency_key(p_ctx core.call_context)
returns void
language plpgsql
immutable
as $$
begin
  if p_ctx.actor_id is null then
    raise exception 'identity.unauthenticated'
      using errcode = 'MK401',
        detail = 'An idempotency key belongs to an account, and the caller is nobody.',
        hint = 'Log in first.';
  end if;
  if p_ctx.idempotency_key is null then
    raise exception 'core.idempotency_key_required'
      using errcode = 'MK400',
        detail = 'This request must carry an idempotency key.',
        hint = 'Send the header Idempotency-Key with a value that is unique to this request, such as a UUID.';
  end if;
  if length(p_ctx.idempotency_key) not between 1 and 255 or p_ctx.idempotency_key ~ '[^\x21-\x7e]' then
    raise exception 'core.idempotency_key_invalid'
      using errcode = 'MK400',
        detail = 'An idempotency key is 1 to 255 visible ASCII characters.',
        hint = 'Use a UUID.';
  end if;
end
$$;

comment on function core._require_idempotency_key(core.call_context) is
  'The caller must have an account and send a usable idempotency key.';
