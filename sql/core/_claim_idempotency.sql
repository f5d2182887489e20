-- Claims the caller's idempotency key for one route, in the transaction that also does the work and stores the answer.
-- Null: the claim is fresh, do the work, then core._store_response. Else: the stored answer, return it and do nothing.
-- Called by other functions only. Locks: the key (advisory, never waited for), the key's row.
-- Events: none. Problems: MK400 core.idempotency_key_required, core.idempotency_key_invalid;
-- MK401 identity.unauthenticated; MK409 core.idempotency_in_progress; MK422 core.idempotency_key_reused.
create or replace function core._claim_idempotency(p_ctx core.call_context, p_route text, p_request jsonb)
returns jsonb
language plpgsql
volatile
as $$
declare
  v_now constant timestamptz := core.now();
  v_hash constant bytea := sha256(convert_to(coalesce(p_request, 'null')::text, 'UTF8'));
  v_claimed integer;
  v_key core.idempotency_keys;
begin
  perform core._require_idempotency_key(p_ctx);
  if pg_try_advisory_xact_lock(core._idempotency_lock(p_ctx.actor_id, p_route, p_ctx.idempotency_key)) then
    insert into core.idempotency_keys (account_id, route, idempotency_key, request_hash, created_at)
    values (p_ctx.actor_id, p_route, p_ctx.idempotency_key, v_hash, v_now)
    on conflict do nothing;
    get diagnostics v_claimed = row_count;
    if v_claimed = 1 then
      return null;
    end if;

    -- A statement of its own: the snapshot of the insert may not see the row that it met.
    select k.* into v_key
    from core.idempotency_keys as k
    where k.account_id = p_ctx.actor_id and k.route = p_route and k.idempotency_key = p_ctx.idempotency_key
    for no key update;

    if v_key.created_at <= v_now - make_interval(secs => core._setting_int('core.idempotency_ttl_s')) then
      update core.idempotency_keys as k
      set request_hash = v_hash, response = null, created_at = v_now
      where k.account_id = p_ctx.actor_id and k.route = p_route and k.idempotency_key = p_ctx.idempotency_key;
      return null;
    end if;
    if v_key.request_hash <> v_hash then
      raise exception 'core.idempotency_key_reused'
        using errcode = 'MK422',
          detail = 'This idempotency key was used for another request.',
          hint = 'Use a new key for a new request, and the same key only to repeat the same request.';
    end if;
  end if;
  -- not ours: its holder is still at work; no row: it was purged this moment
  if v_key.response is null then
    raise exception 'core.idempotency_in_progress'
      using errcode = 'MK409',
        detail = 'A request with this idempotency key is being processed.',
        hint = 'Repeat the request in a second.';
  end if;
  return v_key.response;
end
$$;

comment on function core._claim_idempotency(core.call_context, text, jsonb) is
  'Claims an idempotency key (null) or returns the answer stored under it.';
