-- The caller's own account with the store it acts for.
-- For anybody who is logged in. Locks: none. Raises: identity.unauthenticated.
create or replace function identity.get_profile(p_ctx core.call_context)
returns setof identity.profiles
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_actor identity.actor := identity._require_actor(p_ctx);
begin
  return query
  select p.* from identity.profiles as p where p.user_id = v_actor.user_id;
end;
$$;
comment on function identity.get_profile(core.call_context) is 'The caller''s own account with the store it acts for.';
grant execute on function identity.get_profile(core.call_context) to tradepost_api;
