-- A name that people see: outer blanks and runs of blanks removed, no control characters, of the allowed length.
-- Called by: register_user, create_admin. p_code and p_field say what is refused. Raises: p_code.
create or replace function identity._require_name(p_name text, p_min integer, p_max integer, p_code text, p_field text)
returns text
language plpgsql
immutable
as $$
declare
  v_name text := regexp_replace(btrim(p_name), '\s+', ' ', 'g');
begin
  if v_name is null or length(v_name) not between p_min and p_max or v_name ~ '[[:cntrl:]]' then
    raise exception '%', p_code using
      errcode = 'MK422',
      detail = format('%s has %s to %s characters and no control characters.', p_field, p_min, p_max),
      hint = 'Choose another one.',
      column = p_field;
  end if;
  return v_name;
end;
$$;
comment on function identity._require_name(text, integer, integer, text, text) is
  'A name that people see, tidied; refused with p_code when its length or characters are not allowed.';
