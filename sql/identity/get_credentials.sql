-- What a login needs to check a password: the hash of the active account with this e-mail, or no row. The caller does
-- the same work on a dummy hash when there is no row, so that the time tells nothing.
-- For the program only. Locks: none.
create or replace function identity.get_credentials(p_email text)
returns table (user_id uuid, password_hash text, role text)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
  select u.user_id, u.password_hash, u.role
    from identity.users as u
   where lower(u.email) = lower(btrim(p_email))
     and u.status = 'ACTIVE';
$$;
comment on function identity.get_credentials(text) is 'Password hash of the active account with this e-mail; no row otherwise.';
grant execute on function identity.get_credentials(text) to tradepost_api;
