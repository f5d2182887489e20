-- A named limit out of core.settings. A name without a row is a mistake in the calling function.
-- Called by other functions only. Locks: none. Events: none.
-- Problems: none a caller can cause.
create or replace function core._setting_int(p_name text)
returns bigint
language plpgsql
stable
as $$
declare
  v_value bigint;
begin
  select s.value into v_value from core.settings as s where s.name = p_name;
  if v_value is null then
    raise exception 'core.settings has no row %', p_name using errcode = 'no_data_found';
  end if;
  return v_value;
end
$$;

comment on function core._setting_int(text) is 'A named limit out of core.settings.';
