-- The caller, or an actor of nulls when nobody is logged in. A caller who names an account that is suspended, gone, or
-- whose session ended is refused and not taken for anonymous.
-- Called by: public functions that anybody may read through, and identity._require_actor.
-- Locks: none.
-- Raises: identity.unauthenticated.
create or replace function identity._actor_or_anonymous(p_ctx core.call_context)
returns identity.actor
language plpgsql
stable
as $$
declare
  v_actor identity.actor;
begin
  if p_ctx.actor_id is null then
    return v_actor;
  end if;
  select u.user_id, u.role, s.seller_id
    into v_actor
    from identity.users as u
    left join identity.seller_members as m on m.user_id = u.user_id and u.role = 'SELLER'
    left join identity.sellers as s on s.seller_id = m.seller_id and s.status = 'ACTIVE'
   where u.user_id = p_ctx.actor_id
     and u.status = 'ACTIVE'
     and (p_ctx.session_id is null
          or exists (select 1
                       from identity.sessions as o
                      where o.session_id = p_ctx.session_id
                        and o.user_id = u.user_id
                        and o.revoked_at is null
                        and o.expires_at > core.now()));
  if v_actor.user_id is null then
    raise exception 'identity.unauthenticated' using
      errcode = 'MK401',
      detail = 'The account is not active or the session has ended.',
      hint = 'Log in again.';
  end if;
  return v_actor;
end;
$$;
comment on function identity._actor_or_anonymous(core.call_context) is
  'The caller checked against current rows, or an actor of nulls when nobody is logged in.';
