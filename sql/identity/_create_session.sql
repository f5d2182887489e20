-- A new refresh-token family, at generation 0. The id is the caller's, because the token is derived from it.
-- Called by: register_user, open_session, which hold the account's row. Locks: the new row.
-- Events: identity.session_opened.
create or replace function identity._create_session(
  p_user_id uuid,
  p_session_id uuid,
  p_token_hash bytea,
  p_request_id text
) returns void
language plpgsql
volatile
as $$
begin
  insert into identity.sessions (session_id, user_id, token_hash, created_at, expires_at)
  values (p_session_id, p_user_id, p_token_hash, core.now(),
          core.now() + make_interval(secs => core._setting_int('identity.session_ttl_s')));
  perform events._append('session', p_session_id, 1, 'identity.session_opened', p_user_id, p_request_id,
                         array[p_user_id], jsonb_build_object('sessionId', p_session_id, 'userId', p_user_id));
end;
$$;
comment on function identity._create_session(uuid, uuid, bytea, text) is
  'Opens a refresh-token family at generation 0; appends identity.session_opened.';
