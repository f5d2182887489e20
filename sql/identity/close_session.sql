-- Logs out: ends the caller's own session. Doing it again is no error; answers whether this call ended it.
-- For the holder of an access token, even when the account was suspended meanwhile.
-- Locks: session. Events: identity.session_revoked. Raises: nothing.
create or replace function identity.close_session(p_ctx core.call_context)
returns boolean
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  return identity._revoke_sessions(
    array(select o.session_id
            from identity.sessions as o
           where o.session_id = p_ctx.session_id
             and o.user_id = p_ctx.actor_id),
    'LOGOUT', p_ctx.actor_id, p_ctx.request_id) > 0;
end;
$$;
comment on function identity.close_session(core.call_context) is 'Ends the caller''s own session; true when this call ended it.';
grant execute on function identity.close_session(core.call_context) to tradepost_api;
