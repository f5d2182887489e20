-- An e-mail as it is stored and compared: without outer blanks, in lower case.
-- Called by: register_user, create_admin, get_credentials. Raises: identity.email_invalid.
create or replace function identity._normalise_email(p_email text)
returns text
language plpgsql
immutable
as $$
declare
  v_email text := lower(btrim(p_email));
begin
  if v_email is null
     or length(v_email) > 254
     or v_email !~ '^[^[:space:][:cntrl:]@<>(),;:"\\]{1,64}@([^[:space:][:cntrl:][:punct:]]([^[:space:][:cntrl:].@_<>(),;:"\\]{0,61}[^[:space:][:cntrl:][:punct:]])?\.)+[^[:space:][:cntrl:][:punct:]]{2,63}$'
  then
    raise exception 'identity.email_invalid' using
      errcode = 'MK422',
      detail = 'The e-mail is not of the form name@domain.',
      hint = 'Check the spelling.',
      column = 'email';
  end if;
  return v_email;
end;
$$;
comment on function identity._normalise_email(text) is 'An e-mail as it is stored: trimmed, lower case, of the form name@domain.';
