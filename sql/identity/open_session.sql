-- Logs an account in whose password was just verified: opens a refresh-token family.
-- For the program only. Locks: user (share, so that a suspension and a login cannot miss each other).
-- Events: identity.session_opened. Raises: identity.credentials_invalid when the account is not active any more.
create or replace function identity.open_session(
  p_ctx core.call_context,
  p_user_id uuid,
  p_session_id uuid,
  p_token_hash bytea
) returns setof identity.profiles
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform from identity.users as u where u.user_id = p_user_id and u.status = 'ACTIVE' for share;
  if not found then
    raise exception 'identity.credentials_invalid' using
      errcode = 'MK401',
      detail = 'No active account has this e-mail with this password.',
      hint = 'Check both and try again.';
  end if;
  perform identity._create_session(p_user_id, p_session_id, p_token_hash, p_ctx.request_id);
  return query
  select p.* from identity.profiles as p where p.user_id = p_user_id;
end;
$$;
comment on function identity.open_session(core.call_context, uuid, uuid, bytea) is
  'Opens a session for an account whose password was verified; answers its profile.';
grant execute on function identity.open_session(core.call_context, uuid, uuid, bytea) to tradepost_api;
