-- Suspends an account and ends its sessions; its access tokens stop working with the next call. Doing it again changes
-- nothing. For administrators. Nobody suspends themselves, so that the last administrator stays.
-- Locks: user, sessions. Events: identity.user_suspended, .session_revoked.
-- Raises: identity.unauthenticated, .role_required, .user_not_found, .suspension_of_self.
create or replace function identity.suspend_user(p_ctx core.call_context, p_user_id uuid)
returns setof identity.profiles
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_actor identity.actor := identity._require_actor(p_ctx, 'ADMIN');
  v_user identity.users;
begin
  if p_user_id = v_actor.user_id then
    raise exception 'identity.suspension_of_self' using
      errcode = 'MK409',
      detail = 'An administrator cannot suspend the own account.',
      hint = 'Ask another administrator.';
  end if;
  select u.* into v_user from identity.users as u where u.user_id = p_user_id for no key update;
  if not found then
    raise exception 'identity.user_not_found' using
      errcode = 'MK404',
      detail = format('There is no account %s.', p_user_id),
      hint = 'Check the id.';
  end if;
  if v_user.status <> 'SUSPENDED' then
    update identity.users as u
       set status = 'SUSPENDED', version = u.version + 1, updated_at = core.now()
     where u.user_id = p_user_id;
    perform events._append('user', p_user_id, v_user.version + 1, 'identity.user_suspended', v_actor.user_id,
                           p_ctx.request_id, array[p_user_id], jsonb_build_object('userId', p_user_id));
    perform identity._revoke_sessions(
      array(select o.session_id from identity.sessions as o where o.user_id = p_user_id),
      'SUSPENDED', v_actor.user_id, p_ctx.request_id);
  end if;
  return query
  select p.* from identity.profiles as p where p.user_id = p_user_id;
end;
$$;
comment on function identity.suspend_user(core.call_context, uuid) is
  'Suspends an account and ends its sessions at once.';
grant execute on function identity.suspend_user(core.call_context, uuid) to tradepost_api;
