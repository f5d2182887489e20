-- The caller, checked against current rows: the account is active, the session is alive, the role is one of p_roles.
-- Called by: every public function that acts for somebody. Without roles, any account will do.
-- Locks: none. A context without a session (a worker, psql) is checked for its account alone.
-- Raises: identity.unauthenticated, identity.role_required.
create or replace function identity._require_actor(p_ctx core.call_context, variadic p_roles text[] default '{}')
returns identity.actor
language plpgsql
stable
as $$
declare
  v_actor identity.actor;
begin
  v_actor := identity._actor_or_anonymous(p_ctx);
  if v_actor.user_id is null then
    raise exception 'identity.unauthenticated' using
      errcode = 'MK401',
      detail = 'This call needs somebody who is logged in.',
      hint = 'Log in, or refresh the access token, and send it as a bearer token.';
  end if;
  if cardinality(p_roles) > 0 and v_actor.role <> all (p_roles) then
    raise exception 'identity.role_required' using
      errcode = 'MK403',
      detail = format('This call is for %s.', array_to_string(p_roles, ' or ')),
      hint = 'Log in with an account of that role.';
  end if;
  return v_actor;
end;
$$;
comment on function identity._require_actor(core.call_context, text[]) is
  'The caller checked against current rows; refuses anonymous, suspended and revoked callers and those of other roles.';
