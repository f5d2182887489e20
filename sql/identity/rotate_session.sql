-- Exchanges a refresh token. Under the lock of its session:
--   the current generation -> ROTATED: the successor becomes current;
--   the immediate predecessor, rotated no longer than identity.refresh_grace_s ago, while the successor is unused
--   -> REPEATED: the same successor again, for a client whose answer was lost or who asked twice at once;
--   an ended session, or a suspended account -> REFUSED; any other genuine token -> REFUSED, and the session ends.
-- REFUSED is a row and not an exception, because the revocation has to be committed. The lifetime is never extended.
-- For the program, which checked that it made the token. Locks: session. Events: identity.session_revoked.
create or replace function identity.rotate_session(
  p_ctx core.call_context,
  p_session_id uuid,
  p_generation integer,
  p_token_hash bytea,
  p_successor_hash bytea
) returns setof identity.refreshes
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_session identity.sessions;
  v_role text;
  v_now timestamptz := core.now();
  v_grace interval := make_interval(secs => core._setting_int('identity.refresh_grace_s'));
  v_refresh identity.refreshes;
begin
  v_refresh.outcome := 'REFUSED';
  select o.* into v_session from identity.sessions as o where o.session_id = p_session_id for no key update;
  select u.role into v_role from identity.users as u where u.user_id = v_session.user_id and u.status = 'ACTIVE';
  if v_role is null or v_session.revoked_at is not null or v_session.expires_at <= v_now then
    return next v_refresh;
    return;
  end if;
  if p_generation = v_session.generation and p_token_hash = v_session.token_hash then
    update identity.sessions as o
       set generation = o.generation + 1,
           previous_hash = o.token_hash,
           token_hash = p_successor_hash,
           rotated_at = v_now
     where o.session_id = p_session_id;
    v_refresh.outcome := 'ROTATED';
  elsif p_generation = v_session.generation - 1
        and p_token_hash = v_session.previous_hash
        and p_successor_hash = v_session.token_hash
        and v_session.rotated_at >= v_now - v_grace
  then
    v_refresh.outcome := 'REPEATED';
  else
    perform identity._revoke_sessions(array[p_session_id], 'TOKEN_REUSE', null, p_ctx.request_id);
    return next v_refresh;
    return;
  end if;
  v_refresh.session_id := p_session_id;
  v_refresh.user_id := v_session.user_id;
  v_refresh.role := v_role;
  v_refresh.generation := p_generation + 1;
  v_refresh.expires_at := v_session.expires_at;
  return next v_refresh;
end;
$$;
comment on function identity.rotate_session(core.call_context, uuid, integer, bytea, bytea) is
  'Exchanges a refresh token: ROTATED, REPEATED (a retry within the grace time) or REFUSED, which ends a reused session.';
grant execute on function identity.rotate_session(core.call_context, uuid, integer, bytea, bytea) to tradepost_api;
