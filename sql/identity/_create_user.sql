-- Inserts an account with checked and tidied values, and appends its event.
-- Called by: register_user, _create_admin. Locks: the new row.
-- Events: identity.user_registered. Raises: identity.email_invalid, .display_name_invalid, .email_taken.
create or replace function identity._create_user(
  p_email text,
  p_password_hash text,
  p_display_name text,
  p_role text,
  p_request_id text
) returns uuid
language plpgsql
volatile
as $$
declare
  v_user_id uuid := core.new_id();
  v_now timestamptz := core.now();
begin
  if p_password_hash is null or not starts_with(p_password_hash, '$argon2id$') then
    raise exception 'A password arrives as an Argon2id hash.' using errcode = 'invalid_parameter_value';
  end if;
  insert into identity.users (user_id, email, password_hash, display_name, role, created_at, updated_at)
  values (v_user_id, identity._normalise_email(p_email), p_password_hash,
          identity._require_name(p_display_name, 1, 100, 'identity.display_name_invalid', 'displayName'),
          p_role, v_now, v_now)
  on conflict (lower(email)) do nothing;
  if not found then
    raise exception 'identity.email_taken' using
      errcode = 'MK409',
      detail = 'An account with this e-mail exists.',
      hint = 'Log in, or use another e-mail.',
      column = 'email';
  end if;
  perform events._append('user', v_user_id, 1, 'identity.user_registered', v_user_id, p_request_id,
                         array[v_user_id], jsonb_build_object('userId', v_user_id, 'role', p_role));
  return v_user_id;
end;
$$;
comment on function identity._create_user(text, text, text, text, text) is
  'Inserts an account with checked values and appends identity.user_registered.';
