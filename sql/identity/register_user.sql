-- Registers a buyer, or a seller together with the store, and logs in at once (p_session_id null: without logging in).
-- For anybody. The password arrives hashed (Argon2id); length and blocklist were checked where it was still readable.
-- Locks: the new rows. Events: identity.user_registered, .seller_created, .session_opened.
-- Raises: identity.role_invalid, .email_invalid, .email_taken, .display_name_invalid, .store_name_required,
-- .store_name_unexpected, .store_name_invalid.
create or replace function identity.register_user(
  p_ctx core.call_context,
  p_email text,
  p_password_hash text,
  p_display_name text,
  p_role text,
  p_store_name text,
  p_session_id uuid,
  p_token_hash bytea
) returns setof identity.profiles
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_user_id uuid;
begin
  if p_role is null or p_role not in ('BUYER', 'SELLER') then
    raise exception 'identity.role_invalid' using
      errcode = 'MK422',
      detail = 'One registers as BUYER or SELLER.',
      hint = 'Choose one of the two.',
      column = 'role';
  end if;
  if p_role = 'SELLER' and p_store_name is null then
    raise exception 'identity.store_name_required' using
      errcode = 'MK422',
      detail = 'A seller registers with the name of the store.',
      hint = 'Send storeName.',
      column = 'storeName';
  end if;
  if p_role = 'BUYER' and p_store_name is not null then
    raise exception 'identity.store_name_unexpected' using
      errcode = 'MK422',
      detail = 'Only sellers have a store.',
      hint = 'Leave storeName out, or register as SELLER.',
      column = 'storeName';
  end if;
  v_user_id := identity._create_user(p_email, p_password_hash, p_display_name, p_role, p_ctx.request_id);
  if p_role = 'SELLER' then
    perform identity._create_seller(v_user_id, p_store_name, p_ctx.request_id);
  end if;
  if p_session_id is not null then
    perform identity._create_session(v_user_id, p_session_id, p_token_hash, p_ctx.request_id);
  end if;
  return query
  select p.* from identity.profiles as p where p.user_id = v_user_id;
end;
$$;
comment on function identity.register_user(core.call_context, text, text, text, text, text, uuid, bytea) is
  'Registers a buyer, or a seller with a store, and opens the first session.';
grant execute on function identity.register_user(core.call_context, text, text, text, text, text, uuid, bytea)
  to tradepost_api;
